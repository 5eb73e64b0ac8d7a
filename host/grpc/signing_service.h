// The Signing service: the one whose calls come by the thousand, so none of them holds a thread
// while the core works.
#ifndef INTAGLIO_HOST_GRPC_SIGNING_SERVICE_H_
#define INTAGLIO_HOST_GRPC_SIGNING_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <memory>

#include "host/signing/signing.h"

namespace intaglio::host {

// `signing` outlives the service.
std::unique_ptr<grpc::Service> MakeSigningService(Signing& signing);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_SIGNING_SERVICE_H_
