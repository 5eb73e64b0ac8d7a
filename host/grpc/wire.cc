#include "host/grpc/wire.h"

#include "host/core_link/proof_message.h"
#include "host/domain/usecase_reasons.h"
#include "host/grpc/error_details.h"

namespace intaglio::host {

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const WireError error = ToWire(status);
  return grpc::Status(static_cast<grpc::StatusCode>(error.code), error.message, error.details);
}

void Fill(const Application& from, hpb::Application& to) {
  to.set_application_id(from.id);
  to.set_state(static_cast<hpb::ApplicationState>(from.state));
  to.set_policy(static_cast<hpb::CertificatePolicy>(static_cast<int>(from.policy) + 1));
  hpb::NaturalPerson& person = *to.mutable_person();
  person.set_country(from.person.country);
  person.set_given_name(from.person.given_name);
  person.set_surname(from.person.surname);
  person.set_common_name(from.person.common_name);
  person.set_serial_number(from.person.serial_number);
  to.set_authenticator_spki(AsString(from.authenticator_spki));
  to.set_created_at_ms(from.created_at.ms);
  to.set_evidence_digest(AsString(from.evidence_digest));
  to.set_order(AsString(from.order.octets));
  for (const OfficerApproval& each : from.order.approvals) {
    to.add_approved_by(AsString(each.officer_id));
  }
  to.set_refusal(from.refusal);
  to.set_credential_id(from.credential_id);
  if (!from.seal) return;
  hpb::LegalPerson& organization = *to.mutable_organization();
  organization.set_country(from.seal->organization.country);
  organization.set_organization_name(from.seal->organization.organization_name);
  organization.set_organization_identifier(from.seal->organization.organization_identifier);
  organization.set_common_name(from.seal->organization.common_name);
  for (const BoundAuthenticator& each : from.seal->controllers) {
    cpb::Authenticator& controller = *to.add_controllers();
    controller.set_kind(static_cast<cpb::AuthenticatorKind>(each.kind));
    controller.set_spki(AsString(each.spki));
  }
  to.set_controllers_need(from.seal->controllers_need);
}

void Fill(const Credential& from, const std::vector<Bytes>& chain, WallTime now,
          hpb::Credential& to) {
  to.set_credential_id(from.id);
  to.set_application_id(from.application_id);
  const bool expired = from.state != CertificateState::kNone &&
                       from.state != CertificateState::kRevoked && now >= from.not_after;
  to.set_state(expired ? hpb::CERTIFICATE_STATE_EXPIRED
                       : static_cast<hpb::CertificateState>(from.state));
  to.set_certificate(AsString(from.certificate));
  for (const Bytes& each : chain) to.add_chain(AsString(each));
  to.set_evidence(AsString(from.evidence));
  to.set_serial(AsString(FromHex(from.serial).value_or(Bytes())));
  if (from.state == CertificateState::kRevoked || from.state == CertificateState::kSuspended) {
    to.set_revoked_at_ms(from.changed_at.ms);
    to.set_revocation_reason(static_cast<uint32_t>(from.reason));
  }
  to.set_agreement_cms(AsString(from.agreement_cms));
}

NaturalPerson FromProto(const hpb::NaturalPerson& from) {
  return {from.country(),     from.given_name(),    from.surname(),
          from.common_name(), from.serial_number(), ""};
}

StatusOr<std::optional<SealSubject>> SealOf(const hpb::CreateApplicationRequest& from) {
  if (!from.has_organization()) {
    if (from.controllers_size() == 0 && from.controllers_need() == 0 && from.key_algorithm() == 0) {
      return std::nullopt;
    }
    return Fail(kFieldInvalid, "field organization: is required for a seal");
  }
  SealSubject out;
  const hpb::LegalPerson& organization = from.organization();
  out.organization = {organization.country(), organization.organization_name(),
                      organization.organization_identifier(), organization.common_name()};
  for (const cpb::Authenticator& each : from.controllers()) {
    if (each.has_webauthn()) return Fail(kFieldInvalid, "field controllers.webauthn: not offered");
    out.controllers.push_back({static_cast<AuthenticatorKind>(each.kind()), ToBytes(each.spki())});
  }
  out.controllers_need = from.controllers_need();
  if (from.key_algorithm() != 0) out.key_algorithm = from.key_algorithm();
  return out;
}

OfficerApproval FromProto(const cpb::Approval& from) {
  return {ToBytes(from.officer_id()), ToBytes(from.signature())};
}

ApprovedOctets FromProto(const cpb::SignedStatement& from) {
  ApprovedOctets out{ToBytes(from.statement()), {}};
  for (const cpb::Approval& each : from.approvals()) out.approvals.push_back(FromProto(each));
  return out;
}

AuthenticatorProof FromProto(const cpb::Proof& from) { return ProofOf(from); }

CertificatePolicy FromProto(hpb::CertificatePolicy from) {
  return static_cast<CertificatePolicy>(static_cast<int>(from) - 1);
}

RevocationReason FromProto(cpb::RevocationReason from) {
  return static_cast<RevocationReason>(static_cast<int>(from) - 1);
}

}  // namespace intaglio::host
