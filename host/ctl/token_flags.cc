#include "host/ctl/token_flags.h"

#include "base/file.h"

namespace intaglio::host {

void BindToken(Flags& flags, TokenFlags& token) {
  flags.Required("--module", token.module, "path of the PKCS#11 module")
      .Required("--token", token.token, "token label")
      .Required("--pin-file", token.pin_file, "file with the user PIN, mode 0600")
      .Required("--key-label", token.key_label, "label of the signing key")
      .Switch("--generate", token.generate, "make the key first; refused if it exists");
}

StatusOr<tokens::KeyLease> OpenTokenKey(const TokenFlags& flags) {
  ASSIGN_OR_RETURN(const SecretBytes pin, ReadSecretFile(flags.pin_file));
  ASSIGN_OR_RETURN(const auto store, tokens::TokenKeyStore::Open({flags.module, flags.token}, pin));
  if (flags.generate) RETURN_IF_ERROR(store->GenerateP256(flags.key_label));
  return store->Find(flags.key_label);
}

}  // namespace intaglio::host
