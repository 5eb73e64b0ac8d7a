// HostProcess: the running host: everything wired, serving until it is told to stop.
#ifndef INTAGLIO_HOST_DAEMON_HOST_PROCESS_H_
#define INTAGLIO_HOST_DAEMON_HOST_PROCESS_H_

#include "host/daemon/settings.h"

namespace intaglio::host {

// Serves until SIGTERM or SIGINT, lets calls in hand finish, returns. The signals must be blocked
// in every thread before.
Status RunHost(const HostSettings& settings);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DAEMON_HOST_PROCESS_H_
