// CoreProcess: the running core: everything wired, the link open, until it is told to stop.
#ifndef INTAGLIO_APPLIANCE_DAEMON_CORE_PROCESS_H_
#define INTAGLIO_APPLIANCE_DAEMON_CORE_PROCESS_H_

#include "appliance/daemon/config.h"
#include "base/status.h"

namespace intaglio::appliance {

// Serves until SIGTERM or SIGINT, then finishes what is in flight, writes the last journal line and
// returns. The signals must be blocked in every thread before.
Status RunCore(const CoreSettings& settings);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_CORE_PROCESS_H_
