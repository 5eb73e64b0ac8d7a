#include "host/policy/lint.h"

#include <algorithm>
#include <regex>
#include <set>

#include "host/domain/oids.h"
#include "host/domain/serial.h"
#include "host/policy/reasons.h"

namespace intaglio::host {
namespace {

constexpr int kUtf8String = 12;
constexpr int kPrintableString = 19;
constexpr int kLeastSerialBits = 64;
constexpr int kLeastRsaBits = 3072;

using Findings = std::vector<LintFinding>;

void Require(bool holds, Findings& findings, std::string_view rule, std::string_view clause,
             std::string text) {
  if (!holds) findings.push_back({rule, clause, std::move(text)});
}

int CountOf(const std::vector<NameAttributeFact>& name, std::string_view oid) {
  return static_cast<int>(
      std::count_if(name.begin(), name.end(), [&](const auto& fact) { return fact.oid == oid; }));
}

const NameAttributeFact* Find(const std::vector<NameAttributeFact>& name, std::string_view oid) {
  auto it = std::find_if(name.begin(), name.end(), [&](const auto& f) { return f.oid == oid; });
  return it == name.end() ? nullptr : &*it;
}

const ExtensionFact* FindExtension(const CertificateFacts& facts, std::string_view oid) {
  auto it = std::find_if(facts.extensions.begin(), facts.extensions.end(),
                         [&](const auto& fact) { return fact.oid == oid; });
  return it == facts.extensions.end() ? nullptr : &*it;
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

bool IsCountry(std::string_view text) {
  return text.size() == 2 && IsUpper(text[0]) && IsUpper(text[1]);
}

bool IsUrl(std::string_view url, std::initializer_list<std::string_view> schemes) {
  return std::any_of(schemes.begin(), schemes.end(), [&](std::string_view scheme) {
    return url.size() > scheme.size() && url.starts_with(scheme);
  });
}

// Type, country, hyphen, identifier [EN 319 412-1 §5.1.3]. A local scheme ("XY:") would need a
// registration authority's URI beside it, which no profile here carries.
bool IsNaturalSemantics(std::string_view text) {
  constexpr std::string_view kTypes[] = {"PAS", "IDC", "PNO", "TIN", "TAX", "EID"};
  return text.size() > 6 && std::count(std::begin(kTypes), std::end(kTypes), text.substr(0, 3)) &&
         IsCountry(text.substr(3, 2)) && text[5] == '-';
}

constexpr size_t kMostIdentifier = 256;

void LintFrame(const CertificateFacts& facts, Findings& findings) {
  Require(facts.version == 3, findings, "version", "RFC 5280 §4.1.2.1",
          "version is " + std::to_string(facts.version) + ", must be 3");
  StatusOr<Serial> serial = Serial::Create(facts.serial);
  Require(serial.ok(), findings, "serial-form", "RFC 5280 §4.1.2.2",
          "serial is not a positive minimal INTEGER of at most 20 octets");
  Require(!serial.ok() || serial->bits() >= kLeastSerialBits, findings, "serial-entropy",
          "EN 319 411-1 GEN-6.3.3-02A", "serial has fewer than 64 significant bits");
  Require(facts.signature_oid == oid::kEcdsaWithSha256, findings, "signature-algorithm",
          "EN 319 412-2 GEN-4.2.2-2", "found " + facts.signature_oid);
  const bool key_ok =
      facts.key_algorithm == KeyAlgorithm::kEcP256 ||
      facts.key_algorithm == KeyAlgorithm::kEcP384 ||
      (facts.key_algorithm == KeyAlgorithm::kRsa && facts.key_bits >= kLeastRsaBits);
  Require(key_ok, findings, "public-key", "EN 319 412-2 GEN-4.2.5-2",
          "found a key of " + std::to_string(facts.key_bits) +
              " bits; P-256, P-384 or RSA of at least 3072 bits is needed");
}

void LintValidity(const CertificateFacts& facts, const ProfileSpec& profile, Findings& findings) {
  const Duration length = facts.validity.not_after - facts.validity.not_before;
  Require(length > 0, findings, "validity-positive", "RFC 5280 §4.1.2.5",
          "notAfter is not later than notBefore");
  // Both ends count, so the period is one second longer than their difference.
  Require(length + kSecond <= profile.longest_validity.value, findings, "validity-bound",
          profile.longest_validity.clause,
          "valid for " + std::to_string(length / kDay) + " days, at most " +
              std::to_string(profile.longest_validity.value / kDay) + " allowed");
}

void LintIssuer(const CertificateFacts& facts, Findings& findings) {
  constexpr std::string_view kClause = "EN 319 412-2 §4.2.3.1";
  for (std::string_view needed : {oid::kCountry, oid::kOrganization, oid::kCommonName}) {
    const int count = CountOf(facts.issuer, needed);
    Require(count == 1, findings, "issuer-name", kClause,
            "issuer attribute " + std::string(needed) + " occurs " + std::to_string(count) +
                " times, must be once");
  }
  Require(CountOf(facts.issuer, oid::kOrganizationIdentifier) <= 1, findings, "issuer-name",
          kClause, "issuer organizationIdentifier occurs more than once");
}

void LintSubjectForm(const CertificateFacts& facts, Findings& findings) {
  for (const NameAttributeFact& fact : facts.subject) {
    const bool printable = fact.oid == oid::kCountry || fact.oid == oid::kSerialNumber;
    Require(fact.string_type == (printable ? kPrintableString : kUtf8String), findings,
            "subject-string-type", "RFC 5280 §4.1.2.4",
            "attribute " + fact.oid + " has string type " + std::to_string(fact.string_type));
    Require(!fact.text.empty(), findings, "subject-empty-attribute", "RFC 5280 Appendix A",
            "attribute " + fact.oid + " is empty");
  }
  std::set<std::string> seen;
  for (const NameAttributeFact& fact : facts.subject) {
    Require(seen.insert(fact.oid).second, findings, "subject-duplicate-attribute",
            "EN 319 412-2 NAT-4.2.4-3", "attribute " + fact.oid + " occurs more than once");
  }
}

void LintCountryForm(const CertificateFacts& facts, Findings& findings) {
  const NameAttributeFact* country = Find(facts.subject, oid::kCountry);
  Require(country == nullptr || IsCountry(country->text), findings, "subject-country-form",
          "RFC 5280 Appendix A", "countryName is not two upper-case letters");
}

void LintLegalSubject(const CertificateFacts& facts, Findings& findings) {
  constexpr std::string_view kClause = "EN 319 412-3 LEG-4.2.1";
  const struct {
    std::string_view oid;
    std::string_view rule;
  } kOnce[] = {{oid::kCountry, "subject-country"},
               {oid::kOrganization, "subject-organization"},
               {oid::kOrganizationIdentifier, "subject-organization-identifier"},
               {oid::kCommonName, "subject-common-name"}};
  for (const auto& each : kOnce) {
    Require(CountOf(facts.subject, each.oid) == 1, findings, each.rule, kClause,
            "attribute " + std::string(each.oid) + " must occur exactly once");
  }
  LintCountryForm(facts, findings);
  for (std::string_view natural :
       {oid::kGivenName, oid::kSurname, oid::kPseudonym, oid::kSerialNumber}) {
    Require(CountOf(facts.subject, natural) == 0, findings, "subject-kind", kClause,
            "attribute " + std::string(natural) + " belongs to a natural person");
  }
  const NameAttributeFact* identifier = Find(facts.subject, oid::kOrganizationIdentifier);
  Require(identifier == nullptr || IsLegalSemantics(identifier->text), findings,
          "subject-organization-semantics", "EN 319 412-1 §5.1.4",
          "organizationIdentifier is not type, country, hyphen and identifier as in VATEE-…");
}

void LintNaturalSubject(const CertificateFacts& facts, Findings& findings) {
  Require(CountOf(facts.subject, oid::kCountry) == 1, findings, "subject-country",
          "EN 319 412-2 NAT-4.2.4-3", "countryName must occur exactly once");
  LintCountryForm(facts, findings);
  Require(CountOf(facts.subject, oid::kCommonName) == 1, findings, "subject-common-name",
          "EN 319 412-2 NAT-4.2.4-3", "commonName must occur exactly once");
  const bool named = Find(facts.subject, oid::kGivenName) || Find(facts.subject, oid::kSurname);
  const bool pseudonymous = Find(facts.subject, oid::kPseudonym) != nullptr;
  Require(named || pseudonymous, findings, "subject-name-choice", "EN 319 412-2 NAT-4.2.4-1",
          "neither givenName or surname nor pseudonym is present");
  Require(!(named && pseudonymous), findings, "subject-pseudonym-alone", "EN 319 412-2 NAT-4.2.4-4",
          "pseudonym stands beside givenName or surname");
  const bool legal =
      Find(facts.subject, oid::kOrganization) || Find(facts.subject, oid::kOrganizationIdentifier);
  Require(!legal, findings, "subject-kind", "EN 319 412-2 §4.2.4",
          "an organisation is named, which this profile has no evidence for");
  const NameAttributeFact* number = Find(facts.subject, oid::kSerialNumber);
  Require(number != nullptr, findings, "subject-serial-number", "EN 319 412-2 NAT-4.2.4-2",
          "serialNumber is missing");
  Require(number == nullptr || IsNaturalSemantics(number->text), findings,
          "subject-serial-semantics", "EN 319 412-1 §5.1.3",
          "serialNumber is not type, country, hyphen and identifier as in PNOEE-…");
}

void LintSubject(const CertificateFacts& facts, const ProfileSpec& profile, Findings& findings) {
  LintSubjectForm(facts, findings);
  if (profile.subject.value == SubjectKind::kLegalPerson) {
    LintLegalSubject(facts, findings);
  } else {
    LintNaturalSubject(facts, findings);
  }
}

void LintExtensionForm(const CertificateFacts& facts, Findings& findings) {
  std::set<std::string> seen;
  for (const ExtensionFact& fact : facts.extensions) {
    Require(seen.insert(fact.oid).second, findings, "extension-duplicate", "RFC 5280 §4.2",
            "extension " + fact.oid + " occurs more than once");
  }
  struct NeverCritical {
    std::string_view oid;
    std::string_view clause;
  };
  constexpr NeverCritical kNeverCritical[] = {
      {oid::kExtendedKeyUsage, "EN 319 412-2 §4.3.10"},
      {oid::kSubjectAltName, "EN 319 412-2 §4.3.5"},
      {oid::kIssuerAltName, "EN 319 412-2 §4.3.6"},
      {oid::kCrlDistributionPoints, "EN 319 412-2 §4.3.11"},
      {oid::kCertificatePolicies, "EN 319 412-2 §4.3.3"},
      {oid::kQcStatements, "EN 319 412-5 QCS-4.1-02"},
      {oid::kAuthorityKeyId, "RFC 5280 §4.2.1.1"},
      {oid::kSubjectKeyId, "RFC 5280 §4.2.1.2"},
      {oid::kAuthorityInfoAccess, "RFC 5280 §4.2.2.1"},
  };
  for (const NeverCritical& row : kNeverCritical) {
    const ExtensionFact* fact = FindExtension(facts, row.oid);
    Require(fact == nullptr || !fact->critical, findings, "extension-critical", row.clause,
            "extension " + std::string(row.oid) + " is critical");
  }
  for (std::string_view banned : {oid::kPolicyMappings, oid::kNameConstraints,
                                  oid::kPolicyConstraints, oid::kInhibitAnyPolicy}) {
    Require(FindExtension(facts, banned) == nullptr, findings, "extension-ca-only",
            "EN 319 412-2 §4.3",
            "extension " + std::string(banned) + " belongs in CA certificates");
  }
  Require(!facts.basic_constraints || !facts.basic_constraints->ca, findings, "not-a-ca",
          "RFC 5280 §4.2.1.9", "basicConstraints says CA:TRUE");
}

void LintKeyUse(const CertificateFacts& facts, const ProfileSpec& profile, Findings& findings) {
  const ExtensionFact* usage = FindExtension(facts, oid::kKeyUsage);
  Require(facts.key_usage == profile.key_usage.value, findings, "key-usage",
          profile.key_usage.clause,
          facts.key_usage ? "keyUsage mask " + std::to_string(*facts.key_usage) + ", must be " +
                                std::to_string(profile.key_usage.value)
                          : "keyUsage is missing");
  Require(usage == nullptr || usage->critical, findings, "key-usage-critical", "RFC 5280 §4.2.1.3",
          "keyUsage is not critical");
  Require(facts.authority_key_id && !facts.authority_key_id->empty(), findings, "authority-key-id",
          "EN 319 412-2 GEN-4.3.1-1", "authorityKeyIdentifier with a keyIdentifier is missing");
  Require(facts.subject_key_id && !facts.subject_key_id->empty(), findings, "subject-key-id",
          "RFC 5280 §4.2.1.2", "subjectKeyIdentifier is missing");
}

bool AnyUrl(const std::vector<std::string>& urls, std::initializer_list<std::string_view> schemes) {
  return std::any_of(urls.begin(), urls.end(),
                     [&](const std::string& url) { return IsUrl(url, schemes); });
}

void LintRepository(const CertificateFacts& facts, Findings& findings) {
  Require(AnyUrl(facts.crl_urls, {"http://", "ldap://"}), findings, "crl-distribution-point",
          "EN 319 412-2 §4.3.11", "no http or ldap URL of a CRL");
  Require(AnyUrl(facts.ca_issuers_urls, {"http://", "https://"}), findings, "aia-ca-issuers",
          "EN 319 412-2 §4.4.1", "no http(s) URL of the issuer's certificate");
  Require(AnyUrl(facts.ocsp_urls, {"http://", "https://"}), findings, "aia-ocsp",
          "EN 319 412-2 §4.4.1", "no http(s) URL of an OCSP responder");
}

void LintPolicies(const CertificateFacts& facts, const ProfileSpec& profile, Findings& findings) {
  const std::string_view wanted = PolicyOid(profile.policy);
  Require(std::count(facts.policy_oids.begin(), facts.policy_oids.end(), wanted) == 1, findings,
          "policy-present", "EN 319 411-2 GEN-6.6.1-05",
          "certificatePolicies must name " + std::string(wanted) + " once");
  for (const std::string& found : facts.policy_oids) {
    Require(found == wanted || !PolicyOfOid(found).ok(), findings, "policy-contradiction",
            "EN 319 412-2 QCS-5.2-2", "certificatePolicies also names " + found);
    Require(found != oid::kAnyPolicy, findings, "policy-any", "RFC 5280 §4.2.1.4",
            "anyPolicy stands in an end-entity certificate");
  }
}

int CountStatement(const CertificateFacts& facts, std::string_view oid) {
  return static_cast<int>(std::count_if(facts.qc_statements.begin(), facts.qc_statements.end(),
                                        [&](const auto& fact) { return fact.oid == oid; }));
}

void LintQcStatementForm(const CertificateFacts& facts, Findings& findings) {
  std::set<std::string> seen;
  for (const QcStatementFact& fact : facts.qc_statements) {
    Require(seen.insert(fact.oid).second, findings, "qc-duplicate", "EN 319 412-5 QCS-4.1-02A",
            "statement " + fact.oid + " occurs more than once");
    const bool bare = fact.oid == oid::kQcCompliance || fact.oid == oid::kQcSscd;
    Require(!bare || !fact.has_content, findings, "qc-content", "EN 319 412-5 Annex B",
            "statement " + fact.oid + " must have no content");
  }
}

void LintPds(const CertificateFacts& facts, Findings& findings) {
  Require(!facts.pds.empty(), findings, "qc-pds", "EN 319 412-5 §4.3.4", "QcPDS is missing");
  for (const PdsLocationFact& fact : facts.pds) {
    Require(IsUrl(fact.url, {"https://"}), findings, "qc-pds-https", "EN 319 412-5 §4.3.4",
            "a disclosure statement's URL is not https");
    const bool language =
        fact.language.size() == 2 && std::all_of(fact.language.begin(), fact.language.end(),
                                                 [](char c) { return c >= 'a' && c <= 'z'; });
    Require(language, findings, "qc-pds-language", "EN 319 412-5 §4.3.4",
            "a disclosure statement's language is not a lower-case ISO 639-1 code");
  }
}

void LintQcStatements(const CertificateFacts& facts, const ProfileSpec& profile,
                      Findings& findings) {
  LintQcStatementForm(facts, findings);
  Require(CountStatement(facts, oid::kQcCompliance) > 0, findings, "qc-compliance",
          "EN 319 412-5 §4.2.1", "QcCompliance is missing");
  const bool qscd = CountStatement(facts, oid::kQcSscd) > 0;
  Require(qscd == (profile.qscd.value == QscdClaim::kPresent), findings, "qc-sscd",
          profile.qscd.clause,
          qscd ? "QcSSCD is present under a policy without a qualified device"
               : "QcSSCD is missing under a policy with a qualified device");
  Require(facts.qc_types.size() == 1 && facts.qc_types[0] == profile.qc_type.value, findings,
          "qc-type", profile.qc_type.clause,
          "QcType must hold exactly " + std::string(profile.qc_type.value) + ", found " +
              std::to_string(facts.qc_types.size()) + " values");
  Require(CountStatement(facts, oid::kQcCcLegislation) == 0, findings, "qc-legislation",
          "EN 319 412-5 §4.2.4", "QcCClegislation stands in a certificate of the Union");
  const bool semantics =
      facts.semantics_oids.size() == 1 && facts.semantics_oids[0] == profile.semantics_oid.value;
  Require(semantics, findings, "qc-semantics", profile.semantics_oid.clause,
          "the semantics of the subject's identifier are not declared as " +
              std::string(profile.semantics_oid.value));
  LintPds(facts, findings);
}

}  // namespace

bool IsLegalSemantics(std::string_view text) {
  static const std::regex kForm(
      "(?:(?:VAT|PSD|EOR|EXC)[A-Z]{2}|NTR[A-Z]{2}(?:\\+[A-Z0-9]{1,3})?|LEIXG)-.+");
  return text.size() <= kMostIdentifier && std::regex_match(text.begin(), text.end(), kForm);
}

std::vector<LintFinding> Lint(const CertificateFacts& facts, const ProfileSpec& profile) {
  Findings findings;
  LintFrame(facts, findings);
  LintValidity(facts, profile, findings);
  LintIssuer(facts, findings);
  LintSubject(facts, profile, findings);
  LintExtensionForm(facts, findings);
  LintKeyUse(facts, profile, findings);
  LintRepository(facts, findings);
  LintPolicies(facts, profile, findings);
  LintQcStatements(facts, profile, findings);
  return findings;
}

Status RequireClean(const std::vector<LintFinding>& findings) {
  if (findings.empty()) return OkStatus();
  std::string detail;
  for (const LintFinding& finding : findings) {
    if (!detail.empty()) detail += "; ";
    detail += std::string(finding.rule) + " [" + std::string(finding.clause) + "]: " + finding.text;
  }
  return Fail(kLintFindings, detail);
}

}  // namespace intaglio::host
