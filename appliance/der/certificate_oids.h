// Object identifiers that the core's readers and judges know by name.
#ifndef INTAGLIO_APPLIANCE_DER_CERTIFICATE_OIDS_H_
#define INTAGLIO_APPLIANCE_DER_CERTIFICATE_OIDS_H_

#include <string_view>

namespace intaglio::appliance::oid {

// Attributes of names. [RFC 5280 Appendix A; X.520]
inline constexpr std::string_view kCommonName = "2.5.4.3";
inline constexpr std::string_view kSurname = "2.5.4.4";
inline constexpr std::string_view kSerialNumber = "2.5.4.5";
inline constexpr std::string_view kCountryName = "2.5.4.6";
inline constexpr std::string_view kOrganizationName = "2.5.4.10";
inline constexpr std::string_view kGivenName = "2.5.4.42";
inline constexpr std::string_view kOrganizationIdentifier = "2.5.4.97";

// Extensions. [RFC 5280 §4.2]
inline constexpr std::string_view kSubjectKeyId = "2.5.29.14";
inline constexpr std::string_view kKeyUsage = "2.5.29.15";
inline constexpr std::string_view kSubjectAltName = "2.5.29.17";
inline constexpr std::string_view kBasicConstraints = "2.5.29.19";
inline constexpr std::string_view kCrlDistributionPoints = "2.5.29.31";
inline constexpr std::string_view kCertificatePolicies = "2.5.29.32";
inline constexpr std::string_view kAuthorityKeyId = "2.5.29.35";
inline constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
inline constexpr std::string_view kNoRevAvail = "2.5.29.56";  // RFC 9608
inline constexpr std::string_view kAuthorityInfoAccess = "1.3.6.1.5.5.7.1.1";
inline constexpr std::string_view kQcStatements = "1.3.6.1.5.5.7.1.3";
inline constexpr std::string_view kOcspNoCheck = "1.3.6.1.5.5.7.48.1.5";

inline constexpr std::string_view kAccessOcsp = "1.3.6.1.5.5.7.48.1";
inline constexpr std::string_view kAccessCaIssuers = "1.3.6.1.5.5.7.48.2";
inline constexpr std::string_view kPurposeOcspSigning = "1.3.6.1.5.5.7.3.9";
inline constexpr std::string_view kAnyPolicy = "2.5.29.32.0";
inline constexpr std::string_view kQualifierCps = "1.3.6.1.5.5.7.2.1";

// [EN 319 412-5 §4.2, §4.3; EN 319 412-1 §5.1]
inline constexpr std::string_view kQcCompliance = "0.4.0.1862.1.1";
inline constexpr std::string_view kQcSscd = "0.4.0.1862.1.4";
inline constexpr std::string_view kQcPds = "0.4.0.1862.1.5";
inline constexpr std::string_view kQcType = "0.4.0.1862.1.6";
inline constexpr std::string_view kQcTypeSign = "0.4.0.1862.1.6.1";
inline constexpr std::string_view kQcTypeSeal = "0.4.0.1862.1.6.2";
inline constexpr std::string_view kQcLegislation = "0.4.0.1862.1.7";
inline constexpr std::string_view kQcSyntaxV2 = "1.3.6.1.5.5.7.11.2";
inline constexpr std::string_view kSemanticsNatural = "0.4.0.194121.1.1";
inline constexpr std::string_view kSemanticsLegal = "0.4.0.194121.1.2";
// ext-etsi-valassured-ST-certs: no longer valid than a revocation would take. [EN 319 412-1 5.2]
inline constexpr std::string_view kValidityAssured = "0.4.0.194121.2.1";

}  // namespace intaglio::appliance::oid

#endif  // INTAGLIO_APPLIANCE_DER_CERTIFICATE_OIDS_H_
