#include "tokens/pkcs11/spki.h"

#include <gtest/gtest.h>
#include <string.h>

#include <tuple>

#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsWith;
using testing_support::IsOk;

constexpr uint8_t kExponent[] = {1, 0, 1};

struct Case {
  KeyAlgorithm algorithm;
  size_t public_octets;
  size_t spki_octets;
  const char* prefix;  // of the SubjectPublicKeyInfo, in hexadecimal
};

constexpr char kP256Frame[] = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
constexpr char kP384Frame[] = "3076301006072a8648ce3d020106052b81040022036200";
constexpr char kRsa3072Frame[] =
    "308201a2300d06092a864886f70d01010105000382018f003082018a0282018100";
constexpr char kRsa4096Frame[] =
    "30820222300d06092a864886f70d01010105000382020f003082020a0282020100";

constexpr Case kCases[] = {
    {KeyAlgorithm::kP256, 65, 91, kP256Frame},
    {KeyAlgorithm::kP384, 97, 120, kP384Frame},
    {KeyAlgorithm::kRsa3072, 384, 422, kRsa3072Frame},
    {KeyAlgorithm::kRsa4096, 512, 550, kRsa4096Frame},
    {KeyAlgorithm::kRsa3072Pss, 384, 422, kRsa3072Frame},
    {KeyAlgorithm::kRsa4096Pss, 512, 550, kRsa4096Frame},
};

bool IsEc(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::kP256 || algorithm == KeyAlgorithm::kP384;
}

Bytes PublicOctets(size_t size, KeyAlgorithm algorithm) {
  Bytes out(size, 0x11);
  out.front() = IsEc(algorithm) ? 0x04 : 0x80;
  return out;
}

StatusOr<PublicKey> Make(ByteView octets, KeyAlgorithm algorithm) {
  return IsEc(algorithm) ? PublicKey::FromEcPoint(octets, algorithm)
                         : PublicKey::FromRsa(octets, kExponent, algorithm);
}

Bytes SpkiOf(const Case& each) {
  return Make(PublicOctets(each.public_octets, each.algorithm), each.algorithm).value().ToSpki();
}

TEST(PublicKey, GoesThereAndBack) {
  for (const Case& each : kCases) {
    const Bytes octets = PublicOctets(each.public_octets, each.algorithm);
    const auto key = Make(octets, each.algorithm);
    ASSERT_THAT(key, IsOk()) << NameOf(each.algorithm);
    const Bytes spki = key->ToSpki();
    EXPECT_EQ(spki.size(), each.spki_octets);
    EXPECT_EQ(ToHex(spki).substr(0, strlen(each.prefix)), each.prefix);
    const auto back = PublicKey::FromSpki(Spki{spki}, each.algorithm);
    ASSERT_THAT(back, IsOk()) << NameOf(each.algorithm);
    EXPECT_EQ(back->algorithm(), each.algorithm);
    EXPECT_TRUE(Equal(back->octets(), octets));
  }
}

TEST(PublicKey, PointMayComeAsAnOctetString) {
  for (const auto& [algorithm, header, size] :
       {std::tuple{KeyAlgorithm::kP256, "0441", 65}, std::tuple{KeyAlgorithm::kP384, "0461", 97}}) {
    const Bytes point = PublicOctets(size, algorithm);
    const auto key = PublicKey::FromEcPoint(Concat({FromHex(header).value(), point}), algorithm);
    ASSERT_THAT(key, IsOk());
    EXPECT_TRUE(Equal(key->octets(), point));
  }
}

TEST(PublicKey, ModulusMayHaveLeadingZeros) {
  const Bytes modulus = PublicOctets(384, KeyAlgorithm::kRsa3072);
  const auto key =
      PublicKey::FromRsa(Concat({Bytes(2, 0), modulus}), kExponent, KeyAlgorithm::kRsa3072);
  ASSERT_THAT(key, IsOk());
  EXPECT_TRUE(Equal(key->octets(), modulus));
}

// A PKCS#1 v1.5 and a PSS key have one form; every other pair is told apart.
TEST(PublicKey, OneAlgorithmIsNotTakenForAnother) {
  for (const Case& is : kCases) {
    for (const Case& said : kCases) {
      const auto read = PublicKey::FromSpki(Spki{SpkiOf(is)}, said.algorithm);
      if (is.prefix == said.prefix) {
        EXPECT_THAT(read, IsOk());
      } else {
        EXPECT_THAT(read, FailsWith(kPublicKeyInvalid));
      }
      const Bytes octets = PublicOctets(is.public_octets, is.algorithm);
      if (is.prefix != said.prefix) {
        EXPECT_THAT(Make(octets, said.algorithm), FailsWith(kPublicKeyInvalid));
      }
    }
  }
  EXPECT_THAT(
      PublicKey::FromEcPoint(PublicOctets(384, KeyAlgorithm::kP256), KeyAlgorithm::kRsa3072),
      FailsWith(kPublicKeyInvalid));
  EXPECT_THAT(
      PublicKey::FromRsa(PublicOctets(65, KeyAlgorithm::kRsa3072), kExponent, KeyAlgorithm::kP256),
      FailsWith(kPublicKeyInvalid));
}

TEST(PublicKey, OtherPointsAreRefused) {
  const Bytes point = PublicOctets(65, KeyAlgorithm::kP256);
  Bytes compressed = point;
  compressed[0] = 3;
  Bytes longer = point;
  longer.push_back(0);
  for (const Bytes& octets : {Bytes(), Bytes(65, 0), compressed, longer, Bytes(97, 4),
                              Concat({FromHex("0440").value(), point})}) {
    EXPECT_THAT(PublicKey::FromEcPoint(octets, KeyAlgorithm::kP256), FailsWith(kPublicKeyInvalid))
        << ToHex(octets);
  }
}

TEST(PublicKey, OtherRsaKeysAreRefused) {
  const Bytes good = PublicOctets(384, KeyAlgorithm::kRsa3072);
  Bytes even = good;
  even.back() = 2;
  Bytes short_by_a_bit = good;
  short_by_a_bit.front() = 0x7f;
  const auto read = [](ByteView modulus, ByteView exponent) {
    return PublicKey::FromRsa(modulus, exponent, KeyAlgorithm::kRsa3072);
  };
  for (const Bytes& modulus : {Bytes(), Bytes(256, 0xff), Bytes(512, 0xff), even, short_by_a_bit}) {
    EXPECT_THAT(read(modulus, kExponent), FailsWith(kPublicKeyInvalid));
  }
  EXPECT_THAT(read(good, Bytes{3}), FailsWith(kPublicKeyInvalid));
  EXPECT_THAT(read(good, {}), FailsWith(kPublicKeyInvalid));
}

TEST(PublicKey, EveryChangedOctetOfTheFrameIsRefused) {
  for (const Case& each : kCases) {
    const Bytes spki = SpkiOf(each);
    const size_t suffix = IsEc(each.algorithm) ? 0 : 5;
    const size_t key_at = spki.size() - suffix - each.public_octets;
    for (size_t i = 0; i < spki.size(); ++i) {
      // Inside the key's own octets only the first is fixed, and the last of a modulus.
      const bool frame = i <= key_at || i + 1 >= key_at + each.public_octets;
      if (!frame || (suffix == 0 && i != key_at && i > key_at)) continue;
      Bytes changed = spki;
      changed[i] ^= i == key_at ? 0x80 : 0x01;
      EXPECT_THAT(PublicKey::FromSpki(Spki{changed}, each.algorithm), FailsWith(kPublicKeyInvalid))
          << NameOf(each.algorithm) << " octet " << i;
    }
  }
}

TEST(PublicKey, TruncatedAndExtendedSpkiAreRefused) {
  for (const Case& each : kCases) {
    const Bytes spki = SpkiOf(each);
    for (size_t size = 0; size < spki.size(); ++size) {
      EXPECT_THAT(PublicKey::FromSpki(Spki{ByteView(spki).first(size)}, each.algorithm),
                  FailsWith(kPublicKeyInvalid));
    }
    EXPECT_THAT(PublicKey::FromSpki(Spki{Concat({spki, Bytes(1, 0)})}, each.algorithm),
                FailsWith(kPublicKeyInvalid));
  }
}

TEST(HashOfAKey, CurvesHaveOneRsaHasAny) {
  using H = HashAlgorithm;
  for (const H hash : {H::kSha256, H::kSha384, H::kSha512}) {
    for (const Case& each : kCases) {
      const bool due =
          !IsEc(each.algorithm) ||
          (each.algorithm == KeyAlgorithm::kP256 ? hash == H::kSha256 : hash == H::kSha384);
      if (due) {
        EXPECT_THAT(CheckHash(each.algorithm, hash), IsOk());
      } else {
        EXPECT_THAT(CheckHash(each.algorithm, hash), FailsWith(kTokenInputInvalid));
      }
    }
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
