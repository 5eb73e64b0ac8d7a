// Reasons of the core's health. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_HEALTH_REASONS_H_
#define INTAGLIO_APPLIANCE_HEALTH_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_HEALTH_REASONS(X)                                                   \
  X(kErrorState, "APL-0043", "CORE_ERROR_STATE", kUnavailable, kPublic,                        \
    "the core found itself unfit and does nothing until a self-test passes or it starts anew") \
  X(kSelfTestFailed, "APL-0044", "SELF_TEST_FAILED", kUnavailable, kPublic,                    \
    "a known answer came out wrong")                                                           \
  X(kRngUnhealthy, "APL-0048", "RNG_UNHEALTHY", kUnavailable, kPublic,                         \
    "a generator's octets repeat more than random ones would")

INTAGLIO_REASON_TABLE(kHealthReasons, INTAGLIO_APPLIANCE_HEALTH_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HEALTH_REASONS_H_
