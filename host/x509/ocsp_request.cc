#include "host/x509/ocsp_request.h"

#include <algorithm>

#include "host/domain/oids.h"
#include "host/x509/der.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr size_t kMaxNonce = 128;

Status Malformed(const char* where) { return Fail(kOcspRequestMalformed, where); }

// AlgorithmIdentifier with parameters absent or NULL: clients write either.
StatusOr<OcspHash> ParseHash(const der::Element& algorithm) {
  static const Bytes sha1 = der::Oid(oid::kSha1);
  static const Bytes sha256 = der::Oid(oid::kSha256);
  der::Reader reader(algorithm.content);
  const auto id = reader.Take(der::kOid);
  if (!id) return Malformed("hashAlgorithm");
  if (!reader.AtEnd()) {
    const auto parameters = reader.Next();
    if (!parameters || !reader.AtEnd()) return Malformed("hashAlgorithm");
    if (parameters->tag != der::kNull || !parameters->content.empty()) {
      return Malformed("hashAlgorithm parameters");
    }
  }
  if (Equal(id->whole, sha1)) return OcspHash::kSha1;
  if (Equal(id->whole, sha256)) return OcspHash::kSha256;
  return Fail(kOcspHashUnsupported,
              "OBJECT IDENTIFIER octets " +
                  ToHex(id->content.first(std::min<size_t>(id->content.size(), 16))));
}

StatusOr<CertIdView> ParseCertId(const der::Element& element) {
  der::Reader reader(element.content);
  const auto algorithm = reader.Take(der::kSequence);
  const auto name_hash = reader.Take(der::kOctetString);
  const auto key_hash = reader.Take(der::kOctetString);
  const auto number = reader.Take(der::kInteger);
  if (!algorithm || !name_hash || !key_hash || !number || !reader.AtEnd()) {
    return Malformed("CertID");
  }
  ASSIGN_OR_RETURN(const OcspHash hash, ParseHash(*algorithm));
  const size_t length = hash == OcspHash::kSha1 ? 20 : 32;
  if (name_hash->content.size() != length || key_hash->content.size() != length) {
    return Malformed("CertID hash length");
  }
  const StatusOr<Serial> serial = Serial::Create(number->content);
  if (!serial.ok()) return Malformed("CertID serialNumber");
  return CertIdView{hash, name_hash->content, key_hash->content, *serial, element.whole};
}

// Calls visit(oid element, value) for each extension of an Extensions value in its explicit tag;
// what visit does not know must not be critical.
template <class Visit>
Status ForEachExtension(const der::Element& wrapper, const Visit& visit) {
  const auto list = der::Single(wrapper.content, der::kSequence);
  if (!list || list->content.empty()) return Malformed("Extensions");
  der::Reader extensions(list->content);
  while (!extensions.AtEnd()) {
    const auto extension = extensions.Take(der::kSequence);
    if (!extension) return Malformed("Extension");
    der::Reader parts(extension->content);
    const auto id = parts.Take(der::kOid);
    const bool has_critical = parts.PeekTag() == der::kBoolean;
    const auto critical = has_critical ? parts.Next() : std::nullopt;
    const auto value = parts.Take(der::kOctetString);
    // Explicit FALSE is not DER, but clients in the field write it, and it changes nothing.
    const bool boolean_ok = !has_critical || (critical && critical->content.size() == 1);
    if (!id || !boolean_ok || !value || !parts.AtEnd()) return Malformed("Extension");
    ASSIGN_OR_RETURN(const bool known, visit(*id, value->content));
    if (!known && has_critical && critical->content[0] != 0) {
      return Fail(kOcspCriticalExtension,
                  "OBJECT IDENTIFIER octets " +
                      ToHex(id->content.first(std::min<size_t>(id->content.size(), 16))));
    }
  }
  return OkStatus();
}

StatusOr<ByteView> ParseNonce(ByteView value) {
  const auto nonce = der::Single(value, der::kOctetString);
  if (!nonce) return Malformed("Nonce");
  if (nonce->content.empty() || nonce->content.size() > kMaxNonce) {
    return Fail(kOcspNonceLength, "found " + std::to_string(nonce->content.size()) + " octets");
  }
  return nonce->content;
}

Status ParseSingleRequest(const der::Element& element, OcspRequest& request) {
  der::Reader reader(element.content);
  const auto cert_id = reader.Take(der::kSequence);
  if (!cert_id) return Malformed("Request");
  ASSIGN_OR_RETURN(CertIdView parsed, ParseCertId(*cert_id));
  request.cert_ids.push_back(std::move(parsed));
  if (const auto extensions = reader.Take(der::Constructed(0))) {
    RETURN_IF_ERROR(ForEachExtension(
        *extensions, [](const der::Element&, ByteView) -> StatusOr<bool> { return false; }));
  }
  return reader.AtEnd() ? OkStatus() : Malformed("Request");
}

Status ParseRequestExtensions(const der::Element& wrapper, OcspRequest& request) {
  static const Bytes nonce_oid = der::Oid(oid::kOcspNonce);
  return ForEachExtension(wrapper, [&](const der::Element& id, ByteView value) -> StatusOr<bool> {
    if (!Equal(id.whole, nonce_oid)) return false;
    if (request.nonce) return Malformed("two nonces");
    ASSIGN_OR_RETURN(request.nonce, ParseNonce(value));
    return true;
  });
}

Status ParseTbsRequest(const der::Element& tbs, const OcspRequestLimits& limits,
                       OcspRequest& request) {
  der::Reader reader(tbs.content);
  if (const auto version = reader.Take(der::Constructed(0))) {
    const auto number = der::Single(version->content, der::kInteger);
    const bool v1 = number && number->content.size() == 1 && number->content[0] == 0;
    if (!v1) return Malformed("version");
  }
  if (reader.PeekTag() == der::Constructed(1) && !reader.Next()) return Malformed("requestorName");
  const auto list = reader.Take(der::kSequence);
  if (!list || list->content.empty()) return Malformed("requestList");
  der::Reader requests(list->content);
  while (!requests.AtEnd()) {
    if (request.cert_ids.size() == limits.cert_ids) {
      return Fail(kOcspRequestTooLarge,
                  "more than " + std::to_string(limits.cert_ids) + " certificates asked about");
    }
    const auto single = requests.Take(der::kSequence);
    if (!single) return Malformed("requestList");
    RETURN_IF_ERROR(ParseSingleRequest(*single, request));
  }
  if (const auto extensions = reader.Take(der::Constructed(2))) {
    RETURN_IF_ERROR(ParseRequestExtensions(*extensions, request));
  }
  return reader.AtEnd() ? OkStatus() : Malformed("TBSRequest");
}

}  // namespace

StatusOr<OcspRequest> ParseOcspRequest(ByteView octets, const OcspRequestLimits& limits) {
  if (octets.size() > limits.octets) {
    return Fail(kOcspRequestTooLarge, std::to_string(octets.size()) + " octets, at most " +
                                          std::to_string(limits.octets) + " are read");
  }
  const auto outer = der::Single(octets, der::kSequence);
  if (!outer) return Malformed("not one SEQUENCE");
  der::Reader reader(outer->content);
  const auto tbs = reader.Take(der::kSequence);
  if (!tbs) return Malformed("tbsRequest");
  if (reader.PeekTag() == der::Constructed(0) && !reader.Next()) return Malformed("signature");
  if (!reader.AtEnd()) return Malformed("octets after the request");
  OcspRequest request;
  RETURN_IF_ERROR(ParseTbsRequest(*tbs, limits, request));
  return request;
}

OcspIssuer::OcspIssuer(const CaDescription& ca) {
  sha1_ = {der::Sequence({der::Oid(oid::kSha1), der::Null()}), Sha1(ca.subject_name()),
           Sha1(ca.public_key())};
  const Digest name = Sha256(ca.subject_name());
  const Digest key = Sha256(ca.public_key());
  sha256_ = {der::Sequence({der::Oid(oid::kSha256), der::Null()}), ToBytes(ByteView(name)),
             ToBytes(ByteView(key))};
}

bool OcspIssuer::Matches(const CertIdView& cert_id) const {
  const Hashes& hashes = Of(cert_id.hash);
  return Equal(hashes.name, cert_id.issuer_name_hash) && Equal(hashes.key, cert_id.issuer_key_hash);
}

Bytes OcspIssuer::CertId(OcspHash hash, const Serial& serial) const {
  const Hashes& hashes = Of(hash);
  return der::Sequence({hashes.algorithm, der::OctetString(hashes.name),
                        der::OctetString(hashes.key), der::Integer(serial.octets())});
}

}  // namespace intaglio::host
