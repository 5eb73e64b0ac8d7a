// qcStatements. [EN 319 412-5; EN 319 411-2 GEN-6.6.1-02 to -04]
#include <algorithm>
#include <set>

#include "host/domain/oids.h"
#include "host/policy/lint_checks.h"

namespace intaglio::host {
namespace {

int CountStatement(const CertificateFacts& facts, std::string_view oid) {
  return static_cast<int>(std::count_if(facts.qc_statements.begin(), facts.qc_statements.end(),
                                        [&](const auto& fact) { return fact.oid == oid; }));
}

void LintForm(const CertificateFacts& facts, LintReport& report) {
  // QcCClegislation has a rule of its own. A limit, a retention period or a method of
  // identification would be a promise that nobody was asked for.
  constexpr std::string_view kKnown[] = {oid::kQcCompliance, oid::kQcSscd,
                                         oid::kQcPds,        oid::kQcType,
                                         oid::kQcSyntaxV2,   oid::kQcCcLegislation};
  std::set<std::string> seen;
  for (const QcStatementFact& fact : facts.qc_statements) {
    report.Require(seen.insert(fact.oid).second, "qc-duplicate",
                   "statement " + fact.oid + " occurs more than once");
    const bool bare = fact.oid == oid::kQcCompliance || fact.oid == oid::kQcSscd;
    report.Require(!bare || !fact.has_content, "qc-content",
                   "statement " + fact.oid + " must have no content");
    report.Require(std::count(std::begin(kKnown), std::end(kKnown), fact.oid) != 0, "qc-unknown",
                   "statement " + fact.oid + " is none of the profile's");
  }
}

bool IsLanguage(std::string_view code) {
  return code.size() == 2 &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

void LintPds(const CertificateFacts& facts, LintReport& report) {
  report.Require(!facts.pds.empty(), "qc-pds", "QcPDS is missing");
  bool english = facts.pds.empty();
  for (const PdsLocationFact& fact : facts.pds) {
    report.Require(IsUrl(fact.url, {"https://"}), "qc-pds-https",
                   "a disclosure statement's URL is not https");
    report.Require(IsLanguage(fact.language), "qc-pds-language",
                   "a disclosure statement's language is not a lower-case ISO 639-1 code");
    // A malformed code is that rule's finding, not this one's.
    english = english || fact.language == "en" || !IsLanguage(fact.language);
  }
  report.Require(english, "qc-pds-english", "no disclosure statement in English");
}

}  // namespace

void LintStatements(const CertificateFacts& facts, const ProfileSpec& profile, LintReport& report) {
  LintForm(facts, report);
  report.Require(CountStatement(facts, oid::kQcCompliance) > 0, "qc-compliance",
                 "QcCompliance is missing");
  const bool qscd = CountStatement(facts, oid::kQcSscd) > 0;
  report.RequireBy(profile.qscd.clause, qscd == (profile.qscd.value == QscdClaim::kPresent),
                   "qc-sscd",
                   qscd ? "QcSSCD is present under a policy without a qualified device"
                        : "QcSSCD is missing under a policy with a qualified device");
  report.RequireBy(profile.qc_type.clause,
                   facts.qc_types.size() == 1 && facts.qc_types[0] == profile.qc_type.value,
                   "qc-type",
                   "QcType must hold exactly " + std::string(profile.qc_type.value) + ", found " +
                       std::to_string(facts.qc_types.size()) + " values");
  report.Require(CountStatement(facts, oid::kQcCcLegislation) == 0, "qc-legislation",
                 "QcCClegislation stands in a certificate of the Union");
  const bool semantics = facts.semantics_oids.size() == 1 &&
                         facts.semantics_oids[0] == profile.semantics_oid.value &&
                         !facts.names_registration_authorities;
  report.RequireBy(profile.semantics_oid.clause, semantics, "qc-semantics",
                   "the semantics of the subject's identifier are not declared as " +
                       std::string(profile.semantics_oid.value) + " alone");
  LintPds(facts, report);
}

}  // namespace intaglio::host
