// Routes of authenticators that come and go.
#include "appliance/link/routes.h"

namespace intaglio::appliance {

Status RouteAddAuthenticator(const RouteContext& core, const pb::AddAuthenticatorRequest& request,
                             pb::AddAuthenticatorResponse& response) {
  BindAuthenticator::Input input;
  input.record = ToBytes(request.record());
  input.octets = ToBytes(request.statement());
  ASSIGN_OR_RETURN(input.statement, DecodeAddAuthenticator(input.octets));
  ASSIGN_OR_RETURN(input.proof, TakeProof(request.proof()));
  ASSIGN_OR_RETURN(const Bytes record, core.use_cases.bind_authenticator.Run(input));
  response.set_record(AsString(record));
  return OkStatus();
}

Status RouteRemoveAuthenticator(const RouteContext& core,
                                const pb::RemoveAuthenticatorRequest& request,
                                pb::RemoveAuthenticatorResponse&) {
  if (request.has_order()) {
    ASSIGN_OR_RETURN(const auto order,
                     TakeSigned<RemoveAuthenticator>(request.order(), DecodeRemoveAuthenticator));
    return core.use_cases.unbind_authenticator.ByOfficer(AsBytes(request.record()), order);
  }
  if (!request.has_signer()) return Invalid("authority: signer or order is needed");
  UnbindAuthenticator::SignerInput input;
  input.record = ToBytes(request.record());
  input.octets = ToBytes(request.signer().statement());
  ASSIGN_OR_RETURN(input.statement, DecodeRemoveAuthenticator(input.octets));
  ASSIGN_OR_RETURN(input.proof, TakeProof(request.signer().proof()));
  return core.use_cases.unbind_authenticator.BySigner(input);
}

}  // namespace intaglio::appliance
