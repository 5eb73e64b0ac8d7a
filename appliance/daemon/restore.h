// Restore: a second core takes the place of the first, on its console while no core runs.
#ifndef INTAGLIO_APPLIANCE_DAEMON_RESTORE_H_
#define INTAGLIO_APPLIANCE_DAEMON_RESTORE_H_

#include <string>

#include "appliance/daemon/config.h"

namespace intaglio::appliance {

// On the target, initialised and with its device certificate: makes the key that a backup is sealed
// to, in the token (one from an earlier call is replaced), and writes evidence about it, DER, and
// its SPKI, PEM. `nonce_hex`: 16 to 64 octets that the old core's officers chose. One JSON line.
// kDeviceUncertified, kConfigInvalid, the token's Reasons.
StatusOr<std::string> PrepareRestore(const CoreSettings& settings, const std::string& nonce_hex,
                                     const std::string& evidence_out, const std::string& spki_out);

// Makes this core the one of the backup, in a new instance epoch. The activate-restored command
// must be signed by M of the officers in the backup, and by M of those this target was initialised
// with: who only wrote a backup of his own cannot put it in. The target keeps its attestation and
// journal keys, its journal, its configuration and its time. All or nothing: rows are made in a new
// folder and exchanged with the old by one rename. The key of prepare-restore is then destroyed.
// kBackupUnreadable, kBackupForAnother, kBackupForged, kBackupCommand, kEpochNotHigher,
// kAlreadyRestored, kSwapFailed, CheckApprovals's Reasons; the failures of OpenVault and the
// journal.
StatusOr<std::string> RestoreBackup(const CoreSettings& settings, const std::string& backup_file,
                                    const std::string& command_file);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_RESTORE_H_
