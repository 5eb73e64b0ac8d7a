// Project Wycheproof's verdicts on ECDSA P-256 with SHA-256, by the token, by Mbed TLS, and by the
// two as the core uses them. Requirement R-QSC-4.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "tests/support/core_fixture.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

TEST(WycheproofTest, R_QSC_4_TokenAndSoftwareGiveTheSameVerdicts) {
  const char* folder = getenv("INTAGLIO_VECTORS");
  if (folder == nullptr || *folder == 0) GTEST_SKIP() << "INTAGLIO_VECTORS is not set";
  std::ifstream file(std::string(folder) + "/wycheproof/ecdsa_secp256r1_sha256_test.json");
  ASSERT_TRUE(file.good());
  const auto json = nlohmann::json::parse(file);
  testing_support::CoreFixture core;
  int checked = 0, by_token = 0;
  for (const auto& group : json.at("testGroups")) {
    const char* name = group.contains("publicKeyDer") ? "publicKeyDer" : "keyDer";
    const Bytes spki = *FromHex(group.at(name).get<std::string>());
    const auto point = PointOfSpki(spki);
    ASSERT_TRUE(point);
    for (const auto& test : group.at("tests")) {
      const bool valid = test.at("result") == "valid";
      const Digest digest = Sha256(*FromHex(test.at("msg").get<std::string>()));
      const Bytes der = *FromHex(test.at("sig").get<std::string>());
      const std::string what = test.at("tcId").dump() + " " + test.at("comment").dump();
      EXPECT_EQ(core.token().VerifyEs256(spki, digest, der).ok(), valid) << what;
      ++checked;
      const auto signature = SignatureFromDer(der);
      if (!signature) {
        EXPECT_FALSE(valid) << what;
        continue;
      }
      const Status verdict = core.raw_token().VerifyP256({*point}, digest, {*signature});
      // A verdict of the token's own, not a failure that software made good.
      EXPECT_TRUE(verdict.ok() || Is(verdict, tokens::kSignatureWrong)) << what << verdict;
      EXPECT_EQ(verdict.ok(), valid) << what;
      EXPECT_EQ(VerifyEs256InSoftware(*point, digest, *signature), valid) << what;
      ++by_token;
    }
  }
  EXPECT_GT(checked, 400);
  EXPECT_GT(by_token, 200);
}

}  // namespace
}  // namespace intaglio::appliance
