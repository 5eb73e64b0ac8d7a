// A one-time key: one activation, then nothing. Requirements R-QSC-3, R-QSC-4; TS 119 431-1
// GEN-6.2.1-09, DEL-6.3.2-05.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/usecases/accept_certificate.h"
#include "appliance/usecases/change_state.h"
#include "appliance/usecases/sign_document.h"
#include "tests/support/core_fixture.h"

namespace intaglio::appliance {
namespace {

using ::testing::ElementsAre;
using testing_support::CoreFixture;
using testing_support::P256Signer;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

class OneTimeKeyTest : public ::testing::Test {
 protected:
  OneTimeKeyTest() {
    const GeneratedKey generated = *core_.token().GenerateWrapped(KeyAlgorithm::kP256);
    record_.key_id = *DrawId<KeyId>(core_.services().rng);
    record_.purpose = KeyPurpose::kOneTime;
    record_.version = kVersionCertified;
    record_.spki = generated.spki;
    record_.wrapped = generated.wrapped;
    record_.origin = generated.origin;
    record_.signer_id = "signer-1";
    record_.authenticators = {{AuthenticatorKind::kEs256File, signer_.spki()}};
    record_.agreement_digest = Sha256(AsBytes("agreement"));
    record_.certified_as = CertifiedAs{issuer_, serial_, Sha256(AsBytes("certificate")),
                                       core_.clock().Now() - kHour, core_.clock().Now() + kHour};
    EXPECT_TRUE(core_.state()
                    .Update([&](RowTransaction& rows) -> Status {
                      KeyRow row;
                      row.purpose = KeyPurpose::kOneTime;
                      row.version = kVersionCertified;
                      RETURN_IF_ERROR(rows.PutKey(record_.key_id, row));
                      SerialRow serial;
                      serial.state = SerialState::kIssued;
                      serial.key_id = record_.key_id;
                      return rows.PutSerial(issuer_, serial_, serial);
                    })
                    .ok());
    certified_ = *core_.records().Seal(record_);
  }
  Bytes Accept() {
    AcceptCertificate accept(core_.services(), proofs_);
    const AcceptanceStatement statement{core_.identity().instance, record_.key_id,
                                        record_.certified_as->certificate_sha256,
                                        record_.agreement_digest, core_.clock().Now()};
    const Bytes octets = ToBytes("the octets of the acceptance");
    const auto record = accept.Run({certified_, octets, statement, signer_.Prove(octets)});
    EXPECT_TRUE(record.ok()) << record.status();
    return *record;
  }
  StatusOr<Bytes> Begin(const Bytes& record, const Digest& hash) {
    return signing_.Begin({record, "session", {MessageDigest::Sha256(hash)}});
  }
  StatusOr<std::vector<Bytes>> Finish(const Bytes& record, const Bytes& payload,
                                      const Proof& proof) {
    return signing_.Finish({record, payload, *DecodeSadPayload(payload), proof});
  }
  KeyRow Row() { return **core_.state().FindKey(record_.key_id); }

  CoreFixture core_;
  P256Signer signer_;
  KeyId issuer_{{1}};
  Serial serial_{{0x41, 2, 3}};
  KeyRecord record_;
  Bytes certified_;
  ProofCheck proofs_{core_.services()};
  SignDocument signing_{core_.services(), proofs_};
  const Digest one_ = Sha256(AsBytes("one"));
};

TEST_F(OneTimeKeyTest, SignsItsAgreementThenOneActivationAndIsDestroyed) {
  const Bytes agreement = *Begin(certified_, record_.agreement_digest);
  ASSERT_TRUE(Finish(certified_, agreement, signer_.Prove(agreement)).ok());
  EXPECT_FALSE(Row().spent);
  const Bytes record = Accept();
  const Bytes payload = *Begin(record, one_);
  const Bytes other = *Begin(record, one_);
  const Proof proof = signer_.Prove(payload);
  ASSERT_TRUE(core_.journal().Flush().ok());
  const uint64_t before = core_.journal().Head().sequence;
  const auto signatures = Finish(record, payload, proof);
  ASSERT_TRUE(signatures.ok()) << signatures.status();
  EXPECT_TRUE(core_.token().VerifyEs256(record_.spki, one_, signatures->front()).ok());
  EXPECT_THAT(core_.EventsAfter(before),
              ElementsAre(EventType::kSignIntent, EventType::kSigned, EventType::kKeyErased));
  EXPECT_TRUE(Row().spent);
  EXPECT_EQ(Row().state, KeyState::kDestroyed);
  // A second activation, begun before or after, signs nothing.
  EXPECT_REASON(Finish(record, other, signer_.Prove(other)).status(), kKeySpent);
  EXPECT_REASON(Begin(record, one_).status(), kKeySpent);
  // The stored answer lives as long as its payload.
  EXPECT_EQ(*Finish(record, payload, proof), *signatures);
  core_.clock().Advance(SignDocument::kActivationLife);
  EXPECT_REASON(Finish(record, payload, proof).status(), kKeySpent);
}

TEST_F(OneTimeKeyTest, ACrashAfterTheIntentLeavesTheKeySpentForGood) {
  const Bytes record = Accept();
  const Bytes payload = *Begin(record, one_);
  // The row as it stands between intent and signature.
  KeyRow row = Row();
  row.spent = true;
  row.state = KeyState::kDestroyed;
  ASSERT_TRUE(
      core_.state().Update([&](RowTransaction& r) { return r.PutKey(record_.key_id, row); }).ok());
  EXPECT_REASON(Finish(record, payload, signer_.Prove(payload)).status(), kKeySpent);
  SignDocument after(core_.services(), proofs_);
  EXPECT_REASON(after.Begin({record, "session", {MessageDigest::Sha256(one_)}}).status(),
                kKeySpent);
}

TEST_F(OneTimeKeyTest, ASpentKeyDoesNotComeBackByItsCertificatesState) {
  const Bytes record = Accept();
  const Bytes payload = *Begin(record, one_);
  ASSERT_TRUE(Finish(record, payload, signer_.Prove(payload)).ok());
  ChangeState changes(core_.services(), proofs_);
  for (const auto action : {StateAction::kSuspend, StateAction::kReinstate}) {
    core_.clock().Advance(kSecond);
    Signed<StateOrder> order;
    order.statement = {Bytes(32, static_cast<uint8_t>(action)),
                       core_.identity().instance,
                       action,
                       issuer_,
                       serial_,
                       CrlReason::kCertificateHold,
                       core_.clock().Now(),
                       core_.clock().Now() + kDay};
    order.octets = Bytes(40, static_cast<uint8_t>(action));
    order.approvals = {core_.revocation().Approve(order.octets)};
    const auto changed = changes.ByOfficer(order);
    ASSERT_TRUE(changed.ok()) << changed.status();
    EXPECT_EQ(Row().state, KeyState::kDestroyed);
    EXPECT_REASON(Begin(record, one_).status(), kKeySpent);
  }
}

TEST_F(OneTimeKeyTest, TwoActivationsAtTheSameTimeSignOnce) {
  const Bytes record = Accept();
  std::vector<Bytes> payloads;
  for (int i = 0; i < 8; ++i) payloads.push_back(*Begin(record, one_));
  std::atomic<int> signed_count{0};
  std::vector<std::thread> threads;
  for (const Bytes& payload : payloads) {
    threads.emplace_back([&, payload] {
      if (Finish(record, payload, signer_.Prove(payload)).ok()) ++signed_count;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(signed_count, 1);
}

}  // namespace
}  // namespace intaglio::appliance
