// Reasons of the HTTP server. Append only; an id is never reused.
#ifndef INTAGLIO_HOST_HTTP_REASONS_H_
#define INTAGLIO_HOST_HTTP_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_HTTP_REASONS(X)                                       \
  X(kHttpListen, "HST-0650", "HTTP_LISTEN", kInvalidArgument, kPublic, \
    "the HTTP server cannot listen as configured")

INTAGLIO_REASON_TABLE(kHttpReasons, INTAGLIO_HTTP_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_HTTP_REASONS_H_
