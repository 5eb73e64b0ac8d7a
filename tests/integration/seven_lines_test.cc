// The seven lines of SECURITY.md, attacked in raw frames with the host's own TLS key. Each has its
// control: the same frame with the one thing made right succeeds.
// Requirements R-QSC-1..4, R-ISS-4, R-ISS-5, R-STS-4..6.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>

#include "appliance/crypto/hash.h"
#include "appliance/journal/chain_verifier.h"
#include "appliance/records/canonical.h"
#include "host/x509/ocsp_response.h"
#include "tests/integration/hostile_host.h"

namespace intaglio::testing_support {
namespace {

class SevenLinesTest : public ::testing::Test {
 protected:
  void ExpectRefused(const pb::CoreResponse& response, const std::string& reason) {
    EXPECT_EQ(HostileHost::ReasonOf(response), reason) << response.failure().detail();
  }
  void ExpectDone(const pb::CoreResponse& response) { ExpectRefused(response, ""); }
  Bytes Payload(const Bytes& record, const std::vector<Digest>& hashes) {
    const auto response = host_.Ask(host_.BeginRequest(record, hashes));
    ExpectDone(response);
    return ToBytes(response.begin_activation().payload());
  }

  HostileHost host_;
  P256Signer mari_, thief_;
  const Digest wanted_ = appliance::Sha256(AsBytes("wanted")),
               other_ = appliance::Sha256(AsBytes("other"));
};

// Line 1: use a signer's key without that signer's fresh proof over exactly those hashes.
TEST_F(SevenLinesTest, Line1_NoProofNoSignature) {
  const auto signer = host_.NewAccepted(mari_);
  const Bytes payload = Payload(signer.record[2], {wanted_});
  pb::CoreRequest unproven = host_.SignRequest(signer.record[2], payload, mari_);
  unproven.mutable_sign()->clear_proof();
  ExpectRefused(host_.Ask(unproven), "REQUEST_INVALID");
  ExpectRefused(host_.Ask(host_.SignRequest(signer.record[2], payload, thief_)),
                "AUTHENTICATOR_UNKNOWN");
  pb::CoreRequest forged = host_.SignRequest(signer.record[2], payload, thief_);
  forged.mutable_sign()->mutable_proof()->set_authenticator_id(AsString(mari_.id()));
  ExpectRefused(host_.Ask(forged), "SIGNATURE_WRONG");
  pb::SadPayload changed;
  ASSERT_TRUE(changed.ParseFromString(AsString(payload)));
  changed.set_dtbsr(0, AsString(other_));
  ExpectRefused(
      host_.Ask(host_.SignRequest(signer.record[2], appliance::SerializeCanonical(changed), mari_)),
      "SAD_MISMATCH");
  // Control: the very payload under Mari's proof. Then it is spent.
  ExpectDone(host_.Ask(host_.SignRequest(signer.record[2], payload, mari_)));
  ExpectRefused(host_.Ask(host_.SignRequest(signer.record[2], payload, mari_)), "SAD_SPENT");
}

TEST_F(SevenLinesTest, Line1_NoRequestTakesBareDigests) {
  // Whoever adds an act to the link reads this test and asks what a lying host could do with it.
  std::set<std::string> acts;
  const auto* choice = pb::CoreRequest::descriptor()->FindOneofByName("act");
  for (int i = 0; i < choice->field_count(); ++i) acts.insert(choice->field(i)->name());
  EXPECT_EQ(acts, (std::set<std::string>{
                      "status", "begin_command", "execute_command", "generate_signer_key", "attest",
                      "draw_serial", "issue_certificate", "issue_responder_certificate",
                      "begin_activation", "sign", "accept_certificate", "block_key", "change_state",
                      "begin_crl", "crl_chunk", "finish_crl", "sign_ocsp", "read_journal",
                      // Statements under a bound authenticator's proof or an officer's order;
                      // neither signs anything. adversary_authenticator_test.cc attacks both.
                      "add_authenticator", "remove_authenticator",
                      // Seals: a nonce; a statement under M controllers' proofs; hashes in a batch
                      // that the authorised client signed; what is left of a quota.
                      // seal_adversary_test.cc attacks each.
                      "begin_seal_authorisation", "authorise_seal", "seal", "seal_status",
                      // Takes authority away; what a host could do by carrying nothing.
                      "withdraw_seal",
                      // The same record under a newer record key; nothing in it changes.
                      "reseal_records",
                      // Tests the core; takes nothing.
                      "self_test",
                      // Allows the console to prune what the host says it has; a lie there loses
                      // the host its own copy, and the core's lines only by the operator's hand.
                      "confirm_export"}));
}

// Line 2: a certificate whose parts contradict each other, or -qscd for a key the core did not see
// born.
TEST_F(SevenLinesTest, Line2_ACertificateThatContradictsItselfIsNotSigned) {
  const auto signer = host_.NewKey(mari_);
  const host::SubscriberRequest honest = host_.HonestRequest(signer);
  const Bytes good = *host::BuildSubscriberTbs(honest);
  auto issue = [&](const host::SubscriberRequest& request) {
    return host_.Ask(host_.IssueRequest(signer, *host::BuildSubscriberTbs(request)));
  };
  host::SubscriberRequest stolen = honest;
  stolen.spki = thief_.spki();
  ExpectRefused(issue(stolen), "GATE_PUBLIC_KEY");
  host::SubscriberRequest renamed = honest;
  std::get<host::NaturalPerson>(renamed.subject).surname = "Tamm";
  ExpectRefused(issue(renamed), "GATE_SUBJECT_VALUE");
  host::SubscriberRequest longer = honest;
  longer.validity.not_after = longer.validity.not_before + 366 * kDay;
  ExpectRefused(issue(longer), "GATE_VALIDITY_TOO_LONG");
  // QCP-n carries no QcSSCD: another profile than was ordered.
  const host::SubscriberRequest weaker{
      .profile = **host::CurrentProfile(host::CertificatePolicy::kQcpN),
      .ca = honest.ca,
      .serial = honest.serial,
      .subject = honest.subject,
      .spki = honest.spki,
      .validity = honest.validity,
      .urls = honest.urls};
  ExpectRefused(issue(weaker), "GATE_POLICY_OID");
  const Bytes ca_tbs = *host::BuildCaTbs({host_.ca(),
                                          honest.serial,
                                          {"EE", "Thief", "", "Thief CA"},
                                          signer.spki,
                                          honest.validity,
                                          "",
                                          ""});
  EXPECT_NE(HostileHost::ReasonOf(host_.Ask(host_.IssueRequest(signer, ca_tbs))), "");
  const Bytes responder_tbs = *host::BuildOcspResponderTbs(
      {.ca = host_.ca(),
       .serial = honest.serial,
       .subject = {"EE", "Thief", "", "Thief OCSP"},
       .spki = signer.spki,
       .validity = {honest.validity.not_before, honest.validity.not_before + 30 * kDay}});
  EXPECT_NE(HostileHost::ReasonOf(host_.Ask(host_.IssueRequest(signer, responder_tbs))), "");
  // Control: what the officers ordered. And once it is signed, nothing else is under that order.
  ExpectDone(host_.Ask(host_.IssueRequest(signer, good)));
  const host::SubscriberRequest again = host_.HonestRequest(signer);
  ExpectRefused(issue(again), "ORDER_SPENT");
}

// Line 3: a certificate, or a first authenticator, without two registration officers.
TEST_F(SevenLinesTest, Line3_TwoDifferentRegistrationOfficersOrNothing) {
  const pb::IssuanceOrder order = host_.Order(mari_);
  auto generate = [&](const pb::SignedStatement& by) {
    pb::CoreRequest request;
    *request.mutable_generate_signer_key()->mutable_order() = by;
    return host_.Ask(request);
  };
  const P256Signer& first = host_.core().registration(0);
  const P256Signer& second = host_.core().registration(1);
  ExpectRefused(generate(host_.Approve(order, {})), "APPROVALS_MISSING");
  ExpectRefused(generate(host_.Approve(order, {&first})), "APPROVALS_MISSING");
  ExpectRefused(generate(host_.Approve(order, {&first, &first})), "APPROVALS_MISSING");
  ExpectRefused(generate(host_.Approve(order, {&first, &thief_})), "OFFICER_UNKNOWN");
  ExpectRefused(
      generate(host_.Approve(order, {&host_.core().security(0), &host_.core().security(1)})),
      "OFFICER_UNKNOWN");
  // The host exchanges the authenticator after both have signed.
  pb::SignedStatement swapped = host_.Approve(order, {&first, &second});
  pb::IssuanceOrder changed = order;
  changed.mutable_authenticators(0)->set_spki(AsString(thief_.spki()));
  swapped.set_statement(AsString(appliance::SerializeCanonical(changed)));
  ExpectRefused(generate(swapped), "SIGNATURE_WRONG");
  pb::IssuanceOrder elsewhere = order;
  elsewhere.set_core_instance(std::string(16, 'x'));
  ExpectRefused(generate(host_.ApproveByTwo(elsewhere)), "WRONG_CORE");
  pb::IssuanceOrder late = order;
  late.set_issued_at_ms(order.issued_at_ms() - 8 * kDay);
  late.set_expires_at_ms(order.issued_at_ms() - kDay);
  ExpectRefused(generate(host_.ApproveByTwo(late)), "STATEMENT_EXPIRED");
  // Control.
  const auto done = generate(host_.Approve(order, {&first, &second}));
  ExpectDone(done);
  // Asking again makes no second key.
  EXPECT_EQ(generate(host_.Approve(order, {&second, &first})).generate_signer_key().key_id(),
            done.generate_signer_key().key_id());
}

// Line 4: change, roll back or swap a key's owner, policy or state.
TEST_F(SevenLinesTest, Line4_RecordsCannotBeChangedRolledBackOrSwapped) {
  const auto mari = host_.NewAccepted(mari_);
  const auto thief = host_.NewAccepted(thief_);
  for (const size_t at :
       {size_t{0}, size_t{20}, mari.record[2].size() / 2, mari.record[2].size() - 1}) {
    Bytes changed = mari.record[2];
    changed[at] ^= 1;
    ExpectRefused(host_.Ask(host_.BeginRequest(changed, {wanted_})), "RECORD_UNREADABLE");
  }
  ExpectRefused(host_.Ask(host_.BeginRequest(mari.record[1], {wanted_})), "RECORD_STALE");
  ExpectRefused(host_.Ask(host_.BeginRequest(mari.record[0], {wanted_})), "RECORD_STALE");
  // The thief's own proof with Mari's record, and the thief's payload for Mari's key.
  const Bytes payload = Payload(thief.record[2], {wanted_});
  ExpectRefused(host_.Ask(host_.SignRequest(mari.record[2], payload, thief_)),
                "AUTHENTICATOR_UNKNOWN");
  ExpectRefused(host_.Ask(host_.SignRequest(mari.record[2], payload, mari_)), "SAD_MISMATCH");
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND));
  ExpectRefused(host_.Ask(host_.BeginRequest(mari.record[2], {wanted_})), "KEY_SUSPENDED");
  // Control: the thief's key is the thief's.
  ExpectDone(host_.Ask(host_.SignRequest(thief.record[2], payload, thief_)));
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE));
  ExpectDone(host_.Ask(host_.BeginRequest(mari.record[2], {wanted_})));
}

// Line 5: hide a revocation.
TEST_F(SevenLinesTest, Line5_NoCrlOrOcspAnswerHidesARevocation) {
  const auto revoked = host_.NewAccepted(mari_);
  const auto live = host_.NewAccepted(thief_);
  const auto changed = host_.Revoke(revoked, pb::STATE_ACTION_REVOKE);
  ExpectDone(changed);
  const int64_t at = changed.change_state().effective_at_ms();
  const HostileHost::Listed entry{revoked.serial, at, host::RevocationReason::kKeyCompromise};
  ExpectRefused(host_.SignCrl({}, 1), "CRL_HIDES_REVOCATION");
  HostileHost::Listed later = entry;
  later.at_ms += kHour;
  ExpectRefused(host_.SignCrl({later}, 1), "CRL_CONTRADICTS_ROW");
  HostileHost::Listed milder = entry;
  milder.reason = host::RevocationReason::kSuperseded;
  ExpectRefused(host_.SignCrl({milder}, 1), "CRL_CONTRADICTS_ROW");
  std::vector<HostileHost::Listed> extra = {
      entry, {live.serial, at, host::RevocationReason::kKeyCompromise}};
  if (extra[1].serial < extra[0].serial) std::swap(extra[0], extra[1]);
  ExpectRefused(host_.SignCrl(extra, 1), "CRL_UNKNOWN_ENTRY");
  // Control, and the number cannot go back.
  ExpectDone(host_.SignCrl({entry}, 5));
  ExpectRefused(host_.SignCrl({entry}, 5), "CRL_NUMBER_ORDER");

  ExpectRefused(host_.Ask(host_.OcspRequest(revoked.serial, host::OcspGood{})),
                "OCSP_HIDES_REVOCATION");
  ExpectRefused(host_.Ask(host_.OcspRequest(revoked.serial, host::OcspUnknown{})),
                "OCSP_HIDES_REVOCATION");
  ExpectRefused(host_.Ask(host_.OcspRequest(
                    live.serial, host::OcspRevoked{{at}, host::RevocationReason::kKeyCompromise})),
                "OCSP_CONTRADICTS_ROW");
  ExpectRefused(host_.Ask(host_.OcspRequest({0x41, 0x41}, host::OcspGood{})), "OCSP_NOT_ISSUED");
  // Controls.
  ExpectDone(host_.Ask(host_.OcspRequest(
      revoked.serial, host::OcspRevoked{{at}, host::RevocationReason::kKeyCompromise})));
  ExpectDone(host_.Ask(host_.OcspRequest(live.serial, host::OcspGood{})));
  ExpectDone(host_.Ask(host_.OcspRequest({0x41, 0x41}, host::OcspUnknown{})));
  // A revoked key is gone for good.
  ExpectRefused(host_.Revoke(revoked, pb::STATE_ACTION_REINSTATE), "CERTIFICATE_REVOKED");
  ExpectRefused(host_.Ask(host_.BeginRequest(revoked.record[2], {wanted_})), "KEY_DESTROYED");
}

// Line 6: remove or rewrite a line of the journal unnoticed.
TEST_F(SevenLinesTest, Line6_AnExportedJournalCannotLoseOrChangeALine) {
  const auto signer = host_.NewAccepted(mari_);
  const Bytes payload = Payload(signer.record[2], {wanted_});
  ExpectDone(host_.Ask(host_.SignRequest(signer.record[2], payload, mari_)));
  pb::CoreRequest read;
  read.mutable_read_journal()->set_from_sequence(1);
  read.mutable_read_journal()->set_max_entries(1000);
  const auto response = host_.Ask(read);
  ExpectDone(response);
  std::vector<Bytes> entries;
  for (const auto& each : response.read_journal().entries()) entries.push_back(ToBytes(each));
  ASSERT_GT(entries.size(), 10u);
  auto verifies = [](const std::vector<Bytes>& lines) {
    appliance::ChainVerifier chain(appliance::JournalHead{});
    for (const Bytes& line : lines) {
      if (!chain.Accept(line).ok()) return false;
    }
    return true;
  };
  for (size_t i = 0; i + 1 < entries.size(); ++i) {
    std::vector<Bytes> removed = entries;
    removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(verifies(removed)) << i;
    std::vector<Bytes> swapped = entries;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_FALSE(verifies(swapped)) << i;
    std::vector<Bytes> changed = entries;
    changed[i].back() ^= 1;
    EXPECT_FALSE(verifies(changed)) << i;
  }
  // Control.
  EXPECT_TRUE(verifies(entries));
}

// Line 7: export a private key, a wrapping key or the attestation key in the clear.
TEST_F(SevenLinesTest, Line7_NoAnswerHoldsAKeyOrItsWrapping) {
  const auto signer = host_.NewAccepted(mari_);
  const auto record = host_.core().records().Open(signer.record[2]);
  ASSERT_TRUE(record.ok());
  ASSERT_FALSE(record->wrapped.empty());
  // Even the wrapped key leaves the core only under the record's own seal.
  for (const Bytes& sealed : signer.record) {
    EXPECT_EQ(AsStringView(sealed).find(AsStringView(record->wrapped)), std::string_view::npos);
  }
  pb::CoreRequest read;
  read.mutable_read_journal()->set_from_sequence(1);
  read.mutable_read_journal()->set_max_entries(1000);
  const std::string journal = host_.Ask(read).SerializeAsString();
  EXPECT_EQ(journal.find(AsString(record->wrapped)), std::string::npos);
  // Control: the search finds what is there.
  EXPECT_NE(journal.find(AsString(signer.record[2])), std::string::npos);
}

// Bad frames end their own connection and nothing else.
TEST_F(SevenLinesTest, ABadFrameEndsItsConnectionAndTheCoreLives) {
  pb::CoreRequest status;
  status.set_id(7);
  status.mutable_status();
  const Bytes good = appliance::SerializeCanonical(status);
  Bytes unknown = good;
  unknown.insert(unknown.end(), {0xa0, 0x3f, 0x01});
  pb::CoreRequest no_id;
  no_id.mutable_status();
  pb::CoreRequest no_act;
  no_act.set_id(1);
  const std::vector<Bytes> bad = {RawFrame(ToBytes("garbage that is no request")),
                                  RawFrame(unknown),
                                  RawFrame(appliance::SerializeCanonical(no_id)),
                                  RawFrame(appliance::SerializeCanonical(no_act)),
                                  RawHeader(0),
                                  RawHeader((1 << 20) + 1)};
  for (size_t i = 0; i < bad.size(); ++i) {
    const auto link = host_.Connect();
    ASSERT_TRUE(link->Send(bad[i]).ok());
    EXPECT_TRUE(link->PeerCloses(20 * kSecond)) << i;
  }
  EXPECT_EQ(host_.ended().WaitFor(bad.size()).size(), bad.size());
  ExpectDone(host_.Ask(status));
}

}  // namespace
}  // namespace intaglio::testing_support
