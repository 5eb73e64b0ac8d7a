#include "appliance/der/crl_extensions.h"

#include <algorithm>
#include <set>

#include "appliance/der/certificate_oids.h"
#include "appliance/der/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr std::string_view kCrlNumber = "2.5.29.20";
constexpr std::string_view kReasonCode = "2.5.29.21";
constexpr std::string_view kIssuingDistributionPoint = "2.5.29.28";
constexpr std::string_view kExpiredCertsOnCrl = "2.5.29.60";
constexpr uint8_t kUri = DerContext(6);  // GeneralName uniformResourceIdentifier
constexpr size_t kMaxUrls = 16;

Status Wrong(const std::string& what) { return Fail(kCrlExtension, what); }

struct Extension {
  std::string oid;
  bool critical = false;
  ByteView value;
};

StatusOr<Extension> TakeExtension(DerReader& list) {
  ASSIGN_OR_RETURN(DerReader reader, list.Enter(kDerSequence));
  Extension out;
  ASSIGN_OR_RETURN(const DerValue oid, reader.Expect(kDerOid));
  ASSIGN_OR_RETURN(out.oid, DecodeOid(oid));
  if (reader.NextIs(kDerBoolean)) {
    ASSIGN_OR_RETURN(const DerValue flag, reader.Next());
    ASSIGN_OR_RETURN(out.critical, DecodeBoolean(flag));
    if (!out.critical) return Fail(kTbsDefaultEncoded, "critical FALSE in a CRL");
  }
  ASSIGN_OR_RETURN(const DerValue value, reader.Expect(kDerOctetString));
  out.value = value.content;
  RETURN_IF_ERROR(reader.Finish());
  return out;
}

Status ReadNumber(ByteView octets, CrlExtensions& out) {
  ASSIGN_OR_RETURN(const DerValue value, ReadDerElement(octets, 24));
  if (value.tag != kDerInteger) return Wrong("cRLNumber is not an INTEGER");
  RETURN_IF_ERROR(CheckInteger(value));
  if (value.content.size() > 8 || (value.content[0] & 0x80) != 0) {
    return Wrong("cRLNumber is negative, or 2^63 and more");
  }
  for (const uint8_t octet : value.content) out.number = out.number << 8 | octet;
  return OkStatus();
}

Status ReadAuthorityKeyId(ByteView octets, CrlExtensions& out) {
  DerReader value(octets);
  ASSIGN_OR_RETURN(DerReader fields, value.Enter(kDerSequence));
  RETURN_IF_ERROR(value.Finish());
  ASSIGN_OR_RETURN(const DerValue key_id, fields.Expect(DerContext(0)));
  if (key_id.content.empty()) return Wrong("authorityKeyIdentifier has an empty keyIdentifier");
  out.authority_key_id = ToBytes(key_id.content);
  return fields.Finish();
}

// DistributionPointName: full names that are URIs; a name relative to the issuer is not read.
Status ReadPointName(DerReader& fields, std::vector<std::string>& urls) {
  ASSIGN_OR_RETURN(DerReader name, fields.Enter(DerContextConstructed(0)));
  ASSIGN_OR_RETURN(DerReader names, name.Enter(DerContextConstructed(0)));
  RETURN_IF_ERROR(name.Finish());
  do {
    ASSIGN_OR_RETURN(const DerValue url, names.Expect(kUri));
    const bool visible =
        std::ranges::all_of(url.content, [](uint8_t c) { return c > 0x20 && c < 0x7f; });
    if (url.content.empty() || !visible || urls.size() == kMaxUrls) {
      return Wrong("issuingDistributionPoint has too many names, or one that is no URL");
    }
    urls.push_back(AsString(url.content));
  } while (!names.AtEnd());
  return OkStatus();
}

StatusOr<bool> TakeFlag(DerReader& fields, uint8_t number) {
  if (!fields.NextIs(DerContext(number))) return false;
  ASSIGN_OR_RETURN(const DerValue value, fields.Next());
  ASSIGN_OR_RETURN(const bool flag, DecodeBoolean(value));
  if (!flag) return Fail(kTbsDefaultEncoded, "issuingDistributionPoint writes a FALSE");
  return true;
}

Status ReadDistributionPoint(ByteView octets, CrlExtensions& out) {
  DerReader value(octets);
  ASSIGN_OR_RETURN(DerReader fields, value.Enter(kDerSequence));
  RETURN_IF_ERROR(value.Finish());
  // An empty one says nothing and must not be written. [RFC 5280 §5.2.5]
  if (fields.AtEnd()) return Wrong("issuingDistributionPoint is empty");
  IssuingDistributionPoint point;
  if (fields.NextIs(DerContextConstructed(0))) RETURN_IF_ERROR(ReadPointName(fields, point.urls));
  ASSIGN_OR_RETURN(point.only_user_certificates, TakeFlag(fields, 1));
  ASSIGN_OR_RETURN(point.only_ca_certificates, TakeFlag(fields, 2));
  if (fields.NextIs(DerContext(3))) {
    // [3] IMPLICIT keeps the content of a BIT STRING.
    ASSIGN_OR_RETURN(const DerValue reasons, fields.Next());
    ASSIGN_OR_RETURN(const uint16_t bits, DecodeNamedBits(reasons));
    if (bits == 0) return Wrong("onlySomeReasons names none");
    point.only_some_reasons = true;
  }
  ASSIGN_OR_RETURN(point.indirect, TakeFlag(fields, 4));
  ASSIGN_OR_RETURN(point.only_attribute_certificates, TakeFlag(fields, 5));
  out.distribution_point = std::move(point);
  return fields.Finish();
}

Status ReadExpiredCerts(ByteView octets, CrlExtensions& out) {
  ASSIGN_OR_RETURN(const DerValue value, ReadDerElement(octets, 24));
  ASSIGN_OR_RETURN(out.expired_certs_from, DecodeGeneralizedTime(value));
  return OkStatus();
}

struct Known {
  std::string_view oid;
  bool critical;
  Status (*read)(ByteView octets, CrlExtensions& out);
};
constexpr Known kKnown[] = {
    {kCrlNumber, false, ReadNumber},
    {oid::kAuthorityKeyId, false, ReadAuthorityKeyId},
    {kIssuingDistributionPoint, true, ReadDistributionPoint},
    {kExpiredCertsOnCrl, false, ReadExpiredCerts},
};

}  // namespace

StatusOr<CrlExtensions> ReadCrlExtensions(ByteView element) {
  DerReader outer(element);
  ASSIGN_OR_RETURN(DerReader wrapper, outer.Enter(DerContextConstructed(0)));
  RETURN_IF_ERROR(outer.Finish());
  ASSIGN_OR_RETURN(DerReader list, wrapper.Enter(kDerSequence));
  RETURN_IF_ERROR(wrapper.Finish());
  CrlExtensions out;
  std::set<std::string> seen;
  while (!list.AtEnd()) {
    ASSIGN_OR_RETURN(const Extension extension, TakeExtension(list));
    if (!seen.insert(extension.oid).second) return Fail(kTbsExtensionRepeated, extension.oid);
    const auto* known = std::ranges::find(kKnown, extension.oid, &Known::oid);
    if (known == std::end(kKnown)) return Wrong(extension.oid + " is not known here");
    if (extension.critical != known->critical) {
      return Wrong(extension.oid +
                   (known->critical ? " must be critical" : " must not be critical"));
    }
    RETURN_IF_ERROR(known->read(extension.value, out));
  }
  for (const std::string_view needed : {kCrlNumber, oid::kAuthorityKeyId}) {
    if (!seen.contains(std::string(needed))) return Wrong(std::string(needed) + " is missing");
  }
  return out;
}

StatusOr<CrlReason> ReadEntryExtensions(DerReader extensions) {
  ASSIGN_OR_RETURN(const Extension extension, TakeExtension(extensions));
  RETURN_IF_ERROR(extensions.Finish());
  if (extension.oid != kReasonCode || extension.critical) {
    return Wrong("an entry has " + extension.oid + (extension.critical ? ", critical" : ""));
  }
  ASSIGN_OR_RETURN(const DerValue value, ReadDerElement(extension.value, 8));
  if (value.tag != kDerEnumerated || value.content.size() != 1) {
    return Wrong("reasonCode is not an ENUMERATED of one octet");
  }
  const auto reason = CrlReasonOf(value.content[0]);
  if (!reason) return Wrong("reasonCode " + std::to_string(value.content[0]));
  return *reason;
}

std::optional<CrlReason> CrlReasonOf(uint8_t number) {
  switch (number) {
    case 1:
    case 3:
    case 4:
    case 5:
    case 6:
    case 9:
      return static_cast<CrlReason>(number);
    default:
      return std::nullopt;
  }
}

}  // namespace intaglio::appliance
