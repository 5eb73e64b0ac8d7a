// Names: of issuers, persons, CAs and responders.
#include <algorithm>
#include <set>

#include "host/domain/oids.h"
#include "host/policy/lint_checks.h"

namespace intaglio::host {
namespace {

constexpr int kUtf8String = 12;
constexpr int kPrintableString = 19;
constexpr size_t kMostIdentifier = 256;

using Name = std::vector<NameAttributeFact>;

int CountOf(const Name& name, std::string_view oid) {
  return static_cast<int>(
      std::count_if(name.begin(), name.end(), [&](const auto& fact) { return fact.oid == oid; }));
}

const NameAttributeFact* Find(const Name& name, std::string_view oid) {
  auto it = std::find_if(name.begin(), name.end(), [&](const auto& f) { return f.oid == oid; });
  return it == name.end() ? nullptr : &*it;
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

bool IsCountry(std::string_view text) {
  return text.size() == 2 && IsUpper(text[0]) && IsUpper(text[1]);
}

// Type, country, hyphen, identifier [EN 319 412-1 §5.1.3]. A local scheme ("XY:") would need a
// registration authority's URI beside it, which no profile here carries.
bool IsNaturalSemantics(std::string_view text) {
  constexpr std::string_view kTypes[] = {"PAS", "IDC", "PNO", "TIN", "TAX", "EID"};
  return text.size() > 6 && std::count(std::begin(kTypes), std::end(kTypes), text.substr(0, 3)) &&
         IsCountry(text.substr(3, 2)) && text[5] == '-';
}

// "+HE", "+BY1": a part of a country.
bool IsSubdivision(std::string_view text) {
  const auto allowed = [](char c) { return IsUpper(c) || (c >= '0' && c <= '9'); };
  return text.size() >= 2 && text.size() <= 4 && text[0] == '+' &&
         std::all_of(text.begin() + 1, text.end(), allowed);
}

// The characters of UTF-8 that a parser has found well-formed.
std::vector<char32_t> Characters(std::string_view text) {
  std::vector<char32_t> out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if ((octet & 0xc0) == 0x80 && !out.empty()) {
      out.back() = out.back() << 6 | (octet & 0x3f);
    } else {
      out.push_back(octet < 0x80   ? octet
                    : octet < 0xe0 ? octet & 0x1f
                    : octet < 0xf0 ? octet & 0x0f
                                   : octet & 0x07);
    }
  }
  return out;
}

bool Within(char32_t c, char32_t first, char32_t last) { return first <= c && c <= last; }

// The scripts whose letters look alike, one bit each.
unsigned ScriptBit(char32_t c) {
  const bool basic_latin = Within(c | 0x20, U'a', U'z') && c < 0x80;
  const bool more_latin = Within(c, 0xc0, 0x24f) && c != 0xd7 && c != 0xf7;  // but not × and ÷
  if (basic_latin || more_latin || Within(c, 0x1e00, 0x1eff)) return 1;
  if (Within(c, 0x370, 0x3ff) || Within(c, 0x1f00, 0x1fff)) return 2;
  return Within(c, 0x400, 0x52f) ? 4 : 0;
}

// Nothing that a printer would act upon.
bool IsPlain(std::string_view text) {
  const std::vector<char32_t> characters = Characters(text);
  return std::none_of(characters.begin(), characters.end(),
                      [](char32_t c) { return c < 0x20 || Within(c, 0x7f, 0x9f); });
}

// The rule speaks of persons; firms are registered under names that mix scripts.
bool IsOfOneScript(std::string_view text) {
  unsigned scripts = 0;
  for (const char32_t c : Characters(text)) scripts |= ScriptBit(c);
  return (scripts & (scripts - 1)) == 0;
}

void LintStrings(const Name& name, LintReport& report) {
  for (const NameAttributeFact& fact : name) {
    const bool printable_only = fact.oid == oid::kCountry || fact.oid == oid::kSerialNumber;
    report.Require(
        fact.string_type == kPrintableString ||
            (fact.string_type == kUtf8String && !printable_only),
        "subject-string-type",
        "attribute " + fact.oid + " has string type " + std::to_string(fact.string_type));
    report.Require(!fact.text.empty(), "subject-empty-attribute",
                   "attribute " + fact.oid + " is empty");
    report.Require(IsPlain(fact.text), "subject-text",
                   "attribute " + fact.oid + " holds control characters");
  }
  const NameAttributeFact* country = Find(name, oid::kCountry);
  report.Require(country == nullptr || IsCountry(country->text), "subject-country-form",
                 "countryName is not two upper-case letters");
}

void LintSubjectForm(const CertificateFacts& facts, LintReport& report) {
  constexpr std::string_view kKnown[] = {
      oid::kCountry,      oid::kCommonName, oid::kGivenName,    oid::kSurname,
      oid::kSerialNumber, oid::kPseudonym,  oid::kOrganization, oid::kOrganizationIdentifier};
  LintStrings(facts.subject, report);
  std::set<std::string> seen;
  for (const NameAttributeFact& fact : facts.subject) {
    report.Require(seen.insert(fact.oid).second, "subject-duplicate-attribute",
                   "attribute " + fact.oid + " occurs more than once");
    report.Require(std::count(std::begin(kKnown), std::end(kKnown), fact.oid) != 0,
                   "subject-unknown-attribute",
                   "attribute " + fact.oid + " is none that was proofed");
  }
}

void LintLegalSubject(const CertificateFacts& facts, LintReport& report) {
  const struct {
    std::string_view oid;
    std::string_view rule;
  } kOnce[] = {{oid::kCountry, "subject-country"},
               {oid::kOrganization, "subject-organization"},
               {oid::kOrganizationIdentifier, "subject-organization-identifier"},
               {oid::kCommonName, "subject-common-name"}};
  for (const auto& each : kOnce) {
    report.Require(CountOf(facts.subject, each.oid) == 1, each.rule,
                   "attribute " + std::string(each.oid) + " must occur exactly once");
  }
  for (std::string_view natural :
       {oid::kGivenName, oid::kSurname, oid::kPseudonym, oid::kSerialNumber}) {
    report.Require(CountOf(facts.subject, natural) == 0, "subject-kind",
                   "attribute " + std::string(natural) + " belongs to a natural person");
  }
  const NameAttributeFact* identifier = Find(facts.subject, oid::kOrganizationIdentifier);
  report.Require(
      identifier == nullptr || IsLegalSemantics(identifier->text), "subject-organization-semantics",
      "organizationIdentifier is not type, country, hyphen and identifier as in VATEE-…");
}

void LintNaturalSubject(const CertificateFacts& facts, LintReport& report) {
  for (const NameAttributeFact& fact : facts.subject) {
    report.Require(IsOfOneScript(fact.text), "subject-text",
                   "attribute " + fact.oid + " mixes scripts");
  }
  report.Require(CountOf(facts.subject, oid::kCountry) == 1, "subject-country",
                 "countryName must occur exactly once");
  report.Require(CountOf(facts.subject, oid::kCommonName) == 1, "subject-common-name",
                 "commonName must occur exactly once");
  const bool named = Find(facts.subject, oid::kGivenName) || Find(facts.subject, oid::kSurname);
  const bool pseudonymous = Find(facts.subject, oid::kPseudonym) != nullptr;
  report.Require(named || pseudonymous, "subject-name-choice",
                 "neither givenName or surname nor pseudonym is present");
  report.Require(!(named && pseudonymous), "subject-pseudonym-alone",
                 "pseudonym stands beside givenName or surname");
  const bool legal =
      Find(facts.subject, oid::kOrganization) || Find(facts.subject, oid::kOrganizationIdentifier);
  report.Require(!legal, "subject-kind",
                 "an organisation is named, which this profile has no evidence for");
  const NameAttributeFact* number = Find(facts.subject, oid::kSerialNumber);
  report.Require(number != nullptr, "subject-serial-number", "serialNumber is missing");
  report.Require(number == nullptr || IsNaturalSemantics(number->text), "subject-serial-semantics",
                 "serialNumber is not type, country, hyphen and identifier as in PNOEE-…");
}

// What an issuer's name must say, of whichever name it is asked.
void LintInstitutionName(const Name& name, std::string_view rule, LintReport& report) {
  for (std::string_view needed : {oid::kCountry, oid::kOrganization, oid::kCommonName}) {
    const int count = CountOf(name, needed);
    report.Require(count == 1, rule,
                   "attribute " + std::string(needed) + " occurs " + std::to_string(count) +
                       " times, must be once");
  }
  report.Require(CountOf(name, oid::kOrganizationIdentifier) <= 1, rule,
                 "organizationIdentifier occurs more than once");
}

}  // namespace

bool IsLegalSemantics(std::string_view text) {
  const size_t hyphen = text.find('-');
  if (hyphen == std::string_view::npos || hyphen + 1 == text.size()) return false;
  if (text.size() > kMostIdentifier || hyphen < 5) return false;
  const std::string_view type = text.substr(0, 3);
  const std::string_view subdivision = text.substr(5, hyphen - 5);
  if (!IsCountry(text.substr(3, 2))) return false;
  // An LEI is of no country; only a trade register may be of a part of one.
  if (type == "LEI") return text.substr(3, 2) == "XG" && subdivision.empty();
  if (type == "NTR") return subdivision.empty() || IsSubdivision(subdivision);
  constexpr std::string_view kTypes[] = {"VAT", "PSD", "EOR", "EXC"};
  return subdivision.empty() && std::count(std::begin(kTypes), std::end(kTypes), type) != 0;
}

void LintIssuer(const CertificateFacts& facts, LintReport& report) {
  LintInstitutionName(facts.issuer, "issuer-name", report);
}

void LintSubject(const CertificateFacts& facts, const ProfileSpec& profile, LintReport& report) {
  LintSubjectForm(facts, report);
  if (profile.subject.value == SubjectKind::kLegalPerson) {
    LintLegalSubject(facts, report);
  } else {
    LintNaturalSubject(facts, report);
  }
}

void LintInstitution(const CertificateFacts& facts, std::string_view rule, OtherAttributes others,
                     LintReport& report) {
  constexpr std::string_view kKnown[] = {oid::kCountry, oid::kOrganization, oid::kCommonName,
                                         oid::kOrganizationIdentifier};
  Name known;
  for (const NameAttributeFact& fact : facts.subject) {
    const bool is_known = std::count(std::begin(kKnown), std::end(kKnown), fact.oid) != 0;
    if (is_known) known.push_back(fact);
    report.Require(is_known || others == OtherAttributes::kAllowed, rule,
                   "attribute " + fact.oid + " is not one of an institution's");
  }
  LintInstitutionName(facts.subject, rule, report);
  LintStrings(known, report);
}

}  // namespace intaglio::host
