// RS256 in software. Requirement R-QSC-4.
#include "appliance/crypto/rsa.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "appliance/crypto/hash.h"
#include "tests/support/authenticators.h"

namespace intaglio::appliance {
namespace {

using testing_support::AuthenticatorKey;

const Bytes kMessage = ToBytes("what is agreed to");
// DigestInfo of SHA-256 up to the digest. [RFC 8017 §9.2]
const Bytes kDigestInfo = *FromHex("3031300d060960864801650304020105000420");

// 00 type FF… 00 content, as long as the modulus.
Bytes Block(size_t size, uint8_t type, ByteView content) {
  Bytes out(size, 0xff);
  out[0] = 0;
  out[1] = type;
  const size_t at = size - content.size();
  out[at - 1] = 0;
  std::copy(content.begin(), content.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
  return out;
}

class RsaTest : public ::testing::Test {
 protected:
  bool Verifies(ByteView signature) {
    return VerifyRs256InSoftware(key_.spki(), Sha256(kMessage), signature);
  }
  bool VerifiesBlock(const Bytes& block) { return Verifies(key_.SignRaw(block)); }
  const AuthenticatorKey key_ = AuthenticatorKey::Rsa(2048);
  const size_t size_ = 256;
};

TEST_F(RsaTest, SizesFrom2048To4096) {
  for (const unsigned bits : {2048u, 2049u, 3072u, 4096u}) {
    const AuthenticatorKey key = AuthenticatorKey::Rsa(bits);
    EXPECT_TRUE(RsaKeyOfSpki(key.spki())) << bits;
    EXPECT_TRUE(VerifyRs256InSoftware(key.spki(), Sha256(kMessage), key.Sign(kMessage))) << bits;
    EXPECT_FALSE(VerifyRs256InSoftware(key.spki(), Sha256(key.spki()), key.Sign(kMessage)));
  }
  for (const unsigned bits : {1024u, 2047u, 4104u}) {
    const AuthenticatorKey key = AuthenticatorKey::Rsa(bits);
    EXPECT_FALSE(RsaKeyOfSpki(key.spki())) << bits;
    EXPECT_FALSE(VerifyRs256InSoftware(key.spki(), Sha256(kMessage), key.Sign(kMessage))) << bits;
  }
}

TEST_F(RsaTest, SmallExponentsAreRefused) {
  const AuthenticatorKey key = AuthenticatorKey::Rsa(2048, 3);
  EXPECT_FALSE(RsaKeyOfSpki(key.spki()));
  EXPECT_FALSE(VerifyRs256InSoftware(key.spki(), Sha256(kMessage), key.Sign(kMessage)));
  const Bytes modulus(256, 0xff);
  EXPECT_TRUE(IsSoundRsaKey({modulus, {1, 0, 1}}));
  EXPECT_TRUE(IsSoundRsaKey({modulus, {0xff, 0xff, 0xff, 0xff}}));
  for (const Bytes& exponent : {Bytes{}, Bytes{1}, Bytes{0xff, 0xff}, Bytes{1, 0, 0},
                                Bytes{0, 1, 0, 1}, Bytes{1, 0, 0, 0, 1}}) {
    EXPECT_FALSE(IsSoundRsaKey({modulus, exponent})) << ToHex(exponent);
  }
  Bytes even = modulus;
  even.back() = 0xfe;
  EXPECT_FALSE(IsSoundRsaKey({even, {1, 0, 1}}));
  EXPECT_FALSE(IsSoundRsaKey({{}, {1, 0, 1}}));
}

TEST_F(RsaTest, TheSpkiHasOneEncoding) {
  const Bytes good = key_.spki();
  EXPECT_EQ(SpkiOfRsaKey(*RsaKeyOfSpki(good)), good);
  const size_t modulus_at = 32;  // the octet that keeps it positive
  for (size_t i = 0; i < modulus_at; ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(RsaKeyOfSpki(bad)) << i;
  }
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(RsaKeyOfSpki(ByteView(good).first(size))) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(RsaKeyOfSpki(longer));
}

TEST_F(RsaTest, PaddingIsComparedWhole) {
  const Digest digest = Sha256(kMessage);
  const Bytes content = Concat({kDigestInfo, digest});
  ASSERT_TRUE(VerifiesBlock(Block(size_, 1, content)));  // Control.
  EXPECT_FALSE(VerifiesBlock(Block(size_, 2, content)));
  EXPECT_FALSE(VerifiesBlock(Block(size_, 0, content)));
  // Octets after the digest, as a forger with a small exponent needs them.
  Bytes early = Block(size_, 1, Concat({content, Bytes(100, 0x5a)}));
  EXPECT_FALSE(VerifiesBlock(early));
  // An octet of the padding that is not FF.
  Bytes holed = Block(size_, 1, content);
  holed[40] = 0xfe;
  EXPECT_FALSE(VerifiesBlock(holed));
  // NULL left out, another hash's identifier, no DigestInfo at all, a length in its long form.
  EXPECT_FALSE(VerifiesBlock(
      Block(size_, 1, Concat({*FromHex("302f300b0609608648016503040201"), Bytes{4, 32}, digest}))));
  EXPECT_FALSE(VerifiesBlock(
      Block(size_, 1, Concat({*FromHex("3031300d060960864801650304020305000420"), digest}))));
  EXPECT_FALSE(VerifiesBlock(Block(size_, 1, digest)));
  EXPECT_FALSE(VerifiesBlock(
      Block(size_, 1, Concat({*FromHex("308131300d060960864801650304020105000420"), digest}))));
}

TEST_F(RsaTest, SignaturesAreAsLongAsTheModulus) {
  Bytes signature = key_.Sign(kMessage);
  ASSERT_TRUE(Verifies(signature));
  signature.insert(signature.begin(), 0);
  EXPECT_FALSE(Verifies(signature));
  signature.erase(signature.begin());
  signature.pop_back();
  EXPECT_FALSE(Verifies(signature));
  EXPECT_FALSE(Verifies({}));
  EXPECT_FALSE(Verifies(Bytes(size_, 0xff)));  // above the modulus
  EXPECT_FALSE(Verifies(Bytes(size_, 0)));
}

// Project Wycheproof's verdicts on RSASSA-PKCS1-v1_5 with SHA-256, where the folder has them.
TEST_F(RsaTest, R_QSC_4_WycheproofVectors) {
  const char* folder = getenv("INTAGLIO_VECTORS");
  if (folder == nullptr || *folder == 0) GTEST_SKIP() << "INTAGLIO_VECTORS is not set";
  int checked = 0;
  for (const char* bits : {"2048", "3072", "4096"}) {
    std::ifstream file(std::string(folder) + "/wycheproof/rsa_signature_" + bits +
                       "_sha256_test.json");
    if (!file.good()) continue;
    const auto json = nlohmann::json::parse(file);
    for (const auto& group : json.at("testGroups")) {
      const char* name = group.contains("publicKeyDer") ? "publicKeyDer" : "keyDer";
      const Bytes spki = *FromHex(group.at(name).get<std::string>());
      for (const auto& test : group.at("tests")) {
        const bool ok =
            VerifyRs256InSoftware(spki, Sha256(*FromHex(test.at("msg").get<std::string>())),
                                  *FromHex(test.at("sig").get<std::string>()));
        if (!RsaKeyOfSpki(spki)) {
          EXPECT_FALSE(ok);
        } else if (test.at("result") != "acceptable") {
          EXPECT_EQ(ok, test.at("result") == "valid") << test.at("tcId") << test.at("comment");
        }
        ++checked;
      }
    }
  }
  if (checked == 0) GTEST_SKIP() << "no RSA vectors in " << folder << "/wycheproof";
}

}  // namespace
}  // namespace intaglio::appliance
