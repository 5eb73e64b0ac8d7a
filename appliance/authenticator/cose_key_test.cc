#include "appliance/authenticator/cose_key.h"

#include <gtest/gtest.h>

#include "appliance/domain/reasons.h"
#include "tests/support/authenticators.h"

namespace intaglio::appliance {
namespace {

using testing_support::AuthenticatorKey;

// RFC 6979 A.2.5: x and y.
constexpr char kX[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
constexpr char kY[] = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

Bytes Hex(const std::string& text) { return *FromHex(text); }
std::string Ec2() { return std::string("a5010203262001215820") + kX + "225820" + kY; }

void ExpectRefused(const std::string& hex) {
  EXPECT_EQ(ReasonNameOf(SpkiOfCoseKey(Hex(hex)).status()), kStatementInvalid.name) << hex;
}

TEST(CoseKeyTest, ReadsBothAlgorithms) {
  EXPECT_EQ(ToHex(*SpkiOfCoseKey(Hex(Ec2()))),
            std::string("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + kX + kY);
  for (const auto& key :
       {AuthenticatorKey::P256(), AuthenticatorKey::Rsa(2048), AuthenticatorKey::Rsa(4096)}) {
    EXPECT_EQ(*SpkiOfCoseKey(key.cose_key()), key.spki());
  }
}

TEST(CoseKeyTest, EveryOctetCounts) {
  const Bytes good = Hex(Ec2());
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x01;
    EXPECT_FALSE(SpkiOfCoseKey(bad).ok()) << i;
  }
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(SpkiOfCoseKey(ByteView(good).first(size)).ok()) << size;
  }
}

TEST(CoseKeyTest, RefusesOtherShapes) {
  ExpectRefused("");
  ExpectRefused("a0");
  ExpectRefused(Ec2() + "00");
  // Another order, another algorithm, curve or type, a member more, a compressed point.
  ExpectRefused(std::string("a5032601022001215820") + kX + "225820" + kY);
  ExpectRefused(std::string("a5010203382220") + "01215820" + kX + "225820" + kY);
  ExpectRefused(std::string("a5010203262002215820") + kX + "225820" + kY);
  ExpectRefused(std::string("a5010103262001215820") + kX + "225820" + kY);
  ExpectRefused(std::string("a6010202410003262001215820") + kX + "225820" + kY);
  ExpectRefused(std::string("a5010203262001215820") + kX + "22f5");
  // 33 octets of a coordinate, and heads longer than need be.
  ExpectRefused(std::string("a501020326200121582100") + kX + "225820" + kY);
  ExpectRefused(std::string("a501020326200121590020") + kX + "225820" + kY);
  ExpectRefused(std::string("a50118020326200121") + "5820" + kX + "225820" + kY);
  // A point off the curve.
  ExpectRefused(std::string("a5010203262001215820") + kX + "225820" + kX);
}

TEST(CoseKeyTest, RefusesWeakRsaKeys) {
  EXPECT_FALSE(SpkiOfCoseKey(AuthenticatorKey::Rsa(1024).cose_key()).ok());
  EXPECT_FALSE(SpkiOfCoseKey(AuthenticatorKey::Rsa(2048, 3).cose_key()).ok());
  ExpectRefused(
      "a40103033901002059"
      "0100" +
      std::string(510, '0') +
      "01"
      "2143010001");
  ExpectRefused(
      "a40103033901002059"
      "0101"
      "00" +
      std::string(511, 'f') +
      "f"
      "2143010001");
  EXPECT_FALSE(SpkiOfCoseKey(Bytes(kMostCoseKey + 1)).ok());
  // Control: the same shape with a sound key; then an even modulus and bad exponents.
  const std::string sound = std::string(511, 'f') + "f";
  EXPECT_TRUE(SpkiOfCoseKey(Hex("a401030339010020590100" + sound + "2143010001")).ok());
  ExpectRefused("a401030339010020590100" + std::string(511, 'f') +
                "e"
                "2143010001");
  ExpectRefused("a401030339010020590100" + sound + "2143010000");
  ExpectRefused("a401030339010020590100" + sound + "214400010001");
  ExpectRefused("a401030339010020590100" + sound + "21450100000001");
  ExpectRefused("a401030339010020590100" + sound + "2140");
}

}  // namespace
}  // namespace intaglio::appliance
