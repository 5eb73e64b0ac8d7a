// Reasons of the core's end of the link. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_LINK_REASONS_H_
#define INTAGLIO_APPLIANCE_LINK_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_LINK_REASONS(X)                                                           \
  X(kLinkConfig, "APL-0600", "LINK_CONFIG", kInvalidArgument, kPublic,                     \
    "the link cannot be set up as configured")                                             \
  X(kLinkHandshake, "APL-0601", "LINK_HANDSHAKE", kPermissionDenied, kPublic,              \
    "the peer did not complete the TLS handshake")                                         \
  X(kLinkPeerUnknown, "APL-0602", "LINK_PEER_UNKNOWN", kPermissionDenied, kPublic,         \
    "the peer's certificate is not the pinned one")                                        \
  X(kLinkTooMany, "APL-0603", "LINK_TOO_MANY", kResourceExhausted, kPublic,                \
    "all connections the configuration allows are open")                                   \
  X(kLinkFrameLength, "APL-0604", "LINK_FRAME_LENGTH", kInvalidArgument, kPublic,          \
    "a frame's length is 0 or above 1,048,576")                                            \
  X(kLinkFrameTruncated, "APL-0605", "LINK_FRAME_TRUNCATED", kInvalidArgument, kPublic,    \
    "the connection ended inside a frame")                                                 \
  X(kLinkTimeout, "APL-0606", "LINK_TIMEOUT", kDeadlineExceeded, kPublic,                  \
    "a handshake or a frame was not completed in time")                                    \
  X(kLinkBroken, "APL-0607", "LINK_BROKEN", kUnavailable, kPublic, "the connection broke") \
  X(kLinkStopped, "APL-0608", "LINK_STOPPED", kUnavailable, kPublic, "the core is stopping")

INTAGLIO_REASON_TABLE(kLinkReasons, INTAGLIO_LINK_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_REASONS_H_
