#include "host/grpc/authenticator_service.h"

#include <grpcpp/grpcpp.h>

#include "host/core_link/proof_message.h"
#include "host/grpc/peer_role.h"
#include "host/grpc/request_check.h"
#include "host/grpc/role_policy.h"
#include "host/grpc/wire.h"
#include "host/statements/statement_composer.h"
#include "intaglio/host/v1/authenticators.grpc.pb.h"

namespace intaglio::host {
namespace {

namespace cpb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

constexpr std::string_view kService = "Authenticators";
// Time to look at the statement and to prove agreement.
constexpr Duration kAdditionLife = 15 * kMinute;
constexpr Duration kRemovalLife = kDay;

template <class Request, class Handler>
grpc::Status Handle(const grpc::ServerContext& context, const Request& request,
                    const Handler& handler) {
  Status status = CheckRole(PeerRole(context), kService);
  if (status.ok()) status = CheckRequest(request);
  if (status.ok()) status = handler();
  return ToGrpc(status);
}

template <class Statement>
void FillPlace(const Authenticators::Place& place, WallTime now, Duration life, Statement& out) {
  out.set_core_instance(AsString(place.core_instance));
  out.set_key_id(AsString(place.key_id));
  out.set_issued_at_ms(now.ms);
  out.set_expires_at_ms((now + life).ms);
}

class AuthenticatorService final : public hpb::Authenticators::Service {
 public:
  explicit AuthenticatorService(const AuthenticatorUseCases& use_cases)
      : use_cases_(use_cases.authenticators), clock_(use_cases.clock) {}

  grpc::Status PrepareAddition(grpc::ServerContext* context,
                               const hpb::PrepareAdditionRequest* request,
                               hpb::PrepareAdditionResponse* response) override {
    return Handle(*context, *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const auto place, use_cases_.Find(request->credential_id()));
      cpb::AddAuthenticator statement;
      statement.set_context("intaglio/add-authenticator/v1");
      FillPlace(place, clock_.Now(), kAdditionLife, statement);
      statement.set_record_version(place.record_version);
      *statement.mutable_authenticator() = request->authenticator();
      response->set_statement(AsString(SerializeCanonical(statement)));
      return OkStatus();
    });
  }
  grpc::Status AddAuthenticator(grpc::ServerContext* context,
                                const hpb::AddAuthenticatorRequest* request,
                                hpb::AddAuthenticatorResponse* response) override {
    return Handle(*context, *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const uint64_t version,
                       use_cases_.Add(request->credential_id(), AsBytes(request->statement()),
                                      ProofOf(request->proof())));
      response->set_record_version(version);
      return OkStatus();
    });
  }
  grpc::Status PrepareRemoval(grpc::ServerContext* context,
                              const hpb::PrepareRemovalRequest* request,
                              hpb::PrepareRemovalResponse* response) override {
    return Handle(*context, *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const auto place, use_cases_.Find(request->credential_id()));
      cpb::RemoveAuthenticator statement;
      statement.set_context("intaglio/remove-authenticator/v1");
      FillPlace(place, clock_.Now(), kRemovalLife, statement);
      statement.set_authenticator_id(request->authenticator_id());
      response->set_statement(AsString(SerializeCanonical(statement)));
      return OkStatus();
    });
  }
  grpc::Status RemoveAuthenticator(grpc::ServerContext* context,
                                   const hpb::RemoveAuthenticatorRequest* request,
                                   hpb::RemoveAuthenticatorResponse*) override {
    return Handle(*context, *request, [&]() -> Status {
      if (request->has_signer()) {
        return use_cases_.Remove(request->credential_id(), AsBytes(request->statement()),
                                 ProofOf(request->signer()));
      }
      return use_cases_.RemoveByOrder(
          request->credential_id(),
          {ToBytes(request->statement()),
           {{ToBytes(request->officer().officer_id()), ToBytes(request->officer().signature())}}});
    });
  }

 private:
  Authenticators& use_cases_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAuthenticatorService(const AuthenticatorUseCases& use_cases) {
  return std::make_unique<AuthenticatorService>(use_cases);
}

}  // namespace intaglio::host
