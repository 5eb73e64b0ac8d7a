// RSA public keys as octets, and signatures by them: RSASSA-PKCS1-v1_5 with SHA-256, which COSE and
// JOSE call RS256. For authenticators alone; the core's own keys are the token's business. Pure
// functions; thread-safe.
#ifndef INTAGLIO_APPLIANCE_CRYPTO_RSA_H_
#define INTAGLIO_APPLIANCE_CRYPTO_RSA_H_

#include <optional>

#include "base/bytes.h"

namespace intaglio::appliance {

// Big-endian, without leading zeros.
struct RsaPublicKey {
  Bytes modulus;
  Bytes exponent;
};

// 2,048 to 4,096 bit, an odd modulus, an odd exponent from 65,537 to 2^32 - 1.
// [FIPS 186-5 §5.1, §A.1.1; SOG-IS Agreed Cryptographic Mechanisms]
bool IsSoundRsaKey(const RsaPublicKey& key);
// The key of a DER SubjectPublicKeyInfo that is exactly rsaEncryption with NULL parameters and a
// sound key; nothing otherwise. [RFC 3279 §2.3.1]
std::optional<RsaPublicKey> RsaKeyOfSpki(ByteView spki);
// The one DER encoding.
Bytes SpkiOfRsaKey(const RsaPublicKey& key);
// True only if the key is sound, the signature is as long as the modulus and verifies.
// [RFC 8017 §8.2.2]
bool VerifyRs256InSoftware(ByteView spki, const Digest& digest, ByteView signature);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_CRYPTO_RSA_H_
