// The object identifiers both builders and judges speak of, dotted, with where they come from.
#ifndef INTAGLIO_HOST_DOMAIN_OIDS_H_
#define INTAGLIO_HOST_DOMAIN_OIDS_H_

#include <string_view>

namespace intaglio::host::oid {

// Name attributes [X.520]
inline constexpr std::string_view kCommonName = "2.5.4.3";
inline constexpr std::string_view kSurname = "2.5.4.4";
inline constexpr std::string_view kSerialNumber = "2.5.4.5";
inline constexpr std::string_view kCountry = "2.5.4.6";
inline constexpr std::string_view kOrganization = "2.5.4.10";
inline constexpr std::string_view kOrganizationalUnit = "2.5.4.11";
inline constexpr std::string_view kGivenName = "2.5.4.42";
inline constexpr std::string_view kPseudonym = "2.5.4.65";
inline constexpr std::string_view kOrganizationIdentifier = "2.5.4.97";

// Certificate and CRL extensions [RFC 5280 §4.2, §5.2]
inline constexpr std::string_view kSubjectDirectoryAttributes = "2.5.29.9";
inline constexpr std::string_view kSubjectKeyId = "2.5.29.14";
inline constexpr std::string_view kKeyUsage = "2.5.29.15";
inline constexpr std::string_view kSubjectAltName = "2.5.29.17";
inline constexpr std::string_view kIssuerAltName = "2.5.29.18";
inline constexpr std::string_view kBasicConstraints = "2.5.29.19";
inline constexpr std::string_view kCrlNumber = "2.5.29.20";
inline constexpr std::string_view kCrlReason = "2.5.29.21";
inline constexpr std::string_view kIssuingDistributionPoint = "2.5.29.28";
inline constexpr std::string_view kNameConstraints = "2.5.29.30";
inline constexpr std::string_view kCrlDistributionPoints = "2.5.29.31";
inline constexpr std::string_view kCertificatePolicies = "2.5.29.32";
inline constexpr std::string_view kAnyPolicy = "2.5.29.32.0";
inline constexpr std::string_view kPolicyMappings = "2.5.29.33";
inline constexpr std::string_view kAuthorityKeyId = "2.5.29.35";
inline constexpr std::string_view kPolicyConstraints = "2.5.29.36";
inline constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
inline constexpr std::string_view kInhibitAnyPolicy = "2.5.29.54";
inline constexpr std::string_view kNoRevAvail = "2.5.29.56";         // RFC 9608
inline constexpr std::string_view kExpiredCertsOnCrl = "2.5.29.60";  // X.509
inline constexpr std::string_view kAuthorityInfoAccess = "1.3.6.1.5.5.7.1.1";
inline constexpr std::string_view kQcStatements = "1.3.6.1.5.5.7.1.3";  // RFC 3739
inline constexpr std::string_view kCpsQualifier = "1.3.6.1.5.5.7.2.1";
inline constexpr std::string_view kAccessOcsp = "1.3.6.1.5.5.7.48.1";
inline constexpr std::string_view kAccessCaIssuers = "1.3.6.1.5.5.7.48.2";

// Extended key usage [RFC 5280 §4.2.1.12]
inline constexpr std::string_view kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr std::string_view kClientAuth = "1.3.6.1.5.5.7.3.2";
inline constexpr std::string_view kOcspSigning = "1.3.6.1.5.5.7.3.9";
inline constexpr std::string_view kAnyExtendedKeyUsage = "2.5.29.37.0";

// OCSP [RFC 6960 §4.4]
inline constexpr std::string_view kOcspBasic = "1.3.6.1.5.5.7.48.1.1";
inline constexpr std::string_view kOcspNonce = "1.3.6.1.5.5.7.48.1.2";
inline constexpr std::string_view kOcspNoCheck = "1.3.6.1.5.5.7.48.1.5";
inline constexpr std::string_view kOcspArchiveCutoff = "1.3.6.1.5.5.7.48.1.6";
inline constexpr std::string_view kOcspExtendedRevoke = "1.3.6.1.5.5.7.48.1.9";

// Statements of qualified certificates [EN 319 412-5; RFC 3739 for the semantics carrier]
inline constexpr std::string_view kQcCompliance = "0.4.0.1862.1.1";
inline constexpr std::string_view kQcSscd = "0.4.0.1862.1.4";
inline constexpr std::string_view kQcPds = "0.4.0.1862.1.5";
inline constexpr std::string_view kQcType = "0.4.0.1862.1.6";
inline constexpr std::string_view kQcTypeEsign = "0.4.0.1862.1.6.1";
inline constexpr std::string_view kQcTypeEseal = "0.4.0.1862.1.6.2";
inline constexpr std::string_view kQcCcLegislation = "0.4.0.1862.1.7";
inline constexpr std::string_view kQcSyntaxV2 = "1.3.6.1.5.5.7.11.2";
inline constexpr std::string_view kSemanticsNatural = "0.4.0.194121.1.1";  // EN 319 412-1 §5.1.3
inline constexpr std::string_view kSemanticsLegal = "0.4.0.194121.1.2";    // EN 319 412-1 §5.1.4
// ext-etsi-valassured-ST-certs [EN 319 412-1 §5.2]
inline constexpr std::string_view kValidityAssured = "0.4.0.194121.2.1";

// Algorithms
inline constexpr std::string_view kEcdsaWithSha256 = "1.2.840.10045.4.3.2";
inline constexpr std::string_view kSha1 = "1.3.14.3.2.26";
inline constexpr std::string_view kSha256 = "2.16.840.1.101.3.4.2.1";

// CMS [RFC 5652, RFC 5035]
inline constexpr std::string_view kCmsData = "1.2.840.113549.1.7.1";
inline constexpr std::string_view kCmsSignedData = "1.2.840.113549.1.7.2";
inline constexpr std::string_view kContentType = "1.2.840.113549.1.9.3";
inline constexpr std::string_view kMessageDigest = "1.2.840.113549.1.9.4";
inline constexpr std::string_view kSigningTime = "1.2.840.113549.1.9.5";
inline constexpr std::string_view kSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47";

}  // namespace intaglio::host::oid

#endif  // INTAGLIO_HOST_DOMAIN_OIDS_H_
