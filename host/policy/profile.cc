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

constexpr ProfileSpec kProfiles[] = {
    {
        .name = "qcp-n-2026",
        .policy = CertificatePolicy::kQcpN,
        .subject = {SubjectKind::kNaturalPerson, "EN 319 411-2 §5.1"},
        .key_usage = {kKeyUsageNonRepudiation, "EN 319 412-2 §4.3.2 type A"},
        .qscd = {QscdClaim::kAbsent, "EN 319 411-2 GEN-6.6.1-04"},
        .qc_type = {oid::kQcTypeEsign, "EN 319 412-5 §4.2.3"},
        .semantics_oid = {oid::kSemanticsNatural, "EN 319 412-1 §5.1.3"},
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
        .longest_validity = kThreeYears,
    },
};

}  // namespace

std::span<const ProfileSpec> Profiles() { return kProfiles; }

StatusOr<const ProfileSpec*> CurrentProfile(CertificatePolicy policy) {
  for (const ProfileSpec& profile : kProfiles) {
    if (profile.policy == policy) return &profile;
  }
  return Fail(kProfileUnknown, "policy " + std::string(PolicyName(policy)) +
                                   "; choose QCP-n, QCP-n-qscd, QCP-l or QCP-l-qscd");
}

}  // namespace intaglio::host
