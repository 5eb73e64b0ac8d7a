// Extensions other than qcStatements.
#include <algorithm>
#include <set>

#include "host/domain/oids.h"
#include "host/policy/lint_checks.h"

namespace intaglio::host {
namespace {

using Urls = std::vector<std::string>;

bool AnyUrl(const Urls& urls, std::initializer_list<std::string_view> schemes) {
  return std::any_of(urls.begin(), urls.end(),
                     [&](const std::string& url) { return IsUrl(url, schemes); });
}

// What a relying party would take for more, or for less, than a policy of EN 319 411-2 on NCP or
// NCP+ promises.
bool IsPolicyOfAnotherKind(std::string_view policy) {
  constexpr std::string_view kArcs[] = {
      "0.4.0.194112.1.",  // EN 319 411-2 §5.3
      "0.4.0.1456.1.",    // its predecessor, TS 101 456
      "0.4.0.19495.3.",   // TS 119 495: payment service providers
      "2.23.140.1.",      // CA/Browser Forum: websites
  };
  constexpr std::string_view kLesser[] = {
      "0.4.0.2042.1.3",  // LCP
      "0.4.0.2042.1.4",  // EVCP, and the four below for websites too
      "0.4.0.2042.1.5", "0.4.0.2042.1.6", "0.4.0.2042.1.7", "0.4.0.2042.1.8"};
  return std::count(std::begin(kLesser), std::end(kLesser), policy) != 0 ||
         std::any_of(std::begin(kArcs), std::end(kArcs),
                     [&](std::string_view arc) { return policy.starts_with(arc); });
}

// Whether the mark stands where the profile wants it and nowhere else, with the value it has.
void LintMark(const CertificateFacts& facts, const ProfileSpec& profile, std::string_view oid,
              std::string_view rule, LintReport& report) {
  const ExtensionFact* mark = FindExtension(facts, oid);
  const bool wanted = profile.status.value == StatusPromise::kNoneForShortTerm;
  report.Require(
      (mark != nullptr) == wanted, rule,
      "extension " + std::string(oid) + (wanted ? " is missing" : " must not be present"));
  report.Require(mark == nullptr || mark->holds_null, rule,
                 "extension " + std::string(oid) + " does not hold NULL");
}

}  // namespace

const ExtensionFact* FindExtension(const CertificateFacts& facts, std::string_view oid) {
  auto it = std::find_if(facts.extensions.begin(), facts.extensions.end(),
                         [&](const auto& fact) { return fact.oid == oid; });
  return it == facts.extensions.end() ? nullptr : &*it;
}

bool IsUrl(std::string_view url, std::initializer_list<std::string_view> schemes) {
  const bool visible =
      std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return visible && std::any_of(schemes.begin(), schemes.end(), [&](std::string_view scheme) {
           return url.size() > scheme.size() && url.starts_with(scheme) &&
                  url[scheme.size()] != '/';
         });
}

void LintExtensions(const CertificateFacts& facts, std::span<const ExtensionSpec> known,
                    LintReport& report) {
  constexpr std::string_view kCaOnly[] = {oid::kPolicyMappings, oid::kNameConstraints,
                                          oid::kPolicyConstraints, oid::kInhibitAnyPolicy};
  std::set<std::string> seen;
  for (const ExtensionFact& fact : facts.extensions) {
    report.Require(seen.insert(fact.oid).second, "extension-duplicate",
                   "extension " + fact.oid + " occurs more than once");
    if (std::count(std::begin(kCaOnly), std::end(kCaOnly), fact.oid) != 0) {
      report.Require(false, "extension-ca-only", "extension " + fact.oid + " is for CAs above CAs");
      continue;
    }
    const auto spec = std::find_if(known.begin(), known.end(),
                                   [&](const ExtensionSpec& each) { return each.oid == fact.oid; });
    report.Require(spec != known.end(), "extension-unknown",
                   "extension " + fact.oid + " is none of the profile's");
    if (spec == known.end()) continue;
    report.RequireBy(spec->clause, !fact.critical || spec->critical == CriticalDemand::kEither,
                     "extension-critical", "extension " + fact.oid + " is critical");
  }
}

void LintNotACa(const CertificateFacts& facts, LintReport& report) {
  report.Require(!facts.basic_constraints || !facts.basic_constraints->ca, "not-a-ca",
                 "basicConstraints says CA:TRUE");
}

void LintKeyUsage(const CertificateFacts& facts, const Cited<uint32_t>& exactly,
                  LintReport& report) {
  report.RequireBy(exactly.clause, facts.key_usage == exactly.value, "key-usage",
                   facts.key_usage ? "keyUsage mask " + std::to_string(*facts.key_usage) +
                                         ", must be " + std::to_string(exactly.value)
                                   : "keyUsage is missing");
  const ExtensionFact* usage = FindExtension(facts, oid::kKeyUsage);
  report.Require(usage == nullptr || usage->critical, "key-usage-critical",
                 "keyUsage is not critical");
}

void LintKeyIds(const CertificateFacts& facts, LintReport& report) {
  report.Require(facts.authority_key_id && !facts.authority_key_id->empty(), "authority-key-id",
                 "authorityKeyIdentifier with a keyIdentifier is missing");
  report.Require(facts.subject_key_id && !facts.subject_key_id->empty(), "subject-key-id",
                 "subjectKeyIdentifier is missing");
}

void LintPurpose(const CertificateFacts& facts, LintReport& report) {
  for (const std::string& purpose : facts.extended_key_usage_oids) {
    report.Require(purpose != oid::kOcspSigning && purpose != oid::kAnyExtendedKeyUsage,
                   "key-purpose", "purpose " + purpose + " in a person's certificate");
  }
}

void LintStatusService(const CertificateFacts& facts, const ProfileSpec& profile,
                       LintReport& report) {
  LintMark(facts, profile, oid::kValidityAssured, "short-term-validity-assured", report);
  LintMark(facts, profile, oid::kNoRevAvail, "short-term-no-rev-avail", report);
  report.Require(AnyUrl(facts.ca_issuers_urls, {"http://", "https://"}), "aia-ca-issuers",
                 "no http(s) URL of the issuer's certificate");
  if (profile.status.value == StatusPromise::kNoneForShortTerm) {
    report.Require(
        FindExtension(facts, oid::kCrlDistributionPoints) == nullptr && facts.ocsp_urls.empty(),
        "short-term-no-status", "a CRL or a responder is named in a short-term certificate");
    return;
  }
  report.Require(AnyUrl(facts.crl_urls, {"http://", "ldap://"}), "crl-distribution-point",
                 "no http or ldap URL of a CRL");
  report.Require(AnyUrl(facts.ocsp_urls, {"http://", "https://"}), "aia-ocsp",
                 "no http(s) URL of an OCSP responder");
}

void LintPolicies(const CertificateFacts& facts, const ProfileSpec& profile, LintReport& report) {
  const std::string_view wanted = PolicyOid(profile.policy);
  report.Require(std::count(facts.policy_oids.begin(), facts.policy_oids.end(), wanted) == 1,
                 "policy-present",
                 "certificatePolicies must name " + std::string(wanted) + " once");
  for (const std::string& found : facts.policy_oids) {
    report.Require(found == wanted || !IsPolicyOfAnotherKind(found), "policy-contradiction",
                   "certificatePolicies also names " + found);
    report.Require(found != oid::kAnyPolicy, "policy-any",
                   "anyPolicy stands in an end-entity certificate");
  }
}

void LintNoPersonsPolicy(const CertificateFacts& facts, LintReport& report) {
  for (const std::string& found : facts.policy_oids) {
    const bool generic = found.starts_with("0.4.0.2042.1.");
    report.Require(generic || !IsPolicyOfAnotherKind(found), "responder-policy",
                   "certificatePolicies names " + found);
    report.Require(found != oid::kAnyPolicy, "policy-any",
                   "anyPolicy stands in an end-entity certificate");
  }
}

void LintPolicyQualifiers(const CertificateFacts& facts, LintReport& report) {
  for (const std::string& qualifier : facts.policy_qualifier_oids) {
    report.Require(qualifier == oid::kCpsQualifier, "policy-qualifier",
                   "qualifier " + qualifier + " is not a CPS pointer");
  }
  for (const std::string& url : facts.cps_urls) {
    report.Require(IsUrl(url, {"http://", "https://"}), "policy-qualifier",
                   "a CPS pointer is not an http(s) URL");
  }
}

}  // namespace intaglio::host
