// System calls: seccomp filters of the core. An allow-list; whatever is not on it fails with EPERM,
// and what only an attacker would ask for ends the process at once.
#ifndef INTAGLIO_APPLIANCE_HARDENING_SYSTEM_CALLS_H_
#define INTAGLIO_APPLIANCE_HARDENING_SYSTEM_CALLS_H_

#include "base/status.h"

namespace intaglio::appliance {

// For all threads, for good. Execution of programs, processes of any kind, looking into other
// processes, kernel interfaces (modules, mounts, namespaces, io_uring, bpf) end the process. Needs
// RefuseNewPrivileges(). kHardeningFailed.
Status FilterSystemCalls();
// From here on no socket but Unix ones (syslog, and any other its user may connect to) can be made;
// EPERM otherwise. After the link listens. kHardeningFailed.
Status ForbidNewNetworkSockets();

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HARDENING_SYSTEM_CALLS_H_
