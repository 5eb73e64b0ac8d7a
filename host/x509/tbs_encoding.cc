#include "host/x509/tbs_encoding.h"

#include <algorithm>
#include <string>

#include "host/domain/oids.h"
#include "host/x509/der.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr size_t kMaxUrl = 1024;
constexpr int kUriName = 6;  // GeneralName.uniformResourceIdentifier

}  // namespace

Bytes EncodeTbs(const TbsParts& parts) {
  const Bytes version_3 = der::Tlv(der::Constructed(0), der::Unsigned(2));
  const Bytes validity =
      der::Sequence({der::Time(parts.validity.not_before), der::Time(parts.validity.not_after)});
  return der::Sequence({version_3, der::Integer(parts.serial.octets()), der::EcdsaWithSha256(),
                        parts.issuer_name, validity, parts.subject_name, parts.spki,
                        der::Tlv(der::Constructed(3), der::SequenceOf(parts.extensions))});
}

Status CheckValidity(const Validity& inner) {
  if (!der::IsEncodable(inner.not_before) || !der::IsEncodable(inner.not_after)) {
    return Fail(kValidityInvalid, "a time outside the years 1950 to 9999");
  }
  if (inner.not_after <= inner.not_before) {
    return Fail(kValidityInvalid, "notAfter " + ToIso8601(inner.not_after) +
                                      " is not later than notBefore " +
                                      ToIso8601(inner.not_before));
  }
  return OkStatus();
}

Status CheckValidityWithin(const Validity& inner, const Validity& outer) {
  RETURN_IF_ERROR(CheckValidity(inner));
  if (inner.not_before < outer.not_before || inner.not_after > outer.not_after) {
    return Fail(kValidityInvalid, "asked for " + ToIso8601(inner.not_before) + " to " +
                                      ToIso8601(inner.not_after) + "; the issuer is valid from " +
                                      ToIso8601(outer.not_before) + " to " +
                                      ToIso8601(outer.not_after));
  }
  return OkStatus();
}

Status CheckUrl(std::string_view url, UrlScheme scheme, std::string_view what) {
  const bool http = scheme != UrlScheme::kHttps && url.starts_with("http://");
  const bool https = scheme != UrlScheme::kHttp && url.starts_with("https://");
  const size_t mark = url.find("://");
  const bool host = mark != std::string_view::npos && url.size() > mark + 3 && url[mark + 3] != '/';
  const bool printable =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if ((http || https) && host && printable && url.size() <= kMaxUrl) return OkStatus();
  const std::string wanted = scheme == UrlScheme::kHttp    ? "http"
                             : scheme == UrlScheme::kHttps ? "https"
                                                           : "http or https";
  return Fail(kUrlInvalid, std::string(what) + ": found '" + std::string(url.substr(0, 100)) +
                               "', needed is a URL of " + wanted);
}

Bytes EncodeExtension(std::string_view oid, Criticality criticality, ByteView value) {
  const Bytes critical =
      criticality == Criticality::kCritical ? der::Boolean(true) : Bytes();  // DEFAULT FALSE
  return der::Sequence({der::Oid(oid), critical, der::OctetString(value)});
}

Bytes AuthorityKeyIdExtension(ByteView key_id) {
  return EncodeExtension(oid::kAuthorityKeyId, Criticality::kNotCritical,
                         der::Sequence({der::Tlv(der::Primitive(0), key_id)}));
}

Bytes SubjectKeyIdExtension(ByteView key_id) {
  return EncodeExtension(oid::kSubjectKeyId, Criticality::kNotCritical, der::OctetString(key_id));
}

Bytes KeyUsageExtension(uint32_t mask) {
  return EncodeExtension(oid::kKeyUsage, Criticality::kCritical, der::NamedBits(mask));
}

Bytes CaConstraintsExtension(PathLength path_length) {
  const Bytes length = path_length == PathLength::kZero ? der::Unsigned(0) : Bytes();
  return EncodeExtension(oid::kBasicConstraints, Criticality::kCritical,
                         der::Sequence({der::Boolean(true), length}));
}

Bytes EndEntityConstraintsExtension() {
  return EncodeExtension(oid::kBasicConstraints, Criticality::kCritical, der::Sequence({}));
}

Bytes ExtendedKeyUsageExtension(const std::vector<Bytes>& purposes) {
  return EncodeExtension(oid::kExtendedKeyUsage, Criticality::kNotCritical,
                         der::SequenceOf(purposes));
}

Bytes DistributionPointName(std::string_view url) {
  const Bytes full_name = der::Tlv(der::Constructed(0), der::Text(der::Primitive(kUriName), url));
  return der::Tlv(der::Constructed(0), full_name);
}

Bytes CrlDistributionPointExtension(std::string_view url) {
  const Bytes point = der::Sequence({DistributionPointName(url)});
  return EncodeExtension(oid::kCrlDistributionPoints, Criticality::kNotCritical,
                         der::Sequence({point}));
}

Bytes AuthorityInfoAccessExtension(const AccessUrls& urls) {
  std::vector<Bytes> descriptions;
  const auto add = [&](std::string_view method, std::string_view url) {
    if (url.empty()) return;
    descriptions.push_back(
        der::Sequence({der::Oid(method), der::Text(der::Primitive(kUriName), url)}));
  };
  add(oid::kAccessCaIssuers, urls.ca_issuers);
  add(oid::kAccessOcsp, urls.ocsp);
  return EncodeExtension(oid::kAuthorityInfoAccess, Criticality::kNotCritical,
                         der::SequenceOf(descriptions));
}

}  // namespace intaglio::host
