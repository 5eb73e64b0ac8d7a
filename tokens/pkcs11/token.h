// Token: the keys of one PKCS#11 token.
//
// A session that the token dropped is replaced and the call repeated once; every failure that
// remains has a Reason. What takes more than a new session is the Supervisor's: after
// kKeyHandleInvalid, or kKeyNotFound for a key known to exist, or a lasting kDeviceError, the
// module is initialised anew. The destructor logs out and wants no call in flight.
#ifndef INTAGLIO_TOKENS_PKCS11_TOKEN_H_
#define INTAGLIO_TOKENS_PKCS11_TOKEN_H_

#include <memory>

#include "base/secret_bytes.h"
#include "tokens/pkcs11/module.h"
#include "tokens/pkcs11/token_keys.h"
#include "tokens/pkcs11/token_selector.h"

namespace intaglio::tokens {

struct TokenHealth {
  size_t sessions_open = 0;
  uint64_t sessions_discarded = 0;  // since Open()
  uint64_t logins = 0;              // since Open()
  uint64_t objects_destroyed = 0;   // since the module was last initialised
  uint64_t module_generation = 0;   // how often it was
};

class Token final : public TokenKeys {
 public:
  // Finds the token and logs in as its user, once. kTokenNotFound names what was found instead;
  // kTokenAmbiguous, kTokenInUse, kTokenInputInvalid; kPinIncorrect, kPinLocked, kPinExpired,
  // kPinMalformed, kPinFinalTry.
  static StatusOr<std::unique_ptr<Token>> Open(std::shared_ptr<Module> module,
                                               const TokenSelector& selector,
                                               const SecretBytes& pin, PoolLimits limits);
  ~Token() override;
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  TokenHealth Health();
  // OK while this very token answers, else kTokenGone. Session copies outlive a vanished token, so
  // signing does not tell.
  Status Probe();
  // OK if a session can be had and is logged in.
  Status CheckSession();
  // Looks for the token in whatever slot it is now and starts with new sessions. kTokenNotFound,
  // kTokenGone.
  Status FindAgain();
  // Closes the sessions nobody has used for `longest`; 0 closes none. To be called now and then.
  void CloseUnused(BootTime now, Duration longest);
  // Another PIN after one was refused; used at the next login.
  void SetPin(const SecretBytes& pin);

  const TokenDescription& Describe() const override;
  // Always healthy: a Token alone does not watch itself.
  SupervisorStatus Standing() const override;
  // A RESIDENT key that only decrypts (oaep_key.h). For the console alone, so TokenKeys has it not.
  StatusOr<GeneratedKey> GenerateOaepKey(const KeyLabel& label, const KeyId& id);
  // kKeyNotFound, kSealBroken.
  StatusOr<SecretBytes> OpenOaep(const KeyId& id, ByteView sealed);
  StatusOr<GeneratedKey> GenerateResident(KeyAlgorithm algorithm, const KeyLabel& label,
                                          const KeyId& id) override;
  StatusOr<std::vector<Bytes>> SignResident(const KeyId& id, KeyAlgorithm algorithm,
                                            Spki public_key,
                                            std::span<const MessageDigest> digests) override;
  Status DestroyResident(const KeyId& id) override;
  StatusOr<GeneratedWrappedKey> GenerateWrapped(KeyAlgorithm algorithm,
                                                const KeyLabel& storage_key) override;
  StatusOr<KeyOrigin> StorageKeyOrigin(const KeyLabel& storage_key) override;
  StatusOr<std::vector<Bytes>> SignWrapped(const KeyId& id, WrappedKey wrapped,
                                           KeyAlgorithm algorithm, const KeyLabel& storage_key,
                                           Spki public_key,
                                           std::span<const MessageDigest> digests) override;
  void DropKey(const KeyId& id) override;
  void DropCopies() override;
  Status VerifyP256(P256Point point, const Digest& digest, P256Signature signature) override;
  Status GenerateSecretKey(const KeyLabel& label) override;
  Status FindSecretKey(const KeyLabel& label) override;
  Status DestroySecretKey(const KeyLabel& label) override;
  StatusOr<Bytes> SealGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                          ByteView plaintext) override;
  StatusOr<Bytes> OpenGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                          ByteView sealed) override;
  Status ReplaceData(const KeyLabel& label, ByteView octets) override;
  StatusOr<std::vector<Bytes>> ReadData(const KeyLabel& label) override;
  Status GenerateRandom(std::span<uint8_t> out) override;

 private:
  struct Impl;
  explicit Token(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_TOKEN_H_
