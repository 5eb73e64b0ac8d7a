// AES-256-GCM with a 12-octet IV and a 16-octet tag. Thread-safe.
#ifndef INTAGLIO_APPLIANCE_CRYPTO_AEAD_H_
#define INTAGLIO_APPLIANCE_CRYPTO_AEAD_H_

#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {

using GcmIv = std::array<uint8_t, 12>;

// Ciphertext followed by the tag. A (key, iv) pair must never be used twice.
Bytes GcmSeal(const SecretBytes& key, const GcmIv& iv, ByteView aad, ByteView plaintext);
// Nothing at all unless the tag is right.
std::optional<Bytes> GcmOpen(const SecretBytes& key, const GcmIv& iv, ByteView aad,
                             ByteView sealed);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_CRYPTO_AEAD_H_
