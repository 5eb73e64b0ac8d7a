// The extensions of a certificate: every one as it stands, and what the known ones say. An unknown
// extension is listed and not read; whether it may be there is for the judge of a profile to say.
#ifndef INTAGLIO_APPLIANCE_DER_CERTIFICATE_EXTENSIONS_H_
#define INTAGLIO_APPLIANCE_DER_CERTIFICATE_EXTENSIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/der/strict_der.h"

namespace intaglio::appliance {

struct CertificateExtension {
  std::string oid;
  bool critical = false;
  Bytes value;  // inside the OCTET STRING
};

struct BasicConstraints {
  bool is_authority = false;
  std::optional<uint32_t> path_length;
};

// Bits of keyUsage. [RFC 5280 §4.2.1.3]
inline constexpr uint16_t kUsageDigitalSignature = 1U << 0;
inline constexpr uint16_t kUsageNonRepudiation = 1U << 1;
inline constexpr uint16_t kUsageKeyCertSign = 1U << 5;
inline constexpr uint16_t kUsageCrlSign = 1U << 6;

struct CertificatePolicy {
  std::string oid;
  std::vector<std::string> qualifiers;  // their ids
  std::vector<std::string> cps_urls;    // of those that are CPS pointers
};

struct PdsLocation {
  std::string url;
  std::string language;
};

// [EN 319 412-5 §4; RFC 3739 §3.2.6]
struct QcStatements {
  std::vector<std::string> ids;    // in their order, repeated ones too
  std::vector<std::string> types;  // values of QcType
  std::vector<PdsLocation> pds;
  std::string semantics;                        // identifier of id-qcs-pkixQCSyntax-v2, or ""
  bool names_registration_authorities = false;  // beside that identifier
};

struct ExtensionFacts {
  std::vector<CertificateExtension> all;
  std::optional<BasicConstraints> basic_constraints;
  std::optional<uint16_t> key_usage;
  std::vector<std::string> extended_key_usage;  // empty: absent
  Bytes authority_key_id;                       // empty: absent
  bool authority_named_by_serial = false;       // authorityCertIssuer and its serial beside it
  Bytes subject_key_id;                         // empty: absent
  std::vector<CertificatePolicy> policies;
  std::vector<std::string> crl_urls;
  std::vector<std::string> ca_issuers_urls;
  std::vector<std::string> ocsp_urls;
  std::optional<QcStatements> qc_statements;
  bool ocsp_no_check = false;
  bool no_rev_avail = false;
  bool validity_assured = false;
  bool subject_alt_name = false;

  // Null if there is none.
  const CertificateExtension* Find(std::string_view oid) const;
};

// `extensions`: a reader inside the SEQUENCE of Extensions. kTbsExtensionRepeated,
// kTbsDefaultEncoded, kTbsExtensionValue, kDerTooLarge and the reader's Reasons.
StatusOr<ExtensionFacts> ReadExtensions(DerReader extensions);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DER_CERTIFICATE_EXTENSIONS_H_
