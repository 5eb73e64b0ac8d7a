// CertificateFacts: what a certificate says, taken apart, without anybody's opinion of it.
//
// The judge in host/policy reads this instead of a parser's objects, so its rules are plain
// comparisons that tests can break one by one; `intaglio certificate show` prints it.
#ifndef INTAGLIO_HOST_DOMAIN_CERTIFICATE_FACTS_H_
#define INTAGLIO_HOST_DOMAIN_CERTIFICATE_FACTS_H_

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "host/domain/certificate.h"

namespace intaglio::host {

struct NameAttributeFact {
  std::string oid;  // dotted
  int string_type;  // ASN.1 tag number: 12 UTF8String, 19 PrintableString, …
  std::string text;
};

struct ExtensionFact {
  std::string oid;
  bool critical;
  bool holds_null = false;  // the value is NULL and nothing else
};

struct QcStatementFact {
  std::string oid;
  bool has_content;  // statementInfo present
};

struct PdsLocationFact {
  std::string url;
  std::string language;
};

struct BasicConstraintsFact {
  bool ca;
  std::optional<int64_t> path_length;
};

enum class KeyAlgorithm { kOther, kEcP256, kEcP384, kRsa };

// Bits of KeyUsage as in the BIT STRING: bit n of the mask is named bit n [RFC 5280 §4.2.1.3].
inline constexpr uint32_t kKeyUsageDigitalSignature = 1u << 0;
inline constexpr uint32_t kKeyUsageNonRepudiation = 1u << 1;
inline constexpr uint32_t kKeyUsageKeyCertSign = 1u << 5;
inline constexpr uint32_t kKeyUsageCrlSign = 1u << 6;

struct CertificateFacts {
  int version = 0;  // 3 for v3
  Bytes serial;     // INTEGER content octets as found
  std::string signature_oid;
  std::string issuer_text;  // RFC 2253 form, for people
  std::string subject_text;
  std::vector<NameAttributeFact> issuer;
  std::vector<NameAttributeFact> subject;
  Validity validity;
  KeyAlgorithm key_algorithm = KeyAlgorithm::kOther;
  int key_bits = 0;
  bool key_is_sound = false;              // a valid key's values, in their one encoding
  Bytes spki;                             // SubjectPublicKeyInfo, DER
  std::vector<ExtensionFact> extensions;  // in order, duplicates kept
  std::optional<uint32_t> key_usage;
  std::optional<BasicConstraintsFact> basic_constraints;
  std::vector<std::string> policy_oids;
  std::vector<std::string> policy_qualifier_oids;
  std::vector<std::string> cps_urls;
  std::vector<std::string> extended_key_usage_oids;
  std::optional<Bytes> authority_key_id;
  std::optional<Bytes> subject_key_id;
  std::vector<std::string> crl_urls;
  std::vector<std::string> ca_issuers_urls;
  std::vector<std::string> ocsp_urls;
  std::vector<QcStatementFact> qc_statements;
  std::vector<PdsLocationFact> pds;
  std::vector<std::string> qc_types;
  std::vector<std::string> semantics_oids;
  bool names_registration_authorities = false;  // beside the semantics
  Bytes sha256;  // of the whole certificate; empty where only a TBSCertificate was read
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_CERTIFICATE_FACTS_H_
