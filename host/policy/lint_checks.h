// The checks of the lint, grouped by what they look at. For host/policy.
#ifndef INTAGLIO_HOST_POLICY_LINT_CHECKS_H_
#define INTAGLIO_HOST_POLICY_LINT_CHECKS_H_

#include <initializer_list>
#include <span>
#include <string_view>

#include "host/policy/lint_rules.h"

namespace intaglio::host {

// Null if there is none.
const ExtensionFact* FindExtension(const CertificateFacts& facts, std::string_view oid);
// A URL of one of `schemes` ("http://") with a host, in visible ASCII. [RFC 5280 §4.2.1.6]
bool IsUrl(std::string_view url, std::initializer_list<std::string_view> schemes);

void LintIssuer(const CertificateFacts& facts, LintReport& report);
void LintSubject(const CertificateFacts& facts, const ProfileSpec& profile, LintReport& report);
// Whether attributes may stand in the name that no clause asks for.
enum class OtherAttributes { kAllowed, kRefused };
// The subject of a CA or responder; `rule` is the one that is broken if it is not as an issuer's.
void LintInstitution(const CertificateFacts& facts, std::string_view rule, OtherAttributes others,
                     LintReport& report);

void LintExtensions(const CertificateFacts& facts, std::span<const ExtensionSpec> known,
                    LintReport& report);
void LintNotACa(const CertificateFacts& facts, LintReport& report);
void LintKeyUsage(const CertificateFacts& facts, const Cited<uint32_t>& exactly,
                  LintReport& report);
void LintKeyIds(const CertificateFacts& facts, LintReport& report);
void LintPurpose(const CertificateFacts& facts, LintReport& report);
void LintStatusService(const CertificateFacts& facts, const ProfileSpec& profile,
                       LintReport& report);
void LintPolicies(const CertificateFacts& facts, const ProfileSpec& profile, LintReport& report);
// No policy of persons or websites.
void LintNoPersonsPolicy(const CertificateFacts& facts, LintReport& report);
void LintPolicyQualifiers(const CertificateFacts& facts, LintReport& report);

void LintStatements(const CertificateFacts& facts, const ProfileSpec& profile, LintReport& report);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_POLICY_LINT_CHECKS_H_
