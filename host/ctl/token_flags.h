// TokenFlags: a key in a token of this side's own, as the ceremony commands name it.
#ifndef INTAGLIO_HOST_CTL_TOKEN_FLAGS_H_
#define INTAGLIO_HOST_CTL_TOKEN_FLAGS_H_

#include <string>

#include "host/ctl/command_table.h"
#include "tokens/openssl/token_key_store.h"

namespace intaglio::host {

struct TokenFlags {
  std::string module;
  std::string token;
  std::string pin_file;
  std::string key_label;
  bool generate = false;
};

void BindToken(Flags& flags, TokenFlags& token);
// The key, made first with --generate. The failures of TokenKeyStore and ReadSecretFile.
StatusOr<tokens::KeyLease> OpenTokenKey(const TokenFlags& flags);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_TOKEN_FLAGS_H_
