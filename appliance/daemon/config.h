// CoreSettings: intaglio-core's configuration as checked values.
#ifndef INTAGLIO_APPLIANCE_DAEMON_CONFIG_H_
#define INTAGLIO_APPLIANCE_DAEMON_CONFIG_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "appliance/anchor/tpm_anchor.h"
#include "appliance/domain/roster.h"
#include "appliance/journal/checkpointer.h"
#include "appliance/link/link_server.h"
#include "base/file.h"

namespace intaglio::appliance {

enum class BoundaryKind { kLab, kProduction };

struct TokenSettings {
  std::string module;
  std::string selector;
  std::string pin_file;          // one of the three says where the PIN comes from
  std::string pin_credential;    // name of a systemd credential
  unsigned pin_shares_need = 0;  // so many custodians' shares
  // Shares entered already, by a command that opens the token more than once.
  std::shared_ptr<const SecretBytes> entered_pin;
  std::string storage_key;
  size_t max_sessions = 8;
  std::string softhsm_conf;
  Duration idle_timeout = 0;  // 0: never
  size_t cached_keys = 256;   // in each session
  uint64_t reinitialise_after = 1'000'000;
};

struct JournalOptions {
  JournalLimits limits;
  CheckpointPace pace;
  std::optional<TpmPlace> tpm;  // nothing: the anchor is an object in the token
};

struct CoreSettings {
  std::string state_dir;
  BoundaryKind boundary = BoundaryKind::kProduction;
  TokenSettings token;
  std::vector<TokenSettings> standby_tokens;
  LinkServerConfig link;
  JournalOptions journal;
  Digest file_sha256{};  // of the file's octets: what officers approve
};

// Reads and checks the file: its owner and mode before its content, then every field.
// kConfigInvalid naming the field, and ReadFile's Reasons.
StatusOr<CoreSettings> LoadSettings(const std::string& path);

// What the console gives to `init`: roster and QSCD entry. Relative key paths are relative to the
// file. kConfigInvalid naming the entry, CheckRoster's Reasons.
StatusOr<CoreIdentity> LoadInit(const std::string& path);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_CONFIG_H_
