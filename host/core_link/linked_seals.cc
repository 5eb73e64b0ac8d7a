#include "host/core_link/linked_seals.h"

#include "host/core_link/reasons.h"
#include "host/domain/usecase_reasons.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

// Calls, and checks that the answer is of the kind that was asked for.
StatusOr<pb::CoreResponse> Ask(CoreLink& link, pb::CoreRequest request,
                               pb::CoreResponse::ResultCase wanted) {
  ASSIGN_OR_RETURN(pb::CoreResponse response, link.Call(std::move(request)));
  if (response.result_case() != wanted) return Fail(kCoreProtocol, "an answer to another request");
  return response;
}

}  // namespace

StatusOr<SealPort::Begun> LinkedSeals::BeginAuthorisation(ByteView record) {
  pb::CoreRequest request;
  request.mutable_begin_seal_authorisation()->set_record(AsString(record));
  ASSIGN_OR_RETURN(const auto response,
                   Ask(link_, request, pb::CoreResponse::kBeginSealAuthorisation));
  const auto& begun = response.begin_seal_authorisation();
  return Begun{ToBytes(begun.nonce()), ToBytes(begun.core_instance()), begun.instance_epoch()};
}

StatusOr<Bytes> LinkedSeals::Authorise(ByteView record, ByteView authorisation,
                                       const std::vector<Bytes>& proofs) {
  pb::CoreRequest request;
  auto& act = *request.mutable_authorise_seal();
  act.set_record(AsString(record));
  act.set_authorisation(AsString(authorisation));
  for (const Bytes& each : proofs) {
    if (!act.add_proofs()->ParseFromArray(each.data(), static_cast<int>(each.size()))) {
      return Fail(kFieldInvalid, "field proofs: not a proof");
    }
  }
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kAuthoriseSeal));
  return ToBytes(response.authorise_seal().authorisation_id());
}

Status LinkedSeals::Withdraw(ByteView key_id, ByteView authorisation_id) {
  pb::CoreRequest request;
  request.mutable_withdraw_seal()->set_key_id(AsString(key_id));
  request.mutable_withdraw_seal()->set_authorisation_id(AsString(authorisation_id));
  return Ask(link_, request, pb::CoreResponse::kWithdrawSeal).status();
}

StatusOr<std::vector<SealPort::Standing>> LinkedSeals::ListAuthorisations(ByteView key_id) {
  pb::CoreRequest request;
  request.mutable_seal_status()->set_key_id(AsString(key_id));
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kSealStatus));
  std::vector<Standing> out;
  for (const auto& each : response.seal_status().entries()) {
    out.push_back({ToBytes(each.authorisation_id()),
                   {each.not_before_ms()},
                   {each.not_after_ms()},
                   each.most_signatures(),
                   each.used_or_reserved(),
                   ToBytes(each.client_id()),
                   each.nearly_spent(),
                   each.next_sequence(),
                   each.withdrawn()});
  }
  return out;
}

void LinkedSeals::Seal(pb::SealRequest request, Duration timeout, SealCallback callback) {
  pb::CoreRequest frame;
  *frame.mutable_seal() = std::move(request);
  link_.AsyncCall(std::move(frame), timeout,
                  [callback = std::move(callback)](StatusOr<pb::CoreResponse> response) {
                    if (!response.ok()) return callback(response.status());
                    if (!response->has_seal()) {
                      return callback(Fail(kCoreProtocol, "an answer to another request"));
                    }
                    callback(std::move(*response->mutable_seal()));
                  });
}

}  // namespace intaglio::host
