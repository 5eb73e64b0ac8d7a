// PinSource: where a token's PIN comes from: a file, a systemd credential, or custodians' shares.
#ifndef INTAGLIO_APPLIANCE_DAEMON_PIN_SOURCE_H_
#define INTAGLIO_APPLIANCE_DAEMON_PIN_SOURCE_H_

#include <string>

#include "appliance/daemon/config.h"

namespace intaglio::appliance {

// The PIN; waits for the custodians where shares are configured. ReadSecretFile's Reasons,
// kPinUnavailable.
StatusOr<SecretBytes> ReadPin(const CoreSettings& settings, const TokenSettings& token);
// The file that `token`'s PIN is read from; empty if it is none, or no credential was given.
std::string PinFileOf(const TokenSettings& token);

struct PinSplit {
  std::string pin_file;
  std::string out_dir;
  uint64_t need = 0;
  uint64_t shares = 0;
};
// `pin split`: writes pin-share-1 and so on, mode 0600; nothing if one of them is there. One JSON
// line. SplitPin's Reasons, kPinShareRefused.
StatusOr<std::string> SplitPinFile(const PinSplit& split);
// `pin enter`: hands the share in `share_file`, or on standard input if empty, to the core that is
// starting. One JSON line. EnterShare's Reasons.
StatusOr<std::string> EnterPinShare(const CoreSettings& settings, const std::string& share_file);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_PIN_SOURCE_H_
