// An RSA key that only decrypts, RSAES-OAEP: how a secret reaches this token and no other.
//
// SHA-1 and MGF1 with SHA-1, the one choice that every module offers (SoftHSM has no other); OAEP
// does not rest on the hash being free of collisions. [RFC 8017 §7.1, App. B.1]
#ifndef INTAGLIO_TOKENS_PKCS11_OAEP_KEY_H_
#define INTAGLIO_TOKENS_PKCS11_OAEP_KEY_H_

#include "base/secret_bytes.h"
#include "tokens/pkcs11/key.h"
#include "tokens/pkcs11/session.h"

namespace intaglio::tokens {

// Makes an RSA-3072 token key; it is destroyed again if its origin does not hold. kKeyExists,
// kOriginMismatch, kPublicKeyInvalid.
StatusOr<GeneratedKey> MakeOaepKey(Session& session, const KeyLabel& label, const KeyId& id);
// kSealBroken if it was sealed to another key, or changed.
StatusOr<SecretBytes> OaepOpen(Session& session, CK_OBJECT_HANDLE key, ByteView sealed);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_OAEP_KEY_H_
