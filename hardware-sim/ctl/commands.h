// Commands of intaglio-sim: faults come and go while the application runs.
#ifndef INTAGLIO_HARDWARE_SIM_CTL_COMMANDS_H_
#define INTAGLIO_HARDWARE_SIM_CTL_COMMANDS_H_

#include <span>
#include <string>

#include "base/status.h"

namespace intaglio::sim {

// Runs `arguments` (without the program's name) and answers what to print. kConfigurationInvalid
// for a wrong command line, and whatever reading or changing the files gives.
StatusOr<std::string> RunCommand(std::span<const std::string> arguments);

std::string Usage();

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_CTL_COMMANDS_H_
