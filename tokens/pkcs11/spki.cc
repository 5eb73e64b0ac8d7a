#include "tokens/pkcs11/spki.h"

#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr size_t kPointSize = 65;
constexpr size_t kModulusSize = 384;

// SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING … [RFC 5480 §2]
constexpr uint8_t kP256Prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
// SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { SEQUENCE { INTEGER 00 …
// [RFC 3279 §2.3.1]
constexpr uint8_t kRsaPrefix[] = {0x30, 0x82, 0x01, 0xa2, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                  0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01,
                                  0x8f, 0x00, 0x30, 0x82, 0x01, 0x8a, 0x02, 0x82, 0x01, 0x81, 0x00};
// … INTEGER 65537 } } }
constexpr uint8_t kRsaSuffix[] = {0x02, 0x03, 0x01, 0x00, 0x01};

ByteView WithoutLeadingZeros(ByteView number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

bool StartsWith(ByteView whole, ByteView prefix) {
  return whole.size() >= prefix.size() && Equal(whole.first(prefix.size()), prefix);
}

}  // namespace

StatusOr<PublicKey> PublicKey::FromEcPoint(ByteView octets) {
  if (octets.size() == kPointSize + 2 && octets[0] == 0x04 && octets[1] == kPointSize) {
    octets = octets.subspan(2);
  }
  if (octets.size() != kPointSize || octets[0] != 0x04) {
    return Fail(kPublicKeyInvalid, "expected an uncompressed P-256 point of 65 octets, found " +
                                       std::to_string(octets.size()) + " octets");
  }
  return PublicKey(KeyAlgorithm::kP256, ToBytes(octets));
}

StatusOr<PublicKey> PublicKey::FromRsa(ByteView modulus, ByteView exponent) {
  modulus = WithoutLeadingZeros(modulus);
  const ByteView expected(kRsaSuffix + 2, 3);
  if (modulus.size() != kModulusSize || (modulus.front() & 0x80) == 0 ||
      (modulus.back() & 1) == 0 || !Equal(WithoutLeadingZeros(exponent), expected)) {
    return Fail(kPublicKeyInvalid,
                "expected an odd modulus of 3072 bits and exponent 65537, found " +
                    std::to_string(modulus.size()) + " octets of modulus");
  }
  return PublicKey(KeyAlgorithm::kRsa3072, ToBytes(modulus));
}

StatusOr<PublicKey> PublicKey::FromSpki(Spki spki) {
  const ByteView der = spki.der;
  if (StartsWith(der, kP256Prefix) && der.size() == sizeof kP256Prefix + kPointSize) {
    return FromEcPoint(der.subspan(sizeof kP256Prefix));
  }
  if (StartsWith(der, kRsaPrefix) &&
      der.size() == sizeof kRsaPrefix + kModulusSize + sizeof kRsaSuffix &&
      Equal(der.last(sizeof kRsaSuffix), kRsaSuffix)) {
    return FromRsa(der.subspan(sizeof kRsaPrefix, kModulusSize), der.last(3));
  }
  return Fail(kPublicKeyInvalid, "a SubjectPublicKeyInfo of " + std::to_string(der.size()) +
                                     " octets is neither P-256 nor RSA-3072 with exponent 65537");
}

Bytes PublicKey::ToSpki() const {
  if (algorithm_ == KeyAlgorithm::kP256) return Concat({kP256Prefix, octets_});
  return Concat({kRsaPrefix, octets_, kRsaSuffix});
}

}  // namespace intaglio::tokens
