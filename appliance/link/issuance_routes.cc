// Routes of keys, evidence, serials and certificates.
#include "appliance/link/routes.h"
#include "appliance/records/statement_codec.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxTbs = 16 * 1024;

}  // namespace

Status RouteGenerateSignerKey(const RouteContext& core, const pb::GenerateSignerKeyRequest& request,
                              pb::GenerateSignerKeyResponse& response) {
  ASSIGN_OR_RETURN(const auto order,
                   TakeSigned<IssuanceOrder>(request.order(), DecodeIssuanceOrder));
  ASSIGN_OR_RETURN(const auto outcome, core.use_cases.generate_signer_key.Run(order));
  response.set_record(AsString(outcome.record));
  response.set_spki(AsString(outcome.spki));
  response.set_key_id(AsString(outcome.key_id.view()));
  return OkStatus();
}

Status RouteAttest(const RouteContext& core, const pb::AttestRequest& request,
                   pb::AttestResponse& response) {
  std::vector<Bytes> records;
  for (const std::string& each : request.records()) records.push_back(ToBytes(each));
  ASSIGN_OR_RETURN(const Bytes evidence,
                   core.use_cases.attest_keys.Run(records, AsBytes(request.nonce())));
  response.set_evidence(AsString(evidence));
  return OkStatus();
}

Status RouteDrawSerial(const RouteContext& core, const pb::DrawSerialRequest& request,
                       pb::DrawSerialResponse& response) {
  ASSIGN_OR_RETURN(const Serial serial,
                   core.use_cases.issue_certificate.DrawSerial(AsBytes(request.ca_record())));
  response.set_serial(AsString(serial.octets));
  return OkStatus();
}

Status RouteIssue(const RouteContext& core, const pb::IssueCertificateRequest& request,
                  pb::IssueCertificateResponse& response) {
  if (request.tbs_certificate().size() > kMaxTbs) return Invalid("tbs_certificate: at most 16 KiB");
  if (!request.host_audit_head().empty() && request.host_audit_head().size() != 32) {
    return Invalid("host_audit_head: 32 octets");
  }
  IssueCertificate::SubscriberInput input;
  input.ca_record = ToBytes(request.ca_record());
  input.subject_record = ToBytes(request.subject_record());
  ASSIGN_OR_RETURN(input.order, TakeSigned<IssuanceOrder>(request.order(), DecodeIssuanceOrder));
  input.tbs = ToBytes(request.tbs_certificate());
  input.host_audit_head = ToBytes(request.host_audit_head());
  ASSIGN_OR_RETURN(const auto outcome, core.use_cases.issue_certificate.Subscriber(input));
  response.set_certificate(AsString(outcome.certificate));
  response.set_record(AsString(outcome.record));
  return OkStatus();
}

Status RouteIssueResponder(const RouteContext& core,
                           const pb::IssueResponderCertificateRequest& request,
                           pb::IssueResponderCertificateResponse& response) {
  if (request.tbs_certificate().size() > kMaxTbs) return Invalid("tbs_certificate: at most 16 KiB");
  ASSIGN_OR_RETURN(const Bytes certificate,
                   core.use_cases.issue_certificate.Responder(
                       {ToBytes(request.ca_record()), ToBytes(request.status_record()),
                        ToBytes(request.tbs_certificate())}));
  response.set_certificate(AsString(certificate));
  return OkStatus();
}

}  // namespace intaglio::appliance
