// RequestCheck: shape and bounds of every request, before a use case sees it. One table for all
// messages; a violation names the field.
#ifndef INTAGLIO_HOST_GRPC_REQUEST_CHECK_H_
#define INTAGLIO_HOST_GRPC_REQUEST_CHECK_H_

#include <google/protobuf/message.h>

#include "base/status.h"

namespace intaglio::host {

// kFieldInvalid naming the field that is missing, unknown, of a wrong length or out of bounds;
// unknown fields and unknown enumerators are refused at any depth.
Status CheckRequest(const google::protobuf::Message& request);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_REQUEST_CHECK_H_
