#include "host/policy/lint_rules.h"

#include <algorithm>
#include <cstdlib>

#include "host/policy/reasons.h"

namespace intaglio::host {
namespace {

constexpr LintRule kRules[] = {
    {"version", &kLintFrame, "RFC 5280 §4.1.2.1", "version 3"},
    {"serial-form", &kLintFrame, "RFC 5280 §4.1.2.2", "positive, minimal, at most 20 octets"},
    {"serial-entropy", &kLintFrame, "EN 319 411-1 GEN-6.3.3-02A", "64 significant bits or more"},
    {"signature-algorithm", &kLintFrame, "EN 319 412-2 GEN-4.2.2-2", "ecdsa-with-SHA256"},
    {"public-key", &kLintFrame, "EN 319 412-2 GEN-4.2.5-2", "P-256, P-384, RSA from 3072 bits"},

    {"validity-positive", &kLintValidity, "RFC 5280 §4.1.2.5", "it ends after it begins"},
    {"validity-bound", &kLintValidity, "", "no longer than the profile's bound"},

    {"issuer-name", &kLintIssuer, "EN 319 412-2 §4.2.3.1", "C, O, CN once, at most one identifier"},

    {"subject-string-type", &kLintSubject, "RFC 5280 §4.1.2.4; X.520", "the attribute's types"},
    {"subject-empty-attribute", &kLintSubject, "RFC 5280 Appendix A", "every value says something"},
    {"subject-duplicate-attribute", &kLintSubject, "EN 319 412-2 NAT-4.2.4-3", "each once"},
    {"subject-unknown-attribute", &kLintSubject, "EN 319 412-2 NAT-4.2.4-12; 412-3 LEG-4.2.1",
     "only what was proofed"},
    {"subject-text", &kLintSubject, "EN 319 412-2 NAT-4.2.4-19",
     "no controls; persons: one script"},
    {"subject-country", &kLintSubject, "EN 319 412-2 NAT-4.2.4-3; 412-3 LEG-4.2.1", "once"},
    {"subject-country-form", &kLintSubject, "RFC 5280 Appendix A", "two upper-case letters"},
    {"subject-common-name", &kLintSubject, "EN 319 412-2 NAT-4.2.4-3; 412-3 LEG-4.2.1", "once"},
    {"subject-kind", &kLintSubject, "EN 319 412-2 §4.2.4; 412-3 LEG-4.2.1", "one kind of person"},
    {"subject-name-choice", &kLintSubject, "EN 319 412-2 NAT-4.2.4-1", "a name or a pseudonym"},
    {"subject-pseudonym-alone", &kLintSubject, "EN 319 412-2 NAT-4.2.4-4", "not both"},
    {"subject-serial-number", &kLintSubject, "EN 319 412-2 NAT-4.2.4-2", "it makes names unique"},
    {"subject-serial-semantics", &kLintSubject, "EN 319 412-1 §5.1.3", "PNOEE-…"},
    {"subject-organization", &kLintSubject, "EN 319 412-3 LEG-4.2.1", "once"},
    {"subject-organization-identifier", &kLintSubject, "EN 319 412-3 LEG-4.2.1", "once"},
    {"subject-organization-semantics", &kLintSubject, "EN 319 412-1 §5.1.4", "VATEE-…"},

    {"extension-duplicate", &kLintExtensions, "RFC 5280 §4.2", "each once"},
    {"extension-critical", &kLintExtensions, "", "not critical where it must not be"},
    {"extension-ca-only", &kLintExtensions, "EN 319 412-2 §4.3", "none of a CA's"},
    {"extension-unknown", &kLintExtensions, "EN 319 412-2 §4.3; RFC 5280 §4.2", "only known ones"},
    {"not-a-ca", &kLintExtensions, "RFC 5280 §4.2.1.9", "cA is not TRUE"},

    {"key-usage", &kLintKeyUse, "", "exactly the profile's bits"},
    {"key-usage-critical", &kLintKeyUse, "RFC 5280 §4.2.1.3", "critical"},
    {"key-purpose", &kLintKeyUse, "RFC 6960 §4.2.2.2; RFC 5280 §4.2.1.12",
     "no OCSPSigning and no anyExtendedKeyUsage for persons"},
    {"authority-key-id", &kLintKeyUse, "EN 319 412-2 GEN-4.3.1-1; RFC 5280 §4.2.1.1", "present"},
    {"subject-key-id", &kLintKeyUse, "RFC 5280 §4.2.1.2", "present"},

    {"crl-distribution-point", &kLintAddresses, "EN 319 412-2 §4.3.11", "http or ldap"},
    {"aia-ca-issuers", &kLintAddresses, "EN 319 412-2 §4.4.1", "http or https"},
    {"aia-ocsp", &kLintAddresses, "EN 319 412-2 §4.4.1", "http or https"},

    {"policy-present", &kLintPolicies, "EN 319 411-2 GEN-6.6.1-05", "the profile's policy, once"},
    {"policy-contradiction", &kLintPolicies, "EN 319 412-2 QCS-5.2-2", "no policy of another kind"},
    {"policy-any", &kLintPolicies, "RFC 5280 §4.2.1.4", "no anyPolicy in end entities"},
    {"policy-qualifier", &kLintPolicies, "RFC 5280 §4.2.1.4", "CPS pointers to the web only"},

    {"qc-duplicate", &kLintStatements, "EN 319 412-5 QCS-4.1-02A", "each once"},
    {"qc-content", &kLintStatements, "EN 319 412-5 Annex B", "none where none is defined"},
    {"qc-unknown", &kLintStatements, "EN 319 411-2 GEN-6.6.1-02", "only what was proofed"},
    {"qc-compliance", &kLintStatements, "EN 319 412-5 §4.2.1", "present"},
    {"qc-sscd", &kLintStatements, "", "as the policy says"},
    {"qc-type", &kLintStatements, "", "the one type of the profile"},
    {"qc-legislation", &kLintStatements, "EN 319 412-5 §4.2.4", "absent in the Union"},
    {"qc-semantics", &kLintStatements, "", "the profile's alone"},
    {"qc-pds", &kLintStatements, "EN 319 412-5 §4.3.4", "present"},
    {"qc-pds-https", &kLintStatements, "EN 319 412-5 §4.3.4", "https"},
    {"qc-pds-language", &kLintStatements, "EN 319 412-5 §4.3.4", "ISO 639-1, lower case"},
    {"qc-pds-english", &kLintStatements, "EN 319 412-5 §4.3.4", "one of them in English"},

    {"short-term-validity-assured", &kLintShortTerm, "EN 319 411-1 GEN-6.6.1-03, -04",
     "in short-term certificates and only there; NULL"},
    {"short-term-no-rev-avail", &kLintShortTerm, "EN 319 412-2 §4.3.11 (2A); RFC 9608 §2",
     "in short-term certificates and only there; NULL"},
    {"short-term-no-status", &kLintShortTerm, "RFC 9608 §4", "no CRL and no responder beside it"},

    {"responder-purpose", &kLintResponder, "RFC 6960 §4.2.2.2", "OCSPSigning and nothing else"},
    {"responder-no-check", &kLintResponder, "EN 319 411-1 CSS-6.6.3-01A", "ocsp-nocheck, NULL"},
    {"responder-no-ocsp", &kLintResponder, "EN 319 411-1 CSS-6.6.3-01B", "no responder of its own"},
    {"responder-policy", &kLintResponder, "EN 319 411-2 OVR-5.1-02", "no person's policy"},
    {"responder-name", &kLintResponder, "EN 319 412-2 §4.2.3.1", "C, O, CN once, nothing unknown"},

    {"ca-constraints", &kLintAuthority, "RFC 5280 §4.2.1.9", "cA TRUE, critical"},
    {"ca-public-key", &kLintAuthority, "EN 319 412-2 GEN-4.2.2-2", "P-256, as the profiles sign"},
    {"ca-name", &kLintAuthority, "EN 319 412-2 §4.2.3.1", "C, O, CN once, at most one identifier"},
};

const LintRule& RuleOf(std::string_view id) {
  const auto* rule = std::find_if(std::begin(kRules), std::end(kRules),
                                  [&](const LintRule& each) { return each.id == id; });
  if (rule == std::end(kRules)) std::abort();
  return *rule;
}

}  // namespace

std::span<const LintRule> LintRules() { return kRules; }

void LintReport::Require(bool holds, std::string_view rule, std::string text) {
  if (holds) return;
  RequireBy(RuleOf(rule).clause, holds, rule, std::move(text));
}

void LintReport::RequireBy(std::string_view clause, bool holds, std::string_view rule,
                           std::string text) {
  if (holds) return;
  const LintRule& found = RuleOf(rule);
  findings_.push_back({found.id, clause, std::move(text), found.reason});
}

}  // namespace intaglio::host
