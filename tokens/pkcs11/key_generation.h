// Key generation: what is asked of the token, and the judge of what it made.
#ifndef INTAGLIO_TOKENS_PKCS11_KEY_GENERATION_H_
#define INTAGLIO_TOKENS_PKCS11_KEY_GENERATION_H_

#include "tokens/pkcs11/attributes.h"
#include "tokens/pkcs11/spki.h"

namespace intaglio::tokens {

// OK if the token says the key was made in it, has always been sensitive and can never leave it;
// else kOriginMismatch with every attribute that differs.
Status CheckResidentOrigin(const KeyOrigin& origin, KeyAlgorithm algorithm);
// OK if the token says the key was made in it, has always been sensitive and leaves it only under a
// trusted key. A token that calls such a key never extractable contradicts itself.
Status CheckWrappedOrigin(const KeyOrigin& origin, KeyAlgorithm algorithm);

// The origin flags of a private or secret key.
StatusOr<KeyOrigin> ReadOrigin(Session& session, CK_OBJECT_HANDLE key);

// Makes a token key that only signs; it is destroyed again if its origin does not hold.
// kKeyExists, kOriginMismatch, kPublicKeyInvalid.
StatusOr<GeneratedKey> MakeResidentKey(Session& session, KeyAlgorithm algorithm,
                                       const KeyLabel& label, const KeyId& id);
// Makes a session key, wraps it under `storage_key` and destroys it. kOriginMismatch.
StatusOr<GeneratedWrappedKey> MakeWrappedKey(Session& session, KeyAlgorithm algorithm,
                                             CK_OBJECT_HANDLE storage_key);
// The wrapped key as a session object that only signs. kWrappedKeyInvalid.
StatusOr<CK_OBJECT_HANDLE> UnwrapKey(Session& session, KeyAlgorithm algorithm,
                                     CK_OBJECT_HANDLE storage_key, WrappedKey wrapped);

// A key that may wrap: AES, trusted by the security officer, sensitive, not extractable; else
// kStorageKeyUntrusted.
Status CheckStorageKey(Session& session, CK_OBJECT_HANDLE key);

// Makes an AES-256 token key for encryption. kKeyExists, kOriginMismatch.
Status MakeSecretKey(Session& session, const KeyLabel& label);

// The private token key with this id, or kKeyNotFound, kKeyAmbiguous.
StatusOr<CK_OBJECT_HANDLE> FindResidentKey(Session& session, const KeyId& id);
// The secret token key with this label, or kKeyNotFound, kKeyAmbiguous.
StatusOr<CK_OBJECT_HANDLE> FindSecretKeyObject(Session& session, const KeyLabel& label);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_KEY_GENERATION_H_
