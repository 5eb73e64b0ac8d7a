// P-256 keys and ECDSA signatures as octets: the forms that X.509 uses and the forms PKCS#11 uses.
// Pure functions; thread-safe.
#ifndef INTAGLIO_APPLIANCE_CRYPTO_ECDSA_H_
#define INTAGLIO_APPLIANCE_CRYPTO_ECDSA_H_

#include <array>
#include <optional>

#include "base/bytes.h"

namespace intaglio::appliance {

using P256Point = std::array<uint8_t, 65>;      // 04 ‖ x ‖ y
using P256Signature = std::array<uint8_t, 64>;  // r ‖ s

// The point of a DER SubjectPublicKeyInfo that is exactly id-ecPublicKey, prime256v1, uncompressed,
// and lies on the curve; nothing otherwise. [RFC 5480 §2]
std::optional<P256Point> PointOfSpki(ByteView spki);
// The DER SubjectPublicKeyInfo of a point; whether it lies on the curve is for PointOfSpki to say.
Bytes SpkiOfPoint(const P256Point& point);
// Strict DER ECDSA-Sig-Value with 1 <= r, s < 2^256 to r ‖ s; nothing otherwise.
std::optional<P256Signature> SignatureFromDer(ByteView der);
// r ‖ s, of 32 or 48 octets each, to DER ECDSA-Sig-Value.
Bytes SignatureToDer(ByteView signature);
// In software; the token does it ten times faster where it can. True only if it verifies.
bool VerifyEs256InSoftware(const P256Point& point, const Digest& digest,
                           const P256Signature& signature);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_CRYPTO_ECDSA_H_
