// Routes of a legal person's controllers and its seal client.
#include "appliance/link/routes.h"
#include "appliance/records/seal_codec.h"

namespace intaglio::appliance {
namespace {

constexpr int kMostProofs = 8;

// One failure in words is enough; the rest by name, so that the answer fits a frame.
void FillOutcome(const SealOutcome& outcome, pb::SealResponse& response) {
  bool explained = false;
  response.mutable_results()->Reserve(static_cast<int>(outcome.size()));
  for (const auto& each : outcome) {
    pb::SealResult& result = *response.add_results();
    if (each.ok()) {
      result.set_signature(each->data(), each->size());
      continue;
    }
    FillFailure(each.status(), *result.mutable_failure());
    if (explained) result.mutable_failure()->clear_detail();
    explained = true;
  }
}

}  // namespace

Status RouteBeginSealAuthorisation(const RouteContext& core,
                                   const pb::BeginSealAuthorisationRequest& request,
                                   pb::BeginSealAuthorisationResponse& response) {
  ASSIGN_OR_RETURN(const auto begun,
                   core.use_cases.seal_authorisations.Begin(AsBytes(request.record())));
  response.set_nonce(AsString(begun.nonce.view()));
  response.set_core_instance(AsString(begun.core.instance.view()));
  response.set_instance_epoch(begun.core.epoch);
  return OkStatus();
}

Status RouteAuthoriseSeal(const RouteContext& core, const pb::AuthoriseSealRequest& request,
                          pb::AuthoriseSealResponse& response) {
  SealAuthorisations::Input input;
  input.record = ToBytes(request.record());
  input.octets = ToBytes(request.authorisation());
  ASSIGN_OR_RETURN(input.authorisation, DecodeSealAuthorisation(input.octets));
  if (request.proofs().empty() || request.proofs_size() > kMostProofs) {
    return Invalid("proofs: from 1 to 8");
  }
  for (const pb::Proof& each : request.proofs()) {
    auto proof = TakeProof(each);
    RETURN_IF_ERROR(proof.status());
    input.proofs.push_back(*std::move(proof));
  }
  pb::AuthoriseSealRequest proofs;
  *proofs.mutable_proofs() = request.proofs();
  input.proof_octets = SerializeCanonical(proofs);
  ASSIGN_OR_RETURN(const auto id, core.use_cases.seal_authorisations.Enter(input));
  response.set_authorisation_id(AsString(id.view()));
  return OkStatus();
}

Status RouteSeal(const RouteContext& core, const pb::SealRequest& request,
                 pb::SealResponse& response) {
  SealBatches::Input input;
  input.record = ToBytes(request.record());
  input.octets = ToBytes(request.batch());
  ASSIGN_OR_RETURN(input.batch, DecodeSealBatch(input.octets));
  input.client_signature = ToBytes(request.client_signature());
  if (request.has_chunk()) {
    ASSIGN_OR_RETURN(input.chunk, TakeSealChunk(request.chunk(), input.batch.hash));
  }
  ASSIGN_OR_RETURN(const auto output, core.use_cases.seal_batches.Run(input));
  FillOutcome(*output.outcome, response);
  response.set_remaining(output.remaining);
  response.set_nearly_spent(output.nearly_spent);
  return OkStatus();
}

Status RouteWithdrawSeal(const RouteContext& core, const pb::WithdrawSealRequest& request,
                         pb::WithdrawSealResponse&) {
  KeyId key_id;
  SealAuthorisationId id;
  if (!Assign(AsBytes(request.key_id()), key_id)) return Invalid("key_id: 16 octets");
  if (!Assign(AsBytes(request.authorisation_id()), id)) {
    return Invalid("authorisation_id: 32 octets");
  }
  return core.use_cases.seal_authorisations.Withdraw(key_id, id);
}

Status RouteSealStatus(const RouteContext& core, const pb::SealStatusRequest& request,
                       pb::SealStatusResponse& response) {
  KeyId key_id;
  if (!Assign(AsBytes(request.key_id()), key_id)) return Invalid("key_id: 16 octets");
  ASSIGN_OR_RETURN(const auto standings, core.use_cases.seal_authorisations.List(key_id));
  for (const auto& each : standings) {
    pb::SealLedgerEntry& entry = *response.add_entries();
    entry.set_authorisation_id(AsString(each.id.view()));
    entry.set_not_before_ms(each.authorisation.not_before.ms);
    entry.set_not_after_ms(each.authorisation.not_after.ms);
    entry.set_most_signatures(each.authorisation.most_signatures);
    entry.set_used_or_reserved(each.used_or_reserved);
    entry.set_client_id(AsString(each.client_id));
    entry.set_nearly_spent(each.nearly_spent);
    entry.set_next_sequence(each.next_sequence);
    entry.set_withdrawn(each.withdrawn);
  }
  return OkStatus();
}

}  // namespace intaglio::appliance
