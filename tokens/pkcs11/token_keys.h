// TokenKeys: keys in a token, as the signing core uses them. A Token is one; a Supervisor is
// several, kept alive.
//
// The only door for code outside this folder: no handle, session or CK_ type passes it. A private
// key never leaves the token in the clear, and no signature leaves it unverified. Thread-safe.
//
// Any call may fail with the token's own troubles: kSessionLost, kNotLoggedIn, kTokenGone,
// kDeviceError, kTokenFull, kSessionLimit, kTokenBusy, kKeyHandleInvalid, kMechanismRefused,
// kTemplateRefused, kKeyUseRefused, kArgumentsRefused, kTokenFailure, and the PIN Reasons after a
// lost login.
#ifndef INTAGLIO_TOKENS_PKCS11_TOKEN_KEYS_H_
#define INTAGLIO_TOKENS_PKCS11_TOKEN_KEYS_H_

#include <span>
#include <vector>

#include "tokens/pkcs11/key.h"
#include "tokens/pkcs11/supervision.h"

namespace intaglio::tokens {

class TokenKeys {
 public:
  virtual ~TokenKeys() = default;

  // The token as it was found when it was opened.
  virtual const TokenDescription& Describe() const = 0;
  // How the tokens stand now, and counters.
  virtual SupervisorStatus Standing() const = 0;

  // RESIDENT keys: token objects that only sign and never leave the token.

  // The key is read back and destroyed again if it was not made here as asked: kOriginMismatch.
  // kKeyExists if the id is taken.
  virtual StatusOr<GeneratedKey> GenerateResident(KeyAlgorithm algorithm, const KeyLabel& label,
                                                  const KeyId& id) = 0;
  // One signature a digest, in order (forms: see KeyAlgorithm). `public_key` is the one of the
  // caller's record; a signature that does not verify against it is kOwnSignatureWrong and none is
  // returned. kKeyNotFound, kPublicKeyInvalid, kTokenInputInvalid for no digest or a hash the
  // algorithm is not for.
  virtual StatusOr<std::vector<Bytes>> SignResident(const KeyId& id, KeyAlgorithm algorithm,
                                                    Spki public_key,
                                                    std::span<const MessageDigest> digests) = 0;
  // kKeyNotFound. Whatever it answers, no session copy of the key signs any more.
  virtual Status DestroyResident(const KeyId& id) = 0;

  // WRAPPED keys: made in the token, at home outside it, under the storage key.

  // kStorageKeyUntrusted, kOriginMismatch; kKeyNotFound if there is no storage key.
  virtual StatusOr<GeneratedWrappedKey> GenerateWrapped(KeyAlgorithm algorithm,
                                                        const KeyLabel& storage_key) = 0;
  // What the token says of the storage key now; kStorageKeyUntrusted unless it is a trusted,
  // sensitive, non-extractable AES key.
  virtual StatusOr<KeyOrigin> StorageKeyOrigin(const KeyLabel& storage_key) = 0;
  // As SignResident; kWrappedKeyInvalid for a blob that does not open. `id` names the key for as
  // long as its unwrapped object is kept alive; the object is used again only for this very blob.
  virtual StatusOr<std::vector<Bytes>> SignWrapped(const KeyId& id, WrappedKey wrapped,
                                                   KeyAlgorithm algorithm,
                                                   const KeyLabel& storage_key, Spki public_key,
                                                   std::span<const MessageDigest> digests) = 0;

  // Drops the session objects of one key, RESIDENT or WRAPPED (on suspension, revocation or
  // destruction), or of every key. Calls in flight end with theirs.
  virtual void DropKey(const KeyId& id) = 0;
  virtual void DropCopies() = 0;

  // kSignatureWrong if the signature is not this key's over this digest. kSignatureUnverifiable if
  // lengths or point are malformed. Only OK means verified.
  virtual Status VerifyP256(P256Point point, const Digest& digest, P256Signature signature) = 0;

  // Secret keys: AES-256, private, never extractable, for encryption alone.

  // kKeyExists, kOriginMismatch.
  virtual Status GenerateSecretKey(const KeyLabel& label) = 0;
  // OK if there is exactly one, else kKeyNotFound or kKeyAmbiguous.
  virtual Status FindSecretKey(const KeyLabel& label) = 0;
  // kKeyNotFound.
  virtual Status DestroySecretKey(const KeyLabel& label) = 0;
  // Ciphertext and its 16-octet tag. A nonce must never repeat under one key. At most 1 MiB.
  virtual StatusOr<Bytes> SealGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                                  ByteView plaintext) = 0;
  // kSealBroken if key, nonce, AAD, ciphertext or tag is another.
  virtual StatusOr<Bytes> OpenGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                                  ByteView sealed) = 0;

  // Private data objects: small octet strings, by label.

  // 1 to 1024 octets, else kTokenInputInvalid. A crash leaves the old value, the new one, or both.
  virtual Status ReplaceData(const KeyLabel& label, ByteView octets) = 0;
  // Every value there is, in no order; none if there is none.
  virtual StatusOr<std::vector<Bytes>> ReadData(const KeyLabel& label) = 0;

  // Fills `out` from the token's generator; on failure `out` must not be used.
  virtual Status GenerateRandom(std::span<uint8_t> out) = 0;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_TOKEN_KEYS_H_
