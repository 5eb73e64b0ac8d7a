#include "appliance/records/authenticator_codec.h"

#include <string>

#include "appliance/authenticator/assertion.h"
#include "appliance/authenticator/authenticator_rules.h"
#include "appliance/authenticator/client_json.h"
#include "appliance/domain/reasons.h"
#include "appliance/records/canonical.h"
#include "appliance/records/proto_values.h"
#include "appliance/records/statement_fields.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMostSignature = 1024;
constexpr Duration kLongestAddition = 30 * kMinute;
constexpr Duration kLongestRemoval = 7 * kDay;

Status Bad(const std::string& field) {
  return Fail(kRequestInvalid, "field proof." + field + ": missing or too long");
}

Status TakePart(const char* field, const std::string& octets, size_t most, Bytes& out) {
  if (octets.empty() || octets.size() > most) return Bad(field);
  out = ToBytes(octets);
  return OkStatus();
}

}  // namespace

void FillAuthenticator(const Authenticator& from, pb::Authenticator& to) {
  to.set_kind(ToProto(from.kind));
  to.set_spki(AsString(from.spki));
  if (!from.webauthn) return;
  pb::WebAuthnBinding& binding = *to.mutable_webauthn();
  binding.set_rp_id(from.webauthn->rp_id);
  binding.set_origin(from.webauthn->origin);
  binding.set_credential_id(AsString(from.webauthn->credential_id));
  binding.set_cose_key(AsString(from.webauthn->cose_key));
  binding.set_aaguid(AsString(from.webauthn->aaguid));
}

bool ReadAuthenticator(const pb::Authenticator& from, Authenticator& to) {
  const auto kind = FromProto(from.kind());
  if (!kind) return false;
  to.kind = *kind;
  to.spki = ToBytes(from.spki());
  to.webauthn.reset();
  if (from.has_webauthn()) {
    const pb::WebAuthnBinding& binding = from.webauthn();
    to.webauthn =
        WebAuthnBinding{binding.rp_id(), binding.origin(), ToBytes(binding.credential_id()),
                        ToBytes(binding.cose_key()), ToBytes(binding.aaguid())};
  }
  return true;
}

Status TakeAuthenticator(const pb::Authenticator& from, Authenticator& to) {
  if (!ReadAuthenticator(from, to)) return Invalid("authenticator.kind");
  return CheckAuthenticator(to);
}

StatusOr<Proof> TakeProof(const pb::Proof& message) {
  Proof proof;
  if (!Assign(AsBytes(message.authenticator_id()), proof.authenticator_id)) {
    return Fail(kRequestInvalid, "field proof.authenticator_id: 32 octets");
  }
  switch (message.method_case()) {
    case pb::Proof::kEs256:
      RETURN_IF_ERROR(TakePart("es256", message.es256(), kMostSignature,
                               proof.method.emplace<Es256Proof>().signature));
      break;
    case pb::Proof::kRs256:
      RETURN_IF_ERROR(TakePart("rs256", message.rs256(), kMostSignature,
                               proof.method.emplace<Rs256Proof>().signature));
      break;
    case pb::Proof::kWebauthn: {
      auto& assertion = proof.method.emplace<WebAuthnAssertion>();
      RETURN_IF_ERROR(TakePart("webauthn.authenticator_data",
                               message.webauthn().authenticator_data(), kMostAuthenticatorData,
                               assertion.authenticator_data));
      RETURN_IF_ERROR(TakePart("webauthn.client_data_json", message.webauthn().client_data_json(),
                               kMostClientData, assertion.client_data_json));
      RETURN_IF_ERROR(TakePart("webauthn.signature", message.webauthn().signature(), kMostSignature,
                               assertion.signature));
      break;
    }
    default:
      return Fail(kRequestInvalid, "field proof.method: es256, rs256 or webauthn is needed");
  }
  proof.octets = SerializeCanonical(message);
  return proof;
}

StatusOr<AddAuthenticator> DecodeAddAuthenticator(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message,
                   Parse<pb::AddAuthenticator>(octets, "intaglio/add-authenticator/v1"));
  AddAuthenticator out;
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), out.core_instance));
  RETURN_IF_ERROR(Take("key_id", message.key_id(), out.key_id));
  out.record_version = message.record_version();
  if (out.record_version < kVersionAccepted) return Invalid("record_version");
  RETURN_IF_ERROR(TakeAuthenticator(message.authenticator(), out.authenticator));
  RETURN_IF_ERROR(TakeWindow(message.issued_at_ms(), message.expires_at_ms(), kLongestAddition,
                             out.issued_at, out.expires_at));
  return out;
}

StatusOr<RemoveAuthenticator> DecodeRemoveAuthenticator(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message,
                   Parse<pb::RemoveAuthenticator>(octets, "intaglio/remove-authenticator/v1"));
  RemoveAuthenticator out;
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), out.core_instance));
  RETURN_IF_ERROR(Take("key_id", message.key_id(), out.key_id));
  RETURN_IF_ERROR(Take("authenticator_id", message.authenticator_id(), out.authenticator_id));
  RETURN_IF_ERROR(TakeWindow(message.issued_at_ms(), message.expires_at_ms(), kLongestRemoval,
                             out.issued_at, out.expires_at));
  return out;
}

}  // namespace intaglio::appliance
