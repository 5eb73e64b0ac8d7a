// KeyShape: what each KeyAlgorithm means to a token and in DER, as one table.
#ifndef INTAGLIO_TOKENS_PKCS11_KEY_SHAPE_H_
#define INTAGLIO_TOKENS_PKCS11_KEY_SHAPE_H_

#include <optional>

#include "tokens/pkcs11/cryptoki.h"
#include "tokens/pkcs11/key.h"

namespace intaglio::tokens {

struct KeyShape {
  KeyAlgorithm algorithm;
  std::string_view name;
  CK_KEY_TYPE key_type;
  CK_MECHANISM_TYPE generation;
  CK_MECHANISM_TYPE signing;
  size_t public_octets;                    // uncompressed point, or modulus
  size_t signature_octets;                 // r ‖ s, or as long as the modulus
  std::optional<HashAlgorithm> only_hash;  // empty: any
  ByteView curve;                          // OBJECT IDENTIFIER of the curve; empty for RSA
  ByteView spki_prefix;                    // DER up to the public octets
  ByteView spki_suffix;                    // … and behind them
};

const KeyShape& ShapeOf(KeyAlgorithm algorithm);

// CKA_PUBLIC_EXPONENT of every RSA key here.
inline constexpr uint8_t kExponent65537[] = {0x01, 0x00, 0x01};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_KEY_SHAPE_H_
