// StartupChecks: what must hold between journal, row and configuration before the core serves.
#ifndef INTAGLIO_APPLIANCE_DAEMON_STARTUP_CHECKS_H_
#define INTAGLIO_APPLIANCE_DAEMON_STARTUP_CHECKS_H_

#include "appliance/daemon/config.h"
#include "appliance/state/lmdb_state.h"

namespace intaglio::appliance {

// Carries out, or drops, the officers' decision that a crash left pending: the journal says which.
// The failures of rows and journal, kRowUnreadable for a line that does not parse.
Status FinishPendingChange(LmdbState& state, JournalPort& journal);

// kConfigurationUnapproved, with what to do, unless the file is the one the officers approved. The
// refusal is journalled.
Status CheckConfiguration(const CoreSettings& settings, const CoreIdentity& identity,
                          JournalPort& journal);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_STARTUP_CHECKS_H_
