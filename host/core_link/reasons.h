// Reasons of the host's end of the link. Append only; an id is never reused.
#ifndef INTAGLIO_HOST_CORE_LINK_REASONS_H_
#define INTAGLIO_HOST_CORE_LINK_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_CORE_LINK_REASONS(X)                                                  \
  X(kCoreLinkConfig, "HST-0300", "CORE_LINK_CONFIG", kInvalidArgument, kPublic,        \
    "the link to the core cannot be set up as configured")                             \
  X(kCoreUnavailable, "HST-0301", "CORE_UNAVAILABLE", kUnavailable, kPublic,           \
    "the signing core cannot be reached")                                              \
  X(kCoreLinkLost, "HST-0302", "CORE_LINK_LOST", kUnavailable, kPublic,                \
    "the link broke before the core answered; whether it acted is not known")          \
  X(kCoreTimeout, "HST-0303", "CORE_TIMEOUT", kDeadlineExceeded, kPublic,              \
    "the core did not answer in time; whether it acted is not known")                  \
  X(kCorePeerUnknown, "HST-0304", "CORE_PEER_UNKNOWN", kPermissionDenied, kPublic,     \
    "what answers is not the pinned core")                                             \
  X(kCoreProtocol, "HST-0305", "CORE_PROTOCOL", kInternal, kPublic,                    \
    "the core's answer does not fit the request")                                      \
  X(kCoreFrameTooLarge, "HST-0306", "CORE_FRAME_TOO_LARGE", kInvalidArgument, kPublic, \
    "the request does not fit one frame")                                              \
  X(kCoreBusy, "HST-0307", "CORE_BUSY", kResourceExhausted, kPublic,                   \
    "too many requests wait for the core's answer")

INTAGLIO_REASON_TABLE(kCoreLinkReasons, INTAGLIO_CORE_LINK_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CORE_LINK_REASONS_H_
