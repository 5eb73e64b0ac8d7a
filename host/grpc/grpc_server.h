// GrpcServer: the host's gRPC services over mutual TLS.
#ifndef INTAGLIO_HOST_GRPC_GRPC_SERVER_H_
#define INTAGLIO_HOST_GRPC_GRPC_SERVER_H_

#include <memory>
#include <string>

#include "attestation/registry/qscd_registry.h"
#include "base/clock.h"
#include "base/secret_bytes.h"
#include "host/administration/administration.h"
#include "host/domain/terms.h"
#include "host/enrolment/enrolment.h"
#include "host/grpc/authenticator_service.h"
#include "host/grpc/seal_service.h"
#include "host/issuance/issuance.h"
#include "host/revocation/revocation.h"
#include "host/signing/signing.h"

namespace intaglio::host {

struct GrpcServerConfig {
  std::string listen;  // "127.0.0.1:7500"; port 0 lets the system choose
  Bytes certificate_pem;
  SecretBytes private_key_pem;
  Bytes client_ca_pem;
};

// What the services call. All outlive the server.
struct GrpcUseCases {
  Enrolment& enrolment;
  Issuance& issuance;
  Signing& signing;
  Revocation& revocation;
  Administration& administration;
  CorePort& core;
  StorePort& store;
  const attestation::QscdRegistry& registry;
  const Terms& terms;
  const Clock& clock;
  const SealUseCases* seals = nullptr;  // without them there is no Sealing service
  const AuthenticatorUseCases* authenticators = nullptr;  // likewise
};

class GrpcServer final {
 public:
  // Serves from now on. kHostConfig.
  static StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerConfig& config,
                                                     const GrpcUseCases& use_cases);
  ~GrpcServer();
  int port() const;
  // Lets calls in hand finish, up to five seconds. Idempotent.
  void Stop();

 private:
  struct Impl;
  explicit GrpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_GRPC_SERVER_H_
