// Error details on the wire: a Status with its Reason as google.rpc.Status, and back.
//
// Server and command line share this one reading of the error model, so a Reason survives the trip
// by name and id. What leaves is redacted here and nowhere else. Pure; thread-safe.
#ifndef INTAGLIO_HOST_GRPC_ERROR_DETAILS_H_
#define INTAGLIO_HOST_GRPC_ERROR_DETAILS_H_

#include <string>
#include <string_view>

#include "base/status.h"

namespace intaglio::host {

// A failure as a gRPC status carries it.
struct WireError {
  int code = 0;         // google.rpc.Code, never 0
  std::string message;  // "SAD_SPENT (APL-0142): ..."
  std::string details;  // serialized google.rpc.Status with one ErrorInfo
};

// `failure` is not OK. A failure without a Reason becomes INTERNAL and says nothing more.
WireError ToWire(const Status& failure);

// The failure a peer sent. Details that do not parse, or are not ours, leave the canonical code and
// `message` alone. `code` 0 or out of range becomes kUnknown. Limits: 64 KiB of details.
Status FromWire(int code, std::string_view message, std::string_view details);

// The field at fault, where `failure` is a kFieldInvalid whose detail begins "field NAME: ".
std::string FieldOf(const Status& failure);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_ERROR_DETAILS_H_
