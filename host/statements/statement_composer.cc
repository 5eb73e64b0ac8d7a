#include "host/statements/statement_composer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "host/domain/usecase_reasons.h"
#include "intaglio/core/v1/statements.pb.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool HasUnknown(const Message& message) {
  const auto& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return true;
  std::vector<const FieldDescriptor*> set_fields;
  reflection.ListFields(message, &set_fields);
  for (const FieldDescriptor* field : set_fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& inner = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                  : reflection.GetMessage(message, field);
      if (HasUnknown(inner)) return true;
    }
  }
  return false;
}

template <class Person>
void Fill(const NaturalPerson& from, Person& to) {
  to.set_country(from.country);
  to.set_given_name(from.given_name);
  to.set_surname(from.surname);
  to.set_common_name(from.common_name);
  to.set_serial_number(from.serial_number);
}

template <class Person>
void Fill(const LegalPerson& from, Person& to) {
  to.set_country(from.country);
  to.set_organization_name(from.organization_name);
  to.set_organization_identifier(from.organization_identifier);
  to.set_common_name(from.common_name);
}

void Fill(const BoundAuthenticator& from, pb::Authenticator& to) {
  to.set_kind(static_cast<pb::AuthenticatorKind>(from.kind));
  to.set_spki(AsString(from.spki));
}

// The schema's number is the CRLReason's, plus one.
pb::RevocationReason ToProto(RevocationReason reason) {
  return static_cast<pb::RevocationReason>(static_cast<int>(reason) + 1);
}

StatusOr<RevocationReason> FromProto(pb::RevocationReason reason) {
  if (!pb::RevocationReason_IsValid(reason) || reason == 0) {
    return Fail(kFieldInvalid, "field reason");
  }
  return RevocationReasonOf(static_cast<uint32_t>(reason) - 1);
}

}  // namespace

Bytes SerializeCanonical(const Message& message) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return ToBytes(out);
}

bool ParseCanonical(ByteView octets, Message& message) {
  return message.ParseFromArray(octets.data(), static_cast<int>(octets.size())) &&
         !HasUnknown(message) && Equal(SerializeCanonical(message), octets);
}

Bytes StatementComposer::ComposeApplication(const Application& application,
                                            ByteView agreement_digest) {
  hpb::ApplicationStatement message;
  message.set_context("intaglio/application/v1");
  message.set_application_id(application.id);
  message.set_policy(static_cast<hpb::CertificatePolicy>(static_cast<int>(application.policy) + 1));
  Fill(application.person, *message.mutable_person());
  message.set_authenticator_spki(AsString(application.authenticator_spki));
  message.set_agreement_digest(AsString(agreement_digest));
  message.set_created_at_ms(application.created_at.ms);
  if (application.seal) {
    Fill(application.seal->organization, *message.mutable_organization());
    for (const BoundAuthenticator& each : application.seal->controllers) {
      Fill(each, *message.add_controllers());
    }
    message.set_controllers_need(application.seal->controllers_need);
  }
  return SerializeCanonical(message);
}

Bytes StatementComposer::ComposeOrder(const Application& application, const OrderFields& fields) {
  pb::IssuanceOrder message;
  message.set_context("intaglio/issuance-order/v1");
  message.set_order_id(AsString(fields.order_id));
  message.set_core_instance(AsString(fields.core_instance));
  message.set_issuer_key_id(AsString(fields.issuer_key_id));
  message.set_policy_oid(std::string(PolicyOid(application.policy)));
  pb::CoreGeneratedKey& key = *message.mutable_core_generated();
  if (application.seal) {
    Fill(application.seal->organization, *message.mutable_legal_subject());
    key.set_algorithm(static_cast<pb::KeyAlgorithm>(application.seal->key_algorithm));
    key.set_use(pb::SUBJECT_KEY_USE_SEAL);
    for (const BoundAuthenticator& each : application.seal->controllers) {
      Fill(each, *message.add_authenticators());
    }
    message.set_controllers_need(application.seal->controllers_need);
  } else {
    Fill(application.person, *message.mutable_subject());
    key.set_algorithm(pb::KEY_ALGORITHM_P256);
    Fill(BoundAuthenticator{application.authenticator_kind, application.authenticator_spki},
         *message.add_authenticators());
  }
  message.set_signer_id(application.id);
  message.set_evidence_digest(AsString(application.evidence_digest));
  message.set_agreement_digest(AsString(fields.agreement_digest));
  message.set_validity_days(fields.validity_days);
  message.set_issued_at_ms(fields.issued_at.ms);
  message.set_expires_at_ms(fields.expires_at.ms);
  return SerializeCanonical(message);
}

Bytes StatementComposer::ComposeAcceptance(const AcceptanceFields& fields) {
  pb::AcceptanceStatement message;
  message.set_context("intaglio/acceptance/v1");
  message.set_core_instance(AsString(fields.core_instance));
  message.set_key_id(AsString(fields.key_id));
  message.set_certificate_sha256(AsString(fields.certificate_sha256));
  message.set_agreement_digest(AsString(fields.agreement_digest));
  message.set_accepted_at_ms(fields.accepted_at.ms);
  return SerializeCanonical(message);
}

Bytes StatementComposer::ComposeStateOrder(const StateOrderFields& fields) {
  pb::StateOrder message;
  message.set_context("intaglio/state-order/v1");
  message.set_order_id(AsString(fields.order_id));
  message.set_core_instance(AsString(fields.core_instance));
  message.set_action(static_cast<pb::StateAction>(fields.action));
  message.set_issuer_key_id(AsString(fields.issuer_key_id));
  message.set_serial(AsString(fields.serial));
  if (fields.action == StateAction::kRevoke) message.set_reason(ToProto(fields.reason));
  message.set_issued_at_ms(fields.issued_at.ms);
  message.set_expires_at_ms(fields.expires_at.ms);
  return SerializeCanonical(message);
}

Bytes StatementComposer::ComposeSignerRevocation(const SignerRevocationFields& fields) {
  pb::SignerRevocation message;
  message.set_context("intaglio/signer-revocation/v1");
  message.set_core_instance(AsString(fields.core_instance));
  message.set_issuer_key_id(AsString(fields.issuer_key_id));
  message.set_serial(AsString(fields.serial));
  message.set_reason(ToProto(fields.reason));
  message.set_requested_at_ms(fields.requested_at.ms);
  return SerializeCanonical(message);
}

Bytes StatementComposer::ComposeEvidence(const std::string& application_id,
                                         const IdentityEvidence& evidence, WallTime recorded_at) {
  hpb::IdentityEvidenceRecord message;
  message.set_application_id(application_id);
  message.set_method(static_cast<hpb::IdentityMethod>(evidence.method));
  message.set_document_type(evidence.document_type);
  message.set_document_reference(evidence.document_reference);
  message.set_date_of_birth(evidence.date_of_birth);
  message.set_place_of_birth(evidence.place_of_birth);
  message.set_validation(evidence.validation);
  message.set_officer_id(AsString(evidence.officer_id));
  message.set_equivalence_basis(evidence.equivalence_basis);
  message.set_recorded_at_ms(recorded_at.ms);
  message.set_authority_type(evidence.authority_type);
  message.set_authority_reference(evidence.authority_reference);
  message.set_organization_validation(evidence.organization_validation);
  return SerializeCanonical(message);
}

Bytes StatementComposer::ComposeAcceptanceRecord(const std::string& credential_id,
                                                 ByteView statement,
                                                 const std::vector<AuthenticatorProof>& proofs) {
  hpb::AcceptCertificateRequest message;
  message.set_credential_id(credential_id);
  message.set_statement(AsString(statement));
  for (size_t i = 0; i < proofs.size(); ++i) {
    pb::Proof& proof = i == 0 ? *message.mutable_proof() : *message.add_more_proofs();
    if (!proofs[i].other.empty() && ParseCanonical(proofs[i].other, proof)) continue;
    proof.set_authenticator_id(AsString(proofs[i].authenticator_id));
    proof.set_es256(AsString(proofs[i].es256));
  }
  return SerializeCanonical(message);
}

StatusOr<StateOrderFields> StatementComposer::ReadStateOrder(ByteView octets) {
  pb::StateOrder message;
  if (!ParseCanonical(octets, message)) {
    return Fail(kFieldInvalid, "field order: not the canonical octets of a StateOrder");
  }
  StateOrderFields out;
  out.order_id = ToBytes(message.order_id());
  out.core_instance = ToBytes(message.core_instance());
  if (!pb::StateAction_IsValid(message.action()) || message.action() == 0) {
    return Fail(kFieldInvalid, "field order.action");
  }
  out.action = static_cast<StateAction>(message.action());
  out.issuer_key_id = ToBytes(message.issuer_key_id());
  out.serial = ToBytes(message.serial());
  if (out.action == StateAction::kRevoke) {
    ASSIGN_OR_RETURN(out.reason, FromProto(message.reason()));
  } else {
    out.reason = RevocationReason::kCertificateHold;
  }
  out.issued_at = {message.issued_at_ms()};
  out.expires_at = {message.expires_at_ms()};
  return out;
}

StatusOr<SignerRevocationFields> StatementComposer::ReadSignerRevocation(ByteView octets) {
  pb::SignerRevocation message;
  if (!ParseCanonical(octets, message)) {
    return Fail(kFieldInvalid, "field statement: not the canonical octets of a SignerRevocation");
  }
  SignerRevocationFields out;
  out.core_instance = ToBytes(message.core_instance());
  out.issuer_key_id = ToBytes(message.issuer_key_id());
  out.serial = ToBytes(message.serial());
  ASSIGN_OR_RETURN(out.reason, FromProto(message.reason()));
  out.requested_at = {message.requested_at_ms()};
  return out;
}

}  // namespace intaglio::host
