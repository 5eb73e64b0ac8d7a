// Vault: the core's token, rows and record keys, opened together. Both the console and the running
// core start here.
//
// Three secrets protect the state: the token's private AES key (it never leaves) seals the MAC key
// of the rows, kept in a file, and the record key of each epoch, kept in a row.
#ifndef INTAGLIO_APPLIANCE_DAEMON_VAULT_H_
#define INTAGLIO_APPLIANCE_DAEMON_VAULT_H_

#include <memory>

#include "appliance/daemon/config.h"
#include "appliance/records/record_sealer.h"
#include "appliance/state/lmdb_state.h"
#include "base/rng.h"
#include "tokens/pkcs11/token.h"

namespace intaglio::appliance {

struct Vault {
  std::shared_ptr<tokens::Module> module;
  std::unique_ptr<tokens::Token> token;
  std::unique_ptr<LmdbState> state;
};

// The token alone, logged in.
StatusOr<Vault> OpenToken(const CoreSettings& settings);
// Token and rows; kNotInitialised before `init`, kRecordKeyUnavailable if the token does not open
// the seal. The token of another core is found here.
StatusOr<Vault> OpenVault(const CoreSettings& settings);
// Makes the token's sealing key, the MAC key, empty rows and the first epoch. What an interrupted
// earlier try left is replaced. kAlreadyInitialised if there is an instance.
StatusOr<Vault> MakeVault(const CoreSettings& settings, Rng& rng, WallTime now);
// Every epoch's record key, opened in the token.
StatusOr<std::vector<EpochKey>> OpenEpochKeys(Vault& vault);

std::string JournalDir(const CoreSettings& settings);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_VAULT_H_
