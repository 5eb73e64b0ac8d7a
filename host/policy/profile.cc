#include "host/policy/profile.h"

#include <string>

#include "host/domain/certificate_facts.h"
#include "host/domain/oids.h"
#include "host/policy/reasons.h"

namespace intaglio::host {
namespace {

// No clause bounds a subscriber's certificate; three years keeps identity proofing fresh and is
// what the practice statement promises.
constexpr Cited<Duration> kThreeYears{(3 * 365 + 1) * kDay, "CPS (EN 319 411-1 REG-6.3.1)"};
// No longer than a revocation may take.
constexpr Cited<Duration> kOneDay{kDay, "EN 319 411-1 §3.1, GEN-6.6.1-05 with REV-6.2.4-03A"};

constexpr Cited<StatusPromise> kRevocable{StatusPromise::kCrlAndOcsp,
                                          "EN 319 411-1 CSS-6.3.10-05, GEN-6.6.1-04"};
constexpr Cited<StatusPromise> kShortTerm{StatusPromise::kNoneForShortTerm,
                                          "EN 319 411-1 GEN-6.6.1-03, REV-6.3.9-15"};

constexpr ProfileSpec kProfiles[] = {
    {
        .name = "qcp-n-2026",
        .policy = CertificatePolicy::kQcpN,
        .subject = {SubjectKind::kNaturalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kAbsent, "EN 319 411-2 GEN-6.6.1-04"},
        .qc_type = {oid::kQcTypeEsign, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsNatural, "EN 319 412-1 §5.1.3"},
        .status = kRevocable,
        .longest_validity = kThreeYears,
    },
    {
        .name = "qcp-n-qscd-2026",
        .policy = CertificatePolicy::kQcpNQscd,
        .subject = {SubjectKind::kNaturalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kPresent, "EN 319 411-2 GEN-6.6.1-03"},
        .qc_type = {oid::kQcTypeEsign, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsNatural, "EN 319 412-1 §5.1.3"},
        .status = kRevocable,
        .longest_validity = kThreeYears,
    },
    {
        .name = "qcp-l-2026",
        .policy = CertificatePolicy::kQcpL,
        .subject = {SubjectKind::kLegalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-3 §4 with 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kAbsent, "EN 319 411-2 GEN-6.6.1-04"},
        .qc_type = {oid::kQcTypeEseal, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsLegal, "EN 319 412-1 §5.1.4"},
        .status = kRevocable,
        .longest_validity = kThreeYears,
    },
    {
        .name = "qcp-l-qscd-2026",
        .policy = CertificatePolicy::kQcpLQscd,
        .subject = {SubjectKind::kLegalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-3 §4 with 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kPresent, "EN 319 411-2 GEN-6.6.1-03"},
        .qc_type = {oid::kQcTypeEseal, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsLegal, "EN 319 412-1 §5.1.4"},
        .status = kRevocable,
        .longest_validity = kThreeYears,
    },
    {
        .name = "qcp-n-short-term-2026",
        .policy = CertificatePolicy::kQcpN,
        .subject = {SubjectKind::kNaturalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kAbsent, "EN 319 411-2 GEN-6.6.1-04"},
        .qc_type = {oid::kQcTypeEsign, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsNatural, "EN 319 412-1 §5.1.3"},
        .status = kShortTerm,
        .longest_validity = kOneDay,
    },
    {
        .name = "qcp-n-qscd-short-term-2026",
        .policy = CertificatePolicy::kQcpNQscd,
        .subject = {SubjectKind::kNaturalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kPresent, "EN 319 411-2 GEN-6.6.1-03"},
        .qc_type = {oid::kQcTypeEsign, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsNatural, "EN 319 412-1 §5.1.3"},
        .status = kShortTerm,
        .longest_validity = kOneDay,
    },
    {
        .name = "qcp-l-short-term-2026",
        .policy = CertificatePolicy::kQcpL,
        .subject = {SubjectKind::kLegalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-3 §4 with 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kAbsent, "EN 319 411-2 GEN-6.6.1-04"},
        .qc_type = {oid::kQcTypeEseal, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsLegal, "EN 319 412-1 §5.1.4"},
        .status = kShortTerm,
        .longest_validity = kOneDay,
    },
    {
        .name = "qcp-l-qscd-short-term-2026",
        .policy = CertificatePolicy::kQcpLQscd,
        .subject = {SubjectKind::kLegalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-3 §4 with 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kPresent, "EN 319 411-2 GEN-6.6.1-03"},
        .qc_type = {oid::kQcTypeEseal, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsLegal, "EN 319 412-1 §5.1.4"},
        .status = kShortTerm,
        .longest_validity = kOneDay,
    },
};

// Whether keyUsage is critical, and basicConstraints where cA is TRUE, has rules of its own.
constexpr auto kEither = CriticalDemand::kEither;
constexpr auto kMustNot = CriticalDemand::kMustNot;

constexpr ExtensionSpec kSubscriberExtensions[] = {
    {oid::kSubjectDirectoryAttributes, kMustNot, "RFC 5280 §4.2.1.8"},
    {oid::kSubjectKeyId, kMustNot, "RFC 5280 §4.2.1.2"},
    {oid::kKeyUsage, kEither, "RFC 5280 §4.2.1.3"},
    {oid::kSubjectAltName, kMustNot, "EN 319 412-2 §4.3.5"},
    {oid::kIssuerAltName, kMustNot, "EN 319 412-2 §4.3.6"},
    {oid::kBasicConstraints, kEither, "RFC 5280 §4.2.1.9"},
    {oid::kCrlDistributionPoints, kMustNot, "EN 319 412-2 §4.3.11"},
    {oid::kCertificatePolicies, kMustNot, "EN 319 412-2 §4.3.3"},
    {oid::kAuthorityKeyId, kMustNot, "RFC 5280 §4.2.1.1"},
    {oid::kExtendedKeyUsage, kMustNot, "EN 319 412-2 §4.3.10"},
    {oid::kNoRevAvail, kMustNot, "RFC 9608 §2"},
    {oid::kValidityAssured, kMustNot, "EN 319 412-1 §5.2"},
    {oid::kAuthorityInfoAccess, kMustNot, "RFC 5280 §4.2.2.1"},
    {oid::kQcStatements, kMustNot, "EN 319 412-5 QCS-4.1-02"},
};

constexpr ExtensionSpec kResponderExtensions[] = {
    {oid::kSubjectKeyId, kMustNot, "RFC 5280 §4.2.1.2"},
    {oid::kKeyUsage, kEither, "RFC 5280 §4.2.1.3"},
    {oid::kBasicConstraints, kEither, "RFC 5280 §4.2.1.9"},
    {oid::kCrlDistributionPoints, kMustNot, "RFC 5280 §4.2.1.13"},
    {oid::kCertificatePolicies, kMustNot, "RFC 5280 §4.2.1.4"},
    {oid::kAuthorityKeyId, kMustNot, "RFC 5280 §4.2.1.1"},
    {oid::kExtendedKeyUsage, kEither, "RFC 5280 §4.2.1.12"},
    {oid::kAuthorityInfoAccess, kMustNot, "RFC 5280 §4.2.2.1"},
    {oid::kOcspNoCheck, kMustNot, "RFC 6960 §4.2.2.2.1"},
};

constexpr ExtensionSpec kAuthorityExtensions[] = {
    {oid::kSubjectKeyId, kMustNot, "RFC 5280 §4.2.1.2"},
    {oid::kKeyUsage, kEither, "RFC 5280 §4.2.1.3"},
    {oid::kBasicConstraints, kEither, "RFC 5280 §4.2.1.9"},
    {oid::kCrlDistributionPoints, kMustNot, "RFC 5280 §4.2.1.13"},
    {oid::kCertificatePolicies, kEither, "RFC 5280 §4.2.1.4"},
    {oid::kAuthorityKeyId, kMustNot, "RFC 5280 §4.2.1.1"},
    {oid::kAuthorityInfoAccess, kMustNot, "RFC 5280 §4.2.2.1"},
};

StatusOr<const ProfileSpec*> FindProfile(CertificatePolicy policy, StatusPromise status) {
  for (const ProfileSpec& profile : kProfiles) {
    if (profile.policy == policy && profile.status.value == status) return &profile;
  }
  return Fail(kProfileUnknown, "policy " + std::string(PolicyName(policy)) +
                                   "; choose QCP-n, QCP-n-qscd, QCP-l or QCP-l-qscd");
}

}  // namespace

std::span<const ProfileSpec> Profiles() { return kProfiles; }

std::span<const ExtensionSpec> SubscriberExtensions() { return kSubscriberExtensions; }
std::span<const ExtensionSpec> ResponderExtensions() { return kResponderExtensions; }
std::span<const ExtensionSpec> AuthorityExtensions() { return kAuthorityExtensions; }

StatusOr<const ProfileSpec*> CurrentProfile(CertificatePolicy policy) {
  return FindProfile(policy, StatusPromise::kCrlAndOcsp);
}

StatusOr<const ProfileSpec*> ShortTermProfile(CertificatePolicy policy) {
  return FindProfile(policy, StatusPromise::kNoneForShortTerm);
}

}  // namespace intaglio::host
