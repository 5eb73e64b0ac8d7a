// Routes of a certificate's state and what says it.
#include "appliance/link/routes.h"
#include "appliance/records/statement_codec.h"

namespace intaglio::appliance {
namespace {

constexpr int kMostOcsp = 100;
constexpr size_t kMaxResponseData = 16 * 1024;

}  // namespace

Status RouteChangeState(const RouteContext& core, const pb::ChangeStateRequest& request,
                        pb::ChangeStateResponse& response) {
  StatusOr<WallTime> effective = Invalid("authority: an order or the signer's proof is needed");
  if (request.has_order()) {
    ASSIGN_OR_RETURN(const auto order, TakeSigned<StateOrder>(request.order(), DecodeStateOrder));
    effective = core.use_cases.change_state.ByOfficer(order);
  } else if (request.has_signer()) {
    ChangeState::SignerInput input;
    input.record = ToBytes(request.signer().record());
    input.octets = ToBytes(request.signer().statement());
    ASSIGN_OR_RETURN(input.statement, DecodeSignerRevocation(input.octets));
    ASSIGN_OR_RETURN(input.proof, TakeProof(request.signer().proof()));
    effective = core.use_cases.change_state.BySigner(input);
  }
  RETURN_IF_ERROR(effective.status());
  response.set_effective_at_ms(effective->ms);
  return OkStatus();
}

Status RouteBlockKey(const RouteContext& core, const pb::BlockKeyRequest& request,
                     pb::BlockKeyResponse&) {
  KeyId key_id;
  if (!Assign(AsBytes(request.key_id()), key_id)) {
    return Invalid("key_id: 16 octets");
  }
  return core.use_cases.change_state.Block(key_id);
}

Status RouteSignOcsp(const RouteContext& core, const pb::SignOcspRequest& request,
                     pb::SignOcspResponse& response) {
  if (request.response_data().empty() || request.response_data_size() > kMostOcsp) {
    return Invalid("response_data: from 1 to 100");
  }
  SignStatus::OcspInput input{ToBytes(request.ca_record()), ToBytes(request.status_record()), {}};
  for (const std::string& each : request.response_data()) {
    if (each.size() > kMaxResponseData) return Invalid("response_data: at most 16 KiB each");
    input.response_data.push_back(ToBytes(each));
  }
  ASSIGN_OR_RETURN(const auto signatures, core.use_cases.sign_status.SignOcsp(input));
  for (const Bytes& signature : signatures) response.add_signatures(AsString(signature));
  return OkStatus();
}

}  // namespace intaglio::appliance
