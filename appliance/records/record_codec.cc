#include "appliance/records/record_codec.h"

#include <algorithm>

#include "appliance/records/authenticator_codec.h"
#include "appliance/records/canonical.h"
#include "appliance/records/proto_values.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxRecord = 64 * 1024;

bool TakeDigest(const std::string& octets, Digest& digest) {
  if (octets.size() != digest.size()) return false;
  std::copy(octets.begin(), octets.end(), digest.begin());
  return true;
}

std::optional<CertifiedAs> Decode(const pb::CertifiedAs& message) {
  CertifiedAs out;
  if (!Assign(AsBytes(message.issuer_key_id()), out.issuer_key_id) || message.serial().empty() ||
      message.serial().size() > 20 ||
      !TakeDigest(message.certificate_sha256(), out.certificate_sha256)) {
    return std::nullopt;
  }
  out.serial.octets = ToBytes(message.serial());
  out.not_before = {message.not_before_ms()};
  out.not_after = {message.not_after_ms()};
  return out;
}

}  // namespace

Bytes EncodeRecord(const KeyRecord& record) {
  pb::KeyRecord message;
  message.set_key_id(AsString(record.key_id.view()));
  message.set_version(record.version);
  message.set_purpose(ToProto(record.purpose));
  message.set_algorithm(ToProto(record.algorithm));
  message.set_residency(ToProto(record.residency));
  message.set_spki(AsString(record.spki));
  message.set_wrapped(AsString(record.wrapped));
  auto& origin = *message.mutable_origin();
  origin.set_local(record.origin.local);
  origin.set_sensitive(record.origin.sensitive);
  origin.set_always_sensitive(record.origin.always_sensitive);
  origin.set_extractable(record.origin.extractable);
  origin.set_never_extractable(record.origin.never_extractable);
  origin.set_wrap_with_trusted(record.origin.wrap_with_trusted);
  origin.set_key_gen_mechanism(record.origin.key_gen_mechanism);
  message.set_generated_at_ms(record.generated_at.ms);
  message.set_signer_id(record.signer_id);
  for (const Authenticator& each : record.authenticators) {
    FillAuthenticator(each, *message.add_authenticators());
  }
  message.set_policy_oid(record.policy_oid);
  message.set_order_digest(AsString(record.order_digest));
  message.set_evidence_digest(AsString(record.evidence_digest));
  message.set_agreement_digest(AsString(record.agreement_digest));
  if (record.certified_as) {
    auto& certified = *message.mutable_certified_as();
    certified.set_issuer_key_id(AsString(record.certified_as->issuer_key_id.view()));
    certified.set_serial(AsString(record.certified_as->serial.octets));
    certified.set_certificate_sha256(AsString(record.certified_as->certificate_sha256));
    certified.set_not_before_ms(record.certified_as->not_before.ms);
    certified.set_not_after_ms(record.certified_as->not_after.ms);
  }
  message.set_ca_certificate(AsString(record.ca_certificate));
  message.set_label(record.label);
  message.set_controllers_need(record.controllers_need);
  return SerializeCanonical(message);
}

std::optional<KeyRecord> DecodeRecord(ByteView octets) {
  pb::KeyRecord message;
  if (!ParseCanonical(octets, kMaxRecord, message)) return std::nullopt;
  KeyRecord record;
  const auto purpose = FromProto(message.purpose());
  const auto algorithm = FromProto(message.algorithm());
  const auto residency = FromProto(message.residency());
  if (!Assign(AsBytes(message.key_id()), record.key_id) || !purpose || !algorithm || !residency ||
      !TakeDigest(message.order_digest(), record.order_digest) ||
      !TakeDigest(message.evidence_digest(), record.evidence_digest) ||
      !TakeDigest(message.agreement_digest(), record.agreement_digest)) {
    return std::nullopt;
  }
  record.version = message.version();
  record.purpose = *purpose;
  record.algorithm = *algorithm;
  record.residency = *residency;
  record.spki = ToBytes(message.spki());
  record.wrapped = ToBytes(message.wrapped());
  record.origin = {message.origin().local(),
                   message.origin().sensitive(),
                   message.origin().always_sensitive(),
                   message.origin().extractable(),
                   message.origin().never_extractable(),
                   message.origin().wrap_with_trusted(),
                   message.origin().key_gen_mechanism()};
  record.generated_at = {message.generated_at_ms()};
  record.signer_id = message.signer_id();
  for (const pb::Authenticator& each : message.authenticators()) {
    if (!ReadAuthenticator(each, record.authenticators.emplace_back())) return std::nullopt;
  }
  record.policy_oid = message.policy_oid();
  if (message.has_certified_as()) {
    record.certified_as = Decode(message.certified_as());
    if (!record.certified_as) return std::nullopt;
  }
  record.ca_certificate = ToBytes(message.ca_certificate());
  record.label = message.label();
  record.controllers_need = message.controllers_need();
  return record;
}

}  // namespace intaglio::appliance
