// Lines 5, 6 and 7 of SECURITY.md and frames that are none: revocations, the journal, secrets. Raw
// frames with the host's own TLS key; each attack has its control, the same frame made right.
// Requirements R-STS-3, R-STS-4, R-STS-5, R-STS-6, R-QSC-3, R-TIM-1.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <map>
#include <set>

#include "appliance/journal/chain_verifier.h"
#include "host/x509/certificate.h"
#include "host/x509/crl_builder.h"
#include "host/x509/public_key.h"
#include "tests/integration/adversary_fixture.h"

namespace intaglio::testing_support {
namespace {

using host::OcspGood;
using host::OcspRevoked;
using host::OcspUnknown;
using host::RevocationReason;

class StatusAdversaryTest : public AdversaryTest {
 protected:
  HostileHost::Listed Revoked(const HostileHost::Signer& signer) {
    const auto response = host_.Revoke(signer, pb::STATE_ACTION_REVOKE);
    ExpectDone(response);
    return {signer.serial, response.change_state().effective_at_ms(),
            RevocationReason::kKeyCompromise};
  }
  HostileHost::Listed Suspended(const HostileHost::Signer& signer) {
    const auto response = host_.Revoke(signer, pb::STATE_ACTION_SUSPEND);
    ExpectDone(response);
    return {signer.serial, response.change_state().effective_at_ms(),
            RevocationReason::kCertificateHold};
  }
  static std::vector<HostileHost::Listed> Sorted(std::vector<HostileHost::Listed> entries) {
    std::ranges::sort(entries, {}, &HostileHost::Listed::serial);
    return entries;
  }
};

// Line 5. [R-STS-3, R-STS-4, R-STS-5, R-STS-6; EN 319 411-1 CSS-6.3.10-09]

TEST_F(StatusAdversaryTest, Line5_ACrlHidesNeitherRevocationNorSuspension) {
  const auto revoked = Revoked(host_.NewAccepted(mari_));
  const auto held = Suspended(host_.NewAccepted(thief_));
  ExpectRefused(host_.SignCrl({}, 1), "CRL_HIDES_REVOCATION");
  ExpectRefused(host_.SignCrl({revoked}, 1), "CRL_HIDES_REVOCATION");
  ExpectRefused(host_.SignCrl({held}, 1), "CRL_HIDES_REVOCATION");
  auto changed = [&](HostileHost::Listed one, const HostileHost::Listed& beside) {
    return host_.SignCrl(Sorted({std::move(one), beside}), 1);
  };
  HostileHost::Listed earlier = revoked;
  earlier.at_ms -= kSecond;
  ExpectRefused(changed(earlier, held), "CRL_CONTRADICTS_ROW");
  HostileHost::Listed for_good = held;
  for_good.reason = RevocationReason::kKeyCompromise;
  ExpectRefused(changed(for_good, revoked), "CRL_CONTRADICTS_ROW");
  HostileHost::Listed lifted = revoked;
  lifted.reason = RevocationReason::kCertificateHold;
  ExpectRefused(changed(lifted, held), "CRL_CONTRADICTS_ROW");
  // An entry of a serial that was never drawn, at either end.
  for (const Bytes& serial : {Bytes(16, 0x00), Bytes(16, 0x7f)}) {
    Bytes odd = serial;
    odd[0] = std::max<uint8_t>(odd[0], 1);
    ExpectRefused(host_.SignCrl(Sorted({revoked, held, {odd, revoked.at_ms, revoked.reason}}), 1),
                  "CRL_UNKNOWN_ENTRY");
  }
  ExpectDone(host_.SignCrl(Sorted({revoked, held}), 1));  // Control.
}

TEST_F(StatusAdversaryTest, Line5_ACrlsTimesAndNumberAreTheCoresBusiness) {
  const auto entry = Revoked(host_.NewAccepted(mari_));
  ExpectDone(host_.SignCrl({entry}, 5));
  auto plan = [&](auto change) {
    HostileHost::CrlPlan out{.entries = {entry}, .number = 6};
    change(out);
    return host_.SignCrl(host_.CrlTbs(out));
  };
  using Plan = HostileHost::CrlPlan;
  ExpectRefused(plan([](Plan& p) { p.number = 4; }), "CRL_NUMBER_ORDER");
  ExpectRefused(plan([](Plan& p) { p.number = 5; }), "CRL_NUMBER_ORDER");
  ExpectRefused(plan([](Plan& p) { p.number = 1006; }), "CRL_NUMBER_ORDER");
  ExpectRefused(plan([](Plan& p) { p.lasts = 48 * kHour + kSecond; }), "CRL_NEXT_UPDATE");
  ExpectRefused(plan([](Plan& p) { p.last = true; }), "CRL_LAST");
  ExpectRefused(plan([](Plan& p) { p.begins = 6 * kMinute; }), "CRL_THIS_UPDATE");
  ExpectRefused(plan([](Plan& p) { p.begins = -6 * kMinute; }), "CRL_THIS_UPDATE");
  ExpectRefused(plan([](Plan& p) { p.begins = -kMinute; }), "CRL_THIS_UPDATE");  // before the last
  ExpectRefused(plan([](Plan& p) { p.keeps_expired = false; }), "CRL_EXPIRED_CERTS");
  ExpectDone(plan([](Plan& p) { p.lasts = 48 * kHour; }));  // Control.
  ExpectDone(plan([](Plan& p) { p.number = 1006; }));
}

TEST_F(StatusAdversaryTest, Line5_ARevocationBetweenBeginAndFinishStopsTheCrl) {
  const auto mari = host_.NewAccepted(mari_);
  const Bytes stale = host_.CrlTbs({.entries = {}, .number = 1});
  uint64_t stream = 0;
  ExpectDone(host_.FeedCrl(stale, stream));
  const auto entry = Revoked(mari);
  ExpectRefused(host_.FinishCrl(stream), "CRL_HIDES_REVOCATION");
  ExpectRefused(host_.FinishCrl(stream), "STREAM_UNKNOWN");
  // The entry foreseen does not help: the list began before the core knew it.
  uint64_t foreseen = 0;
  const auto thief = host_.NewAccepted(thief_);
  ExpectRefused(
      host_.FeedCrl(
          host_.CrlTbs({.entries = Sorted({entry, {thief.serial, entry.at_ms, entry.reason}})}),
          foreseen),
      "CRL_UNKNOWN_ENTRY");
  ExpectRefused(host_.FinishCrl(foreseen), "STREAM_UNKNOWN");
  ExpectDone(host_.SignCrl({entry}, 1));  // Control.
}

// Where the merge has passed, no row is read again: the change itself must stop the list.
TEST_F(StatusAdversaryTest, Line5_NoCrlIsSignedOfTwoMoments) {
  const auto mari = host_.NewAccepted(mari_);
  const auto thief = host_.NewAccepted(thief_);
  const auto held = Suspended(mari);
  uint64_t stream = 0;
  ExpectDone(host_.FeedCrl(host_.CrlTbs({.entries = {held}}), stream));
  const auto revoked = Revoked(thief);
  ExpectRefused(host_.FinishCrl(stream), "CRL_HIDES_REVOCATION");
  ExpectDone(host_.FeedCrl(host_.CrlTbs({.entries = Sorted({held, revoked})}), stream));
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE));
  ExpectRefused(host_.FinishCrl(stream), "CRL_HIDES_REVOCATION");
  // Control: nothing changes between.
  ExpectDone(host_.FeedCrl(host_.CrlTbs({.entries = {revoked}}), stream));
  ExpectDone(host_.FinishCrl(stream));
}

TEST_F(StatusAdversaryTest, Line5_AStreamIsOneConnectionsAndInOrder) {
  const Bytes tbs = host_.CrlTbs({});
  uint64_t stream = 0;
  ExpectDone(host_.FeedCrl(tbs, stream));
  pb::CoreRequest finish;
  finish.mutable_finish_crl()->set_stream(stream);
  const auto other = host_.Connect();
  ExpectRefused(host_.AskOver(*other, finish), "STREAM_UNKNOWN");
  ExpectDone(host_.FinishCrl(stream));  // Control.
  // Octets twice, or from the middle.
  pb::CoreRequest begin;
  begin.mutable_begin_crl()->set_ca_record(AsString(host_.ca_record()));
  begin.mutable_begin_crl()->set_tbs_length(tbs.size());
  pb::CoreRequest chunk;
  chunk.mutable_crl_chunk()->set_stream(host_.Ask(begin).begin_crl().stream());
  chunk.mutable_crl_chunk()->set_offset(7);
  chunk.mutable_crl_chunk()->set_octets(AsString(ByteView(tbs).subspan(7)));
  ExpectRefused(chunk, "STREAM_UNKNOWN");
  begin.mutable_begin_crl()->set_ca_record(AsString(host_.status_record()));
  ExpectRefused(begin, "KEY_PURPOSE");
}

TEST_F(StatusAdversaryTest, Line5_NoOcspAnswerSaysOtherThanTheRows) {
  const auto mari = host_.NewAccepted(mari_);
  const auto held = Suspended(mari);
  auto answer = [&](const Bytes& serial, const host::OcspCertStatus& status) {
    return host_.OcspRequest(serial, status);
  };
  const OcspRevoked hold{{held.at_ms}, RevocationReason::kCertificateHold};
  ExpectRefused(answer(mari.serial, OcspGood{}), "OCSP_HIDES_REVOCATION");
  ExpectRefused(answer(mari.serial, OcspUnknown{}), "OCSP_HIDES_REVOCATION");
  ExpectRefused(answer(mari.serial, OcspRevoked{{held.at_ms - kSecond}, hold.reason}),
                "OCSP_CONTRADICTS_ROW");
  ExpectRefused(answer(mari.serial, OcspRevoked{hold.at, RevocationReason::kKeyCompromise}),
                "OCSP_CONTRADICTS_ROW");
  ExpectDone(answer(mari.serial, hold));  // Control.
  const auto revoked = Revoked(mari);
  EXPECT_EQ(revoked.at_ms, held.at_ms) << "a hold that becomes final keeps its start";
  ExpectRefused(answer(mari.serial, hold), "OCSP_CONTRADICTS_ROW");
  // A serial drawn and not issued, one never drawn, and a lie between two truths.
  const auto drawn = host_.HonestRequest(host_.NewKey(thief_)).serial;
  const Bytes unused = ToBytes(drawn.octets());
  ExpectRefused(answer(unused, OcspGood{}), "OCSP_NOT_ISSUED");
  ExpectRefused(answer({0x41, 0x41}, OcspGood{}), "OCSP_NOT_ISSUED");
  const Bytes truth = host_.OcspData({unused, OcspUnknown{}});
  const Bytes lie = host_.OcspData({mari.serial, OcspGood{}});
  ExpectRefused(host_.OcspRequest({truth, lie, truth}), "OCSP_HIDES_REVOCATION");
  ExpectDone(host_.OcspRequest({truth, truth}));  // Control.
}

TEST_F(StatusAdversaryTest, Line5_AnOcspAnswersTimesAndSignerAreTheCoresBusiness) {
  const auto mari = host_.NewAccepted(mari_);
  using Plan = HostileHost::OcspPlan;
  auto plan = [&](auto change) {
    Plan out{.serial = mari.serial, .status = OcspGood{}};
    change(out);
    return host_.OcspRequest(std::vector<Bytes>{host_.OcspData(out)});
  };
  ExpectRefused(plan([](Plan& p) { p.begins = 6 * kMinute; }), "OCSP_TIME");
  ExpectRefused(plan([](Plan& p) { p.begins = -6 * kMinute; }), "OCSP_TIME");
  ExpectRefused(plan([](Plan& p) { p.lasts = kDay + kSecond; }), "OCSP_NEXT_UPDATE");
  ExpectRefused(plan([&](Plan& p) { p.responder_spki = thief_.spki(); }), "OCSP_RESPONDER");
  pb::CoreRequest by_ca = plan([](Plan&) {});
  by_ca.mutable_sign_ocsp()->set_status_record(AsString(host_.ca_record()));
  ExpectRefused(by_ca, "KEY_PURPOSE");
  pb::CoreRequest by_mari = plan([](Plan&) {});
  by_mari.mutable_sign_ocsp()->set_status_record(AsString(mari.record[2]));
  ExpectRefused(by_mari, "KEY_PURPOSE");
  // An answer that was good yesterday cannot be signed today as it is.
  const pb::CoreRequest kept = plan([](Plan&) {});
  ExpectDone(kept);
  host_.core().clock().Advance(kDay);
  ExpectRefused(kept, "OCSP_TIME");
  ExpectDone(plan([](Plan& p) { p.lasts = kDay; }));  // Control.
}

TEST_F(StatusAdversaryTest, Line5_Control_TheHonestCrlAndAnswerVerify) {
  const auto mari = host_.NewAccepted(mari_);
  const auto entry = Revoked(mari);
  const Bytes tbs = host_.CrlTbs({.entries = {entry}, .number = 1});
  const auto crl = host_.SignCrl(tbs);
  ExpectDone(crl);
  const auto assembled = host::AssembleCrl(tbs, AsBytes(crl.finish_crl().signature()));
  ASSERT_TRUE(assembled.ok());
  EXPECT_TRUE(host::VerifyCrl(*assembled, host_.ca().certificate()).ok());
  const OcspRevoked status{{entry.at_ms}, entry.reason};
  const Bytes octets = host_.OcspData({mari.serial, status});
  const auto answer = host_.Ask(host_.OcspRequest(std::vector<Bytes>{octets}));
  ExpectDone(answer);
  ASSERT_EQ(answer.sign_ocsp().signatures_size(), 1);
  EXPECT_TRUE(
      host::VerifyEs256(host_.status_spki(), octets, AsBytes(answer.sign_ocsp().signatures(0))));
}

// Line 6.

TEST_F(StatusAdversaryTest, Line6_AnExportCannotBeCutChangedOrAddedTo) {
  const auto mari = host_.NewAccepted(mari_);
  ExpectDone(host_.SignRequest(mari.record[2], Payload(mari.record[2], {wanted_}), mari_));
  const std::vector<Bytes> entries = host_.ReadJournal(3);  // in many frames
  pb::CoreRequest ask;
  ask.mutable_status();
  const auto status = host_.Ask(ask).status();
  // What an auditor does: follow the chain to the head the core names.
  auto verifies = [&](const std::vector<Bytes>& lines) {
    appliance::ChainVerifier chain(appliance::JournalHead{});
    for (const Bytes& line : lines) {
      if (!chain.Accept(line).ok()) return false;
    }
    return chain.head().sequence == status.journal_sequence() &&
           AsString(chain.head().chain_hash) == status.journal_head();
  };
  ASSERT_EQ(entries.size(), status.journal_sequence());
  EXPECT_TRUE(verifies(entries));  // Control.
  std::vector<Bytes> shorter = entries;
  shorter.pop_back();
  EXPECT_FALSE(verifies(shorter)) << "the last line is missing";
  for (size_t i = 0; i < entries.size(); ++i) {
    std::vector<Bytes> twice = entries;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), entries[i]);
    EXPECT_FALSE(verifies(twice)) << i;
    std::vector<Bytes> changed = entries;
    changed[i][changed[i].size() / 2] ^= 1;
    EXPECT_FALSE(verifies(changed)) << i;
  }
  // A line of the host's own, well made, in place of the last.
  appliance::ChainVerifier chain(appliance::JournalHead{});
  for (size_t i = 0; i + 1 < entries.size(); ++i) ASSERT_TRUE(chain.Accept(entries[i]).ok());
  std::vector<Bytes> forged = entries;
  const Bytes event = *appliance::EncodeEvent({.type = appliance::EventType::kStopped});
  forged.back() = appliance::EncodeEntry(
      {chain.head().sequence + 1, chain.head().chain_hash, host_.core().clock().Now(), {}, 1},
      event);
  EXPECT_TRUE(chain.Accept(forged.back()).ok()) << "it fits where it stands";
  EXPECT_FALSE(verifies(forged)) << "and leads to another head";
}

TEST_F(StatusAdversaryTest, Line6_ReadingIsAllTheHostCanDoAndItIsBounded) {
  const auto head = host_.core().journal().Head();
  auto read = [](uint64_t from, uint32_t most) {
    pb::CoreRequest request;
    request.mutable_read_journal()->set_from_sequence(from);
    request.mutable_read_journal()->set_max_entries(most);
    return request;
  };
  ExpectRefused(read(0, 10), "REQUEST_INVALID");
  ExpectRefused(read(1, 0), "REQUEST_INVALID");
  ExpectRefused(read(1, 1001), "REQUEST_INVALID");
  EXPECT_EQ(host_.Ask(read(head.sequence + 1000, 10)).read_journal().entries_size(), 0);
  ExpectDone(read(1, 1000));  // Control.
  EXPECT_EQ(host_.core().journal().Head().chain_hash, head.chain_hash) << "reading writes nothing";
}

TEST_F(StatusAdversaryTest, Line6_AnIntentStandsBeforeEachSignatureAndRefusalsAreKept) {
  const auto mari = host_.NewAccepted(mari_);
  ExpectDone(host_.SignRequest(mari.record[2], Payload(mari.record[2], {wanted_}), mari_));
  ExpectDone(host_.SignCrl({}, 1));
  ExpectRefused(host_.SignRequest(mari.record[2], Payload(mari.record[2], {wanted_}), thief_),
                "AUTHENTICATOR_UNKNOWN");
  const std::map<pb::EventType, pb::EventType> intents = {
      {pb::EVENT_TYPE_SIGNED, pb::EVENT_TYPE_SIGN_INTENT},
      {pb::EVENT_TYPE_CERTIFICATE_SIGNED, pb::EVENT_TYPE_CERTIFICATE_INTENT},
      {pb::EVENT_TYPE_CRL_SIGNED, pb::EVENT_TYPE_CRL_INTENT}};
  std::map<pb::EventType, int> seen;
  std::vector<pb::JournalEntry> before;
  for (const Bytes& octets : host_.ReadJournal(1000)) {
    pb::JournalEntry entry;
    ASSERT_TRUE(entry.ParseFromArray(octets.data(), static_cast<int>(octets.size())));
    if (const auto intent = intents.find(entry.type()); intent != intents.end()) {
      ++seen[entry.type()];
      EXPECT_TRUE(std::ranges::any_of(before, [&](const pb::JournalEntry& each) {
        return each.type() == intent->second && each.key_id() == entry.key_id() &&
               each.content_digest() == entry.content_digest();
      })) << entry.sequence();
    }
    before.push_back(entry);
  }
  EXPECT_EQ(seen.size(), intents.size()) << "each kind was made once at least";
  const auto refused = Lines(pb::EVENT_TYPE_REFUSED);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].reason_id(), "APL-0018");
  EXPECT_EQ(refused[0].note(), "sign");
}

// Line 7. [R-QSC-3]

// Every field of octets that a message can carry, however deep.
void AddOctetFields(const google::protobuf::Descriptor& message, std::set<std::string>& fields,
                    std::set<std::string>& visited) {
  if (!visited.insert(message.full_name()).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    if (field.message_type() != nullptr) AddOctetFields(*field.message_type(), fields, visited);
    if (field.type() == google::protobuf::FieldDescriptor::TYPE_BYTES) {
      fields.insert(message.name() + "." + field.name());
    }
  }
}

TEST_F(StatusAdversaryTest, Line7_NoAnswerHasAPlaceForAPrivateKey) {
  // Whoever adds octets to an answer reads this test and says what stands in them.
  std::set<std::string> fields, visited;
  AddOctetFields(*pb::CoreResponse::descriptor(), fields, visited);
  EXPECT_EQ(
      fields,
      (std::set<std::string>{
          // Sealed records.
          "ExecuteCommandResponse.record", "GenerateSignerKeyResponse.record",
          "IssueCertificateResponse.record", "AcceptCertificateResponse.record",
          "AddAuthenticatorResponse.record", "ResealedRecord.record",
          // Public keys, identifiers, nonces and hashes.
          "ExecuteCommandResponse.spki", "ExecuteCommandResponse.key_id",
          "GenerateSignerKeyResponse.spki", "GenerateSignerKeyResponse.key_id", "RosterEntry.spki",
          "RosterEntry.officer_id", "DrawSerialResponse.serial", "StatusResponse.core_instance",
          "StatusResponse.boot_id", "StatusResponse.journal_head",
          "BeginCommandResponse.core_instance", "BeginCommandResponse.nonce",
          "BeginSealAuthorisationResponse.core_instance", "BeginSealAuthorisationResponse.nonce",
          "AuthoriseSealResponse.authorisation_id", "SealLedgerEntry.authorisation_id",
          "SealLedgerEntry.client_id",
          // What the core signed or is to be signed.
          "AttestResponse.evidence", "BeginActivationResponse.payload",
          "FinishCrlResponse.signature", "IssueCertificateResponse.certificate",
          "IssueResponderCertificateResponse.certificate", "SignResponse.signatures",
          "SignOcspResponse.signatures", "SealResult.signature", "ReadJournalResponse.entries"}));
}

TEST_F(StatusAdversaryTest, Line7_NothingTheCoreEverSaidHoldsAWrappedKey) {
  const auto mari = host_.NewAccepted(mari_);
  const auto thief = host_.NewAccepted(thief_);
  ExpectDone(host_.SignRequest(mari.record[2], Payload(mari.record[2], {wanted_}), mari_));
  ExpectRefused(host_.SignRequest(mari.record[2], Payload(mari.record[2], {wanted_}), thief_),
                "AUTHENTICATOR_UNKNOWN");
  ExpectDone(host_.Revoke(thief, pb::STATE_ACTION_REVOKE));
  pb::CoreRequest attest;  // of keys, without a device certificate
  attest.mutable_attest()->add_records(AsString(mari.record[2]));
  attest.mutable_attest()->set_nonce(std::string(32, 'n'));
  ExpectRefused(attest, "DEVICE_UNCERTIFIED");
  ASSERT_FALSE(host_.ReadJournal(1000).empty());
  auto said = [&](const Bytes& secret) {
    return std::ranges::any_of(host_.heard(), [&](const Bytes& frame) {
      return AsStringView(frame).find(AsStringView(secret)) != std::string_view::npos;
    });
  };
  for (const auto* signer : {&mari, &thief}) {
    for (const Bytes& sealed : signer->record) {
      const auto record = host_.core().records().Open(sealed);
      ASSERT_TRUE(record.ok());
      ASSERT_GT(record->wrapped.size(), 64u);
      EXPECT_FALSE(said(record->wrapped));
      // Nor a piece of it.
      for (size_t at = 0; at + 16 <= record->wrapped.size(); at += 16) {
        EXPECT_FALSE(said(ToBytes(ByteView(record->wrapped).subspan(at, 16)))) << at;
      }
      EXPECT_TRUE(said(sealed)) << "control: the search finds what was said";
      EXPECT_TRUE(said(record->spki));
    }
  }
}

// Frames that are no requests. [R-SYS-1]

TEST_F(StatusAdversaryTest, ABadFrameEndsItsOwnConnectionForOneReasonAndNoOther) {
  pb::CoreRequest status;
  status.set_id(7);
  status.mutable_status();
  const Bytes good = appliance::SerializeCanonical(status);
  const auto turned = [&](std::initializer_list<uint8_t> octets) {
    return RawFrame(Bytes(octets));
  };
  pb::CoreRequest no_id = status, no_act;
  no_id.clear_id();
  no_act.set_id(7);
  Bytes unknown = good;
  unknown.insert(unknown.end(), {0xa0, 0x3f, 0x01});
  struct Case {
    const char* what;
    Bytes octets;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {"garbage", RawFrame(ToBytes("garbage that is no request")), "REQUEST_INVALID"},
      {"no id", RawFrame(appliance::SerializeCanonical(no_id)), "REQUEST_INVALID"},
      {"id 0 written out", turned({0x08, 0x00, 0x12, 0x00}), "REQUEST_INVALID"},
      {"no act", RawFrame(appliance::SerializeCanonical(no_act)), "REQUEST_INVALID"},
      {"an unknown field", RawFrame(unknown), "REQUEST_INVALID"},
      {"fields out of order", turned({0x12, 0x00, 0x08, 0x07}), "REQUEST_INVALID"},
      {"two acts", turned({0x08, 0x07, 0x12, 0x00, 0x1a, 0x00}), "REQUEST_INVALID"},
      {"a long varint", turned({0x08, 0x87, 0x00, 0x12, 0x00}), "REQUEST_INVALID"},
      {"empty", RawHeader(0), "LINK_FRAME_LENGTH"},
      {"too long", RawHeader((1 << 20) + 1), "LINK_FRAME_LENGTH"},
      {"far too long", RawHeader(0xffffffff), "LINK_FRAME_LENGTH"},
  };
  const auto bystander = host_.Connect();
  const uint64_t before = host_.core().journal().Head().sequence;
  size_t ends = 0;
  for (const Case& each : cases) {
    const auto link = host_.Connect();
    ASSERT_TRUE(link->Send(each.octets).ok());
    EXPECT_TRUE(link->PeerCloses(20 * kSecond)) << each.what;
    const auto ended = host_.ended().WaitFor(++ends);
    ASSERT_EQ(ended.size(), ends) << each.what;
    EXPECT_EQ(ended.back(), each.reason) << each.what;
    // The others live, and so does whoever comes next.
    ExpectDone(host_.AskOver(*bystander, status));
    const auto next = host_.Connect();
    ExpectDone(host_.AskOver(*next, status));
    next->Close();
    ASSERT_EQ(host_.ended().WaitFor(++ends).size(), ends) << each.what;
  }
  EXPECT_EQ(host_.core().journal().Head().sequence, before) << "no act was asked for";
}

TEST_F(StatusAdversaryTest, AFrameCutShortEndsItsConnectionAndTheRequestBeforeItIsAnswered) {
  pb::CoreRequest status;
  status.set_id(7);
  status.mutable_status();
  const Bytes good = appliance::SerializeCanonical(status);
  const auto link = host_.Connect();
  ASSERT_TRUE(link->SendFrame(good).ok());
  EXPECT_TRUE(link->ReceiveFrame(20 * kSecond).ok());
  ASSERT_TRUE(link->Send(RawHeader(100)).ok());
  ASSERT_TRUE(link->Send(good).ok());
  link->Close();
  EXPECT_THAT(host_.ended().WaitFor(1), ::testing::ElementsAre("LINK_FRAME_TRUNCATED"));
  ExpectDone(status);  // Control: on the first connection, whole.
}

}  // namespace
}  // namespace intaglio::testing_support
