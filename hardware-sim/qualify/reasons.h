// Reasons of the conformance battery. Append only; an id is never reused. SIM-0040 to SIM-0049.
#ifndef INTAGLIO_HARDWARE_SIM_QUALIFY_REASONS_H_
#define INTAGLIO_HARDWARE_SIM_QUALIFY_REASONS_H_

#include "base/status.h"

namespace intaglio::sim {

#define INTAGLIO_QUALIFY_REASONS(X)                                                \
  X(kModuleUnusable, "SIM-0040", "MODULE_UNUSABLE", kFailedPrecondition, kPublic,  \
    "the module under examination cannot be used")                                 \
  X(kQualifyArguments, "SIM-0041", "QUALIFY_ARGUMENTS", kInvalidArgument, kPublic, \
    "the command line of qualify is wrong")

INTAGLIO_REASON_TABLE(kQualifyReasons, INTAGLIO_QUALIFY_REASONS)

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_QUALIFY_REASONS_H_
