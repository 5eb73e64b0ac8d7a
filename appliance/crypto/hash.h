// Digests and key derivation of the core, over Mbed TLS. Pure functions; thread-safe.
#ifndef INTAGLIO_APPLIANCE_CRYPTO_HASH_H_
#define INTAGLIO_APPLIANCE_CRYPTO_HASH_H_

#include "base/bytes.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {

Digest Sha256(ByteView message);
Digest Sha256(std::initializer_list<ByteView> parts);
// SHA-1 is for OCSP CertID only, where RFC 6960 responders must still answer it.
std::array<uint8_t, 20> Sha1(ByteView message);
Digest HmacSha256(ByteView key, ByteView message);
// RFC 5869 with SHA-256; `length` at most 255 * 32.
SecretBytes HkdfSha256(ByteView key, ByteView salt, ByteView info, size_t length);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_CRYPTO_HASH_H_
