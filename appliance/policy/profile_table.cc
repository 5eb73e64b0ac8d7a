#include "appliance/policy/profile_table.h"

#include <algorithm>

#include "appliance/der/certificate_extensions.h"
#include "appliance/der/certificate_oids.h"
#include "appliance/policy/gate_reasons.h"
#include "appliance/policy/name_forms.h"

namespace intaglio::appliance {
namespace {

constexpr auto kRequired = Presence::kRequired;
constexpr auto kOptional = Presence::kOptional;
constexpr auto kCritical = Criticality::kCritical;
constexpr auto kNotCritical = Criticality::kNotCritical;
constexpr auto kEither = Criticality::kEither;

// Pseudonyms are left out on purpose: an order names a person. countryName and serialNumber are
// PrintableString in X.520.
constexpr AttributeRule kNaturalSubject[] = {
    {oid::kCountryName, &Ordered<NaturalPerson, &NaturalPerson::country>, StringForm::kPrintable,
     &IsCountryCode, &kGateCountryForm, "EN 319 412-2 NAT-4.2.4-1, -3; X.520 6.3.1"},
    {oid::kGivenName, &Ordered<NaturalPerson, &NaturalPerson::given_name>,
     StringForm::kPrintableOrUtf8, &IsPersonName, &kGateSubjectText,
     "EN 319 412-2 NAT-4.2.4-1, -10, -19"},
    {oid::kSurname, &Ordered<NaturalPerson, &NaturalPerson::surname>, StringForm::kPrintableOrUtf8,
     &IsPersonName, &kGateSubjectText, "EN 319 412-2 NAT-4.2.4-1, -11, -19"},
    {oid::kCommonName, &Ordered<NaturalPerson, &NaturalPerson::common_name>,
     StringForm::kPrintableOrUtf8, &IsPersonName, &kGateSubjectText,
     "EN 319 412-2 NAT-4.2.4-1, -3, -15, -19"},
    {oid::kSerialNumber, &Ordered<NaturalPerson, &NaturalPerson::serial_number>,
     StringForm::kPrintable, &IsNaturalIdentifier, &kGateSerialNumberForm,
     "EN 319 412-2 NAT-4.2.4-2; EN 319 412-1 5.1.3"},
};

// organizationIdentifier is a DirectoryString in X.520.
constexpr AttributeRule kLegalSubject[] = {
    {oid::kCountryName, &Ordered<LegalPerson, &LegalPerson::country>, StringForm::kPrintable,
     &IsCountryCode, &kGateCountryForm, "EN 319 412-3 4.2.1; X.520 6.3.1"},
    {oid::kOrganizationName, &Ordered<LegalPerson, &LegalPerson::organization_name>,
     StringForm::kPrintableOrUtf8, &IsPlainText, &kGateSubjectText, "EN 319 412-3 4.2.1"},
    {oid::kOrganizationIdentifier, &Ordered<LegalPerson, &LegalPerson::organization_identifier>,
     StringForm::kPrintableOrUtf8, &IsLegalIdentifier, &kGateOrganizationForm,
     "EN 319 412-3 LEG-4.2.1-6; EN 319 412-1 5.1.4"},
    {oid::kCommonName, &Ordered<LegalPerson, &LegalPerson::common_name>,
     StringForm::kPrintableOrUtf8, &IsPlainText, &kGateSubjectText, "EN 319 412-3 4.2.1"},
};

// The name of a CA is the issuer's name in every certificate under it.
constexpr NameRule kAuthorityName[] = {
    {oid::kCountryName, kRequired, StringForm::kPrintable, &IsCountryCode, &kGateCountryForm,
     "EN 319 412-2 GEN-4.2.3.1-1; X.520 6.3.1"},
    {oid::kOrganizationName, kRequired, StringForm::kPrintableOrUtf8, &IsPlainText,
     &kGateSubjectText, "EN 319 412-2 GEN-4.2.3.1-1"},
    {oid::kCommonName, kRequired, StringForm::kPrintableOrUtf8, &IsPlainText, &kGateSubjectText,
     "EN 319 412-2 GEN-4.2.3.1-1"},
    {oid::kOrganizationIdentifier, kOptional, StringForm::kPrintableOrUtf8, &IsPlainText,
     &kGateSubjectText, "EN 319 412-2 GEN-4.2.3.1-3 (CIR 2025/1943): where a number exists"},
};

constexpr KeyPurpose kNaturalKeys[] = {KeyPurpose::kSigner, KeyPurpose::kOneTime};
constexpr KeyPurpose kLegalKeys[] = {KeyPurpose::kSeal};

// Extended key usage and subjectAltName are missing on purpose: a key for commitment has no other
// purpose, and an order names no other name.
constexpr ExtensionRule kSubscriberExtensions[] = {
    {oid::kAuthorityKeyId, kRequired, kNotCritical, "EN 319 412-2 GEN-4.3.1-1; RFC 5280 4.2.1.1"},
    {oid::kSubjectKeyId, kRequired, kNotCritical, "RFC 5280 4.2.1.2 (its SHOULD, held always)"},
    {oid::kKeyUsage, kRequired, kCritical, "EN 319 412-2 4.3.2; RFC 5280 4.2.1.3"},
    {oid::kCertificatePolicies, kRequired, kNotCritical, "EN 319 412-2 4.3.3; 411-2 GEN-6.3.3-02"},
    {oid::kBasicConstraints, kOptional, kEither, "RFC 5280 4.2.1.9"},
    {oid::kCrlDistributionPoints, kRequired, kNotCritical, "EN 319 412-2 4.3.11"},
    {oid::kAuthorityInfoAccess, kRequired, kNotCritical, "EN 319 412-2 4.4.1; RFC 5280 4.2.2.1"},
    {oid::kQcStatements, kRequired, kNotCritical, "EN 319 412-5 QCS-4.1-02"},
};

// The same without a place for status, and with the two extensions that say why.
constexpr ExtensionRule kShortTermExtensions[] = {
    {oid::kAuthorityKeyId, kRequired, kNotCritical, "EN 319 412-2 GEN-4.3.1-1; RFC 5280 4.2.1.1"},
    {oid::kSubjectKeyId, kRequired, kNotCritical, "RFC 5280 4.2.1.2 (its SHOULD, held always)"},
    {oid::kKeyUsage, kRequired, kCritical, "EN 319 412-2 4.3.2; RFC 5280 4.2.1.3"},
    {oid::kCertificatePolicies, kRequired, kNotCritical, "EN 319 412-2 4.3.3; 411-2 GEN-6.3.3-02"},
    {oid::kBasicConstraints, kOptional, kEither, "RFC 5280 4.2.1.9"},
    {oid::kAuthorityInfoAccess, kRequired, kNotCritical, "EN 319 412-2 4.4.1; RFC 9608 4"},
    {oid::kValidityAssured, kRequired, kNotCritical, "EN 319 412-1 5.2; 411-1 GEN-6.6.1-03"},
    {oid::kNoRevAvail, kRequired, kNotCritical, "EN 319 412-2 4.3.11-2A, 4.4.1-8A; RFC 9608 2"},
    {oid::kQcStatements, kRequired, kNotCritical, "EN 319 412-5 QCS-4.1-02"},
};

// EN 319 412-3 takes its extensions from EN 319 412-2, so both kinds of person share their rules.
constexpr StatementRule kStatements[] = {
    {oid::kQcCompliance, "EN 319 412-5 4.2.1"},
    {oid::kQcType, "EN 319 412-5 4.2.3"},
    {oid::kQcPds, "EN 319 412-5 4.3.4"},
    {oid::kQcSyntaxV2, "EN 319 412-1 5.1.3, 5.1.4"},
};

constexpr StatementRule kQscdStatements[] = {
    {oid::kQcCompliance, "EN 319 412-5 4.2.1"},
    {oid::kQcSscd, "EN 319 412-5 4.2.2; 411-2 GEN-6.6.1-03, -04"},
    {oid::kQcType, "EN 319 412-5 4.2.3"},
    {oid::kQcPds, "EN 319 412-5 4.3.4"},
    {oid::kQcSyntaxV2, "EN 319 412-1 5.1.3, 5.1.4"},
};

constexpr std::string_view kNcp[] = {"0.4.0.2042.1.1"};
constexpr std::string_view kNcpPlus[] = {"0.4.0.2042.1.2"};

constexpr Cited<uint16_t> kTypeA = {kUsageNonRepudiation, "EN 319 412-2 4.3.2, type A"};
// No clause bounds it; identity proofing grows old.
constexpr Cited<Duration> kThreeYears = {1095 * kDay, "EN 319 411-1 REG-6.3.1, by the CPS"};

constexpr SubscriberProfile kSubscriberProfiles[] = {
    {.policy_oid = "0.4.0.194112.1.0",  // EN 319 411-2 5.1, OVR-5.1-02 to -09
     .name = "QCP-n",
     .needs_qscd = false,
     .key_purposes = kNaturalKeys,
     .base_policies = kNcp,
     .subject = kNaturalSubject,
     .extensions = kSubscriberExtensions,
     .short_term_extensions = kShortTermExtensions,
     .qc_statements = kStatements,
     .qc_type = {oid::kQcTypeSign, "EN 319 412-5 4.2.3"},
     .semantics = {oid::kSemanticsNatural, "EN 319 412-1 5.1.3"},
     .key_usage = kTypeA,
     .longest_validity = kThreeYears},
    {.policy_oid = "0.4.0.194112.1.2",  // EN 319 411-2 5.1, OVR-5.1-02 to -09
     .name = "QCP-n-qscd",
     .needs_qscd = true,
     .key_purposes = kNaturalKeys,
     .base_policies = kNcpPlus,
     .subject = kNaturalSubject,
     .extensions = kSubscriberExtensions,
     .short_term_extensions = kShortTermExtensions,
     .qc_statements = kQscdStatements,
     .qc_type = {oid::kQcTypeSign, "EN 319 412-5 4.2.3"},
     .semantics = {oid::kSemanticsNatural, "EN 319 412-1 5.1.3"},
     .key_usage = kTypeA,
     .longest_validity = kThreeYears},
    {.policy_oid = "0.4.0.194112.1.1",  // EN 319 411-2 5.1, OVR-5.1-02 to -09
     .name = "QCP-l",
     .needs_qscd = false,
     .key_purposes = kLegalKeys,
     .base_policies = kNcp,
     .subject = kLegalSubject,
     .extensions = kSubscriberExtensions,
     .short_term_extensions = kShortTermExtensions,
     .qc_statements = kStatements,
     .qc_type = {oid::kQcTypeSeal, "EN 319 412-5 4.2.3"},
     .semantics = {oid::kSemanticsLegal, "EN 319 412-1 5.1.4"},
     .key_usage = kTypeA,
     .longest_validity = kThreeYears},
    {.policy_oid = "0.4.0.194112.1.3",  // EN 319 411-2 5.1, OVR-5.1-02 to -09
     .name = "QCP-l-qscd",
     .needs_qscd = true,
     .key_purposes = kLegalKeys,
     .base_policies = kNcpPlus,
     .subject = kLegalSubject,
     .extensions = kSubscriberExtensions,
     .short_term_extensions = kShortTermExtensions,
     .qc_statements = kQscdStatements,
     .qc_type = {oid::kQcTypeSeal, "EN 319 412-5 4.2.3"},
     .semantics = {oid::kSemanticsLegal, "EN 319 412-1 5.1.4"},
     .key_usage = kTypeA,
     .longest_validity = kThreeYears},
};

constexpr ExtensionRule kResponderExtensions[] = {
    {oid::kAuthorityKeyId, kRequired, kNotCritical, "RFC 5280 4.2.1.1"},
    {oid::kSubjectKeyId, kRequired, kNotCritical, "RFC 5280 4.2.1.2 (its SHOULD, held always)"},
    {oid::kKeyUsage, kRequired, kCritical, "RFC 5280 4.2.1.3, 4.2.1.12"},
    {oid::kExtendedKeyUsage, kRequired, kEither, "RFC 6960 4.2.2.2"},
    {oid::kOcspNoCheck, kRequired, kNotCritical, "EN 319 411-1 CSS-6.6.3-01A; RFC 6960 4.2.2.2.1"},
    {oid::kBasicConstraints, kOptional, kEither, "RFC 5280 4.2.1.9"},
    {oid::kCertificatePolicies, kOptional, kNotCritical, "RFC 5280 4.2.1.4"},
    {oid::kCrlDistributionPoints, kOptional, kNotCritical, "RFC 5280 4.2.1.13"},
    {oid::kAuthorityInfoAccess, kOptional, kNotCritical, "EN 319 411-1 CSS-6.6.3-01B"},
};

constexpr ResponderProfile kOcspResponder = {
    .name = "OCSP responder",
    .subject = kAuthorityName,
    .extensions = kResponderExtensions,
    .extended_key_usage = {oid::kPurposeOcspSigning, "RFC 6960 4.2.2.2"},
    .key_usage = {kUsageDigitalSignature, "RFC 5280 4.2.1.12"},
    // It cannot be revoked, so it is short.
    .longest_validity = {90 * kDay, "EN 319 411-1 CSS-6.6.3-01A, by the CPS"},
};

constexpr ExtensionRule kAuthorityExtensions[] = {
    {oid::kBasicConstraints, kRequired, kCritical, "RFC 5280 4.2.1.9"},
    {oid::kKeyUsage, kRequired, kCritical, "RFC 5280 4.2.1.3"},
    {oid::kSubjectKeyId, kRequired, kNotCritical, "RFC 5280 4.2.1.2"},
    // Required unless the certificate is its own issuer's.
    {oid::kAuthorityKeyId, kOptional, kNotCritical, "RFC 5280 4.2.1.1"},
    {oid::kCertificatePolicies, kOptional, kEither, "RFC 5280 4.2.1.4"},
    {oid::kCrlDistributionPoints, kOptional, kNotCritical, "RFC 5280 4.2.1.13"},
    {oid::kAuthorityInfoAccess, kOptional, kNotCritical, "RFC 5280 4.2.2.1"},
};

constexpr AuthorityProfile kIssuingAuthority = {
    .name = "issuing CA",
    .subject = kAuthorityName,
    .extensions = kAuthorityExtensions,
    .key_usage = {kUsageKeyCertSign | kUsageCrlSign, "EN 319 411-1 GEN-6.5.3-03"},
    .algorithm = {KeyAlgorithm::kP256, "EN 319 412-2 GEN-4.2.2-2"},
};

}  // namespace

const SubscriberProfile* FindSubscriberProfile(std::string_view policy_oid) {
  const auto* found =
      std::ranges::find(kSubscriberProfiles, policy_oid, &SubscriberProfile::policy_oid);
  return found == std::end(kSubscriberProfiles) ? nullptr : found;
}

const ResponderProfile& OcspResponderProfile() { return kOcspResponder; }

const AuthorityProfile& IssuingAuthorityProfile() { return kIssuingAuthority; }

}  // namespace intaglio::appliance
