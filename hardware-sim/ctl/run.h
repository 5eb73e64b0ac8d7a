// Run: one scenario against the simulator, judged, with its reports.
#ifndef INTAGLIO_HARDWARE_SIM_CTL_RUN_H_
#define INTAGLIO_HARDWARE_SIM_CTL_RUN_H_

#include <span>
#include <string>

#include "base/status.h"

namespace intaglio::sim {

// run SCENARIO --conf CONF --module M.so --pin-file FILE [--junit FILE] [--html FILE]
//
// CONF names the wrapped module; the run uses CONF.run, which it writes. kScenarioInvalid names the
// field; kScenarioFailed names each expectation that was not met, after the reports are written.
// Loads the module into this process, once.
StatusOr<std::string> RunScenario(std::span<const std::string> arguments);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_CTL_RUN_H_
