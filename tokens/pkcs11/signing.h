// Signing and verifying with keys a session can see.
#ifndef INTAGLIO_TOKENS_PKCS11_SIGNING_H_
#define INTAGLIO_TOKENS_PKCS11_SIGNING_H_

#include <span>
#include <vector>

#include "tokens/pkcs11/session.h"
#include "tokens/pkcs11/spki.h"

namespace intaglio::tokens {

// kSignatureWrong only where the token says so; whatever else keeps it from verifying has another
// Reason and is never "verified".
Status VerifyDigest(Session& session, const PublicKey& key, const MessageDigest& digest,
                    ByteView signature);

// One signature a digest, in order, each verified against `public_key` before any is returned: a
// fault in the token must not leak a private key through a bad signature. kOwnSignatureWrong;
// kTokenInputInvalid for a hash that is not this algorithm's. What is looked up or set up, is so
// once a call: a digest costs its two token operations and the memory of its signature.
StatusOr<std::vector<Bytes>> SignDigests(Session& session, CK_OBJECT_HANDLE private_key,
                                         const PublicKey& public_key,
                                         std::span<const MessageDigest> digests);

// A copy of the token key in this session, which signs without file or flash access; the token's
// own handle where the module refuses to copy or the copy is laxer than the key.
struct UsableKey {
  CK_OBJECT_HANDLE handle;
  ObjectOwner owner;
};
StatusOr<UsableKey> CopyIntoSession(Session& session, CK_OBJECT_HANDLE token_key);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SIGNING_H_
