// Reasons of the host's store. Append only; an id is never reused.
#ifndef INTAGLIO_HOST_STORE_REASONS_H_
#define INTAGLIO_HOST_STORE_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_STORE_REASONS(X)                                                \
  X(kStoreUnavailable, "HST-0400", "STORE_UNAVAILABLE", kUnavailable, kInternal, \
    "the database could not be read or written")                                 \
  X(kStoreTooNew, "HST-0401", "STORE_TOO_NEW", kFailedPrecondition, kPublic,     \
    "the database was written by a newer version")                               \
  X(kStoreConflict, "HST-0402", "STORE_CONFLICT", kAlreadyExists, kPublic,       \
    "a value that must be unique exists already")                                \
  X(kStoreCorrupt, "HST-0403", "STORE_CORRUPT", kDataLoss, kInternal,            \
    "a row of the database cannot be what this program wrote")

INTAGLIO_REASON_TABLE(kStoreReasons, INTAGLIO_STORE_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STORE_REASONS_H_
