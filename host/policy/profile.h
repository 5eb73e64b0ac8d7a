// ProfileSpec: one certificate profile as a row of values, each with the clause it comes from.
//
// The builder writes what the row says and the lint demands it. A row is frozen once released:
// changing a profile means a new row with a new name, so a certificate can always be judged by the
// rules it was made under.
#ifndef INTAGLIO_HOST_POLICY_PROFILE_H_
#define INTAGLIO_HOST_POLICY_PROFILE_H_

#include <span>
#include <string_view>

#include "base/clock.h"
#include "host/domain/certificate_policy.h"

namespace intaglio::host {

// Whether the certificate claims that its private key is in a qualified device.
enum class QscdClaim { kAbsent, kPresent };

// Whom the certificate names.
enum class SubjectKind { kNaturalPerson, kLegalPerson };

// A value of the row and the clause that demands it.
template <class T>
struct Cited {
  T value;
  std::string_view clause;
};

// How a relying party learns that the certificate is not valid any more.
enum class StatusPromise { kCrlAndOcsp, kNoneForShortTerm };

enum class CriticalDemand { kEither, kMustNot };

// An extension that may stand in a certificate of the profile; any other is a finding.
struct ExtensionSpec {
  std::string_view oid;
  CriticalDemand critical;
  std::string_view clause;
};

struct ProfileSpec {
  std::string_view name;  // "qcp-n-qscd-2026"
  CertificatePolicy policy;
  Cited<SubjectKind> subject;
  Cited<uint32_t> key_usage;              // kKeyUsage… bits, exactly these
  Cited<QscdClaim> qscd;                  // the QcSSCD statement
  Cited<std::string_view> qc_type;        // the one value of QcType
  Cited<std::string_view> semantics_oid;  // of the subject's identifier
  Cited<StatusPromise> status;
  Cited<Duration> longest_validity;  // both ends counted
};

// What may stand in certificates of persons, responders and CAs.
std::span<const ExtensionSpec> SubscriberExtensions();
std::span<const ExtensionSpec> ResponderExtensions();
std::span<const ExtensionSpec> AuthorityExtensions();

// Every row of this build.
std::span<const ProfileSpec> Profiles();
// The row for `policy` that new certificates get, or kProfileUnknown.
StatusOr<const ProfileSpec*> CurrentProfile(CertificatePolicy policy);
// The row for `policy` whose certificates end within 24 hours and name no place of status, or
// kProfileUnknown. The order must be for one day.
StatusOr<const ProfileSpec*> ShortTermProfile(CertificatePolicy policy);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_POLICY_PROFILE_H_
