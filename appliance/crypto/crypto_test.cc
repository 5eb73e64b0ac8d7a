#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "appliance/crypto/aead.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"

namespace intaglio::appliance {
namespace {

Bytes Hex(const std::string& text) { return *FromHex(text); }

// FIPS 180-4 example, RFC 4231 case 2, RFC 5869 case 1.
TEST(HashTest, PublishedVectors) {
  EXPECT_EQ(ToHex(Sha256(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256({AsBytes("a"), AsBytes("bc")}), Sha256(AsBytes("abc")));
  EXPECT_EQ(ToHex(Sha1(AsBytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(ToHex(HmacSha256(AsBytes("Jefe"), AsBytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(ToHex(HkdfSha256(Hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
                             Hex("000102030405060708090a0b0c"), Hex("f0f1f2f3f4f5f6f7f8f9"), 42)
                      .Expose()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST(AeadTest, OpensOnlyWhatWasSealed) {
  const SecretBytes key(32);
  const GcmIv iv{};
  const Bytes sealed = GcmSeal(key, iv, AsBytes("aad"), AsBytes("secret"));
  EXPECT_EQ(AsString(*GcmOpen(key, iv, AsBytes("aad"), sealed)), "secret");
  EXPECT_FALSE(GcmOpen(key, iv, AsBytes("aae"), sealed));
  EXPECT_FALSE(GcmOpen(key, iv, AsBytes("aad"), Bytes(15)));
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(GcmOpen(key, iv, AsBytes("aad"), changed)) << i;
  }
}

TEST(EcdsaTest, SpkiMustBeAPointOnTheCurve) {
  // RFC 6979 A.2.5 public key.
  const Bytes good =
      Hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"
          "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
          "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  EXPECT_TRUE(PointOfSpki(good));
  for (const size_t i : {size_t{0}, size_t{1}, size_t{10}, size_t{26}, good.size() - 1}) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(PointOfSpki(bad)) << i;
  }
  EXPECT_FALSE(PointOfSpki(Bytes{}));
}

TEST(EcdsaTest, SignatureFormsRoundTripAndBadDerIsRefused) {
  P256Signature raw{};
  raw[0] = 0x80;
  raw[63] = 1;
  const Bytes der = SignatureToDer(raw);
  EXPECT_EQ(*SignatureFromDer(der), raw);
  Bytes p384(96, 0);
  p384[0] = 0x80;
  p384[95] = 1;
  EXPECT_EQ(ToHex(SignatureToDer(p384)),
            "3036023100"
            "80" +
                std::string(94, '0') + "020101");
  for (const char* bad :
       {"", "3006020101020100", "3006020101020181", "30070201010202007f", "300602010102010100",
        "300702010102020001", "308106020101020101", "3106020101020101", "3006020101030101"}) {
    EXPECT_FALSE(SignatureFromDer(Hex(bad))) << bad;
  }
}

// Project Wycheproof's verdicts on ECDSA P-256 with SHA-256 in DER.
TEST(EcdsaTest, R_QSC_4_WycheproofVectors) {
  const char* folder = getenv("INTAGLIO_VECTORS");
  if (folder == nullptr || *folder == 0) GTEST_SKIP() << "INTAGLIO_VECTORS is not set";
  std::ifstream file(std::string(folder) + "/wycheproof/ecdsa_secp256r1_sha256_test.json");
  ASSERT_TRUE(file.good());
  const auto json = nlohmann::json::parse(file);
  int checked = 0;
  for (const auto& group : json.at("testGroups")) {
    const Bytes spki =
        Hex(group.contains("publicKeyDer") ? group.at("publicKeyDer") : group.at("keyDer"));
    const auto point = PointOfSpki(spki);
    ASSERT_TRUE(point);
    for (const auto& test : group.at("tests")) {
      const auto signature = SignatureFromDer(Hex(test.at("sig")));
      const bool ok =
          signature && VerifyEs256InSoftware(*point, Sha256(Hex(test.at("msg"))), *signature);
      EXPECT_EQ(ok, test.at("result") == "valid") << test.at("tcId") << test.at("comment");
      ++checked;
    }
  }
  EXPECT_GT(checked, 400);
}

}  // namespace
}  // namespace intaglio::appliance
