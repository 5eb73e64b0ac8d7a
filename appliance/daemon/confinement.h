// Confinement: what of the system the running core keeps, worked out from its configuration.
#ifndef INTAGLIO_APPLIANCE_DAEMON_CONFINEMENT_H_
#define INTAGLIO_APPLIANCE_DAEMON_CONFINEMENT_H_

#include "appliance/daemon/config.h"
#include "base/status.h"

namespace intaglio::appliance {

// Before any thread is started and any token opened. Logs what holds. kHardeningFailed; where
// secrets' memory cannot be locked, a lab goes on with a warning and production does not.
Status Confine(const CoreSettings& settings);
// Once the link listens: no socket but a Unix one can be made any more.
Status ConfineNetwork(const CoreSettings& settings);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_CONFINEMENT_H_
