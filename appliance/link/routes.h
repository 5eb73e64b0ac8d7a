// Routes: each act of the link, from its message to its use case's values and back. They check
// shape and bounds alone. One function an act, gathered by whom they serve; the dispatcher calls
// them.
#ifndef INTAGLIO_APPLIANCE_LINK_ROUTES_H_
#define INTAGLIO_APPLIANCE_LINK_ROUTES_H_

#include <cstdint>
#include <string>

#include "appliance/domain/reasons.h"
#include "appliance/domain/statements.h"
#include "appliance/link/core_use_cases.h"
#include "appliance/records/authenticator_codec.h"
#include "appliance/records/canonical.h"
#include "intaglio/core/v1/link.pb.h"

namespace intaglio::appliance {

namespace pb = ::intaglio::core::v1;

struct RouteContext {
  const CoreServices& services;
  const CoreUseCases& use_cases;
  const std::string& version;
  uint64_t boot_count;
};

// signing_routes.cc
Status RouteBeginActivation(const RouteContext& core, const pb::BeginActivationRequest& request,
                            pb::BeginActivationResponse& response);
Status RouteSign(const RouteContext& core, const pb::SignRequest& request,
                 pb::SignResponse& response);
Status RouteAccept(const RouteContext& core, const pb::AcceptCertificateRequest& request,
                   pb::AcceptCertificateResponse& response);
// authenticator_routes.cc
Status RouteAddAuthenticator(const RouteContext& core, const pb::AddAuthenticatorRequest& request,
                             pb::AddAuthenticatorResponse& response);
Status RouteRemoveAuthenticator(const RouteContext& core,
                                const pb::RemoveAuthenticatorRequest& request,
                                pb::RemoveAuthenticatorResponse&);
// issuance_routes.cc
Status RouteGenerateSignerKey(const RouteContext& core, const pb::GenerateSignerKeyRequest& request,
                              pb::GenerateSignerKeyResponse& response);
Status RouteAttest(const RouteContext& core, const pb::AttestRequest& request,
                   pb::AttestResponse& response);
Status RouteDrawSerial(const RouteContext& core, const pb::DrawSerialRequest& request,
                       pb::DrawSerialResponse& response);
Status RouteIssue(const RouteContext& core, const pb::IssueCertificateRequest& request,
                  pb::IssueCertificateResponse& response);
Status RouteIssueResponder(const RouteContext& core,
                           const pb::IssueResponderCertificateRequest& request,
                           pb::IssueResponderCertificateResponse& response);
// seal_routes.cc
Status RouteBeginSealAuthorisation(const RouteContext& core,
                                   const pb::BeginSealAuthorisationRequest& request,
                                   pb::BeginSealAuthorisationResponse& response);
Status RouteAuthoriseSeal(const RouteContext& core, const pb::AuthoriseSealRequest& request,
                          pb::AuthoriseSealResponse& response);
Status RouteSeal(const RouteContext& core, const pb::SealRequest& request,
                 pb::SealResponse& response);
Status RouteWithdrawSeal(const RouteContext& core, const pb::WithdrawSealRequest& request,
                         pb::WithdrawSealResponse& response);
Status RouteSealStatus(const RouteContext& core, const pb::SealStatusRequest& request,
                       pb::SealStatusResponse& response);
// status_routes.cc
Status RouteChangeState(const RouteContext& core, const pb::ChangeStateRequest& request,
                        pb::ChangeStateResponse& response);
Status RouteBlockKey(const RouteContext& core, const pb::BlockKeyRequest& request,
                     pb::BlockKeyResponse&);
Status RouteSignOcsp(const RouteContext& core, const pb::SignOcspRequest& request,
                     pb::SignOcspResponse& response);
// control_routes.cc
Status RouteStatus(const RouteContext& core, const pb::StatusRequest&, pb::StatusResponse& out);
Status RouteBeginCommand(const RouteContext& core, const pb::BeginCommandRequest&,
                         pb::BeginCommandResponse& response);
Status RouteExecuteCommand(const RouteContext& core, const pb::ExecuteCommandRequest& request,
                           pb::ExecuteCommandResponse& response);
Status RouteReseal(const RouteContext& core, const pb::ResealRecordsRequest& request,
                   pb::ResealRecordsResponse& response);
Status RouteReadJournal(const RouteContext& core, const pb::ReadJournalRequest& request,
                        pb::ReadJournalResponse& response);
Status RouteConfirmExport(const RouteContext& core, const pb::ConfirmExportRequest& request,
                          pb::ConfirmExportResponse&);
// For all of them.

inline Status Invalid(const std::string& field) { return Fail(kRequestInvalid, "field " + field); }
void FillFailure(const Status& status, pb::Failure& failure);

inline constexpr int kMostApprovals = 16;

template <class Statement, class Decode>
StatusOr<Signed<Statement>> TakeSigned(const pb::SignedStatement& message, Decode decode) {
  if (message.approvals_size() > kMostApprovals) return Invalid("approvals: at most 16");
  Signed<Statement> out;
  out.octets = ToBytes(message.statement());
  ASSIGN_OR_RETURN(out.statement, decode(out.octets));
  for (const pb::Approval& each : message.approvals()) {
    Approval approval;
    if (!Assign(AsBytes(each.officer_id()), approval.officer_id)) {
      return Invalid("approvals.officer_id: 32 octets");
    }
    approval.signature = ToBytes(each.signature());
    out.approvals.push_back(std::move(approval));
  }
  return out;
}

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_ROUTES_H_
