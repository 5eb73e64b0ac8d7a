// Vault: the core's token, rows and record keys, opened together. Both the console and the running
// core start here.
//
// Private AES keys of the token, which never leave it, protect the state: one seals the MAC key of
// the rows, kept in a file; one for each epoch seals its record key, kept in a row.
#ifndef INTAGLIO_APPLIANCE_DAEMON_VAULT_H_
#define INTAGLIO_APPLIANCE_DAEMON_VAULT_H_

#include <memory>

#include "appliance/daemon/config.h"
#include "appliance/state/lmdb_state.h"
#include "base/clock.h"
#include "base/rng.h"
#include "tokens/pkcs11/supervisor.h"
#include "tokens/pkcs11/token.h"

namespace intaglio::appliance {

// Label of the token key that seals the rows' MAC key.
inline constexpr char kSealingKey[] = "intaglio-sealing";

struct Vault {
  std::unique_ptr<const Clock> clock;  // the supervisor's
  std::unique_ptr<tokens::Supervisor> token;
  std::unique_ptr<LmdbState> state;
};

// The token alone, logged in, and those that stand in for it.
StatusOr<Vault> OpenToken(const CoreSettings& settings);
// Token and rows; kCoreZeroised, kNotInitialised before `init`, kRecordKeyUnavailable if the token
// does not open the seal. The token of another core is found here.
StatusOr<Vault> OpenVault(const CoreSettings& settings);
// The same of a core that is being zeroised; for ZeroiseCore alone.
StatusOr<Vault> OpenVaultToZeroise(const CoreSettings& settings);
// Makes the token's sealing key, the MAC key, empty rows and the first epoch. What an interrupted
// earlier try left is replaced. kAlreadyInitialised if there is an instance.
StatusOr<Vault> MakeVault(const CoreSettings& settings, Rng& rng, WallTime now);

// One token by itself, for what a supervised token does not do. Nothing else of this process may
// hold the module meanwhile.
StatusOr<std::unique_ptr<tokens::Token>> OpenTokenAlone(const CoreSettings& settings);
// A store in another folder under the core's own MAC key.
StatusOr<std::unique_ptr<LmdbState>> OpenRowsIn(const CoreSettings& settings,
                                                tokens::TokenKeys& token, const std::string& dir);

std::string RowsDir(const CoreSettings& settings);
std::string JournalDir(const CoreSettings& settings);
// The rows' MAC key, sealed.
std::string MacKeyFile(const CoreSettings& settings);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_VAULT_H_
