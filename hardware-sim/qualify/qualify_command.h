// `intaglio-sim qualify`: runs the battery on a module that a test engineer names.
#ifndef INTAGLIO_HARDWARE_SIM_QUALIFY_QUALIFY_COMMAND_H_
#define INTAGLIO_HARDWARE_SIM_QUALIFY_QUALIFY_COMMAND_H_

#include <span>
#include <string>

#include "base/status.h"

namespace intaglio::sim {

// `arguments` come after "qualify". Progress goes to standard error. The answer is the table, or
// with --json the JSON. kQualifyArguments, kModuleUnusable, and those of reading and writing files.
StatusOr<std::string> QualifyCommand(std::span<const std::string> arguments);

// One line for each option.
std::string QualifyUsage();

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_QUALIFY_QUALIFY_COMMAND_H_
