// Lines 1, 3 and 4 of SECURITY.md: keys, people and records. Raw frames with the host's own TLS
// key; each attack has its control, the same frame with the one thing made right.
// Requirements R-QSC-3, R-QSC-4, R-IDV-6, R-ISS-3, R-ISS-5, R-STS-5, R-STS-6.
#include "appliance/records/record_sealer.h"
#include "host/x509/public_key.h"
#include "intaglio/core/v1/record.pb.h"
#include "tests/integration/adversary_fixture.h"

namespace intaglio::testing_support {
namespace {

using Officers = std::vector<const P256Signer*>;

// The signature of a SignResponse over `document`.
bool SignedBy(const Bytes& spki, const Bytes& document, const pb::CoreResponse& response) {
  return response.sign().signatures_size() == 1 &&
         host::VerifyEs256(spki, document, AsBytes(response.sign().signatures(0)));
}

// Line 1. [R-QSC-3, R-QSC-4]

TEST_F(AdversaryTest, Line1_ASpentActivationGivesNoSecondSignature) {
  const auto mari = host_.NewAccepted(mari_);
  const Bytes payload = Payload(mari.record[2], {wanted_});
  const pb::CoreRequest sign = host_.SignRequest(mari.record[2], payload, mari_);
  const auto first = host_.Ask(sign);
  ExpectDone(first);
  const auto signatures = Lines(pb::EVENT_TYPE_SIGNED).size();
  // Another record of the same key and version, under the very proof; and a fresh proof.
  const auto again = host_.Ask(host_.AcceptRequest(mari, mari_));
  ExpectDone(again);
  const Bytes other_record = ToBytes(again.accept_certificate().record());
  ASSERT_NE(other_record, mari.record[2]);
  pb::CoreRequest swapped = sign;
  swapped.mutable_sign()->set_record(AsString(other_record));
  ExpectRefused(swapped, "SAD_SPENT");
  ExpectRefused(host_.SignRequest(mari.record[2], payload, mari_), "SAD_SPENT");
  // Control: the very same frame again gives the very same signature, and none is made.
  EXPECT_EQ(host_.Ask(sign).sign().signatures(0), first.sign().signatures(0));
  EXPECT_EQ(Lines(pb::EVENT_TYPE_SIGNED).size(), signatures);
  // And what was stored dies with the payload's expiry.
  host_.core().clock().Advance(5 * kMinute);
  ExpectRefused(sign, "SAD_SPENT");
}

TEST_F(AdversaryTest, Line1_APayloadOfAnotherBootAnotherCoreOrNobodySignsNothing) {
  const auto mari = host_.NewAccepted(mari_);
  // A payload this core really gave out, before it was started again.
  const auto& now = host_.core().services();
  const appliance::BootId boot_before = *appliance::DrawId<appliance::BootId>(now.rng);
  const appliance::CoreServices before{now.identity,   boot_before, now.token,        now.records,
                                       now.statements, now.state,   now.journal,      now.time,
                                       now.clock,      now.rng,     now.changing_keys};
  appliance::ProofCheck proofs(before);
  appliance::SignDocument signing(before, proofs);
  const Bytes old_payload =
      *signing.Begin({mari.record[2], "session", {MessageDigest::Sha256(wanted_)}});
  ExpectRefused(host_.SignRequest(mari.record[2], old_payload, mari_), "SAD_SPENT");

  const Bytes payload = Payload(mari.record[2], {wanted_});
  auto with = [&](auto change) {
    pb::SadPayload changed;
    EXPECT_TRUE(changed.ParseFromString(AsString(payload)));
    change(changed);
    return host_.SignRequest(mari.record[2], appliance::SerializeCanonical(changed), mari_);
  };
  const std::string boot(16, 'b'), core(16, 'c'), nonce(32, 'n');
  ExpectRefused(with([&](pb::SadPayload& p) { p.set_boot_id(boot); }), "SAD_MISMATCH");
  ExpectRefused(with([&](pb::SadPayload& p) { p.set_core_instance(core); }), "WRONG_CORE");
  ExpectRefused(with([&](pb::SadPayload& p) { p.set_nonce(nonce); }), "SAD_SPENT");
  ExpectRefused(with([&](pb::SadPayload& p) { p.add_dtbsr(AsString(other_)); }), "SAD_MISMATCH");
  ExpectRefused(with([&](pb::SadPayload& p) { p.set_signer_id("thief"); }), "SAD_MISMATCH");
  ExpectRefused(with([&](pb::SadPayload& p) { p.set_expires_at_ms(p.expires_at_ms() + kMinute); }),
                "SAD_MISMATCH");
  // Control: nothing changed.
  ExpectDone(with([](pb::SadPayload&) {}));
}

TEST_F(AdversaryTest, Line1_AnExpiredActivationSignsNothing) {
  const auto mari = host_.NewAccepted(mari_);
  const Bytes late = Payload(mari.record[2], {wanted_});
  host_.core().clock().Advance(5 * kMinute);
  ExpectRefused(host_.SignRequest(mari.record[2], late, mari_), "SAD_SPENT");
  // Control: a moment earlier.
  const Bytes in_time = Payload(mari.record[2], {wanted_});
  host_.core().clock().Advance(5 * kMinute - 1);
  ExpectDone(host_.SignRequest(mari.record[2], in_time, mari_));
}

TEST_F(AdversaryTest, Line1_AProofForOneActIsWorthlessForAnother) {
  const auto mari = host_.NewAccepted(mari_);
  const Bytes payload = Payload(mari.record[2], {wanted_});
  const pb::CoreRequest honest = host_.SignRequest(mari.record[2], payload, mari_);
  const pb::CoreRequest accepted = host_.AcceptRequest(mari, mari_);
  // Her acceptance instead of a payload, and her acceptance's proof beside a payload.
  pb::CoreRequest statement = honest;
  statement.mutable_sign()->set_payload(accepted.accept_certificate().statement());
  *statement.mutable_sign()->mutable_proof() = accepted.accept_certificate().proof();
  ExpectRefused(statement, "STATEMENT_INVALID");
  pb::CoreRequest proof = honest;
  *proof.mutable_sign()->mutable_proof() = accepted.accept_certificate().proof();
  ExpectRefused(proof, "SIGNATURE_WRONG");
  // Her payload as a revocation.
  pb::CoreRequest revocation;
  auto& signer = *revocation.mutable_change_state()->mutable_signer();
  signer.set_record(AsString(mari.record[2]));
  signer.set_statement(AsString(payload));
  *signer.mutable_proof() = honest.sign().proof();
  ExpectRefused(revocation, "STATEMENT_INVALID");
  ExpectDone(honest);  // Control.
}

TEST_F(AdversaryTest, Line1_NoKeyWithoutAnAcceptedCertificateSignsADocument) {
  const auto generated = host_.NewKey(mari_);
  ExpectRefused(host_.BeginRequest(generated.record[0], {wanted_}), "RECORD_VERSION");
  const auto certified = host_.NewCertificate(thief_);
  ExpectRefused(host_.BeginRequest(certified.record[1], {wanted_}), "AGREEMENT_ONLY");
  const Digest agreement = appliance::Sha256(AsBytes("agreement"));
  ExpectRefused(host_.BeginRequest(certified.record[1], {agreement, wanted_}), "AGREEMENT_ONLY");
  // The service's own keys are nobody's to activate.
  ExpectRefused(host_.BeginRequest(host_.ca_record(), {wanted_}), "KEY_PURPOSE");
  ExpectRefused(host_.BeginRequest(host_.status_record(), {wanted_}), "KEY_PURPOSE");
  // Control: the agreement's hash, which record version 1 is for; and one signature of it only.
  const Bytes payload = Payload(certified.record[1], {agreement});
  const auto first = host_.Ask(host_.SignRequest(certified.record[1], payload, thief_));
  EXPECT_TRUE(SignedBy(certified.spki, ToBytes("agreement"), first));
  const Bytes second = Payload(certified.record[1], {agreement});
  EXPECT_EQ(host_.Ask(host_.SignRequest(certified.record[1], second, thief_)).sign().signatures(0),
            first.sign().signatures(0));
}

TEST_F(AdversaryTest, Line1_AnActivationOfTheAgreementSignsNothingAfterAcceptance) {
  const auto mari = host_.NewCertificate(mari_);
  const Bytes payload = Payload(mari.record[1], {appliance::Sha256(AsBytes("agreement"))});
  const auto accepted = host_.Ask(host_.AcceptRequest(mari, mari_));
  ExpectDone(accepted);
  const Bytes record = ToBytes(accepted.accept_certificate().record());
  ExpectRefused(host_.SignRequest(record, payload, mari_), "SAD_MISMATCH");
  ExpectRefused(host_.SignRequest(mari.record[1], payload, mari_), "RECORD_STALE");
  // Control: an activation of this version.
  ExpectDone(host_.SignRequest(record, Payload(record, {wanted_}), mari_));
}

TEST_F(AdversaryTest, Line1_GuessedProofsShutTheKey) {
  const auto mari = host_.NewAccepted(mari_);
  const Bytes payload = Payload(mari.record[2], {wanted_});
  pb::CoreRequest forged = host_.SignRequest(mari.record[2], payload, thief_);
  forged.mutable_sign()->mutable_proof()->set_authenticator_id(AsString(mari_.id()));
  for (int i = 0; i < appliance::ProofCheck::kFreeTries; ++i) {
    ExpectRefused(forged, "SIGNATURE_WRONG");
  }
  ExpectRefused(host_.SignRequest(mari.record[2], payload, mari_), "PROOF_BACK_OFF");
  // Control: it opens by itself.
  host_.core().clock().Advance(appliance::ProofCheck::kFirstWait);
  const Bytes fresh = Payload(mari.record[2], {wanted_});
  ExpectDone(host_.SignRequest(mari.record[2], fresh, mari_));
}

TEST_F(AdversaryTest, Line1_Control_TheSignerSignsExactlyTheHashesShown) {
  const auto mari = host_.NewAccepted(mari_);
  const Bytes payload = Payload(mari.record[2], {wanted_, other_});
  const auto done = host_.Ask(host_.SignRequest(mari.record[2], payload, mari_));
  ExpectDone(done);
  ASSERT_EQ(done.sign().signatures_size(), 2);
  EXPECT_TRUE(host::VerifyEs256(mari.spki, document_, AsBytes(done.sign().signatures(0))));
  EXPECT_TRUE(host::VerifyEs256(mari.spki, other_document_, AsBytes(done.sign().signatures(1))));
  EXPECT_FALSE(host::VerifyEs256(mari.spki, document_, AsBytes(done.sign().signatures(1))));
}

// Line 3. [R-IDV-6, R-ISS-5]

TEST_F(AdversaryTest, Line3_NoCertificateWithoutTwoRegistrationOfficers) {
  const auto mari = host_.NewKey(mari_);
  const pb::IssuanceOrder order = [&] {
    pb::IssuanceOrder out;
    EXPECT_TRUE(out.ParseFromString(mari.order.statement()));
    return out;
  }();
  const Bytes tbs = *host::BuildSubscriberTbs(host_.HonestRequest(mari));
  const P256Signer& first = host_.core().registration(0);
  const P256Signer& second = host_.core().registration(1);
  auto issue = [&](const pb::SignedStatement& by) {
    pb::CoreRequest request = host_.IssueRequest(mari, tbs);
    *request.mutable_issue_certificate()->mutable_order() = by;
    return request;
  };
  auto under = [&](const Officers& officers) { return issue(host_.Approve(order, officers)); };
  ExpectRefused(under({}), "APPROVALS_MISSING");
  ExpectRefused(under({&second}), "APPROVALS_MISSING");
  ExpectRefused(under({&second, &second}), "APPROVALS_MISSING");
  ExpectRefused(under({&host_.core().security(0), &host_.core().security(1)}), "OFFICER_UNKNOWN");
  ExpectRefused(under({&first, &host_.core().revocation()}), "OFFICER_UNKNOWN");
  ExpectRefused(under({&first, &second, &thief_}), "OFFICER_UNKNOWN");
  pb::SignedStatement forged = host_.Approve(order, {&first, &thief_});
  forged.mutable_approvals(1)->set_officer_id(AsString(second.id()));
  ExpectRefused(issue(forged), "SIGNATURE_WRONG");
  // What the officers signed, changed after them.
  auto swapped = [&](auto change) {
    pb::SignedStatement out = host_.Approve(order, {&first, &second});
    pb::IssuanceOrder changed = order;
    change(changed);
    out.set_statement(AsString(appliance::SerializeCanonical(changed)));
    return issue(out);
  };
  const std::string thief_spki = AsString(thief_.spki());
  ExpectRefused(
      swapped([&](pb::IssuanceOrder& o) { o.mutable_authenticators(0)->set_spki(thief_spki); }),
      "SIGNATURE_WRONG");
  ExpectRefused(swapped([](pb::IssuanceOrder& o) { o.mutable_subject()->set_surname("Tamm"); }),
                "SIGNATURE_WRONG");
  ExpectRefused(swapped([](pb::IssuanceOrder& o) { o.set_policy_oid("0.4.0.194112.1.0"); }),
                "SIGNATURE_WRONG");
  pb::IssuanceOrder elsewhere = order;
  elsewhere.set_core_instance(std::string(16, 'x'));
  ExpectRefused(issue(host_.ApproveByTwo(elsewhere)), "WRONG_CORE");
  pb::IssuanceOrder unused = order;
  unused.set_order_id(std::string(32, 'u'));
  ExpectRefused(issue(host_.ApproveByTwo(unused)), "ORDER_MISMATCH");
  ExpectDone(under({&second, &first}));  // Control.
}

TEST_F(AdversaryTest, Line3_AnOrderEndsAfterSevenDays) {
  const auto mari = host_.NewKey(mari_);
  const auto kalle = host_.NewKey(thief_);
  host_.core().clock().Advance(7 * kDay - 1);
  ExpectDone(host_.IssueRequest(mari, *host::BuildSubscriberTbs(host_.HonestRequest(mari))));
  host_.core().clock().Advance(1);
  ExpectRefused(host_.IssueRequest(kalle, *host::BuildSubscriberTbs(host_.HonestRequest(kalle))),
                "STATEMENT_EXPIRED");
  pb::IssuanceOrder longer = host_.Order(mari_);
  longer.set_expires_at_ms(longer.issued_at_ms() + 7 * kDay + 1);
  ExpectRefused(GenerateRequest(host_.ApproveByTwo(longer)), "STATEMENT_INVALID");
  ExpectDone(GenerateRequest(host_.ApproveByTwo(host_.Order(mari_))));  // Control.
}

TEST_F(AdversaryTest, Line3_OfficersApproveOnlyCanonicalOctetsOfTheRightKind) {
  const pb::IssuanceOrder order = host_.Order(mari_);
  const Bytes honest = appliance::SerializeCanonical(order);
  auto generate = [&](const Bytes& octets) {
    pb::SignedStatement by;
    by.set_statement(AsString(octets));
    for (const size_t i : {0, 1}) {
      pb::Approval& approval = *by.add_approvals();
      approval.set_officer_id(AsString(host_.core().registration(i).id()));
      approval.set_signature(AsString(host_.core().registration(i).Sign(octets)));
    }
    return GenerateRequest(by);
  };
  // A field that stands twice: who reads the first and who reads the last see different orders.
  Bytes twice = honest;
  const Bytes context = {0x0a, 0x01, 'x'};
  twice.insert(twice.begin(), context.begin(), context.end());
  ExpectRefused(generate(twice), "STATEMENT_INVALID");
  Bytes unknown = honest;
  unknown.insert(unknown.end(), {0xa0, 0x3f, 0x01});
  ExpectRefused(generate(unknown), "STATEMENT_INVALID");
  pb::IssuanceOrder other_act = order;
  other_act.set_context("intaglio/state-order/v1");
  ExpectRefused(generate(appliance::SerializeCanonical(other_act)), "STATEMENT_INVALID");
  ExpectDone(generate(honest));  // Control.
}

TEST_F(AdversaryTest, Line3_NoCaOfTheHostsOwn) {
  auto fill = [](pb::Command& command) {
    auto& act = *command.mutable_generate_service_key();
    act.set_purpose(pb::SERVICE_KEY_PURPOSE_CA_ISSUING);
    act.set_algorithm(pb::KEY_ALGORITHM_P256);
    act.set_label("thief");
  };
  const P256Signer& first = host_.core().security(0);
  const P256Signer& second = host_.core().security(1);
  auto by = [&](const Officers& officers) { return host_.CommandRequest(fill, {}, officers); };
  ExpectRefused(by({}), "APPROVALS_MISSING");
  ExpectRefused(by({&first}), "APPROVALS_MISSING");
  ExpectRefused(by({&first, &first}), "APPROVALS_MISSING");
  ExpectRefused(by({&host_.core().registration(0), &host_.core().registration(1)}),
                "OFFICER_UNKNOWN");
  pb::CoreRequest forged = by({&first, &thief_});
  forged.mutable_execute_command()->mutable_command()->mutable_approvals(1)->set_officer_id(
      AsString(second.id()));
  ExpectRefused(forged, "SIGNATURE_WRONG");
  auto made_up = [&](pb::Command& command) {
    fill(command);
    command.set_nonce(std::string(32, 'n'));
  };
  ExpectRefused(host_.CommandRequest(made_up, {}, {&first, &second}), "COMMAND_NONCE");
  // Control. And a command is carried out once.
  const pb::CoreRequest honest = by({&second, &first});
  const auto done = host_.Ask(honest);
  ExpectDone(done);
  ExpectRefused(honest, "COMMAND_NONCE");
  // A CA key without a certificate that security officers installed issues nothing.
  pb::CoreRequest draw;
  draw.mutable_draw_serial()->set_ca_record(done.execute_command().record());
  ExpectRefused(draw, "CA_NOT_INSTALLED");
}

TEST_F(AdversaryTest, Line3_OnlyTheSubscriberAcceptsAndOnlyThatCertificate) {
  const auto mari = host_.NewCertificate(mari_);
  const auto thief = host_.NewCertificate(thief_);
  ExpectRefused(host_.AcceptRequest(mari, thief_), "AUTHENTICATOR_UNKNOWN");
  pb::CoreRequest crossed = host_.AcceptRequest(thief, thief_);
  crossed.mutable_accept_certificate()->set_record(AsString(mari.record[1]));
  ExpectRefused(crossed, "ORDER_MISMATCH");
  pb::CoreRequest early = host_.AcceptRequest(mari, mari_);
  early.mutable_accept_certificate()->set_record(AsString(mari.record[0]));
  ExpectRefused(early, "RECORD_VERSION");
  ExpectDone(host_.AcceptRequest(mari, mari_));  // Control.
}

// Line 4. [R-STS-5, R-STS-6]

TEST_F(AdversaryTest, Line4_ARecordFromElsewhereIsWorthNothing) {
  const auto mari = host_.NewAccepted(mari_);
  const auto thief = host_.NewAccepted(thief_);
  // The host has a core of its own, and seals what it likes: Mari's key, the thief's authenticator.
  appliance::KeyRecord record = *host_.core().records().Open(mari.record[2]);
  record.authenticators[0].spki = thief_.spki();
  SystemRng rng;
  std::vector<appliance::EpochKey> keys;
  keys.push_back({1, SecretBytes::CopyOf(appliance::Sha256(AsBytes("another core")))});
  appliance::RecordSealer elsewhere(std::move(keys), rng);
  ExpectRefused(host_.BeginRequest(*elsewhere.Seal(record), {wanted_}), "RECORD_UNREADABLE");
  // A record under another key's name, another version or another epoch.
  auto renamed = [&](const Bytes& sealed, auto change) {
    pb::SealedRecord out;
    EXPECT_TRUE(out.ParseFromString(AsString(sealed)));
    change(out);
    return host_.BeginRequest(appliance::SerializeCanonical(out), {wanted_});
  };
  const std::string mari_id = AsString(mari.key_id);
  ExpectRefused(renamed(thief.record[2], [&](pb::SealedRecord& r) { r.set_key_id(mari_id); }),
                "RECORD_UNREADABLE");
  ExpectRefused(renamed(mari.record[1], [](pb::SealedRecord& r) { r.set_version(2); }),
                "RECORD_UNREADABLE");
  ExpectRefused(renamed(mari.record[2], [](pb::SealedRecord& r) { r.set_epoch(2); }),
                "RECORD_UNREADABLE");
  ExpectDone(renamed(mari.record[2], [](pb::SealedRecord&) {}));  // Control.
}

TEST_F(AdversaryTest, Line4_AnOldRecordComesNotBackAfterAcceptance) {
  const auto mari = host_.NewAccepted(mari_);
  const Digest agreement = appliance::Sha256(AsBytes("agreement"));
  ExpectRefused(host_.BeginRequest(mari.record[1], {agreement}), "RECORD_STALE");
  ExpectRefused(host_.BeginRequest(mari.record[0], {agreement}), "RECORD_STALE");
  // Nor the CA's from before its certificate.
  pb::CoreRequest draw;
  draw.mutable_draw_serial()->set_ca_record(AsString(host_.ca_record()));
  ExpectDone(draw);
  const auto installed = Lines(pb::EVENT_TYPE_COMMAND_EXECUTED);
  ASSERT_GE(installed.size(), 3u);
  draw.mutable_draw_serial()->set_ca_record(installed[0].sealed_record());
  ExpectRefused(draw, "RECORD_STALE");
  ExpectDone(host_.BeginRequest(mari.record[2], {agreement}));  // Control.
}

TEST_F(AdversaryTest, Line4_AUsedReinstatementDoesNotEndTheNextSuspension) {
  const auto mari = host_.NewAccepted(mari_);
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND));
  const pb::CoreRequest reinstate = HostileHost::StateRequest(host_.Approve(
      host_.StateOrderFor(mari, pb::STATE_ACTION_REINSTATE), {&host_.core().revocation()}));
  ExpectDone(reinstate);
  ExpectDone(host_.BeginRequest(mari.record[2], {wanted_}));
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND));
  // Carried out before, it changes nothing.
  ExpectDone(reinstate);
  ExpectRefused(host_.BeginRequest(mari.record[2], {wanted_}), "KEY_SUSPENDED");
  ExpectRefused(host_.OcspRequest(mari.serial, host::OcspGood{}), "OCSP_HIDES_REVOCATION");
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE));  // Control.
  ExpectDone(host_.BeginRequest(mari.record[2], {wanted_}));
}

// A host keeps back a reinstatement that an officer signed, and hands it in against a later
// suspension that this officer never looked at.
TEST_F(AdversaryTest, Line4_AReinstatementKeptBackDoesNotEndALaterSuspension) {
  const auto mari = host_.NewAccepted(mari_);
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND));
  host_.core().clock().Advance(kMinute);
  const auto kept_back = host_.Approve(host_.StateOrderFor(mari, pb::STATE_ACTION_REINSTATE),
                                       {&host_.core().revocation()});
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE));
  host_.core().clock().Advance(kHour);
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND));
  ExpectRefused(HostileHost::StateRequest(kept_back), "STATEMENT_EXPIRED");
  ExpectRefused(host_.BeginRequest(mari.record[2], {wanted_}), "KEY_SUSPENDED");
  // Control: an order made after the suspension.
  host_.core().clock().Advance(kMinute);
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE));
  ExpectDone(host_.BeginRequest(mari.record[2], {wanted_}));
}

TEST_F(AdversaryTest, Line4_OnlyARevocationOfficersOrderChangesAState) {
  const auto mari = host_.NewAccepted(mari_);
  const auto thief = host_.NewAccepted(thief_);
  ExpectDone(host_.Revoke(thief, pb::STATE_ACTION_SUSPEND));
  const pb::StateOrder order = host_.StateOrderFor(thief, pb::STATE_ACTION_REINSTATE);
  const P256Signer& officer = host_.core().revocation();
  auto by = [&](const Officers& officers) {
    return HostileHost::StateRequest(host_.Approve(order, officers));
  };
  ExpectRefused(by({}), "APPROVALS_MISSING");
  ExpectRefused(by({&thief_}), "OFFICER_UNKNOWN");
  ExpectRefused(by({&host_.core().registration(0)}), "OFFICER_UNKNOWN");
  ExpectRefused(by({&host_.core().security(0), &host_.core().security(1)}), "OFFICER_UNKNOWN");
  // An order to revoke Mari's turned into one that reinstates the thief's.
  pb::SignedStatement turned =
      host_.Approve(host_.StateOrderFor(mari, pb::STATE_ACTION_REVOKE), {&officer});
  turned.set_statement(AsString(appliance::SerializeCanonical(order)));
  ExpectRefused(HostileHost::StateRequest(turned), "SIGNATURE_WRONG");
  pb::StateOrder elsewhere = order;
  elsewhere.set_core_instance(std::string(16, 'x'));
  ExpectRefused(HostileHost::StateRequest(host_.Approve(elsewhere, {&officer})), "WRONG_CORE");
  pb::StateOrder unknown = order;
  unknown.set_serial("AA");
  ExpectRefused(HostileHost::StateRequest(host_.Approve(unknown, {&officer})), "SERIAL_UNKNOWN");
  ExpectRefused(host_.BeginRequest(thief.record[2], {wanted_}), "KEY_SUSPENDED");
  ExpectDone(by({&officer}));  // Control.
  ExpectDone(host_.BeginRequest(thief.record[2], {wanted_}));
}

TEST_F(AdversaryTest, Line4_ASignerRevokesOnlyTheOwnCertificate) {
  const auto mari = host_.NewAccepted(mari_);
  const auto thief = host_.NewAccepted(thief_);
  auto revoke = [&](const HostileHost::Signer& target, const Bytes& record, const P256Signer& by) {
    pb::SignerRevocation statement;
    statement.set_context("intaglio/signer-revocation/v1");
    statement.set_core_instance(AsString(host_.core().identity().instance.view()));
    statement.set_issuer_key_id(AsString(host_.ca_key_id()));
    statement.set_serial(AsString(target.serial));
    statement.set_reason(pb::REVOCATION_REASON_KEY_COMPROMISE);
    statement.set_requested_at_ms(host_.core().clock().Now().ms);
    const Bytes octets = appliance::SerializeCanonical(statement);
    pb::CoreRequest request;
    auto& signer = *request.mutable_change_state()->mutable_signer();
    signer.set_record(AsString(record));
    signer.set_statement(AsString(octets));
    signer.mutable_proof()->set_authenticator_id(AsString(by.id()));
    signer.mutable_proof()->set_es256(AsString(by.Sign(octets)));
    return request;
  };
  ExpectRefused(revoke(mari, mari.record[2], thief_), "AUTHENTICATOR_UNKNOWN");
  ExpectRefused(revoke(mari, thief.record[2], thief_), "ORDER_MISMATCH");
  ExpectDone(host_.BeginRequest(mari.record[2], {wanted_}));
  // Control; and then nothing brings the key back.
  ExpectDone(revoke(mari, mari.record[2], mari_));
  ExpectRefused(host_.BeginRequest(mari.record[2], {wanted_}), "KEY_DESTROYED");
  ExpectRefused(host_.AcceptRequest(mari, mari_), "KEY_DESTROYED");
  ExpectRefused(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE), "CERTIFICATE_REVOKED");
  ExpectRefused(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND), "CERTIFICATE_REVOKED");
}

// The host alone may stop a signer's key, and only people start it again. It stops no other.
TEST_F(AdversaryTest, Line4_WhatTheHostBlocksAnOfficerOpensAndTheServiceItCannotBlock) {
  const auto mari = host_.NewAccepted(mari_);
  auto block = [&](ByteView key_id) {
    pb::CoreRequest request;
    request.mutable_block_key()->set_key_id(AsString(key_id));
    return request;
  };
  const auto status = host_.core().records().Open(host_.status_record());
  ASSERT_TRUE(status.ok());
  ExpectRefused(block(host_.ca_key_id()), "KEY_PURPOSE");
  ExpectRefused(block(status->key_id.view()), "KEY_PURPOSE");
  ExpectDone(host_.OcspRequest(mari.serial, host::OcspGood{}));
  ExpectDone(host_.SignCrl({}, 1));
  // Control: a signer's.
  const Bytes payload = Payload(mari.record[2], {wanted_});
  ExpectDone(block(mari.key_id));
  ExpectRefused(host_.SignRequest(mari.record[2], payload, mari_), "KEY_BLOCKED");
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE));
  ExpectDone(host_.SignRequest(mari.record[2], payload, mari_));
}

}  // namespace
}  // namespace intaglio::testing_support
