#include "host/grpc/signing_service.h"

#include <utility>

#include "host/grpc/peer_role.h"
#include "host/grpc/request_check.h"
#include "host/grpc/role_policy.h"
#include "host/grpc/wire.h"
#include "intaglio/host/v1/services.grpc.pb.h"

namespace intaglio::host {
namespace {

// Role, then shape.
template <class Request>
Status Admit(const grpc::CallbackServerContext& context, const Request& request) {
  RETURN_IF_ERROR(CheckRole(PeerRole(context), "Signing"));
  return CheckRequest(request);
}

StatusOr<std::vector<Digest>> HashesOf(const hpb::BeginSigningRequest& request) {
  std::vector<Digest> out;
  for (const std::string& each : request.dtbsr()) {
    ASSIGN_OR_RETURN(const Digest digest, ToDigest(AsBytes(each)));
    out.push_back(digest);
  }
  return out;
}

// A reactor lives until it is finished, so request and response do while the core works.
class SigningService final : public hpb::Signing::CallbackService {
 public:
  explicit SigningService(Signing& signing) : signing_(signing) {}

  grpc::ServerUnaryReactor* BeginSigning(grpc::CallbackServerContext* context,
                                         const hpb::BeginSigningRequest* request,
                                         hpb::BeginSigningResponse* response) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    const Status admitted = Admit(*context, *request);
    const auto hashes = admitted.ok() ? HashesOf(*request) : admitted;
    if (!hashes.ok()) {
      reactor->Finish(ToGrpc(hashes.status()));
      return reactor;
    }
    signing_.Begin(request->credential_id(), request->session_id(), *hashes,
                   [reactor, response](const StatusOr<Bytes>& payload) {
                     if (payload.ok()) response->set_payload(AsString(*payload));
                     reactor->Finish(ToGrpc(payload.status()));
                   });
    return reactor;
  }
  grpc::ServerUnaryReactor* FinishSigning(grpc::CallbackServerContext* context,
                                          const hpb::FinishSigningRequest* request,
                                          hpb::FinishSigningResponse* response) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    const Status admitted = Admit(*context, *request);
    if (!admitted.ok()) {
      reactor->Finish(ToGrpc(admitted));
      return reactor;
    }
    signing_.Finish(request->credential_id(), AsBytes(request->payload()),
                    FromProto(request->proof()),
                    [reactor, response](const StatusOr<std::vector<Bytes>>& signatures) {
                      if (signatures.ok()) {
                        for (const Bytes& each : *signatures) {
                          response->add_signatures(AsString(each));
                        }
                      }
                      reactor->Finish(ToGrpc(signatures.status()));
                    });
    return reactor;
  }

 private:
  Signing& signing_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSigningService(Signing& signing) {
  return std::make_unique<SigningService>(signing);
}

}  // namespace intaglio::host
