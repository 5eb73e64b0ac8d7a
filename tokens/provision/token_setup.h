// TokenSetup: what only a token's security officer can do.
#ifndef INTAGLIO_TOKENS_PROVISION_TOKEN_SETUP_H_
#define INTAGLIO_TOKENS_PROVISION_TOKEN_SETUP_H_

#include <optional>

#include "base/secret_bytes.h"
#include "tokens/pkcs11/module.h"
#include "tokens/provision/provision.h"

namespace intaglio::tokens {

struct SetupPins {
  const SecretBytes& security_officer;
  const SecretBytes& user;
};

// Initialises the first slot whose token is blank, sets the user's PIN and makes the storage key.
// kTokenNotFound if no slot is blank, kTokenAmbiguous if the label is in use.
StatusOr<TokenDescription> SetUpToken(Module& module, const TokenLabel& label, SetupPins pins,
                                      const std::optional<KeyLabel>& storage_key);

// OK if the token of that label holds a storage key of that name that is fit to wrap; it is public,
// so nobody logs in. kKeyNotFound, kStorageKeyUntrusted, kTokenNotFound.
Status CheckStorageKeyOf(Module& module, const TokenLabel& label, const KeyLabel& storage_key);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PROVISION_TOKEN_SETUP_H_
