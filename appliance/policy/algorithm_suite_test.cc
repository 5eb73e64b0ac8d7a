#include "appliance/policy/algorithm_suite.h"

#include <gtest/gtest.h>

#include <set>

#include "appliance/domain/reasons.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

constexpr WallTime kNow{1'795'000'000'000};  // November 2026
constexpr KeyAlgorithm kAll[] = {KeyAlgorithm::kP256,       KeyAlgorithm::kRsa3072,
                                 KeyAlgorithm::kP384,       KeyAlgorithm::kRsa4096,
                                 KeyAlgorithm::kRsa3072Pss, KeyAlgorithm::kRsa4096Pss};
constexpr HashAlgorithm kHashes[] = {HashAlgorithm::kSha256, HashAlgorithm::kSha384,
                                     HashAlgorithm::kSha512};

TEST(AlgorithmSuite, SignersHaveEveryAlgorithmWithItsHashes) {
  for (const KeyPurpose purpose : {KeyPurpose::kSigner, KeyPurpose::kOneTime, KeyPurpose::kSeal}) {
    for (const KeyAlgorithm algorithm : kAll) {
      EXPECT_THAT(CheckKeyGeneration(algorithm, purpose, kNow), IsOk());
      for (const HashAlgorithm hash : kHashes) {
        const bool due = algorithm == KeyAlgorithm::kP256   ? hash == HashAlgorithm::kSha256
                         : algorithm == KeyAlgorithm::kP384 ? hash == HashAlgorithm::kSha384
                                                            : true;
        if (due) {
          EXPECT_THAT(CheckSuite(algorithm, hash, purpose, kNow), IsOk());
        } else {
          EXPECT_THAT(CheckSuite(algorithm, hash, purpose, kNow), FailsWith(kAlgorithmUnsuitable));
        }
      }
    }
  }
}

TEST(AlgorithmSuite, TheCoresOwnStructuresAreEcdsaWithSha256) {
  for (const KeyPurpose purpose : {KeyPurpose::kCaIssuing, KeyPurpose::kStatus,
                                   KeyPurpose::kAttestation, KeyPurpose::kJournal}) {
    EXPECT_THAT(CheckSuite(KeyAlgorithm::kP256, HashAlgorithm::kSha256, purpose, kNow), IsOk());
    for (const KeyAlgorithm algorithm : kAll) {
      if (algorithm == KeyAlgorithm::kP256) continue;
      EXPECT_THAT(CheckKeyGeneration(algorithm, purpose, kNow),
                  FailsNaming(kAlgorithmUnsuitable.id, "P-256 with SHA-256"));
    }
  }
}

TEST(AlgorithmSuite, StorageKeysSignNothing) {
  for (const KeyAlgorithm algorithm : kAll) {
    EXPECT_THAT(CheckKeyGeneration(algorithm, KeyPurpose::kStorage, kNow),
                FailsNaming(kAlgorithmUnsuitable.id, "no suite stands"));
  }
}

TEST(AlgorithmSuite, HasItsDays) {
  const KeyPurpose purposes[] = {KeyPurpose::kSeal};
  const AlgorithmSuite table[] = {{"old", KeyAlgorithm::kRsa3072, HashAlgorithm::kSha256, "1.2.3",
                                   purposes, WallTime{1000}, WallTime{2000}},
                                  {"new", KeyAlgorithm::kRsa3072Pss, HashAlgorithm::kSha256,
                                   "1.2.4", purposes, WallTime{1500}, std::nullopt}};
  const auto check = [&](KeyAlgorithm algorithm, int64_t ms) {
    const Status sign =
        CheckSuiteIn(table, algorithm, HashAlgorithm::kSha256, KeyPurpose::kSeal, WallTime{ms});
    const Status make = CheckKeyGenerationIn(table, algorithm, KeyPurpose::kSeal, WallTime{ms});
    EXPECT_EQ(sign.ok(), make.ok());
    return sign;
  };
  EXPECT_THAT(check(KeyAlgorithm::kRsa3072, 999), FailsWith(kAlgorithmUnsuitable));
  EXPECT_THAT(check(KeyAlgorithm::kRsa3072, 1000), IsOk());
  EXPECT_THAT(check(KeyAlgorithm::kRsa3072, 1999), IsOk());
  EXPECT_THAT(check(KeyAlgorithm::kRsa3072, 2000), FailsNaming(kAlgorithmUnsuitable.id, "new"));
  EXPECT_THAT(check(KeyAlgorithm::kRsa3072Pss, 1499), FailsNaming(kAlgorithmUnsuitable.id, "old"));
  EXPECT_THAT(check(KeyAlgorithm::kRsa3072Pss, int64_t{1} << 60), IsOk());
  EXPECT_THAT(CheckSuiteIn(table, KeyAlgorithm::kRsa3072, HashAlgorithm::kSha512, KeyPurpose::kSeal,
                           WallTime{1000}),
              FailsNaming(kAlgorithmUnsuitable.id, "SHA-512"));
}

TEST(AlgorithmSuite, NoRowStandsTwiceAndEachSignatureHasItsIdentifier) {
  std::set<std::pair<KeyAlgorithm, HashAlgorithm>> rows;
  for (const AlgorithmSuite& suite : Suites2026()) {
    EXPECT_TRUE(rows.emplace(suite.algorithm, suite.hash).second) << suite.name;
    EXPECT_FALSE(suite.signature_oid.empty());
    EXPECT_NE(suite.name.find(NameOf(suite.hash)), std::string_view::npos);
    EXPECT_FALSE(suite.purposes.empty());
  }
}

}  // namespace
}  // namespace intaglio::appliance
