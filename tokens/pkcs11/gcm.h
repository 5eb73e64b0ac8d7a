// AES-GCM with a key of the token.
#ifndef INTAGLIO_TOKENS_PKCS11_GCM_H_
#define INTAGLIO_TOKENS_PKCS11_GCM_H_

#include "tokens/pkcs11/session.h"

namespace intaglio::tokens {

// Ciphertext ‖ tag of 16 octets. kTokenInputInvalid beyond 1 MiB.
StatusOr<Bytes> GcmSeal(Session& session, CK_OBJECT_HANDLE key, const GcmNonce& nonce, Aad aad,
                        ByteView plaintext);
// kSealBroken.
StatusOr<Bytes> GcmOpen(Session& session, CK_OBJECT_HANDLE key, const GcmNonce& nonce, Aad aad,
                        ByteView sealed);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_GCM_H_
