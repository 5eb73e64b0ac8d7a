// Lint: the host's own reading of the certificate rules, applied to what is about to be signed.
//
// Pure: facts in, findings out. The core judges the same certificate by rules written separately
// from the same clauses; a certificate leaves only if both agree. Used before the core is asked to
// sign, and by whoever shows a certificate to an auditor. The rules are the table of lint_rules.cc.
#ifndef INTAGLIO_HOST_POLICY_LINT_H_
#define INTAGLIO_HOST_POLICY_LINT_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "host/domain/certificate_facts.h"
#include "host/policy/profile.h"

namespace intaglio::host {

struct LintFinding {
  std::string_view rule;           // "key-usage", stable
  std::string_view clause;         // where the rule comes from
  std::string text;                // what was found; never a subject's attribute value
  const Reason* reason = nullptr;  // the kind of rule; never null in what Lint returns
};

// Whether organizationIdentifier is written in a scheme of EN 319 412-1 §5.1.4, which a certificate
// with the legal person semantics promises: "VATEE-100000001", "NTRDE+HE-HRB1", "LEIXG-…".
bool IsLegalSemantics(std::string_view text);

// Every rule that a person's certificate breaks, in a fixed order; empty means clean.
std::vector<LintFinding> Lint(const CertificateFacts& facts, const ProfileSpec& profile);
// The same for the certificate of a delegated OCSP responder. [RFC 6960 §4.2.2.2]
std::vector<LintFinding> LintResponder(const CertificateFacts& facts);
// The same for the certificate of an issuing CA. [RFC 5280 §4.2.1.9; EN 319 412-2 §4.2.3.1]
std::vector<LintFinding> LintAuthority(const CertificateFacts& facts);

// OK for no finding. Otherwise the Reason that all findings share, or kLintFindings; the detail
// names each rule and clause.
Status RequireClean(const std::vector<LintFinding>& findings);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_POLICY_LINT_H_
