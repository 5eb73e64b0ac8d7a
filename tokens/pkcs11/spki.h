// SubjectPublicKeyInfo of the two key shapes we make, and no other.
//
// Both shapes have fixed lengths, so their DER is a frozen prefix around the key's own octets;
// whatever differs from that prefix in one octet is refused.
#ifndef INTAGLIO_TOKENS_PKCS11_SPKI_H_
#define INTAGLIO_TOKENS_PKCS11_SPKI_H_

#include "tokens/pkcs11/key.h"

namespace intaglio::tokens {

class PublicKey final {
 public:
  // `octets` is CKA_EC_POINT: the point of 65 octets, bare or as a DER OCTET STRING (modules
  // differ). kPublicKeyInvalid.
  static StatusOr<PublicKey> FromEcPoint(ByteView octets);
  // Big-endian CKA_MODULUS and CKA_PUBLIC_EXPONENT, leading zeros allowed; 3072 bits and 65537
  // exactly, else kPublicKeyInvalid.
  static StatusOr<PublicKey> FromRsa(ByteView modulus, ByteView exponent);
  // kPublicKeyInvalid on anything ToSpki() would not have written.
  static StatusOr<PublicKey> FromSpki(Spki spki);

  Bytes ToSpki() const;
  KeyAlgorithm algorithm() const { return algorithm_; }
  // The uncompressed point, or the modulus of 384 octets.
  ByteView octets() const { return octets_; }

 private:
  PublicKey(KeyAlgorithm algorithm, Bytes octets)
      : algorithm_(algorithm), octets_(std::move(octets)) {}
  KeyAlgorithm algorithm_;
  Bytes octets_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SPKI_H_
