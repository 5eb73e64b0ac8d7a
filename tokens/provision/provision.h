// Provisioning: makes a token ready for one user, once.
//
// The security officer's PIN is drawn at random, used while the token is set up and never written
// down: whoever holds it could bring in a trusted wrapping key of a value he knows, and with it
// carry every WRAPPED key away. After this nobody is security officer of the token.
#ifndef INTAGLIO_TOKENS_PROVISION_PROVISION_H_
#define INTAGLIO_TOKENS_PROVISION_PROVISION_H_

#include <optional>
#include <string>

#include "base/rng.h"
#include "tokens/pkcs11/key.h"

namespace intaglio::tokens {

inline constexpr char kSoftHsmModule[] = "/usr/lib/softhsm/libsofthsm2.so";

// CKA_LABEL of a token: 1 to 32 printable ASCII characters, no blank at the end.
class TokenLabel final {
 public:
  // kTokenInputInvalid.
  static StatusOr<TokenLabel> Create(std::string_view text);
  const std::string& text() const { return text_; }

 private:
  explicit TokenLabel(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct SoftHsmRequest {
  std::string folder;  // absolute; becomes 0700
  TokenLabel label;
  std::optional<KeyLabel> storage_key;  // makes the trusted AES-256 wrapping key of that name
  std::string module_path;              // kSoftHsmModule, or another build of it
};

enum class ProvisionOutcome { kMade, kAlreadyThere };

struct ProvisionedToken {
  ProvisionOutcome outcome = ProvisionOutcome::kMade;
  TokenDescription token;
  std::string config_path;  // what SOFTHSM2_CONF must say
  std::string pin_path;     // mode 0600
};

// Sets up a SoftHSM token in its own folder, or finds that it has been. Sets SOFTHSM2_CONF in this
// process, so call it before threads start and before the module is loaded.
// kProvisionFolder if the folder cannot be made or is not private; kProvisionHalfMade if an earlier
// run was interrupted; kProvisionDiffers if a finished token is another than the one asked for;
// kModuleInUse, and whatever the module reports.
StatusOr<ProvisionedToken> ProvisionSoftHsm(const SoftHsmRequest& request, Rng& rng);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PROVISION_PROVISION_H_
