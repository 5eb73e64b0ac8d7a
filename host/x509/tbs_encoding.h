// The parts every TBSCertificate of this system is put together from. For the builders of this
// folder only.
#ifndef INTAGLIO_HOST_X509_TBS_ENCODING_H_
#define INTAGLIO_HOST_X509_TBS_ENCODING_H_

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "host/domain/certificate.h"
#include "host/domain/serial.h"

namespace intaglio::host {

enum class Criticality { kNotCritical, kCritical };
enum class UrlScheme { kHttp, kHttps, kHttpOrHttps };

struct TbsParts {
  const Serial& serial;
  ByteView issuer_name;   // DER Name
  ByteView subject_name;  // DER Name
  Validity validity;
  ByteView spki;
  std::vector<Bytes> extensions;  // in order
};

// A version 3 TBSCertificate for ecdsa-with-SHA256 [RFC 5280 §4.1]. The parts must have been
// checked.
Bytes EncodeTbs(const TbsParts& parts);

// kValidityInvalid unless `inner` is a non-empty period that can be encoded.
Status CheckValidity(const Validity& inner);
// Also kValidityInvalid unless `inner` lies within `outer` [EN 319 411-1 GEN-6.3.3-05].
Status CheckValidityWithin(const Validity& inner, const Validity& outer);
// kUrlInvalid unless `url` has the scheme, a host and at most 1024 printable ASCII characters.
// `what` names the location in the failure.
Status CheckUrl(std::string_view url, UrlScheme scheme, std::string_view what);

Bytes EncodeExtension(std::string_view oid, Criticality criticality, ByteView value);
Bytes AuthorityKeyIdExtension(ByteView key_id);
Bytes SubjectKeyIdExtension(ByteView key_id);
Bytes KeyUsageExtension(uint32_t mask);
// CA:TRUE with pathLenConstraint 0, or without a constraint for a root.
enum class PathLength { kZero, kUnlimited };
Bytes CaConstraintsExtension(PathLength path_length);
Bytes EndEntityConstraintsExtension();
// One purpose or more, each an encoded OBJECT IDENTIFIER.
Bytes ExtendedKeyUsageExtension(const std::vector<Bytes>& purposes);
Bytes CrlDistributionPointExtension(std::string_view url);
// Leaves out an access method whose URL is empty; not both may be.
struct AccessUrls {
  std::string_view ca_issuers;
  std::string_view ocsp;
};
Bytes AuthorityInfoAccessExtension(const AccessUrls& urls);
// DistributionPointName of one URL [RFC 5280 §4.2.1.13], as in CRLDP and IDP.
Bytes DistributionPointName(std::string_view url);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_TBS_ENCODING_H_
