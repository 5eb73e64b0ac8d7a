// Reasons of the core's hardening. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_HARDENING_REASONS_H_
#define INTAGLIO_APPLIANCE_HARDENING_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_HARDENING_REASONS(X)                                       \
  X(kHardeningFailed, "APL-0045", "HARDENING_FAILED", kFailedPrecondition, kInternal, \
    "the core could not give up a right it must run without, or not lock its secrets' memory")

INTAGLIO_REASON_TABLE(kHardeningReasons, INTAGLIO_APPLIANCE_HARDENING_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HARDENING_REASONS_H_
