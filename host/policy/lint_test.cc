#include "host/policy/lint.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "host/domain/oids.h"
#include "host/policy/lint_rules.h"
#include "host/policy/reasons.h"

namespace intaglio::host {
namespace {

NameAttributeFact Attribute(std::string_view oid, int type, std::string text) {
  return {std::string(oid), type, std::move(text)};
}

// What a clean QCP-n-qscd certificate says.
CertificateFacts CleanFacts() {
  CertificateFacts facts;
  facts.version = 3;
  facts.serial = Bytes(16, 0x41);
  facts.signature_oid = "1.2.840.10045.4.3.2";
  facts.issuer = {Attribute("2.5.4.6", 19, "EE"), Attribute("2.5.4.10", 12, "Trust"),
                  Attribute("2.5.4.97", 12, "NTREE-1"), Attribute("2.5.4.3", 12, "CA")};
  facts.subject = {Attribute("2.5.4.6", 19, "EE"), Attribute("2.5.4.42", 12, "Mari"),
                   Attribute("2.5.4.4", 12, "Tamm"), Attribute("2.5.4.5", 19, "PNOEE-38001085718"),
                   Attribute("2.5.4.3", 12, "Mari Tamm")};
  facts.validity = {{1'790'000'000'000}, WallTime{1'790'000'000'000} + 730 * kDay};
  facts.key_algorithm = KeyAlgorithm::kEcP256;
  facts.key_bits = 256;
  facts.key_is_sound = true;
  facts.extensions = {{"2.5.29.35", false},        {"2.5.29.14", false},
                      {"2.5.29.15", true},         {"2.5.29.32", false},
                      {"2.5.29.31", false},        {"1.3.6.1.5.5.7.1.1", false},
                      {"1.3.6.1.5.5.7.1.3", false}};
  facts.key_usage = kKeyUsageNonRepudiation;
  facts.policy_oids = {"0.4.0.194112.1.2"};
  facts.authority_key_id = Bytes(20, 1);
  facts.subject_key_id = Bytes(20, 2);
  facts.crl_urls = {"http://crl.example/1.crl"};
  facts.ca_issuers_urls = {"http://ca.example/1.cer"};
  facts.ocsp_urls = {"http://ocsp.example"};
  facts.qc_statements = {{"0.4.0.1862.1.1", false},
                         {"0.4.0.1862.1.4", false},
                         {"0.4.0.1862.1.5", true},
                         {"0.4.0.1862.1.6", true},
                         {"1.3.6.1.5.5.7.11.2", true}};
  facts.pds = {{"https://www.example/pds_en.pdf", "en"}};
  facts.qc_types = {"0.4.0.1862.1.6.1"};
  facts.semantics_oids = {"0.4.0.194121.1.1"};
  return facts;
}

// What a clean QCP-l-qscd certificate says.
CertificateFacts CleanLegalFacts() {
  CertificateFacts facts = CleanFacts();
  facts.subject = {Attribute("2.5.4.6", 19, "EE"), Attribute("2.5.4.10", 12, "Arhiiv AS"),
                   Attribute("2.5.4.97", 12, "VATEE-100000001"),
                   Attribute("2.5.4.3", 12, "Arhiiv")};
  facts.policy_oids = {"0.4.0.194112.1.3"};
  facts.qc_types = {"0.4.0.1862.1.6.2"};
  facts.semantics_oids = {"0.4.0.194121.1.2"};
  return facts;
}

const ProfileSpec& QscdProfile() { return **CurrentProfile(CertificatePolicy::kQcpNQscd); }

std::vector<std::string> RulesOf(const std::vector<LintFinding>& findings) {
  std::vector<std::string> rules;
  for (const LintFinding& finding : findings) {
    EXPECT_FALSE(finding.clause.empty());
    EXPECT_FALSE(finding.text.empty());
    rules.emplace_back(finding.rule);
  }
  return rules;
}

void Drop(std::vector<NameAttributeFact>& name, std::string_view oid) {
  std::erase_if(name, [&](const auto& fact) { return fact.oid == oid; });
}

std::string& TextOf(std::vector<NameAttributeFact>& name, std::string_view oid) {
  for (NameAttributeFact& fact : name) {
    if (fact.oid == oid) return fact.text;
  }
  std::abort();
}

// What a clean short-term QCP-n-qscd certificate says.
CertificateFacts CleanShortTermFacts() {
  CertificateFacts facts = CleanFacts();
  facts.validity.not_after = facts.validity.not_before + kDay - kSecond;
  std::erase_if(facts.extensions, [](const auto& fact) { return fact.oid == "2.5.29.31"; });
  facts.extensions.push_back({"0.4.0.194121.2.1", false, true});
  facts.extensions.push_back({"2.5.29.56", false, true});
  facts.crl_urls.clear();
  facts.ocsp_urls.clear();
  return facts;
}

// What a clean responder's certificate says.
CertificateFacts CleanResponderFacts() {
  CertificateFacts facts = CleanFacts();
  facts.subject = {Attribute("2.5.4.6", 19, "EE"), Attribute("2.5.4.10", 12, "Trust"),
                   Attribute("2.5.4.3", 12, "OCSP 1")};
  facts.validity.not_after = facts.validity.not_before + 90 * kDay;
  facts.extensions = {{"2.5.29.35", false},
                      {"2.5.29.14", false},
                      {"2.5.29.15", true},
                      {"2.5.29.37", false},
                      {"1.3.6.1.5.5.7.48.1.5", false, true}};
  facts.key_usage = kKeyUsageDigitalSignature;
  facts.extended_key_usage_oids = {"1.3.6.1.5.5.7.3.9"};
  facts.policy_oids.clear();
  facts.crl_urls.clear();
  facts.ca_issuers_urls.clear();
  facts.ocsp_urls.clear();
  facts.qc_statements.clear();
  facts.pds.clear();
  facts.qc_types.clear();
  facts.semantics_oids.clear();
  return facts;
}

// What a clean issuing CA's certificate says.
CertificateFacts CleanAuthorityFacts() {
  CertificateFacts facts = CleanResponderFacts();
  facts.serial = {1};
  facts.issuer_text = "CN=Root";
  facts.subject_text = "CN=CA";
  facts.subject = {Attribute("2.5.4.6", 19, "EE"), Attribute("2.5.4.10", 12, "Trust"),
                   Attribute("2.5.4.97", 12, "NTREE-1"), Attribute("2.5.4.3", 12, "CA"),
                   Attribute("2.5.4.7", 12, "Tallinn")};
  facts.validity.not_after = facts.validity.not_before + 3650 * kDay;
  facts.extensions = {{"2.5.29.35", false},
                      {"2.5.29.14", false},
                      {"2.5.29.15", true},
                      {"2.5.29.19", true},
                      {"2.5.29.32", false}};
  facts.key_usage = kKeyUsageKeyCertSign | kKeyUsageCrlSign;
  facts.basic_constraints = BasicConstraintsFact{true, 0};
  facts.extended_key_usage_oids.clear();
  facts.policy_oids = {"2.5.29.32.0"};
  return facts;
}

struct BrokenRule {
  const char* rule;
  std::function<void(CertificateFacts&)> breakage;
};

const std::vector<BrokenRule>& BrokenRules() {
  static const std::vector<BrokenRule> rules = {
      {"version", [](auto& f) { f.version = 1; }},
      {"serial-form", [](auto& f) { f.serial[0] = 0x80; }},
      {"serial-form", [](auto& f) { f.serial = {0x00}; }},
      {"serial-form", [](auto& f) { f.serial = Bytes(21, 0x41); }},
      {"serial-entropy", [](auto& f) { f.serial = Bytes(7, 0x41); }},
      {"signature-algorithm", [](auto& f) { f.signature_oid = "1.2.840.10045.4.1"; }},
      {"public-key", [](auto& f) { f.key_algorithm = KeyAlgorithm::kOther; }},
      {"public-key",
       [](auto& f) {
         f.key_algorithm = KeyAlgorithm::kRsa;
         f.key_bits = 2048;
       }},
      {"public-key", [](auto& f) { f.key_is_sound = false; }},
      {"validity-positive", [](auto& f) { f.validity.not_after = f.validity.not_before; }},
      {"validity-bound",
       [](auto& f) { f.validity.not_after = f.validity.not_before + 1097 * kDay; }},
      {"issuer-name", [](auto& f) { Drop(f.issuer, oid::kOrganization); }},
      {"subject-string-type", [](auto& f) { f.subject[4].string_type = 20; }},
      {"subject-empty-attribute", [](auto& f) { TextOf(f.subject, oid::kSurname).clear(); }},
      {"subject-duplicate-attribute",
       [](auto& f) { f.subject.push_back(Attribute(oid::kSurname, 12, "Kask")); }},
      {"subject-country", [](auto& f) { Drop(f.subject, oid::kCountry); }},
      {"subject-country-form", [](auto& f) { TextOf(f.subject, oid::kCountry) = "ee"; }},
      {"subject-common-name", [](auto& f) { Drop(f.subject, oid::kCommonName); }},
      {"subject-name-choice",
       [](auto& f) {
         Drop(f.subject, oid::kGivenName);
         Drop(f.subject, oid::kSurname);
       }},
      {"subject-pseudonym-alone",
       [](auto& f) { f.subject.push_back(Attribute(oid::kPseudonym, 12, "Siil")); }},
      {"subject-kind",
       [](auto& f) { f.subject.push_back(Attribute(oid::kOrganization, 12, "Firm")); }},
      {"subject-serial-number", [](auto& f) { Drop(f.subject, oid::kSerialNumber); }},
      {"subject-serial-semantics",
       [](auto& f) { TextOf(f.subject, oid::kSerialNumber) = "38001085718"; }},
      {"subject-serial-semantics",
       [](auto& f) { TextOf(f.subject, oid::kSerialNumber) = "PNOEE-"; }},
      {"subject-serial-semantics",
       [](auto& f) { TextOf(f.subject, oid::kSerialNumber) = "VATEE-38001085718"; }},
      {"subject-unknown-attribute",
       [](auto& f) { f.subject.push_back(Attribute("2.5.4.7", 12, "Tartu")); }},
      {"subject-text", [](auto& f) { TextOf(f.subject, oid::kSurname) = "T\xd0\xb0mm"; }},
      {"subject-text", [](auto& f) { TextOf(f.subject, oid::kSurname) = "T\xce\x91mm"; }},
      {"subject-text", [](auto& f) { TextOf(f.subject, oid::kSurname) = "Tamm\n"; }},
      {"subject-text", [](auto& f) { TextOf(f.subject, oid::kSurname) = "Tamm\xc2\x9b"; }},
      {"subject-string-type", [](auto& f) { f.subject[0].string_type = 12; }},
      {"extension-duplicate",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.35", false});
       }},
      {"extension-unknown",
       [](auto& f) {
         f.extensions.push_back({"1.2.3.4", false});
       }},
      {"extension-unknown",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.46", false});
       }},
      {"short-term-validity-assured",
       [](auto& f) {
         f.extensions.push_back({"0.4.0.194121.2.1", false, true});
       }},
      {"short-term-no-rev-avail",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.56", false, true});
       }},
      {"key-purpose", [](auto& f) { f.extended_key_usage_oids = {"1.3.6.1.5.5.7.3.9"}; }},
      {"key-purpose", [](auto& f) { f.extended_key_usage_oids = {"2.5.29.37.0"}; }},
      {"crl-distribution-point", [](auto& f) { f.crl_urls = {"http:///1.crl"}; }},
      {"aia-ocsp", [](auto& f) { f.ocsp_urls = {"http://ocsp example"}; }},
      {"policy-contradiction", [](auto& f) { f.policy_oids.push_back("0.4.0.1456.1.1"); }},
      {"policy-contradiction", [](auto& f) { f.policy_oids.push_back("0.4.0.2042.1.3"); }},
      {"policy-contradiction", [](auto& f) { f.policy_oids.push_back("0.4.0.19495.3.1"); }},
      {"policy-contradiction", [](auto& f) { f.policy_oids.push_back("2.23.140.1.2.2"); }},
      {"policy-qualifier", [](auto& f) { f.policy_qualifier_oids = {"1.3.6.1.5.5.7.2.2"}; }},
      {"policy-qualifier", [](auto& f) { f.cps_urls = {"ftp://ca.example/cps"}; }},
      {"qc-unknown",
       [](auto& f) {
         f.qc_statements.push_back({"0.4.0.1862.1.2", true});
       }},
      {"qc-semantics", [](auto& f) { f.names_registration_authorities = true; }},
      {"qc-pds-https", [](auto& f) { f.pds[0].url = "https:///pds"; }},
      {"qc-pds-english", [](auto& f) { f.pds[0].language = "et"; }},
      {"extension-critical",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.37", true});
       }},
      {"extension-critical",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.17", true});
       }},
      {"extension-critical", [](auto& f) { f.extensions.back().critical = true; }},
      {"extension-ca-only",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.30", true});
       }},
      {"not-a-ca",
       [](auto& f) {
         f.basic_constraints = BasicConstraintsFact{true, {}};
       }},
      {"key-usage", [](auto& f) { f.key_usage.reset(); }},
      {"key-usage", [](auto& f) { *f.key_usage |= kKeyUsageDigitalSignature; }},
      {"key-usage-critical", [](auto& f) { f.extensions[2].critical = false; }},
      {"authority-key-id", [](auto& f) { f.authority_key_id.reset(); }},
      {"subject-key-id", [](auto& f) { f.subject_key_id.reset(); }},
      {"crl-distribution-point", [](auto& f) { f.crl_urls = {"https://crl.example/1"}; }},
      {"aia-ca-issuers", [](auto& f) { f.ca_issuers_urls.clear(); }},
      {"aia-ocsp", [](auto& f) { f.ocsp_urls.clear(); }},
      {"policy-present", [](auto& f) { f.policy_oids = {"0.4.0.2042.1.2"}; }},
      {"policy-contradiction", [](auto& f) { f.policy_oids.push_back("0.4.0.194112.1.0"); }},
      {"policy-any", [](auto& f) { f.policy_oids.push_back("2.5.29.32.0"); }},
      {"qc-duplicate",
       [](auto& f) {
         f.qc_statements.push_back({"0.4.0.1862.1.1", false});
       }},
      {"qc-content", [](auto& f) { f.qc_statements[1].has_content = true; }},
      {"qc-compliance", [](auto& f) { f.qc_statements.erase(f.qc_statements.begin()); }},
      {"qc-sscd", [](auto& f) { f.qc_statements.erase(f.qc_statements.begin() + 1); }},
      {"qc-type", [](auto& f) { f.qc_types.push_back("0.4.0.1862.1.6.2"); }},
      {"qc-type", [](auto& f) { f.qc_types = {"0.4.0.1862.1.6.3"}; }},
      {"qc-type", [](auto& f) { f.qc_types.clear(); }},
      {"qc-legislation",
       [](auto& f) {
         f.qc_statements.push_back({"0.4.0.1862.1.7", true});
       }},
      {"qc-semantics", [](auto& f) { f.semantics_oids = {"0.4.0.194121.1.2"}; }},
      {"qc-pds", [](auto& f) { f.pds.clear(); }},
      {"qc-pds-https", [](auto& f) { f.pds[0].url = "http://www.example/pds_en.pdf"; }},
      {"qc-pds-language", [](auto& f) { f.pds[0].language = "EN"; }},
  };
  return rules;
}

TEST(LintTest, ACleanCertificateHasNoFinding) {
  EXPECT_EQ(RulesOf(Lint(CleanFacts(), QscdProfile())), std::vector<std::string>());
  EXPECT_TRUE(RequireClean({}).ok());
}

TEST(LintTest, APseudonymReplacesTheName) {
  CertificateFacts facts = CleanFacts();
  Drop(facts.subject, oid::kGivenName);
  Drop(facts.subject, oid::kSurname);
  facts.subject.push_back(Attribute(oid::kPseudonym, 12, "Siil"));
  EXPECT_EQ(RulesOf(Lint(facts, QscdProfile())), std::vector<std::string>());
}

TEST(LintTest, EachBrokenRuleIsNamed) {
  for (const BrokenRule& row : BrokenRules()) {
    CertificateFacts facts = CleanFacts();
    row.breakage(facts);
    const std::vector<std::string> rules = RulesOf(Lint(facts, QscdProfile()));
    EXPECT_EQ(rules, std::vector<std::string>{row.rule}) << row.rule;
  }
}

void ExpectEachNamed(const CertificateFacts& clean, const std::vector<BrokenRule>& rows,
                     const std::function<std::vector<LintFinding>(const CertificateFacts&)>& lint) {
  EXPECT_EQ(RulesOf(lint(clean)), std::vector<std::string>());
  for (const BrokenRule& row : rows) {
    CertificateFacts facts = clean;
    row.breakage(facts);
    EXPECT_EQ(RulesOf(lint(facts)), std::vector<std::string>{row.rule}) << row.rule;
  }
}

const std::vector<BrokenRule>& ShortTermRules() {
  static const std::vector<BrokenRule> rows = {
      {"validity-bound", [](auto& f) { f.validity.not_after = f.validity.not_before + kDay; }},
      {"short-term-validity-assured", [](auto& f) { f.extensions.erase(f.extensions.end() - 2); }},
      {"short-term-validity-assured",
       [](auto& f) { f.extensions[f.extensions.size() - 2].holds_null = false; }},
      {"short-term-no-rev-avail", [](auto& f) { f.extensions.pop_back(); }},
      {"short-term-no-rev-avail", [](auto& f) { f.extensions.back().holds_null = false; }},
      {"extension-critical", [](auto& f) { f.extensions.back().critical = true; }},
      {"short-term-no-status", [](auto& f) { f.ocsp_urls = {"http://ocsp.example"}; }},
      {"short-term-no-status",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.31", false});
       }},
      {"aia-ca-issuers", [](auto& f) { f.ca_issuers_urls.clear(); }},
  };
  return rows;
}

TEST(ShortTermLintTest, EachBrokenRuleIsNamed) {
  ExpectEachNamed(CleanShortTermFacts(), ShortTermRules(), [](const CertificateFacts& facts) {
    return Lint(facts, **ShortTermProfile(CertificatePolicy::kQcpNQscd));
  });
}

const std::vector<BrokenRule>& ResponderRules() {
  static const std::vector<BrokenRule> rows = {
      {"version", [](auto& f) { f.version = 4; }},
      {"serial-entropy", [](auto& f) { f.serial = {1}; }},
      {"validity-bound", [](auto& f) { f.validity.not_after = f.validity.not_after + kSecond; }},
      {"issuer-name", [](auto& f) { Drop(f.issuer, oid::kCountry); }},
      {"responder-name", [](auto& f) { Drop(f.subject, oid::kOrganization); }},
      {"responder-name", [](auto& f) { f.subject.push_back(Attribute("2.5.4.11", 12, "Status")); }},
      {"subject-string-type", [](auto& f) { f.subject[2].string_type = 30; }},
      {"subject-empty-attribute", [](auto& f) { TextOf(f.subject, oid::kCommonName).clear(); }},
      {"subject-text", [](auto& f) { TextOf(f.subject, oid::kCommonName) = "OCSP\n1"; }},
      {"subject-country-form", [](auto& f) { TextOf(f.subject, oid::kCountry) = "et"; }},
      {"extension-unknown",
       [](auto& f) {
         f.extensions.push_back({"1.3.6.1.5.5.7.1.3", false});
       }},
      {"extension-critical", [](auto& f) { f.extensions.back().critical = true; }},
      {"not-a-ca",
       [](auto& f) {
         f.basic_constraints = BasicConstraintsFact{true, {}};
       }},
      {"key-usage", [](auto& f) { f.key_usage = kKeyUsageNonRepudiation; }},
      {"key-usage-critical", [](auto& f) { f.extensions[2].critical = false; }},
      {"authority-key-id", [](auto& f) { f.authority_key_id.reset(); }},
      {"subject-key-id", [](auto& f) { f.subject_key_id = Bytes(); }},
      {"responder-policy", [](auto& f) { f.policy_oids = {"0.4.0.194112.1.2"}; }},
      {"policy-any", [](auto& f) { f.policy_oids = {"2.5.29.32.0"}; }},
      {"policy-qualifier", [](auto& f) { f.policy_qualifier_oids = {"1.3.6.1.5.5.7.2.2"}; }},
      {"responder-purpose", [](auto& f) { f.extended_key_usage_oids.clear(); }},
      {"responder-purpose",
       [](auto& f) { f.extended_key_usage_oids.push_back("1.3.6.1.5.5.7.3.8"); }},
      {"responder-no-check", [](auto& f) { f.extensions.pop_back(); }},
      {"responder-no-check", [](auto& f) { f.extensions.back().holds_null = false; }},
      {"responder-no-ocsp", [](auto& f) { f.ocsp_urls = {"http://ocsp.example"}; }},
  };
  return rows;
}

TEST(ResponderLintTest, EachBrokenRuleIsNamed) {
  ExpectEachNamed(CleanResponderFacts(), ResponderRules(), LintResponder);
}

const std::vector<BrokenRule>& AuthorityRules() {
  static const std::vector<BrokenRule> rows = {
      {"ca-public-key", [](auto& f) { f.key_algorithm = KeyAlgorithm::kEcP384; }},
      {"ca-name", [](auto& f) { Drop(f.subject, oid::kOrganization); }},
      {"ca-name", [](auto& f) { f.subject.push_back(Attribute("2.5.4.6", 19, "EE")); }},
      {"ca-constraints",
       [](auto& f) {
         f.basic_constraints = BasicConstraintsFact{false, {}};
       }},
      {"ca-constraints", [](auto& f) { f.extensions[3].critical = false; }},
      {"extension-ca-only",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.30", true});
       }},
      {"extension-unknown",
       [](auto& f) {
         f.extensions.push_back({"2.5.29.56", false, true});
       }},
      {"key-usage", [](auto& f) { *f.key_usage |= kKeyUsageDigitalSignature; }},
      {"subject-key-id", [](auto& f) { f.subject_key_id.reset(); }},
      {"authority-key-id", [](auto& f) { f.authority_key_id.reset(); }},
      {"validity-positive", [](auto& f) { f.validity.not_after = f.validity.not_before; }},
      {"policy-qualifier", [](auto& f) { f.cps_urls = {"ldap://ca.example"}; }},
  };
  return rows;
}

TEST(AuthorityLintTest, EachBrokenRuleIsNamed) {
  ExpectEachNamed(CleanAuthorityFacts(), AuthorityRules(), LintAuthority);
  CertificateFacts root = CleanAuthorityFacts();
  root.issuer_text = root.subject_text;
  root.authority_key_id.reset();
  EXPECT_EQ(RulesOf(LintAuthority(root)), std::vector<std::string>());
}

// A rule of the table that no test breaks is a rule nobody knows to work.
TEST(LintTest, EveryRuleOfTheTableIsBrokenByATest) {
  std::set<std::string> broken = {"subject-organization", "subject-organization-identifier",
                                  "subject-organization-semantics"};  // LegalLintTest
  for (const auto* rows :
       {&BrokenRules(), &ShortTermRules(), &ResponderRules(), &AuthorityRules()}) {
    for (const BrokenRule& row : *rows) broken.insert(row.rule);
  }
  for (const LintRule& rule : LintRules()) {
    EXPECT_TRUE(broken.contains(std::string(rule.id))) << rule.id;
    EXPECT_FALSE(rule.demand.empty()) << rule.id;
    EXPECT_NE(rule.reason, nullptr) << rule.id;
  }
}

TEST(LintTest, FindingsOfOneKindHaveItsReason) {
  using Break = std::function<void(CertificateFacts&)>;
  const std::pair<const Reason&, Break> kinds[] = {
      {kLintFrame, [](auto& f) { f.version = 1; }},
      {kLintValidity, [](auto& f) { f.validity.not_after = f.validity.not_before; }},
      {kLintIssuer, [](auto& f) { Drop(f.issuer, oid::kCountry); }},
      {kLintSubject, [](auto& f) { Drop(f.subject, oid::kCountry); }},
      {kLintExtensions,
       [](auto& f) {
         f.extensions.push_back({"1.2.3", true});
       }},
      {kLintKeyUse, [](auto& f) { f.key_usage.reset(); }},
      {kLintAddresses, [](auto& f) { f.ocsp_urls.clear(); }},
      {kLintPolicies, [](auto& f) { f.policy_oids.clear(); }},
      {kLintStatements, [](auto& f) { f.pds.clear(); }},
      {kLintShortTerm,
       [](auto& f) {
         f.extensions.push_back({"2.5.29.56", false, true});
       }},
  };
  for (const auto& [reason, breakage] : kinds) {
    CertificateFacts facts = CleanFacts();
    breakage(facts);
    const Status status = RequireClean(Lint(facts, QscdProfile()));
    EXPECT_TRUE(Is(status, reason)) << reason.name << " " << status;
  }
  CertificateFacts responder = CleanResponderFacts();
  responder.extended_key_usage_oids.clear();
  EXPECT_TRUE(Is(RequireClean(LintResponder(responder)), kLintResponder));
  CertificateFacts ca = CleanAuthorityFacts();
  ca.basic_constraints.reset();
  EXPECT_TRUE(Is(RequireClean(LintAuthority(ca)), kLintAuthority));
  CertificateFacts several = CleanFacts();
  several.version = 1;
  several.pds.clear();
  EXPECT_TRUE(Is(RequireClean(Lint(several, QscdProfile())), kLintFindings));
}

TEST(LintTest, PolicyAndQscdStatementMustAgreeBothWays) {
  CertificateFacts facts = CleanFacts();
  facts.policy_oids = {"0.4.0.194112.1.0"};
  const ProfileSpec& profile = **CurrentProfile(CertificatePolicy::kQcpN);
  EXPECT_EQ(RulesOf(Lint(facts, profile)), std::vector<std::string>{"qc-sscd"});
  facts.qc_statements.erase(facts.qc_statements.begin() + 1);
  EXPECT_EQ(RulesOf(Lint(facts, profile)), std::vector<std::string>());
}

TEST(LegalLintTest, ACleanSealCertificateHasNoFinding) {
  const ProfileSpec& profile = **CurrentProfile(CertificatePolicy::kQcpLQscd);
  EXPECT_EQ(RulesOf(Lint(CleanLegalFacts(), profile)), std::vector<std::string>());
}

TEST(LegalLintTest, EachBrokenRuleIsNamed) {
  const std::vector<BrokenRule> kRules = {
      {"subject-country", [](auto& f) { Drop(f.subject, oid::kCountry); }},
      {"subject-country-form", [](auto& f) { TextOf(f.subject, oid::kCountry) = "Ee"; }},
      {"subject-organization", [](auto& f) { Drop(f.subject, oid::kOrganization); }},
      {"subject-organization-identifier",
       [](auto& f) { Drop(f.subject, oid::kOrganizationIdentifier); }},
      {"subject-common-name", [](auto& f) { Drop(f.subject, oid::kCommonName); }},
      {"subject-kind",
       [](auto& f) { f.subject.push_back(Attribute(oid::kSerialNumber, 19, "PNOEE-1")); }},
      {"subject-kind", [](auto& f) { f.subject.push_back(Attribute(oid::kSurname, 12, "Tamm")); }},
      {"subject-string-type", [](auto& f) { f.subject[1].string_type = 22; }},
      {"subject-text", [](auto& f) { TextOf(f.subject, oid::kOrganization) = "Arhiiv\x7f"; }},
      {"subject-organization-semantics",
       [](auto& f) { TextOf(f.subject, oid::kOrganizationIdentifier) = "100000001"; }},
      {"key-usage", [](auto& f) { f.key_usage = kKeyUsageDigitalSignature; }},
      {"policy-present", [](auto& f) { f.policy_oids = {"0.4.0.2042.1.2"}; }},
      {"policy-contradiction", [](auto& f) { f.policy_oids.push_back("0.4.0.194112.1.2"); }},
      {"qc-sscd", [](auto& f) { f.qc_statements.erase(f.qc_statements.begin() + 1); }},
      {"qc-type", [](auto& f) { f.qc_types = {"0.4.0.1862.1.6.1"}; }},
      {"qc-type", [](auto& f) { f.qc_types.push_back("0.4.0.1862.1.6.1"); }},
      {"qc-semantics", [](auto& f) { f.semantics_oids = {"0.4.0.194121.1.1"}; }},
      {"validity-bound",
       [](auto& f) { f.validity.not_after = f.validity.not_before + 1097 * kDay; }},
  };
  for (const BrokenRule& row : kRules) {
    CertificateFacts facts = CleanLegalFacts();
    row.breakage(facts);
    const auto rules = RulesOf(Lint(facts, **CurrentProfile(CertificatePolicy::kQcpLQscd)));
    EXPECT_EQ(rules, std::vector<std::string>{row.rule}) << row.rule;
  }
}

TEST(LegalLintTest, ARegisteredNameMayMixScripts) {
  CertificateFacts facts = CleanLegalFacts();
  TextOf(facts.subject, oid::kOrganization) = "COSMOTE ΚΙΝΗΤΕΣ Α.Ε.";
  const ProfileSpec& profile = **CurrentProfile(CertificatePolicy::kQcpLQscd);
  EXPECT_EQ(RulesOf(Lint(facts, profile)), std::vector<std::string>());
}

TEST(LegalLintTest, QcpLHasNoQscdStatement) {
  CertificateFacts facts = CleanLegalFacts();
  facts.policy_oids = {"0.4.0.194112.1.1"};
  const ProfileSpec& profile = **CurrentProfile(CertificatePolicy::kQcpL);
  EXPECT_EQ(RulesOf(Lint(facts, profile)), std::vector<std::string>{"qc-sscd"});
  facts.qc_statements.erase(facts.qc_statements.begin() + 1);
  EXPECT_EQ(RulesOf(Lint(facts, profile)), std::vector<std::string>());
}

// The same names as the core's test: both readings take and refuse the same ones.
TEST(LegalLintTest, KnowsTheSchemesOfOrganizationIdentifiers) {
  for (const char* wrong : {"100000001", "VATEE-", "VATEE", "XXXEE-1", "VATee-1", "VATE1-1",
                            "PNOEE-1", "NTRDE+-1", "NTRDE+HESS-1", "NTRDE+he-1", "NTRDE+HE",
                            "NTRDE+HE-", "VATDE+HE-1", "LEIEE-1", "EE:EE-1"}) {
    EXPECT_FALSE(IsLegalSemantics(wrong)) << wrong;
  }
  for (const char* right : {"VATEL-094014201", "VATXI-110305878", "NTRDE+HE-HRB1", "NTREE-10000001",
                            "LEIXG-529900T8BM49AURSDO55", "PSDES-BE-1", "EORDE-1", "EXCEE-1"}) {
    EXPECT_TRUE(IsLegalSemantics(right)) << right;
  }
  EXPECT_FALSE(IsLegalSemantics("VATEE-" + std::string(300, '1')));
}

TEST(LintTest, FindingsStopTheIssuanceAndNameTheClause) {
  CertificateFacts facts = CleanFacts();
  facts.version = 1;
  const Status status = RequireClean(Lint(facts, QscdProfile()));
  EXPECT_TRUE(Is(status, kLintFrame));
  EXPECT_NE(DetailOf(status).find("RFC 5280 §4.1.2.1"), std::string::npos);
}

TEST(LintTest, FindingsHoldNoPersonalText) {
  CertificateFacts facts = CleanFacts();
  TextOf(facts.subject, oid::kSerialNumber) = "38001085718";
  TextOf(facts.subject, oid::kCountry) = "Eesti";
  const std::string detail = DetailOf(RequireClean(Lint(facts, QscdProfile())));
  EXPECT_EQ(detail.find("38001085718"), std::string::npos);
  EXPECT_EQ(detail.find("Eesti"), std::string::npos);
}

TEST(ProfileTest, PoliciesWithoutARowAreRefused) {
  EXPECT_TRUE(CurrentProfile(CertificatePolicy::kQcpN).ok());
  EXPECT_TRUE(CurrentProfile(CertificatePolicy::kQcpL).ok());
  for (CertificatePolicy policy : {CertificatePolicy::kQevcpW, CertificatePolicy::kQncpWGen}) {
    EXPECT_TRUE(Is(CurrentProfile(policy).status(), kProfileUnknown));
    EXPECT_TRUE(Is(ShortTermProfile(policy).status(), kProfileUnknown));
  }
}

TEST(ProfileTest, EachRowCitesItsClauses) {
  for (const ProfileSpec& profile : Profiles()) {
    for (std::string_view clause :
         {profile.subject.clause, profile.key_usage.clause, profile.qscd.clause,
          profile.qc_type.clause, profile.semantics_oid.clause, profile.status.clause,
          profile.longest_validity.clause}) {
      EXPECT_FALSE(clause.empty()) << profile.name;
    }
  }
}

}  // namespace
}  // namespace intaglio::host
