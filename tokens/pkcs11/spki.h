// SubjectPublicKeyInfo of the key shapes we make, and no other.
//
// Each shape has a fixed length, so its DER is a frozen prefix around the key's own octets;
// whatever differs from that prefix in one octet is refused.
#ifndef INTAGLIO_TOKENS_PKCS11_SPKI_H_
#define INTAGLIO_TOKENS_PKCS11_SPKI_H_

#include "tokens/pkcs11/key.h"

namespace intaglio::tokens {

class PublicKey final {
 public:
  // `octets` is CKA_EC_POINT: the uncompressed point, bare or as a DER OCTET STRING (modules
  // differ). kPublicKeyInvalid.
  static StatusOr<PublicKey> FromEcPoint(ByteView octets, KeyAlgorithm algorithm);
  // Big-endian CKA_MODULUS and CKA_PUBLIC_EXPONENT, leading zeros allowed; an odd modulus of the
  // algorithm's size and 65537 exactly, else kPublicKeyInvalid.
  static StatusOr<PublicKey> FromRsa(ByteView modulus, ByteView exponent, KeyAlgorithm algorithm);
  // kPublicKeyInvalid on anything ToSpki() of such a key would not have written. PKCS#1 v1.5 and
  // PSS keys look the same here: which one it is, the key record says.
  static StatusOr<PublicKey> FromSpki(Spki spki, KeyAlgorithm algorithm);

  Bytes ToSpki() const;
  KeyAlgorithm algorithm() const { return algorithm_; }
  // The uncompressed point, or the modulus.
  ByteView octets() const { return octets_; }

 private:
  PublicKey(KeyAlgorithm algorithm, Bytes octets)
      : algorithm_(algorithm), octets_(std::move(octets)) {}
  KeyAlgorithm algorithm_;
  Bytes octets_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SPKI_H_
