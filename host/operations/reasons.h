// Reasons of the operations port. Append only; an id is never reused.
#ifndef INTAGLIO_HOST_OPERATIONS_REASONS_H_
#define INTAGLIO_HOST_OPERATIONS_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_OPERATIONS_REASONS(X)                                             \
  X(kOperationsListen, "HST-0780", "OPERATIONS_LISTEN", kInvalidArgument, kPublic, \
    "the operations port cannot listen as configured")

INTAGLIO_REASON_TABLE(kOperationsReasons, INTAGLIO_OPERATIONS_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_OPERATIONS_REASONS_H_
