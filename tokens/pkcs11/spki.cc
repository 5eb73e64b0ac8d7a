#include "tokens/pkcs11/spki.h"

#include "tokens/pkcs11/key_shape.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

ByteView WithoutLeadingZeros(ByteView number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

Status Refuse(const KeyShape& shape, ByteView found, const std::string& form) {
  return Fail(kPublicKeyInvalid, "expected " + form + " of " + std::string(shape.name) +
                                     ", found " + std::to_string(found.size()) + " octets");
}

}  // namespace

StatusOr<PublicKey> PublicKey::FromEcPoint(ByteView octets, KeyAlgorithm algorithm) {
  const KeyShape& shape = ShapeOf(algorithm);
  const size_t size = shape.public_octets;
  if (octets.size() == size + 2 && octets[0] == 0x04 && octets[1] == size) {
    octets = octets.subspan(2);
  }
  if (shape.curve.empty() || octets.size() != size || octets[0] != 0x04) {
    return Refuse(shape, octets, "an uncompressed point");
  }
  return PublicKey(algorithm, ToBytes(octets));
}

StatusOr<PublicKey> PublicKey::FromRsa(ByteView modulus, ByteView exponent,
                                       KeyAlgorithm algorithm) {
  const KeyShape& shape = ShapeOf(algorithm);
  modulus = WithoutLeadingZeros(modulus);
  if (!shape.curve.empty() || modulus.size() != shape.public_octets ||
      (modulus.front() & 0x80) == 0 || (modulus.back() & 1) == 0 ||
      !Equal(WithoutLeadingZeros(exponent), kExponent65537)) {
    return Refuse(shape, modulus, "exponent 65537 and an odd modulus of full length");
  }
  return PublicKey(algorithm, ToBytes(modulus));
}

StatusOr<PublicKey> PublicKey::FromSpki(Spki spki, KeyAlgorithm algorithm) {
  const KeyShape& shape = ShapeOf(algorithm);
  const ByteView der = spki.der;
  const size_t prefix = shape.spki_prefix.size();
  const size_t suffix = shape.spki_suffix.size();
  if (der.size() != prefix + shape.public_octets + suffix ||
      !Equal(der.first(prefix), shape.spki_prefix) || !Equal(der.last(suffix), shape.spki_suffix)) {
    return Refuse(shape, der, "the SubjectPublicKeyInfo");
  }
  const ByteView key = der.subspan(prefix, shape.public_octets);
  return shape.curve.empty() ? FromRsa(key, kExponent65537, algorithm)
                             : FromEcPoint(key, algorithm);
}

Bytes PublicKey::ToSpki() const {
  const KeyShape& shape = ShapeOf(algorithm_);
  return Concat({shape.spki_prefix, octets_, shape.spki_suffix});
}

}  // namespace intaglio::tokens
