// AuthenticatorService: the gRPC service of authenticators that come and go.
#ifndef INTAGLIO_HOST_GRPC_AUTHENTICATOR_SERVICE_H_
#define INTAGLIO_HOST_GRPC_AUTHENTICATOR_SERVICE_H_

#include <memory>

#include "base/clock.h"
#include "host/signing/authenticators.h"

namespace grpc {
class Service;
}

namespace intaglio::host {

// Both outlive the service.
struct AuthenticatorUseCases {
  Authenticators& authenticators;
  const Clock& clock;
};

std::unique_ptr<grpc::Service> MakeAuthenticatorService(const AuthenticatorUseCases& use_cases);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_AUTHENTICATOR_SERVICE_H_
