// LostCore: a newly initialised core takes the place of one whose state is lost and has no backup,
// over the token that survived, on its console while no core runs.
//
// In this order: `init` over the surviving token, prepare, replace, rebuild, open. From replacing
// until opening the core runs and answers, and every key is shut. [DESIGN: restoring]
#ifndef INTAGLIO_APPLIANCE_DAEMON_LOST_CORE_H_
#define INTAGLIO_APPLIANCE_DAEMON_LOST_CORE_H_

#include <string>
#include <vector>

#include "appliance/daemon/config.h"

namespace intaglio::appliance {

// Looks what of the lost core is in the token, and draws the nonce that the officers'
// restore-without-backup command must carry; an earlier one counts no more. Changes nothing else.
// kRecordKeysLost, kRowsPresent, kAlreadyRestored; the failures of OpenVault. One JSON line.
StatusOr<std::string> PrepareReplacement(const CoreSettings& settings);

// Makes this core the lost one, in a new instance epoch and with rows_lost: no rows, no quotas,
// every key shut. Takes over the record keys that the token kept. The command must be signed by M
// of the officers that this core was initialised with. kBackupCommand, kRestoreNonce,
// kEpochNotHigher, CheckApprovals's and PrepareReplacement's Reasons. One JSON line.
StatusOr<std::string> ReplaceLostCore(const CoreSettings& settings,
                                      const std::string& command_file);

// Makes rows of the journals that the officers vouched for, oldest first; each a folder or a file.
// All or nothing, and again as often as wanted. The keys stay shut; the answer tells the line that
// was reached, whether it is as far as the lost core's anchor had marked, and the nonce for the
// open-rebuilt command. kRowsNotLost, ReadLostJournal's Reasons,
// kLostJournalOther, kLostJournalAnchor, kLostJournalLink, kLostJournalLine, kEpochNotHigher,
// kSwapFailed. One JSON line.
StatusOr<std::string> RebuildRows(const CoreSettings& settings,
                                  const std::vector<std::string>& journals);

// Opens the keys. The command must name the line reached, and be signed by M of this core's
// officers and by as many security officers of the lost core as its journal says commanded it: who
// has the console and not the token's PIN cannot use its keys. kRowsNotLost,
// kRowsNotRebuilt, kBackupCommand, kRestoreNonce, kLostJournalHead, kOldOfficersMissing,
// CheckApprovals's Reasons. One JSON line.
StatusOr<std::string> OpenRebuiltRows(const CoreSettings& settings,
                                      const std::string& command_file);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_LOST_CORE_H_
