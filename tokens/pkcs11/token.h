// Token: the keys of one PKCS#11 token, as the signing core uses them.
//
// The only door for code outside this folder: no handle, session or CK_ type passes it. A private
// key never leaves the token in the clear, and no signature leaves it unverified. A session that
// the token dropped is replaced and the call repeated once; every failure that remains has a
// Reason. Thread-safe; the destructor logs out and wants no call in flight.
//
// Any call may fail with the token's own troubles: kSessionLost, kNotLoggedIn, kTokenGone,
// kDeviceError, kTokenFull, kSessionLimit, kKeyHandleInvalid, kMechanismRefused, kTemplateRefused,
// kKeyUseRefused, kArgumentsRefused, kTokenFailure, and the PIN Reasons after a lost login. After
// kKeyHandleInvalid or kKeyNotFound for a key known to exist, or a lasting kDeviceError, call
// Recover().
#ifndef INTAGLIO_TOKENS_PKCS11_TOKEN_H_
#define INTAGLIO_TOKENS_PKCS11_TOKEN_H_

#include <memory>
#include <span>
#include <vector>

#include "base/secret_bytes.h"
#include "tokens/pkcs11/key.h"
#include "tokens/pkcs11/module.h"
#include "tokens/pkcs11/token_selector.h"

namespace intaglio::tokens {

struct TokenHealth {
  size_t sessions_open = 0;
  uint64_t sessions_discarded = 0;  // since Open()
  uint64_t objects_destroyed = 0;   // since the module was last initialised
  uint64_t module_generation = 0;   // how often it was
};

class Token final {
 public:
  // Finds the token and logs in as its user, once. kTokenNotFound names what was found instead;
  // kTokenAmbiguous, kTokenInUse, kTokenInputInvalid; kPinIncorrect, kPinLocked, kPinExpired,
  // kPinMalformed.
  static StatusOr<std::unique_ptr<Token>> Open(std::shared_ptr<Module> module,
                                               const TokenSelector& selector,
                                               const SecretBytes& pin, PoolLimits limits);
  ~Token();
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  // As found by Open().
  const TokenDescription& Describe() const;
  TokenHealth Health();
  // OK while this very token answers, else kTokenGone. Session copies outlive a vanished token, so
  // signing does not tell.
  Status Probe();
  // Finalises and initialises the module once no call is in flight (Module::Reinitialise), then
  // probes. The caller journals it.
  Status Recover();

  // RESIDENT keys: token objects that only sign, CKA_EXTRACTABLE and CKA_MODIFIABLE false.

  // The key is read back and destroyed again if it was not made here as asked: kOriginMismatch.
  // kKeyExists if the id is taken.
  StatusOr<GeneratedKey> GenerateResident(KeyAlgorithm algorithm, const KeyLabel& label,
                                          const KeyId& id);
  // One signature a digest, in order (forms: see KeyAlgorithm). `public_key` is the one of the
  // caller's record; a signature that does not verify against it is kOwnSignatureWrong and none is
  // returned. kKeyNotFound, kPublicKeyInvalid, kTokenInputInvalid for no digest or a hash the
  // algorithm is not for.
  StatusOr<std::vector<Bytes>> SignResident(const KeyId& id, KeyAlgorithm algorithm,
                                            Spki public_key,
                                            std::span<const MessageDigest> digests);
  // kKeyNotFound.
  Status DestroyResident(const KeyId& id);
  // Drops every session copy of a RESIDENT key (on suspension or revocation); calls in flight end
  // with theirs.
  void DropCopies();

  // WRAPPED keys: made in the token, at home outside it, under the storage key.

  // kStorageKeyUntrusted, kOriginMismatch; kKeyNotFound if there is no storage key.
  StatusOr<GeneratedWrappedKey> GenerateWrapped(KeyAlgorithm algorithm,
                                                const KeyLabel& storage_key);
  // What the token says of the storage key now; kStorageKeyUntrusted unless it is a trusted,
  // sensitive, non-extractable AES key.
  StatusOr<KeyOrigin> StorageKeyOrigin(const KeyLabel& storage_key);
  // As SignResident; kWrappedKeyInvalid for a blob that does not open.
  StatusOr<std::vector<Bytes>> SignWrapped(WrappedKey wrapped, KeyAlgorithm algorithm,
                                           const KeyLabel& storage_key, Spki public_key,
                                           std::span<const MessageDigest> digests);

  // kSignatureWrong if the signature is not this key's over this digest. kSignatureUnverifiable if
  // lengths or point are malformed. Only OK means verified.
  Status VerifyP256(P256Point point, const Digest& digest, P256Signature signature);

  // Secret keys: AES-256, private, never extractable, for encryption alone.

  // kKeyExists, kOriginMismatch.
  Status GenerateSecretKey(const KeyLabel& label);
  // OK if there is exactly one, else kKeyNotFound or kKeyAmbiguous.
  Status FindSecretKey(const KeyLabel& label);
  // kKeyNotFound.
  Status DestroySecretKey(const KeyLabel& label);
  // Ciphertext and its 16-octet tag. A nonce must never repeat under one key. At most 1 MiB.
  StatusOr<Bytes> SealGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                          ByteView plaintext);
  // kSealBroken if key, nonce, AAD, ciphertext or tag is another.
  StatusOr<Bytes> OpenGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad, ByteView sealed);

  // Fills `out` from the token's generator; on failure `out` must not be used.
  Status GenerateRandom(std::span<uint8_t> out);

 private:
  struct Impl;
  explicit Token(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_TOKEN_H_
