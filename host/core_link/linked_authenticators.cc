#include "host/core_link/linked_authenticators.h"

#include "host/core_link/proof_message.h"
#include "host/core_link/reasons.h"
#include "intaglio/core/v1/record.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

StatusOr<pb::CoreResponse> Ask(CoreLink& link, pb::CoreRequest request,
                               pb::CoreResponse::ResultCase wanted) {
  ASSIGN_OR_RETURN(pb::CoreResponse response, link.Call(std::move(request)));
  if (response.result_case() != wanted) return Fail(kCoreProtocol, "an answer to another request");
  return response;
}

}  // namespace

StatusOr<Bytes> LinkedAuthenticators::AddAuthenticator(const CorePort::ProvenInput& input) {
  pb::CoreRequest request;
  auto& act = *request.mutable_add_authenticator();
  act.set_record(AsString(input.record));
  act.set_statement(AsString(input.octets));
  FillProof(input.proof, *act.mutable_proof());
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kAddAuthenticator));
  return ToBytes(response.add_authenticator().record());
}

Status LinkedAuthenticators::RemoveAuthenticator(const CorePort::ProvenInput& input) {
  pb::CoreRequest request;
  auto& act = *request.mutable_remove_authenticator();
  act.set_record(AsString(input.record));
  act.mutable_signer()->set_statement(AsString(input.octets));
  FillProof(input.proof, *act.mutable_signer()->mutable_proof());
  return Ask(link_, request, pb::CoreResponse::kRemoveAuthenticator).status();
}

Status LinkedAuthenticators::RemoveAuthenticatorByOrder(ByteView record,
                                                        const ApprovedOctets& order) {
  pb::CoreRequest request;
  auto& act = *request.mutable_remove_authenticator();
  act.set_record(AsString(record));
  act.mutable_order()->set_statement(AsString(order.octets));
  for (const OfficerApproval& each : order.approvals) {
    pb::Approval& approval = *act.mutable_order()->add_approvals();
    approval.set_officer_id(AsString(each.officer_id));
    approval.set_signature(AsString(each.signature));
  }
  return Ask(link_, request, pb::CoreResponse::kRemoveAuthenticator).status();
}

uint64_t LinkedAuthenticators::VersionOf(ByteView record) const {
  pb::SealedRecord sealed;
  return sealed.ParseFromArray(record.data(), static_cast<int>(record.size())) ? sealed.version()
                                                                               : 0;
}

}  // namespace intaglio::host
