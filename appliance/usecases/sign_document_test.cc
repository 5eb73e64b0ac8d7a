// Sole control, over a real token, rows and journal. Requirements R-QSC-3, R-QSC-4.
#include "appliance/usecases/sign_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/usecases/accept_certificate.h"
#include "appliance/usecases/change_state.h"
#include "tests/support/authenticators.h"
#include "tests/support/core_fixture.h"

namespace intaglio::appliance {
namespace {

using ::testing::ElementsAre;
using testing_support::AssertionPlan;
using testing_support::CoreFixture;
using testing_support::P256Signer;
using testing_support::Passkey;
using testing_support::RsaSigner;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

class SignDocumentTest : public ::testing::Test {
 protected:
  SignDocumentTest() {
    GeneratedKey generated = *core_.token().GenerateWrapped(KeyAlgorithm::kP256);
    record_.key_id = *DrawId<KeyId>(core_.services().rng);
    record_.spki = generated.spki;
    record_.wrapped = generated.wrapped;
    record_.origin = generated.origin;
    record_.signer_id = "signer-1";
    record_.authenticators = {
        {AuthenticatorKind::kEs256File, signer_.spki()}, passkey_.Binding(), rsa_.Binding()};
    record_.agreement_digest = Sha256(AsBytes("agreement"));
    record_.certified_as = CertifiedAs{issuer_, serial_, Sha256(AsBytes("certificate")),
                                       core_.clock().Now() - kHour, core_.clock().Now() + kDay};
    EXPECT_TRUE(core_.state()
                    .Update([&](RowTransaction& rows) -> Status {
                      RETURN_IF_ERROR(rows.PutKey(record_.key_id, KeyRow{}));
                      SerialRow row;
                      row.state = SerialState::kIssued;
                      row.key_id = record_.key_id;
                      return rows.PutSerial(issuer_, serial_, row);
                    })
                    .ok());
  }

  // A record of that version, which is the one in force from here on unless a newer one is.
  Bytes Sealed(uint64_t version) {
    EXPECT_TRUE(core_.state()
                    .Update([&](RowTransaction& rows) -> Status {
                      ASSIGN_OR_RETURN(auto row, rows.FindKey(record_.key_id));
                      if (!row) return OkStatus();
                      row->version = std::max(row->version, version);
                      return rows.PutKey(record_.key_id, *row);
                    })
                    .ok());
    KeyRecord record = record_;
    record.version = version;
    if (version == kVersionGenerated) record.certified_as.reset();
    return *core_.records().Seal(record);
  }
  StatusOr<Bytes> Begin(uint64_t version, const std::vector<Digest>& hashes,
                        Duration lifetime = 0) {
    return signing_.Begin(
        {Sealed(version), "session-1", MessageDigest::AllSha256(hashes), lifetime});
  }
  StatusOr<std::vector<Bytes>> Finish(uint64_t version, const Bytes& payload, const Proof& proof) {
    auto decoded = DecodeSadPayload(payload);
    if (!decoded.ok()) return decoded.status();
    return signing_.Finish({Sealed(version), payload, *decoded, proof});
  }
  bool Verifies(const Digest& digest, const Bytes& signature) {
    return core_.token().VerifyEs256(record_.spki, digest, signature).ok();
  }

  CoreFixture core_;
  P256Signer signer_, stranger_;
  Passkey passkey_;
  RsaSigner rsa_;
  KeyId issuer_{{1}};
  Serial serial_{{0x41, 2, 3}};
  KeyRecord record_;
  ProofCheck proofs_{core_.services()};
  SignDocument signing_{core_.services(), proofs_};
  const Digest one_ = Sha256(AsBytes("one")), two_ = Sha256(AsBytes("two"));
};

TEST_F(SignDocumentTest, SignsExactlyTheListedHashesInOrderWithIntentJournalledFirst) {
  const uint64_t before = core_.journal().Head().sequence;
  const Bytes payload = *Begin(kVersionAccepted, {one_, two_});
  const auto signatures = Finish(kVersionAccepted, payload, signer_.Prove(payload));
  ASSERT_TRUE(signatures.ok()) << signatures.status();
  ASSERT_EQ(signatures->size(), 2u);
  EXPECT_TRUE(Verifies(one_, (*signatures)[0]));
  EXPECT_TRUE(Verifies(two_, (*signatures)[1]));
  EXPECT_FALSE(Verifies(two_, (*signatures)[0]));
  EXPECT_THAT(core_.EventsAfter(before),
              ElementsAre(EventType::kActivationBegun, EventType::kSignIntent, EventType::kSigned));
}

TEST_F(SignDocumentTest, SamePayloadAndProofGiveTheStoredSignaturesNeverNewOnes) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  const Proof proof = signer_.Prove(payload);
  const Bytes record = Sealed(kVersionAccepted);
  const SadPayload decoded = *DecodeSadPayload(payload);
  const auto first = signing_.Finish({record, payload, decoded, proof});
  const auto again = signing_.Finish({record, payload, decoded, proof});
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(*first, *again);
  // Another proof over the same payload is a new request, and the nonce is spent.
  EXPECT_REASON(signing_.Finish({record, payload, decoded, signer_.Prove(payload)}).status(),
                kSadSpent);
  core_.clock().Advance(SignDocument::kActivationLife);
  EXPECT_REASON(signing_.Finish({record, payload, decoded, proof}).status(), kSadSpent);
}

TEST_F(SignDocumentTest, RefusesAnotherAuthenticatorAndAForgedProof) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  EXPECT_REASON(Finish(kVersionAccepted, payload, stranger_.Prove(payload)).status(),
                kAuthenticatorUnknown);
  Proof forged = stranger_.Prove(payload);
  forged.authenticator_id = {signer_.id()};
  EXPECT_REASON(Finish(kVersionAccepted, payload, forged).status(), kSignatureWrong);
  forged.method = Es256Proof{{0x30, 0x00}};
  EXPECT_REASON(Finish(kVersionAccepted, payload, forged).status(), kProofMalformed);
  // Negative control: the right proof still works, so the nonce was not burnt by the host.
  EXPECT_TRUE(Finish(kVersionAccepted, payload, signer_.Prove(payload)).ok());
}

TEST_F(SignDocumentTest, RefusesAPayloadWithAnotherHash) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  SadPayload changed = *DecodeSadPayload(payload);
  changed.dtbsr = MessageDigest::AllSha256(std::vector{two_});
  const Bytes octets = StatementCodec().Encode(changed);
  // Even signed by the right authenticator: the core never gave this payload out.
  EXPECT_REASON(Finish(kVersionAccepted, octets, signer_.Prove(octets)).status(), kSadMismatch);
  changed.dtbsr = MessageDigest::AllSha256(std::vector{one_, two_});
  const Bytes longer = StatementCodec().Encode(changed);
  EXPECT_REASON(Finish(kVersionAccepted, longer, signer_.Prove(longer)).status(), kSadMismatch);
}

TEST_F(SignDocumentTest, RefusesAnInventedNonceAnotherCoreAndAnExpiredActivation) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  SadPayload invented = *DecodeSadPayload(payload);
  invented.nonce.octets[0] ^= 1;
  Bytes octets = StatementCodec().Encode(invented);
  EXPECT_REASON(Finish(kVersionAccepted, octets, signer_.Prove(octets)).status(), kSadSpent);
  invented = *DecodeSadPayload(payload);
  invented.core_instance.octets[0] ^= 1;
  octets = StatementCodec().Encode(invented);
  EXPECT_REASON(Finish(kVersionAccepted, octets, signer_.Prove(octets)).status(), kWrongCore);
  core_.clock().Advance(SignDocument::kActivationLife);
  EXPECT_REASON(Finish(kVersionAccepted, payload, signer_.Prove(payload)).status(), kSadSpent);
}

TEST_F(SignDocumentTest, AVersionZeroRecordNeverSigns) {
  EXPECT_REASON(Begin(kVersionGenerated, {one_}).status(), kRecordVersion);
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  EXPECT_REASON(Finish(kVersionGenerated, payload, signer_.Prove(payload)).status(), kRecordStale);
  // Not even in a row that has it in force.
  ASSERT_TRUE(
      core_.state()
          .Update([&](RowTransaction& rows) { return rows.PutKey(record_.key_id, KeyRow{}); })
          .ok());
  EXPECT_REASON(Finish(kVersionGenerated, payload, signer_.Prove(payload)).status(),
                kRecordVersion);
}

TEST_F(SignDocumentTest, ACertifiedRecordSignsItsAgreementOnceAndNothingElse) {
  EXPECT_REASON(Begin(kVersionCertified, {one_}).status(), kAgreementOnly);
  EXPECT_REASON(Begin(kVersionCertified, {record_.agreement_digest, one_}).status(),
                kAgreementOnly);
  const Bytes payload = *Begin(kVersionCertified, {record_.agreement_digest});
  const auto first = Finish(kVersionCertified, payload, signer_.Prove(payload));
  ASSERT_TRUE(first.ok()) << first.status();
  // A host that lost the answer gets the same signature under a fresh proof, never a second one.
  const Bytes again = *Begin(kVersionCertified, {record_.agreement_digest});
  EXPECT_EQ(*Finish(kVersionCertified, again, signer_.Prove(again)), *first);
  EXPECT_REASON(Finish(kVersionCertified, again, stranger_.Prove(again)).status(), kSadSpent);
}

TEST_F(SignDocumentTest, AnActivationForOneVersionIsWorthlessForAnother) {
  const Bytes payload = *Begin(kVersionCertified, {record_.agreement_digest});
  EXPECT_REASON(Finish(kVersionAccepted, payload, signer_.Prove(payload)).status(), kSadMismatch);
}

TEST_F(SignDocumentTest, AnOldRecordIsRefusedOnceANewerVersionExists) {
  AcceptCertificate accept(core_.services(), proofs_);
  AcceptanceStatement statement{core_.identity().instance, record_.key_id,
                                record_.certified_as->certificate_sha256, record_.agreement_digest,
                                core_.clock().Now()};
  const Bytes octets = ToBytes("the octets the signer signed");
  const auto accepted =
      accept.Run({Sealed(kVersionCertified), octets, statement, signer_.Prove(octets)});
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(core_.records().Open(*accepted)->version, kVersionAccepted);
  EXPECT_REASON(Begin(kVersionCertified, {record_.agreement_digest}).status(), kRecordStale);
  // A host that lost the answer asks again and gets the same authority, no more.
  EXPECT_TRUE(
      accept.Run({Sealed(kVersionCertified), octets, statement, signer_.Prove(octets)}).ok());
  EXPECT_REASON(
      accept.Run({Sealed(kVersionAccepted), octets, statement, signer_.Prove(octets)}).status(),
      kRecordVersion);
  EXPECT_REASON(
      accept.Run({Sealed(kVersionCertified), octets, statement, stranger_.Prove(octets)}).status(),
      kAuthenticatorUnknown);
  statement.certificate_sha256 = one_;
  EXPECT_REASON(
      accept.Run({Sealed(kVersionCertified), octets, statement, signer_.Prove(octets)}).status(),
      kOrderMismatch);
}

TEST_F(SignDocumentTest, ARecordOfAnotherCoreOrAForgedOneIsUnreadable) {
  Bytes sealed = Sealed(kVersionAccepted);
  sealed.back() ^= 1;
  EXPECT_REASON(signing_.Begin({sealed, "s", {MessageDigest::Sha256(one_)}}).status(),
                kRecordUnreadable);
  std::vector<EpochKey> keys;
  keys.push_back({1, SecretBytes::CopyOf(Sha256(AsBytes("another core")))});
  SystemRng rng;
  RecordSealer other(std::move(keys), rng);
  EXPECT_REASON(signing_.Begin({*other.Seal(record_), "s", {MessageDigest::Sha256(one_)}}).status(),
                kRecordUnreadable);
}

TEST_F(SignDocumentTest, AKeyWithoutARowDoesNotSign) {
  record_.key_id.octets[0] ^= 1;
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kRecordStale);
}

TEST_F(SignDocumentTest, BlockedSuspendedRevokedAndExpiredKeysDoNotSign) {
  ChangeState changes(core_.services(), proofs_);
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  auto order = [&](StateAction action, uint8_t id) {
    Signed<StateOrder> out;
    out.statement = {Bytes(32, id),
                     core_.identity().instance,
                     action,
                     issuer_,
                     serial_,
                     CrlReason::kKeyCompromise,
                     core_.clock().Now(),
                     core_.clock().Now() + kDay};
    out.octets = Bytes(40, id);
    out.approvals = {core_.revocation().Approve(out.octets)};
    return out;
  };
  ASSERT_TRUE(changes.Block(record_.key_id).ok());
  EXPECT_REASON(Finish(kVersionAccepted, payload, signer_.Prove(payload)).status(), kKeyBlocked);
  ASSERT_TRUE(changes.ByOfficer(order(StateAction::kReinstate, 1)).ok());
  ASSERT_TRUE(changes.ByOfficer(order(StateAction::kSuspend, 2)).ok());
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kKeySuspended);
  // The earlier reinstatement handed in again does not undo the suspension.
  ASSERT_TRUE(changes.ByOfficer(order(StateAction::kReinstate, 1)).ok());
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kKeySuspended);
  const auto held_since = core_.state().FindSerial(issuer_, serial_);
  core_.clock().Advance(kHour);
  const auto revoked = changes.ByOfficer(order(StateAction::kRevoke, 3));
  ASSERT_TRUE(revoked.ok());
  EXPECT_EQ(*revoked, (*held_since)->changed_at) << "a hold that becomes final keeps its start";
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kKeyDestroyed);
  EXPECT_REASON(changes.ByOfficer(order(StateAction::kReinstate, 4)).status(), kCertificateRevoked);
  EXPECT_EQ(*changes.ByOfficer(order(StateAction::kRevoke, 5)), *revoked);
}

TEST_F(SignDocumentTest, AReinstatementMadeBeforeTheSuspensionDoesNotEndIt) {
  ChangeState changes(core_.services(), proofs_);
  auto order = [&](StateAction action, uint8_t id) {
    Signed<StateOrder> out;
    out.statement = {Bytes(32, id),
                     core_.identity().instance,
                     action,
                     issuer_,
                     serial_,
                     CrlReason::kKeyCompromise,
                     core_.clock().Now(),
                     core_.clock().Now() + kDay};
    out.octets = Bytes(40, id);
    out.approvals = {core_.revocation().Approve(out.octets)};
    return out;
  };
  const auto kept_back = order(StateAction::kReinstate, 1);
  core_.clock().Advance(kSecond);
  ASSERT_TRUE(changes.ByOfficer(order(StateAction::kSuspend, 2)).ok());
  EXPECT_REASON(changes.ByOfficer(kept_back).status(), kStatementExpired);
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kKeySuspended);
  // Nor a later block.
  core_.clock().Advance(kSecond);
  ASSERT_TRUE(changes.ByOfficer(order(StateAction::kReinstate, 3)).ok());
  ASSERT_TRUE(changes.Block(record_.key_id).ok());
  EXPECT_REASON(changes.ByOfficer(kept_back).status(), kStatementExpired);
  ASSERT_TRUE(changes.ByOfficer(order(StateAction::kReinstate, 4)).ok());
  EXPECT_TRUE(Begin(kVersionAccepted, {one_}).ok());
}

TEST_F(SignDocumentTest, AHostCannotEndTheServiceByBlockingItsKeys) {
  ChangeState changes(core_.services(), proofs_);
  const KeyId ca = *DrawId<KeyId>(core_.services().rng);
  KeyRow row;
  row.purpose = KeyPurpose::kCaIssuing;
  ASSERT_TRUE(
      core_.state().Update([&](RowTransaction& rows) { return rows.PutKey(ca, row); }).ok());
  EXPECT_REASON(changes.Block(ca), kKeyPurpose);
  EXPECT_REASON(changes.Block(KeyId{{9}}), kRequestInvalid);
  EXPECT_EQ((*core_.state().FindKey(ca))->state, KeyState::kUsable);
  EXPECT_EQ((*core_.state().FindKey(ca))->purpose, KeyPurpose::kCaIssuing);
}

TEST_F(SignDocumentTest, StateOrdersNeedARevocationOfficerThisCoreAndTime) {
  ChangeState changes(core_.services(), proofs_);
  Signed<StateOrder> order;
  order.statement = {
      Bytes(32, 9), core_.identity().instance, StateAction::kRevoke, issuer_,
      serial_,      CrlReason::kKeyCompromise, core_.clock().Now(),  core_.clock().Now() + kDay};
  order.octets = Bytes(40, 9);
  EXPECT_REASON(changes.ByOfficer(order).status(), kApprovalsMissing);
  order.approvals = {core_.registration(0).Approve(order.octets)};
  EXPECT_REASON(changes.ByOfficer(order).status(), kOfficerUnknown);
  order.approvals = {core_.revocation().Approve(AsBytes("something else"))};
  EXPECT_REASON(changes.ByOfficer(order).status(), kSignatureWrong);
  order.approvals = {core_.revocation().Approve(order.octets)};
  order.statement.core_instance.octets[0] ^= 1;
  EXPECT_REASON(changes.ByOfficer(order).status(), kWrongCore);
  order.statement.core_instance = core_.identity().instance;
  order.statement.expires_at = core_.clock().Now();
  EXPECT_REASON(changes.ByOfficer(order).status(), kStatementExpired);
  order.statement.expires_at = core_.clock().Now() + kDay;
  order.statement.serial = {{0x41}};
  EXPECT_REASON(changes.ByOfficer(order).status(), kSerialUnknown);
}

TEST_F(SignDocumentTest, TheSignerRevokesTheOwnCertificateAndNoOther) {
  ChangeState changes(core_.services(), proofs_);
  ChangeState::SignerInput input{
      Sealed(kVersionAccepted),
      ToBytes("octets"),
      {core_.identity().instance, issuer_, serial_, CrlReason::kUnspecified, core_.clock().Now()},
      signer_.Prove(AsBytes("octets"))};
  ChangeState::SignerInput other = input;
  other.statement.serial = {{0x42}};
  EXPECT_REASON(changes.BySigner(other).status(), kOrderMismatch);
  other = input;
  other.proof = stranger_.Prove(AsBytes("octets"));
  EXPECT_REASON(changes.BySigner(other).status(), kAuthenticatorUnknown);
  ASSERT_TRUE(changes.BySigner(input).ok());
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kKeyDestroyed);
}

TEST_F(SignDocumentTest, ExpiredCertificatesAndOtherPurposesDoNotSign) {
  core_.clock().Advance(2 * kDay);
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kCertificateExpired);
  record_.purpose = KeyPurpose::kCaIssuing;
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kKeyPurpose);
}

TEST_F(SignDocumentTest, NumbersOfHashesAndActivationsAreBounded) {
  EXPECT_REASON(Begin(kVersionAccepted, {}).status(), kTooManyHashes);
  EXPECT_REASON(Begin(kVersionAccepted, std::vector<Digest>(10'001)).status(), kTooManyHashes);
  for (size_t i = 0; i < ActivationTable::kLimits.per_key; ++i) {
    ASSERT_TRUE(Begin(kVersionAccepted, {one_}).ok());
  }
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kTooManyActivations);
  core_.clock().Advance(SignDocument::kActivationLife);
  EXPECT_TRUE(Begin(kVersionAccepted, {one_}).ok());
}

TEST_F(SignDocumentTest, OneActivationListsUpTo10000Documents) {
  const std::vector<Digest> hashes(10'000, one_);
  const Bytes payload = *Begin(kVersionAccepted, hashes);
  const auto signatures = Finish(kVersionAccepted, payload, signer_.Prove(payload));
  ASSERT_TRUE(signatures.ok()) << signatures.status();
  ASSERT_EQ(signatures->size(), hashes.size());
  EXPECT_TRUE(Verifies(one_, signatures->back()));
}

TEST_F(SignDocumentTest, MoreHashesThanStatementAndAnswerHoldAreNotActivated) {
  EXPECT_EQ(SoleControlPolicy::MostHashes(KeyAlgorithm::kP256, HashAlgorithm::kSha256), 10'000u);
  EXPECT_EQ(SoleControlPolicy::MostHashes(KeyAlgorithm::kP384, HashAlgorithm::kSha512), 7727u);
  EXPECT_EQ(SoleControlPolicy::MostHashes(KeyAlgorithm::kRsa3072, HashAlgorithm::kSha256), 2577u);
  EXPECT_EQ(SoleControlPolicy::MostHashes(KeyAlgorithm::kRsa4096, HashAlgorithm::kSha256), 1937u);
  record_.algorithm = KeyAlgorithm::kRsa4096;
  EXPECT_REASON(Begin(kVersionAccepted, std::vector<Digest>(1938)).status(), kTooManyHashes);
}

TEST_F(SignDocumentTest, AnActivationLivesAtMostThirtyMinutes) {
  EXPECT_REASON(Begin(kVersionAccepted, {one_}, 31 * kMinute).status(), kRequestInvalid);
  EXPECT_REASON(Begin(kVersionAccepted, {one_}, -1).status(), kRequestInvalid);
  const Bytes payload = *Begin(kVersionAccepted, {one_}, SignDocument::kLongestActivation);
  const SadPayload decoded = *DecodeSadPayload(payload);
  EXPECT_EQ(decoded.expires_at - decoded.issued_at, 30 * kMinute);
  const Bytes shorter = *Begin(kVersionAccepted, {one_}, kMinute);
  core_.clock().Advance(kMinute);
  EXPECT_REASON(Finish(kVersionAccepted, shorter, signer_.Prove(shorter)).status(), kSadSpent);
  core_.clock().Advance(29 * kMinute - 1);
  EXPECT_TRUE(Finish(kVersionAccepted, payload, signer_.Prove(payload)).ok());
}

TEST_F(SignDocumentTest, ExpiryIsByBootTime) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  // A wall clock that stands still keeps nothing alive.
  const WallTime before = core_.clock().Now();
  core_.clock().Advance(SignDocument::kActivationLife);
  core_.clock().SetWall(before);
  EXPECT_REASON(Finish(kVersionAccepted, payload, signer_.Prove(payload)).status(), kSadSpent);
}

TEST_F(SignDocumentTest, EachKindOfAuthenticatorActivates) {
  for (const auto& prove : std::vector<std::function<Proof(ByteView)>>{
           [&](ByteView payload) { return passkey_.Prove(payload); },
           [&](ByteView payload) { return rsa_.Prove(payload); }}) {
    const Bytes payload = *Begin(kVersionAccepted, {one_});
    const auto signatures = Finish(kVersionAccepted, payload, prove(payload));
    ASSERT_TRUE(signatures.ok()) << signatures.status();
    EXPECT_TRUE(Verifies(one_, signatures->front()));
  }
}

TEST_F(SignDocumentTest, AnAssertionForSomethingElseIsRefusedAndBacksOff) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  const struct {
    AssertionPlan plan;
    const Reason& reason;
  } wrong[] = {{{.origin = "https://evil.example"}, kAssertionClientData},
               {{.cross_origin = "true"}, kAssertionClientData},
               {{.rp_id = "evil.example"}, kAssertionRelyingParty},
               {{.flags = 0x01}, kAssertionPresence},
               {{.flags = 0x0d}, kAssertionCopied}};
  for (const auto& each : wrong) {
    EXPECT_REASON(Finish(kVersionAccepted, payload, passkey_.Prove(payload, each.plan)).status(),
                  each.reason);
  }
  EXPECT_REASON(Finish(kVersionAccepted, payload, passkey_.Prove(payload)).status(), kProofBackOff);
}

TEST_F(SignDocumentTest, AProofOfAnotherMethodIsRefused) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  const Proof wrong{{passkey_.key().id()}, Es256Proof{passkey_.key().Sign(payload)}};
  EXPECT_REASON(Finish(kVersionAccepted, payload, wrong).status(), kProofMethod);
  EXPECT_TRUE(Finish(kVersionAccepted, payload, passkey_.Prove(payload)).ok());
}

TEST_F(SignDocumentTest, AHashThatTheAlgorithmIsNotForIsNotActivated) {
  record_.algorithm = KeyAlgorithm::kP384;
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kAlgorithmUnsuitable);
}

TEST_F(SignDocumentTest, AnRsaPssKeySignsToo) {
  const GeneratedKey generated = *core_.token().GenerateWrapped(KeyAlgorithm::kRsa3072Pss);
  record_.algorithm = KeyAlgorithm::kRsa3072Pss;
  record_.spki = generated.spki;
  record_.wrapped = generated.wrapped;
  record_.origin = generated.origin;
  const Bytes payload = *Begin(kVersionAccepted, {one_, two_});
  const auto signatures = Finish(kVersionAccepted, payload, signer_.Prove(payload));
  ASSERT_TRUE(signatures.ok()) << signatures.status();
  ASSERT_EQ(signatures->size(), 2u);
  EXPECT_EQ(signatures->front().size(), 384u);
}

TEST_F(SignDocumentTest, WrongProofsBackOffAndReleaseByThemselves) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  Proof wrong = stranger_.Prove(payload);
  wrong.authenticator_id = {signer_.id()};
  for (int i = 0; i < ProofCheck::kFreeTries; ++i) {
    EXPECT_REASON(Finish(kVersionAccepted, payload, wrong).status(), kSignatureWrong);
  }
  EXPECT_REASON(Finish(kVersionAccepted, payload, signer_.Prove(payload)).status(), kProofBackOff);
  core_.clock().Advance(ProofCheck::kFirstWait);
  const Bytes fresh = *Begin(kVersionAccepted, {one_});
  EXPECT_TRUE(Finish(kVersionAccepted, fresh, signer_.Prove(fresh)).ok());
}

TEST_F(SignDocumentTest, OneNonceSignsOnceHoweverManyAskAtTheSameTime) {
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  std::atomic<int> signed_count{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    // Each brings a proof of its own, so none is answered from the stored signatures.
    threads.emplace_back([&] {
      if (Finish(kVersionAccepted, payload, signer_.Prove(payload)).ok()) ++signed_count;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(signed_count, 1);
}

TEST_F(SignDocumentTest, AClockThatJumpsStopsSigningUntilConfirmed) {
  core_.clock().SetWall(core_.clock().Now() + 6 * kMinute);
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kTimeUnconfirmed);
  EXPECT_REASON(core_.services().time.Confirm(core_.clock().Now() + 6 * kMinute), kTimeUnconfirmed);
  ASSERT_TRUE(core_.services().time.Confirm(core_.clock().Now()).ok());
  EXPECT_TRUE(Begin(kVersionAccepted, {one_}).ok());
  core_.clock().SetWall(core_.clock().Now() - kMinute);
  EXPECT_REASON(Begin(kVersionAccepted, {one_}).status(), kTimeUnconfirmed);
}

TEST_F(SignDocumentTest, ASpentOrForeignPermitSignsNothing) {
  static_assert(!std::is_copy_constructible_v<SignPermit>);
  static_assert(!std::is_default_constructible_v<SignPermit>);
  const Bytes payload = *Begin(kVersionAccepted, {one_});
  record_.version = kVersionAccepted;
  const KeyRow row = **core_.state().FindKey(record_.key_id);
  const VerifiedProof proof = *proofs_.Check(record_, payload, signer_.Prove(payload));
  const OutstandingActivation activation{record_.key_id, kVersionAccepted, Sha256(payload),
                                         core_.clock().SinceBoot() + kMinute};
  const std::vector<MessageDigest> dtbsr = {MessageDigest::Sha256(one_)};
  SignPermit permit = *SoleControlPolicy::Judge({.record = record_,
                                                 .row = row,
                                                 .activation = activation,
                                                 .payload_digest = Sha256(payload),
                                                 .dtbsr = dtbsr,
                                                 .proof = proof,
                                                 .now = core_.clock().Now(),
                                                 .boot_now = core_.clock().SinceBoot()});
  KeyRecord other = record_;
  other.key_id.octets[0] ^= 1;
  SignPermit moved = std::move(permit);
  EXPECT_REASON(core_.token().Sign(std::move(permit), record_).status(), kPermitInvalid);
  EXPECT_REASON(core_.token().Sign(std::move(moved), other).status(), kPermitInvalid);
}

}  // namespace
}  // namespace intaglio::appliance
