#include "host/x509/ocsp_response.h"

#include "host/domain/oids.h"
#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/reasons.h"
#include "host/x509/tbs_encoding.h"

namespace intaglio::host {
namespace {

constexpr size_t kKeyHashSize = 20;
constexpr size_t kMaxAnswers = 20;
constexpr size_t kMaxNonce = 128;

Status Invalid(std::string detail) { return Fail(kOcspResponseInvalid, std::move(detail)); }

Status CheckAnswer(const OcspAnswer& answer, WallTime produced_at) {
  if (!der::Single(answer.cert_id, der::kSequence)) return Invalid("a CertID is not one SEQUENCE");
  if (!der::IsEncodable(answer.this_update) || !der::IsEncodable(answer.next_update) ||
      (answer.archive_cutoff && !der::IsEncodable(*answer.archive_cutoff))) {
    return Invalid("a time outside the years 1950 to 9999");
  }
  if (answer.this_update > produced_at) return Invalid("thisUpdate is later than producedAt");
  if (answer.next_update <= answer.this_update) {
    return Invalid("nextUpdate is not later than thisUpdate");
  }
  if (const auto* revoked = std::get_if<OcspRevoked>(&answer.status)) {
    if (!der::IsEncodable(revoked->at) || revoked->at > answer.this_update) {
      return Invalid("a revocation time is later than thisUpdate or cannot be encoded");
    }
  }
  return OkStatus();
}

Status CheckFields(const OcspResponseFields& fields) {
  if (fields.responder_key_hash.size() != kKeyHashSize) {
    return Invalid("the responder's key hash must have 20 octets");
  }
  if (!der::IsEncodable(fields.produced_at)) return Invalid("producedAt cannot be encoded");
  if (fields.answers.empty() || fields.answers.size() > kMaxAnswers) {
    return Invalid("found " + std::to_string(fields.answers.size()) + " answers, 1 to 20 allowed");
  }
  if (fields.nonce && (fields.nonce->empty() || fields.nonce->size() > kMaxNonce)) {
    return Invalid("a nonce of " + std::to_string(fields.nonce->size()) + " octets");
  }
  for (const OcspAnswer& answer : fields.answers) {
    RETURN_IF_ERROR(CheckAnswer(answer, fields.produced_at));
  }
  return OkStatus();
}

Bytes EncodeStatus(const OcspCertStatus& status) {
  if (std::holds_alternative<OcspGood>(status)) return der::Tlv(der::Primitive(0), ByteView());
  if (std::holds_alternative<OcspUnknown>(status)) return der::Tlv(der::Primitive(2), ByteView());
  const auto& revoked = std::get<OcspRevoked>(status);
  Bytes reason;
  if (revoked.reason != RevocationReason::kUnspecified) {
    const uint8_t number = static_cast<uint8_t>(revoked.reason);
    reason = der::Tlv(der::Constructed(0), der::Tlv(der::kEnumerated, ByteView(&number, 1)));
  }
  return der::Tlv(der::Constructed(1), {der::GeneralizedTime(revoked.at), reason});
}

Bytes EncodeAnswer(const OcspAnswer& answer) {
  Bytes extensions;
  if (answer.archive_cutoff) {
    const Bytes cutoff = EncodeExtension(oid::kOcspArchiveCutoff, Criticality::kNotCritical,
                                         der::GeneralizedTime(*answer.archive_cutoff));
    extensions = der::Tlv(der::Constructed(1), der::Sequence({cutoff}));
  }
  return der::Sequence(
      {answer.cert_id, EncodeStatus(answer.status), der::GeneralizedTime(answer.this_update),
       der::Tlv(der::Constructed(0), der::GeneralizedTime(answer.next_update)), extensions});
}

Bytes EncodeResponseExtensions(const OcspResponseFields& fields) {
  std::vector<Bytes> extensions;
  if (fields.nonce) {
    extensions.push_back(EncodeExtension(oid::kOcspNonce, Criticality::kNotCritical,
                                         der::OctetString(*fields.nonce)));
  }
  if (fields.extended_revoke == ExtendedRevoke::kPresent) {
    extensions.push_back(
        EncodeExtension(oid::kOcspExtendedRevoke, Criticality::kNotCritical, der::Null()));
  }
  if (extensions.empty()) return {};
  return der::Tlv(der::Constructed(1), der::SequenceOf(extensions));
}

}  // namespace

StatusOr<Bytes> BuildOcspResponseData(const OcspResponseFields& fields) {
  RETURN_IF_ERROR(CheckFields(fields));
  std::vector<Bytes> answers;
  for (const OcspAnswer& answer : fields.answers) answers.push_back(EncodeAnswer(answer));
  const Bytes by_key = der::Tlv(der::Constructed(2), der::OctetString(fields.responder_key_hash));
  return der::Sequence({by_key, der::GeneralizedTime(fields.produced_at), der::SequenceOf(answers),
                        EncodeResponseExtensions(fields)});
}

StatusOr<Bytes> AssembleOcspResponse(ByteView response_data, ByteView signature_der,
                                     ByteView responder_certificate_der) {
  if (!der::Single(response_data, der::kSequence)) return Fail(kTbsMalformed, "not one SEQUENCE");
  if (!der::Single(responder_certificate_der, der::kSequence)) {
    return Fail(kCertificateMalformed, "the responder's certificate is not one SEQUENCE");
  }
  RETURN_IF_ERROR(CheckEcdsaSignature(signature_der));
  const Bytes certificates =
      der::Tlv(der::Constructed(0), der::Sequence({responder_certificate_der}));
  const Bytes basic = der::Sequence(
      {response_data, der::EcdsaWithSha256(), der::BitString(signature_der), certificates});
  static const Bytes successful = {der::kEnumerated, 1, 0};
  static const Bytes basic_oid = der::Oid(oid::kOcspBasic);
  return der::Sequence({successful, der::Tlv(der::Constructed(0),
                                             der::Sequence({basic_oid, der::OctetString(basic)}))});
}

Bytes OcspError(OcspErrorStatus status) {
  const uint8_t number = static_cast<uint8_t>(status);
  return der::Sequence({der::Tlv(der::kEnumerated, ByteView(&number, 1))});
}

OcspErrorStatus OcspErrorFor(const Status& failure) {
  for (const Reason* reason : {&kOcspRequestMalformed, &kOcspRequestTooLarge, &kOcspNonceLength,
                               &kOcspCriticalExtension}) {
    if (Is(failure, *reason)) return OcspErrorStatus::kMalformedRequest;
  }
  // A CertID we cannot compare names, for all we know, an issuer of somebody else [RFC 6960 §2.3].
  if (Is(failure, kOcspHashUnsupported)) return OcspErrorStatus::kUnauthorized;
  return OcspErrorStatus::kInternalError;
}

}  // namespace intaglio::host
