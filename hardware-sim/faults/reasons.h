// Reasons of the sim zone. Append only; an id is never reused.
#ifndef INTAGLIO_HARDWARE_SIM_FAULTS_REASONS_H_
#define INTAGLIO_HARDWARE_SIM_FAULTS_REASONS_H_

#include "base/status.h"

namespace intaglio::sim {

#define INTAGLIO_SIM_REASONS(X)                                                                   \
  X(kConfigurationInvalid, "SIM-0001", "CONFIGURATION_INVALID", kInvalidArgument, kPublic,        \
    "the simulator's configuration is wrong")                                                     \
  X(kWrappedUnusable, "SIM-0002", "WRAPPED_UNUSABLE", kFailedPrecondition, kPublic,               \
    "the wrapped module cannot be loaded")                                                        \
  X(kFaultInvalid, "SIM-0003", "FAULT_INVALID", kInvalidArgument, kPublic, "a fault is wrong")    \
  X(kFaultUnknown, "SIM-0004", "FAULT_UNKNOWN", kNotFound, kPublic, "there is no such fault")     \
  X(kFaultExists, "SIM-0005", "FAULT_EXISTS", kAlreadyExists, kPublic, "the fault's id is taken") \
  X(kRecordUnusable, "SIM-0006", "RECORD_UNUSABLE", kFailedPrecondition, kPublic,                 \
    "the record of a run cannot be replayed")                                                     \
  X(kScenarioInvalid, "SIM-0007", "SCENARIO_INVALID", kInvalidArgument, kPublic,                  \
    "a scenario is wrong")                                                                        \
  X(kScenarioFailed, "SIM-0008", "SCENARIO_FAILED", kFailedPrecondition, kPublic,                 \
    "what a scenario expects did not come")

INTAGLIO_REASON_TABLE(kSimReasons, INTAGLIO_SIM_REASONS)

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_FAULTS_REASONS_H_
