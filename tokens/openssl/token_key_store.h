// TokenKeyStore: the host's own token keys as OpenSSL keys.
//
// For the root ceremony, the audit seal, document encryption and everything else the host signs for
// itself; the core's keys are in another token that the host cannot open. Thread-safe.
#ifndef INTAGLIO_TOKENS_OPENSSL_TOKEN_KEY_STORE_H_
#define INTAGLIO_TOKENS_OPENSSL_TOKEN_KEY_STORE_H_

#include <openssl/evp.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/secret_bytes.h"
#include "base/status.h"

namespace intaglio::tokens {

class ModuleContext;

// A key of the token, for as long as the lease lives: it keeps the module loaded, so it may outlive
// the store. Use the EVP_PKEY with any OpenSSL call that signs, from any number of threads; take no
// reference that outlives the lease.
class KeyLease final {
 public:
  KeyLease(KeyLease&&) noexcept = default;
  KeyLease& operator=(KeyLease&&) = delete;
  KeyLease(const KeyLease&) = delete;
  ~KeyLease() = default;

  EVP_PKEY* get() const { return key_.get(); }

 private:
  friend class TokenKeyStore;
  struct Free {
    void operator()(EVP_PKEY* key) const;
  };
  KeyLease(std::shared_ptr<ModuleContext> context, EVP_PKEY* key)
      : context_(std::move(context)), key_(key) {}

  std::shared_ptr<ModuleContext> context_;  // outlives key_
  std::unique_ptr<EVP_PKEY, Free> key_;
};

struct TokenAddress {
  std::string module_path;  // absolute
  std::string token_label;
};

class TokenKeyStore final {
 public:
  // Loads the module, or shares it if this process has it loaded, and logs in as the token's user.
  // kStoreModule; kStoreTokenNotFound names what was found instead; kStoreLogin;
  // kStoreInputInvalid.
  static StatusOr<std::unique_ptr<TokenKeyStore>> Open(TokenAddress address,
                                                       const SecretBytes& pin);
  ~TokenKeyStore();
  TokenKeyStore(const TokenKeyStore&) = delete;
  TokenKeyStore& operator=(const TokenKeyStore&) = delete;

  // The private key with exactly this label. kStoreKeyNotFound names the labels that are there;
  // kStoreKeyAmbiguous; kStoreFailure.
  StatusOr<KeyLease> Find(std::string_view label);
  // Makes a P-256 token key that only signs and cannot leave the token, and its public half.
  // kStoreKeyExists if the label is taken, kStoreInputInvalid, kStoreFailure.
  Status GenerateP256(std::string_view label);

  // Unloads the module and opens the token again, the only cure after a token vanished and came
  // back. kStoreBusy while a lease or another store uses the module; otherwise as Open(), and after
  // a failure every call is kStoreModule until a later Reload() succeeds.
  Status Reload();

 private:
  struct OpenToken;
  TokenKeyStore(TokenAddress address, SecretBytes pin);
  Status Connect();

  const TokenAddress address_;
  const SecretBytes pin_;
  std::mutex mutex_;
  std::shared_ptr<OpenToken> open_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_OPENSSL_TOKEN_KEY_STORE_H_
