// StartupChecks: what must hold between journal, row and configuration before the core serves.
#ifndef INTAGLIO_APPLIANCE_DAEMON_STARTUP_CHECKS_H_
#define INTAGLIO_APPLIANCE_DAEMON_STARTUP_CHECKS_H_

#include "appliance/daemon/config.h"
#include "appliance/journal/file_journal.h"
#include "appliance/state/lmdb_state.h"

namespace intaglio::appliance {

// Carries out, or drops, the officers' decision that a crash left pending: the journal says which.
// The failures of rows and journal, kRowUnreadable for a line that does not parse.
Status FinishPendingChange(LmdbState& state, JournalPort& journal);

// kRowsRolledBack where the journal has lines of a start that the rows do not know: every start is
// counted in the rows before its first line.
Status CheckStarts(uint64_t rows_boot_count, FileJournal& journal);
// Every row has its MAC and none is missing; and if the journal's last line says which rows the
// core stopped with, these are they (true). An older copy of the rows put back is found here.
// kRowsMissing and the state's Reasons.
StatusOr<bool> CheckRows(LmdbState& state, FileJournal& journal);

// kConfigurationUnapproved, with what to do, unless the file is the one the officers approved. The
// refusal is journalled.
Status CheckConfiguration(const CoreSettings& settings, const CoreIdentity& identity,
                          JournalPort& journal);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_STARTUP_CHECKS_H_
