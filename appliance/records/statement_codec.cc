#include "appliance/records/statement_codec.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "appliance/domain/reasons.h"
#include "appliance/records/authenticator_codec.h"
#include "appliance/records/canonical.h"
#include "appliance/records/proto_values.h"
#include "appliance/records/statement_fields.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxOrderSpki = 2048;
constexpr uint32_t kMaxValidityDays = 1095;
constexpr int kMaxAuthenticators = kMostAuthenticators;
constexpr int kMaxHashes = 10'000;

Status TakeCountry(std::string_view field, const std::string& text, std::string& out) {
  RETURN_IF_ERROR(TakeText(field, text, 2, out));
  if (out.size() != 2 || out < "AA" || out[1] < 'A' || out[0] > 'Z' || out[1] > 'Z') {
    return Invalid(field);
  }
  return OkStatus();
}

Status TakePerson(const pb::LegalPerson& person, LegalPerson& out) {
  RETURN_IF_ERROR(TakeCountry("legal_subject.country", person.country(), out.country));
  RETURN_IF_ERROR(TakeText("legal_subject.organization_name", person.organization_name(), 256,
                           out.organization_name));
  RETURN_IF_ERROR(TakeText("legal_subject.organization_identifier",
                           person.organization_identifier(), 64, out.organization_identifier));
  return TakeText("legal_subject.common_name", person.common_name(), 256, out.common_name);
}

Status TakePerson(const pb::NaturalPerson& person, NaturalPerson& out) {
  RETURN_IF_ERROR(TakeCountry("subject.country", person.country(), out.country));
  RETURN_IF_ERROR(TakeText("subject.given_name", person.given_name(), 128, out.given_name));
  RETURN_IF_ERROR(TakeText("subject.surname", person.surname(), 128, out.surname));
  RETURN_IF_ERROR(TakeText("subject.common_name", person.common_name(), 256, out.common_name));
  return TakeText("subject.serial_number", person.serial_number(), 64, out.serial_number);
}

Status TakeAuthenticators(
    const google::protobuf::RepeatedPtrField<pb::Authenticator>& authenticators,
    std::vector<Authenticator>& out) {
  if (authenticators.empty() || authenticators.size() > kMaxAuthenticators) {
    return Invalid("authenticators");
  }
  std::set<std::string_view> seen;
  for (const pb::Authenticator& each : authenticators) {
    RETURN_IF_ERROR(TakeAuthenticator(each, out.emplace_back()));
    if (!seen.insert(each.spki()).second) return Invalid("authenticators.spki");
  }
  return OkStatus();
}

// Exactly one of the two kinds of person.
Status TakeSubject(const pb::IssuanceOrder& message, Subject& out) {
  if (message.has_subject() == message.has_legal_subject()) return Invalid("subject");
  if (message.has_subject()) return TakePerson(message.subject(), out.emplace<NaturalPerson>());
  return TakePerson(message.legal_subject(), out.emplace<LegalPerson>());
}

Status TakeUse(const pb::IssuanceOrder& message, const Subject& subject, KeyPurpose& out) {
  const bool legal = std::holds_alternative<LegalPerson>(subject);
  switch (message.core_generated().use()) {
    case pb::SUBJECT_KEY_USE_SIGNER:
      out = KeyPurpose::kSigner;
      break;
    case pb::SUBJECT_KEY_USE_ONE_TIME:
      out = KeyPurpose::kOneTime;
      break;
    case pb::SUBJECT_KEY_USE_SEAL:
      out = KeyPurpose::kSeal;
      break;
    default:
      return Invalid("core_generated.use");
  }
  return legal == (out == KeyPurpose::kSeal) ? OkStatus() : Invalid("core_generated.use");
}

// M of the N controllers of a legal person's key; a natural person has no such number.
Status TakeControllers(const pb::IssuanceOrder& message, IssuanceOrder& order) {
  order.controllers_need = message.controllers_need();
  const bool legal = std::holds_alternative<LegalPerson>(order.subject);
  const bool fits =
      legal ? order.controllers_need >= 1 && order.controllers_need <= order.authenticators.size()
            : order.controllers_need == 0;
  return fits ? OkStatus() : Invalid("controllers_need");
}

}  // namespace

StatusOr<IssuanceOrder> DecodeIssuanceOrder(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message,
                   Parse<pb::IssuanceOrder>(octets, "intaglio/issuance-order/v1"));
  IssuanceOrder order;
  RETURN_IF_ERROR(TakeOctets("order_id", message.order_id(), 32, 32, order.order_id));
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), order.core_instance));
  RETURN_IF_ERROR(Take("issuer_key_id", message.issuer_key_id(), order.issuer_key_id));
  RETURN_IF_ERROR(
      TakeName("policy_oid", message.policy_oid(), 64, "0123456789.", order.policy_oid));
  RETURN_IF_ERROR(TakeSubject(message, order.subject));
  if (message.has_core_generated()) {
    const auto algorithm = FromProto(message.core_generated().algorithm());
    if (!algorithm) return Invalid("core_generated.algorithm");
    CoreGeneratedKey generated{*algorithm};
    RETURN_IF_ERROR(TakeUse(message, order.subject, generated.use));
    order.key = generated;
  } else {
    ExistingKey existing;
    RETURN_IF_ERROR(TakeOctets("spki", message.spki(), 1, kMaxOrderSpki, existing.spki));
    order.key = existing;
  }
  RETURN_IF_ERROR(TakeName("signer_id", message.signer_id(), 64, kIdAlphabet, order.signer_id));
  RETURN_IF_ERROR(TakeAuthenticators(message.authenticators(), order.authenticators));
  RETURN_IF_ERROR(TakeControllers(message, order));
  RETURN_IF_ERROR(TakeDigest("evidence_digest", message.evidence_digest(), order.evidence_digest));
  RETURN_IF_ERROR(
      TakeDigest("agreement_digest", message.agreement_digest(), order.agreement_digest));
  order.validity_days = message.validity_days();
  if (order.validity_days == 0 || order.validity_days > kMaxValidityDays) {
    return Invalid("validity_days");
  }
  RETURN_IF_ERROR(TakeWindow(message.issued_at_ms(), message.expires_at_ms(), 7 * kDay,
                             order.issued_at, order.expires_at));
  return order;
}

StatusOr<SadPayload> DecodeSadPayload(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message, Parse<pb::SadPayload>(octets, "intaglio/sad/v1"));
  SadPayload payload;
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), payload.core_instance));
  RETURN_IF_ERROR(Take("boot_id", message.boot_id(), payload.boot_id));
  RETURN_IF_ERROR(Take("nonce", message.nonce(), payload.nonce));
  RETURN_IF_ERROR(Take("key_id", message.key_id(), payload.key_id));
  payload.signer_id = message.signer_id();
  payload.session_id = message.session_id();
  const auto algorithm = FromProto(message.hash_algorithm());
  if (!algorithm) return Invalid("hash_algorithm");
  if (message.dtbsr().empty() || message.dtbsr_size() > kMaxHashes) return Invalid("dtbsr");
  for (const std::string& hash : message.dtbsr()) {
    const auto digest = MessageDigest::Create(*algorithm, AsBytes(hash));
    if (!digest.ok()) return Invalid("dtbsr");
    payload.dtbsr.push_back(*digest);
  }
  RETURN_IF_ERROR(TakeWindow(message.issued_at_ms(), message.expires_at_ms(), 30 * kMinute,
                             payload.issued_at, payload.expires_at));
  return payload;
}

StatusOr<AcceptanceStatement> DecodeAcceptance(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message,
                   Parse<pb::AcceptanceStatement>(octets, "intaglio/acceptance/v1"));
  AcceptanceStatement out;
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), out.core_instance));
  RETURN_IF_ERROR(Take("key_id", message.key_id(), out.key_id));
  RETURN_IF_ERROR(
      TakeDigest("certificate_sha256", message.certificate_sha256(), out.certificate_sha256));
  RETURN_IF_ERROR(TakeDigest("agreement_digest", message.agreement_digest(), out.agreement_digest));
  if (message.accepted_at_ms() <= 0) return Invalid("accepted_at_ms");
  out.accepted_at = {message.accepted_at_ms()};
  return out;
}

StatusOr<StateOrder> DecodeStateOrder(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message, Parse<pb::StateOrder>(octets, "intaglio/state-order/v1"));
  StateOrder order;
  RETURN_IF_ERROR(TakeOctets("order_id", message.order_id(), 32, 32, order.order_id));
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), order.core_instance));
  RETURN_IF_ERROR(Take("issuer_key_id", message.issuer_key_id(), order.issuer_key_id));
  RETURN_IF_ERROR(TakeSerial(message.serial(), order.serial));
  const auto reason = FromProto(message.reason());
  switch (message.action()) {
    case pb::STATE_ACTION_REVOKE:
      if (!reason) return Invalid("reason");
      order.action = StateAction::kRevoke;
      order.reason = *reason;
      break;
    case pb::STATE_ACTION_SUSPEND:
    case pb::STATE_ACTION_REINSTATE:
      if (message.reason() != pb::REVOCATION_REASON_UNSPECIFIED_VALUE) return Invalid("reason");
      order.action = message.action() == pb::STATE_ACTION_SUSPEND ? StateAction::kSuspend
                                                                  : StateAction::kReinstate;
      order.reason = CrlReason::kCertificateHold;
      break;
    default:
      return Invalid("action");
  }
  RETURN_IF_ERROR(TakeWindow(message.issued_at_ms(), message.expires_at_ms(), 7 * kDay,
                             order.issued_at, order.expires_at));
  return order;
}

StatusOr<SignerRevocation> DecodeSignerRevocation(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message,
                   Parse<pb::SignerRevocation>(octets, "intaglio/signer-revocation/v1"));
  SignerRevocation out;
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), out.core_instance));
  RETURN_IF_ERROR(Take("issuer_key_id", message.issuer_key_id(), out.issuer_key_id));
  RETURN_IF_ERROR(TakeSerial(message.serial(), out.serial));
  const auto reason = FromProto(message.reason());
  if (!reason) return Invalid("reason");
  out.reason = *reason;
  if (message.requested_at_ms() <= 0) return Invalid("requested_at_ms");
  out.requested_at = {message.requested_at_ms()};
  return out;
}

Bytes StatementCodec::Encode(const SadPayload& payload) {
  pb::SadPayload message;
  message.set_context("intaglio/sad/v1");
  message.set_core_instance(AsString(payload.core_instance.view()));
  message.set_boot_id(AsString(payload.boot_id.view()));
  message.set_nonce(AsString(payload.nonce.view()));
  message.set_key_id(AsString(payload.key_id.view()));
  message.set_signer_id(payload.signer_id);
  message.set_session_id(payload.session_id);
  // An empty payload is never given out; it has no algorithm.
  if (!payload.dtbsr.empty()) message.set_hash_algorithm(ToProto(payload.dtbsr[0].algorithm()));
  for (const MessageDigest& each : payload.dtbsr) message.add_dtbsr(AsString(each.view()));
  message.set_issued_at_ms(payload.issued_at.ms);
  message.set_expires_at_ms(payload.expires_at.ms);
  return SerializeCanonical(message);
}

}  // namespace intaglio::appliance
