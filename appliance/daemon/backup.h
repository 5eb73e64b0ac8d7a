// Backup: the core's state for one target device, made on the console while no core runs.
#ifndef INTAGLIO_APPLIANCE_DAEMON_BACKUP_H_
#define INTAGLIO_APPLIANCE_DAEMON_BACKUP_H_

#include <string>

#include "appliance/daemon/config.h"

namespace intaglio::appliance {

// `command_file`: the signed authorise-backup command; `evidence_file`: DER, what prepare-restore
// wrote on the target. The evidence must lead to a pinned device root and be about the key that the
// command names. Journals kBackupMade, then writes as many files as the command says into
// `state_dir`/backup, mode 0600. A command is carried out once. One JSON line with the files and
// their SHA-256. VerifyTargetEvidence's Reasons, CheckApprovals's, kBackupCommand, kBackupRepeated,
// kEvidenceMismatch, kRowsLost; the failures of OpenVault and the journal.
StatusOr<std::string> MakeBackup(const CoreSettings& settings, const std::string& command_file,
                                 const std::string& evidence_file);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_BACKUP_H_
