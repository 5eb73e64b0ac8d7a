#include "tokens/pkcs11/spki.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsWith;
using testing_support::IsOk;

constexpr uint8_t kExponent[] = {1, 0, 1};

Bytes Point() {
  Bytes out(65, 0x11);
  out[0] = 4;
  return out;
}

Bytes Modulus() {
  Bytes out(384, 0x77);
  out.front() = 0x80;
  out.back() = 0x01;
  return out;
}

TEST(PublicKey, P256GoesThereAndBack) {
  const auto key = PublicKey::FromEcPoint(Point());
  ASSERT_THAT(key, IsOk());
  const Bytes spki = key->ToSpki();
  EXPECT_EQ(spki.size(), 91u);
  EXPECT_EQ(ToHex(ByteView(spki).first(27)),
            "3059301306072a8648ce3d020106082a8648ce3d03010703420004");
  const auto back = PublicKey::FromSpki(Spki{spki});
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->algorithm(), KeyAlgorithm::kP256);
  EXPECT_TRUE(Equal(back->octets(), Point()));
}

TEST(PublicKey, PointMayComeAsAnOctetString) {
  const auto key = PublicKey::FromEcPoint(Concat({FromHex("0441").value(), Point()}));
  ASSERT_THAT(key, IsOk());
  EXPECT_TRUE(Equal(key->octets(), Point()));
}

TEST(PublicKey, Rsa3072GoesThereAndBack) {
  const auto key = PublicKey::FromRsa(Concat({Bytes(2, 0), Modulus()}), kExponent);
  ASSERT_THAT(key, IsOk());
  const Bytes spki = key->ToSpki();
  EXPECT_EQ(spki.size(), 422u);
  const auto back = PublicKey::FromSpki(Spki{spki});
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->algorithm(), KeyAlgorithm::kRsa3072);
  EXPECT_TRUE(Equal(back->octets(), Modulus()));
}

TEST(PublicKey, OtherPointsAreRefused) {
  Bytes compressed = Point();
  compressed[0] = 3;
  Bytes longer = Point();
  longer.push_back(0);
  for (const Bytes& point : {Bytes(), Bytes(65, 0), compressed, longer, Bytes(97, 4),
                             Concat({FromHex("0440").value(), Point()})}) {
    EXPECT_THAT(PublicKey::FromEcPoint(point), FailsWith(kPublicKeyInvalid)) << ToHex(point);
  }
}

TEST(PublicKey, OtherRsaKeysAreRefused) {
  Bytes even = Modulus();
  even.back() = 2;
  Bytes short_by_a_bit = Modulus();
  short_by_a_bit.front() = 0x7f;
  for (const Bytes& modulus : {Bytes(), Bytes(256, 0xff), even, short_by_a_bit}) {
    EXPECT_THAT(PublicKey::FromRsa(modulus, kExponent), FailsWith(kPublicKeyInvalid));
  }
  EXPECT_THAT(PublicKey::FromRsa(Modulus(), Bytes{3}), FailsWith(kPublicKeyInvalid));
  EXPECT_THAT(PublicKey::FromRsa(Modulus(), {}), FailsWith(kPublicKeyInvalid));
}

TEST(PublicKey, EveryChangedOctetOfTheFrameIsRefused) {
  const Bytes p256 = PublicKey::FromEcPoint(Point()).value().ToSpki();
  for (size_t i = 0; i < 27; ++i) {
    Bytes changed = p256;
    changed[i] ^= 0x20;
    EXPECT_THAT(PublicKey::FromSpki(Spki{changed}), FailsWith(kPublicKeyInvalid)) << i;
  }
  const Bytes rsa = PublicKey::FromRsa(Modulus(), kExponent).value().ToSpki();
  for (size_t i = 0; i < rsa.size(); ++i) {
    if (i >= 34 && i < 33 + 383) continue;
    Bytes changed = rsa;
    changed[i] ^= i == 33 ? 0x80 : 0x01;
    EXPECT_THAT(PublicKey::FromSpki(Spki{changed}), FailsWith(kPublicKeyInvalid)) << i;
  }
}

TEST(PublicKey, TruncatedAndExtendedSpkiAreRefused) {
  for (const Bytes& spki : {PublicKey::FromEcPoint(Point()).value().ToSpki(),
                            PublicKey::FromRsa(Modulus(), kExponent).value().ToSpki()}) {
    for (size_t size = 0; size < spki.size(); ++size) {
      EXPECT_THAT(PublicKey::FromSpki(Spki{ByteView(spki).first(size)}),
                  FailsWith(kPublicKeyInvalid));
    }
    EXPECT_THAT(PublicKey::FromSpki(Spki{Concat({spki, Bytes(1, 0)})}),
                FailsWith(kPublicKeyInvalid));
  }
}

TEST(KeyNames, BoundsAreKept) {
  EXPECT_THAT(KeyLabel::Create("CA key 2026 #1"), IsOk());
  for (const std::string& text :
       {std::string(), std::string(65, 'x'), std::string("a\nb"), std::string("\xc3\xa9")}) {
    EXPECT_THAT(KeyLabel::Create(text), FailsWith(kTokenInputInvalid));
  }
  EXPECT_THAT(KeyId::Create(Bytes(64, 1)), IsOk());
  EXPECT_THAT(KeyId::Create(Bytes(65, 1)), FailsWith(kTokenInputInvalid));
  EXPECT_THAT(KeyId::Create({}), FailsWith(kTokenInputInvalid));
}

}  // namespace
}  // namespace intaglio::tokens
