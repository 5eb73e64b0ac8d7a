// Routes of the signer's acts.
#include "appliance/link/routes.h"
#include "appliance/records/proto_values.h"
#include "appliance/records/statement_codec.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxSessionId = 64;
constexpr int kMostMoreProofs = 7;

}  // namespace

Status RouteBeginActivation(const RouteContext& core, const pb::BeginActivationRequest& request,
                            pb::BeginActivationResponse& response) {
  if (request.session_id().empty() || request.session_id().size() > kMaxSessionId) {
    return Invalid("session_id: from 1 to 64 octets");
  }
  const auto algorithm = FromProto(request.hash_algorithm());
  if (!algorithm) return Invalid("hash_algorithm");
  SignDocument::BeginInput input{
      ToBytes(request.record()), request.session_id(), {}, request.lifetime_seconds() * kSecond};
  for (const std::string& hash : request.dtbsr()) {
    auto digest = MessageDigest::Create(*algorithm, AsBytes(hash));
    if (!digest.ok()) return Invalid("dtbsr: as long as the hash each");
    input.dtbsr.push_back(*digest);
  }
  ASSIGN_OR_RETURN(const Bytes payload, core.use_cases.sign_document.Begin(input));
  response.set_payload(AsString(payload));
  return OkStatus();
}

Status RouteSign(const RouteContext& core, const pb::SignRequest& request,
                 pb::SignResponse& response) {
  SignDocument::FinishInput input;
  input.record = ToBytes(request.record());
  input.payload = ToBytes(request.payload());
  ASSIGN_OR_RETURN(input.decoded, DecodeSadPayload(input.payload));
  ASSIGN_OR_RETURN(input.proof, TakeProof(request.proof()));
  ASSIGN_OR_RETURN(const auto signatures, core.use_cases.sign_document.Finish(input));
  for (const Bytes& signature : signatures) response.add_signatures(AsString(signature));
  return OkStatus();
}

Status RouteAccept(const RouteContext& core, const pb::AcceptCertificateRequest& request,
                   pb::AcceptCertificateResponse& response) {
  AcceptCertificate::Input input;
  input.record = ToBytes(request.record());
  input.octets = ToBytes(request.statement());
  ASSIGN_OR_RETURN(input.statement, DecodeAcceptance(input.octets));
  ASSIGN_OR_RETURN(input.proof, TakeProof(request.proof()));
  if (request.more_proofs_size() > kMostMoreProofs) return Invalid("more_proofs: at most 7");
  for (const pb::Proof& each : request.more_proofs()) {
    auto proof = TakeProof(each);
    RETURN_IF_ERROR(proof.status());
    input.more_proofs.push_back(*std::move(proof));
  }
  ASSIGN_OR_RETURN(const Bytes record, core.use_cases.accept_certificate.Run(input));
  response.set_record(AsString(record));
  return OkStatus();
}

}  // namespace intaglio::appliance
