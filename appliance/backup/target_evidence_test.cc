#include "appliance/backup/target_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "appliance/backup/reasons.h"
#include "appliance/backup/test_devices.h"
#include "attestation/produce/evidence_producer.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;

class TargetEvidenceTest : public ::testing::Test {
 protected:
  using Change = std::function<void(attestation::EvidenceContent&)>;

  Bytes Evidence(const Change& change = [](auto&) {}) {
    return EvidenceBy(maker_.Certify(device_), change);
  }
  Bytes EvidenceBy(
      const Bytes& certificate, const Change& change = [](auto&) {}) {
    attestation::EvidenceContent content;
    content.transaction.nonce = Bytes(32, 7);
    content.platform.simulated = true;
    attestation::KeyClaims& key = content.keys.emplace_back();
    key.identifiers = {"intaglio-restore"};
    key.spki = target_;
    key.local = true;
    key.sensitive = true;
    key.never_extractable = true;
    key.extractable = false;
    key.purposes = {{attestation::KeyPurpose::kDecrypt}};
    change(content);
    const auto producer = attestation::EvidenceProducer::Create(
        attestation::EvidenceProfile::Draft(), certificate, {});
    EXPECT_THAT(producer, IsOk());
    const auto evidence = producer->Produce(content, [&](const Digest& digest) -> StatusOr<Bytes> {
      return device_.SignDigest(digest);
    });
    EXPECT_THAT(evidence, IsOk());
    return *evidence;
  }
  Status Verify(ByteView evidence, SimulatedDevices simulated = SimulatedDevices::kAccepted) {
    return VerifyTargetEvidence(evidence, target_, {maker_.root()}, simulated);
  }

  const TestMaker maker_;
  const TestKeyPair device_;
  const Bytes target_ = TestKeyPair().Spki();
};

TEST_F(TargetEvidenceTest, AKeyOfAPinnedDeviceIsBelieved) {
  EXPECT_THAT(Verify(Evidence()), IsOk());
  const TestMaker other;
  EXPECT_THAT(VerifyTargetEvidence(Evidence(), target_, {other.root(), maker_.root()},
                                   SimulatedDevices::kAccepted),
              IsOk());
}

TEST_F(TargetEvidenceTest, AnotherRootOrNoneIsNot) {
  const TestMaker other;
  const Bytes evidence = Evidence();
  for (const std::vector<Bytes>& roots :
       {std::vector<Bytes>{}, std::vector<Bytes>{other.root()}, std::vector<Bytes>{{1, 2, 3}}}) {
    EXPECT_THAT(VerifyTargetEvidence(evidence, target_, roots, SimulatedDevices::kAccepted),
                FailsWith(kEvidenceUntrusted));
  }
}

TEST_F(TargetEvidenceTest, ACertificateForSomethingElseDoesNotAttest) {
  // The producer refuses such a certificate, so one of the same length is put in afterwards.
  const Bytes right = maker_.Certify(device_);
  Bytes wrong;
  while (wrong.size() != right.size()) wrong = maker_.CertifyForAnotherUse(device_);
  Bytes evidence = EvidenceBy(right);
  const auto at = std::search(evidence.begin(), evidence.end(), right.begin(), right.end());
  ASSERT_NE(at, evidence.end());
  std::copy(wrong.begin(), wrong.end(), at);
  EXPECT_THAT(Verify(evidence), FailsWith(kEvidenceUntrusted));
}

TEST_F(TargetEvidenceTest, AnotherKeyIsAMismatch) {
  EXPECT_THAT(VerifyTargetEvidence(Evidence(), TestKeyPair().Spki(), {maker_.root()},
                                   SimulatedDevices::kAccepted),
              FailsWith(kEvidenceMismatch));
}

TEST_F(TargetEvidenceTest, AKeyThatCanLeaveOrDoesMoreIsWeak) {
  const std::vector<std::function<void(attestation::KeyClaims&)>> changes = {
      [](auto& key) { key.extractable = true; },
      [](auto& key) { key.extractable.reset(); },
      [](auto& key) { key.never_extractable = false; },
      [](auto& key) { key.never_extractable.reset(); },
      [](auto& key) { key.local = false; },
      [](auto& key) { key.sensitive = false; },
      [](auto& key) { key.purposes.reset(); },
      [](auto& key) { key.purposes = {{attestation::KeyPurpose::kSign}}; },
      [](auto& key) {
        key.purposes = {{attestation::KeyPurpose::kDecrypt, attestation::KeyPurpose::kUnwrap}};
      }};
  for (const auto& change : changes) {
    EXPECT_THAT(Verify(Evidence([&](auto& content) { change(content.keys[0]); })),
                FailsWith(kTargetKeyWeak));
  }
}

TEST_F(TargetEvidenceTest, ASimulatedDeviceCountsInALabOnly) {
  EXPECT_THAT(Verify(Evidence(), SimulatedDevices::kRefused), FailsWith(kEvidenceUntrusted));
  EXPECT_THAT(Verify(Evidence([](auto& content) { content.platform.simulated = false; }),
                     SimulatedDevices::kRefused),
              IsOk());
}

TEST_F(TargetEvidenceTest, TwoElementsOfTheKeyAreRefused) {
  const Bytes evidence = Evidence([](auto& content) {
    content.keys.push_back(content.keys[0]);
    content.keys[1].identifiers = {"again"};
  });
  EXPECT_THAT(Verify(evidence), FailsWith(kEvidenceUnreadable));
}

TEST_F(TargetEvidenceTest, EveryOctetCounts) {
  const Bytes evidence = Evidence();
  ASSERT_THAT(Verify(evidence), IsOk());
  for (size_t i = 0; i < evidence.size(); ++i) {
    Bytes changed = evidence;
    changed[i] ^= 0x10;
    EXPECT_FALSE(Verify(changed).ok()) << "octet " << i;
  }
  for (size_t size = 0; size < evidence.size(); size += 7) {
    EXPECT_THAT(Verify(ByteView(evidence).first(size)), FailsWith(kEvidenceUnreadable));
  }
  EXPECT_THAT(Verify(Concat({evidence, Bytes{0}})), FailsWith(kEvidenceUnreadable));
  EXPECT_THAT(Verify(Bytes(attestation::kMaxEvidenceOctets + 1, 0x30)),
              FailsWith(kEvidenceUnreadable));
}

}  // namespace
}  // namespace intaglio::appliance
