#include "appliance/policy/certificate_rules.h"

#include <algorithm>

#include "appliance/der/certificate_oids.h"
#include "appliance/policy/gate_reasons.h"

namespace intaglio::appliance {
namespace {

constexpr std::string_view kQualifiedArc = "0.4.0.194112.1.";  // EN 319 411-2
constexpr std::string_view kGenericArc = "0.4.0.2042.1.";      // EN 319 411-1

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

// `scheme`: "http://". Something stands after it.
bool IsUrl(std::string_view url, std::string_view scheme) {
  return url.starts_with(scheme) && url.size() > scheme.size() && url[scheme.size()] != '/';
}

bool HasWebUrl(const std::vector<std::string>& urls) {
  return std::ranges::any_of(
      urls, [](const std::string& url) { return IsUrl(url, "http://") || IsUrl(url, "https://"); });
}

// Type, country, hyphen, identifier: "PNOEE-48001085718". Schemes of a state's own ("EE:") need a
// registration authority beside them, which no profile here has. [EN 319 412-1 5.1.3]
bool HasNaturalSemantics(std::string_view serial_number) {
  constexpr std::string_view kTypes[] = {"PAS", "IDC", "PNO", "TAX", "TIN", "EID"};
  return serial_number.size() > 6 && std::ranges::count(kTypes, serial_number.substr(0, 3)) == 1 &&
         IsUpper(serial_number[3]) && IsUpper(serial_number[4]) && serial_number[5] == '-';
}

// Type, country, hyphen, identifier: "VATEE-100000001". A trade register's number may name a
// subdivision ("NTRDE+HE-"), and an LEI has XG, global, for its country. Schemes of a
// state's own are left out as above. [EN 319 412-1 5.1.4]
bool HasLegalSemantics(std::string_view identifier) {
  constexpr std::string_view kTypes[] = {"VAT", "NTR", "PSD", "LEI", "EOR", "EXC"};
  if (identifier.size() < 7) return false;
  const std::string_view type = identifier.substr(0, 3);
  const std::string_view country = identifier.substr(3, 2);
  if (std::ranges::count(kTypes, type) != 1 || !std::ranges::all_of(country, IsUpper)) return false;
  if (type == "LEI" && country != "XG") return false;
  std::string_view rest = identifier.substr(5);
  if (rest[0] == '+' && type == "NTR") {
    const size_t subdivision = rest.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 1);
    if (subdivision < 2 || subdivision > 4) return false;
    rest = rest.substr(std::min(subdivision, rest.size()));
  }
  return rest.size() > 1 && rest[0] == '-';
}

bool StringFits(uint8_t tag, StringForm form) {
  return tag == kDerPrintableString ||
         (tag == kDerUtf8String && form == StringForm::kPrintableOrUtf8);
}

Status CheckPds(const std::vector<PdsLocation>& locations) {
  bool in_english = false;
  for (const PdsLocation& each : locations) {
    if (!IsUrl(each.url, "https://")) return Fail(kGateQcPds, "the address " + each.url);
    if (each.language.size() != 2 || !std::ranges::all_of(each.language, IsLower)) {
      return Fail(kGateQcPds, "a language is not two lower-case letters");
    }
    in_english = in_english || each.language == "en";
  }
  return in_english ? OkStatus() : Fail(kGateQcPds, "no address in English");
}

// `id` is one of the profile's. [EN 319 411-2 GEN-6.6.1-03, -04; EN 319 412-5 4.2.4]
Status CheckStatementKnown(const std::string& id, const SubscriberProfile& profile) {
  if (id == oid::kQcLegislation) return Fail(kGateQcLegislation, "leave it out");
  if (std::ranges::count(profile.qc_statements, id, &StatementRule::oid) == 1) return OkStatus();
  if (id == oid::kQcSscd) return Fail(kGateQcSscd, std::string(profile.name) + " has none");
  return Fail(kGateQcUnknown, "statement " + id);
}

}  // namespace

Status CheckValidity(const TbsFacts& tbs, Duration longest, WallTime now) {
  if (tbs.not_before < now - kEarliestNotBefore || tbs.not_before > now + kLatestNotBefore) {
    return Fail(kGateNotBefore, "notBefore is " + ToIso8601(tbs.not_before) +
                                    ", the core's clock shows " + ToIso8601(now));
  }
  if (tbs.not_after <= now) return Fail(kGateNotAfter, "ended " + ToIso8601(tbs.not_after));
  if (tbs.not_after - tbs.not_before > longest) {
    return Fail(kGateValidityTooLong, "longer than " + std::to_string(longest / kDay) + " days");
  }
  return OkStatus();
}

Status CheckSubject(const TbsFacts& tbs, std::span<const AttributeRule> rules,
                    const Subject& ordered) {
  if (tbs.subject_attributes.size() != rules.size()) {
    return Fail(kGateSubjectShape, std::to_string(tbs.subject_attributes.size()) +
                                       " attributes; the profile has " +
                                       std::to_string(rules.size()));
  }
  for (const AttributeRule& rule : rules) {
    const std::string name(rule.oid);
    const auto found = std::ranges::find(tbs.subject_attributes, rule.oid, &NameAttribute::oid);
    // As many attributes as rules, and each rule meets one: so none stands twice.
    if (found == tbs.subject_attributes.end()) {
      return Fail(kGateSubjectShape, "attribute " + name + " is missing");
    }
    if (!StringFits(found->string_tag, rule.form)) return Fail(kGateSubjectString, name);
    // The values are personal data and stay out of the detail.
    const std::string* due = rule.ordered(ordered);
    if (due == nullptr || found->value.empty() || found->value != *due) {
      return Fail(kGateSubjectValue, "attribute " + name);
    }
    if (rule.oid == oid::kSerialNumber && !HasNaturalSemantics(found->value)) {
      return Fail(kGateSerialNumberForm, "such as PNOEE- or PASDE- and an identifier");
    }
    if (rule.oid == oid::kOrganizationIdentifier && !HasLegalSemantics(found->value)) {
      return Fail(kGateOrganizationForm, "such as VATEE- or NTRDE+HE- and an identifier");
    }
  }
  return OkStatus();
}

Status CheckRuledExtensions(const ExtensionFacts& extensions,
                            std::span<const ExtensionRule> rules) {
  for (const ExtensionRule& rule : rules) {
    const CertificateExtension* found = extensions.Find(rule.oid);
    const std::string name =
        "extension " + std::string(rule.oid) + " [" + std::string(rule.clause) + "]";
    if (found == nullptr) {
      if (rule.presence == Presence::kRequired) return Fail(kGateExtensionMissing, name);
      continue;
    }
    if (rule.criticality != Criticality::kEither &&
        found->critical != (rule.criticality == Criticality::kCritical)) {
      return Fail(kGateExtensionCritical, name);
    }
  }
  return OkStatus();
}

Status CheckExtensions(const ExtensionFacts& extensions, std::span<const ExtensionRule> rules) {
  for (const CertificateExtension& each : extensions.all) {
    if (std::ranges::find(rules, each.oid, &ExtensionRule::oid) == rules.end()) {
      return Fail(kGateExtensionForbidden, "extension " + each.oid);
    }
  }
  return CheckRuledExtensions(extensions, rules);
}

Status CheckPolicies(const ExtensionFacts& extensions, const SubscriberProfile& profile) {
  bool found = false;
  for (const CertificatePolicy& each : extensions.policies) {
    const bool base = std::ranges::count(profile.base_policies, each.oid) == 1;
    const bool claims_other = each.oid.starts_with(kQualifiedArc) ||
                              each.oid.starts_with(kGenericArc) || each.oid == oid::kAnyPolicy;
    if (each.oid == profile.policy_oid) {
      found = true;
    } else if (claims_other && !base) {
      return Fail(kGatePolicyOid, each.oid + " beside " + std::string(profile.policy_oid));
    }
    for (const std::string& qualifier : each.qualifiers) {
      if (qualifier != oid::kQualifierCps) return Fail(kGatePolicyOid, "qualifier " + qualifier);
    }
  }
  if (found) return OkStatus();
  return Fail(kGatePolicyOid, std::string(profile.policy_oid) + " is missing");
}

Status CheckNoQualifiedPolicy(const ExtensionFacts& extensions) {
  for (const CertificatePolicy& each : extensions.policies) {
    if (each.oid.starts_with(kQualifiedArc)) return Fail(kGatePolicyOid, each.oid);
  }
  return OkStatus();
}

Status CheckQcStatements(const QcStatements& statements, const SubscriberProfile& profile) {
  for (const std::string& id : statements.ids) {
    if (std::ranges::count(statements.ids, id) != 1) return Fail(kGateQcRepeated, id);
    RETURN_IF_ERROR(CheckStatementKnown(id, profile));
  }
  for (const StatementRule& rule : profile.qc_statements) {
    const std::string id(rule.oid);
    if (std::ranges::count(statements.ids, id) == 1) continue;
    if (id == oid::kQcSscd) return Fail(kGateQcSscd, std::string(profile.name) + " requires it");
    return Fail(kGateQcMissing, id + " [" + std::string(rule.clause) + "]");
  }
  if (statements.types.size() != 1 || statements.types[0] != profile.qc_type) {
    return Fail(kGateQcType, "exactly " + std::string(profile.qc_type) + " was due");
  }
  RETURN_IF_ERROR(CheckPds(statements.pds));
  if (statements.semantics != profile.semantics) {
    return Fail(kGateQcSemantics, "exactly " + std::string(profile.semantics) + " was due");
  }
  if (statements.names_registration_authorities) {
    return Fail(kGateQcSemantics, "the profile has no scheme that needs a registration authority");
  }
  return OkStatus();
}

Status CheckKeyUsage(const ExtensionFacts& extensions, uint16_t exactly) {
  if (extensions.key_usage == exactly) return OkStatus();
  return Fail(kGateKeyUsage, "bits " + std::to_string(extensions.key_usage.value_or(0)) +
                                 " (bit 0 counts 1); " + std::to_string(exactly) + " was due");
}

Status CheckNotAuthority(const ExtensionFacts& extensions) {
  if (!extensions.basic_constraints || !extensions.basic_constraints->is_authority) {
    return OkStatus();
  }
  return Fail(kGateBasicConstraints, "cA is TRUE");
}

Status CheckNotResponder(const ExtensionFacts& extensions) {
  if (std::ranges::count(extensions.extended_key_usage, oid::kPurposeOcspSigning) == 0) {
    return OkStatus();
  }
  return Fail(kGateOcspSigning, "who has such a certificate says what is revoked");
}

Status CheckAuthorityKeyId(const ExtensionFacts& extensions, const TbsFacts& ca_certificate) {
  if (extensions.authority_named_by_serial) {
    return Fail(kGateAuthorityKeyId, "leave authorityCertIssuer and its serial out");
  }
  const Bytes& ca_key_id = ca_certificate.extensions.subject_key_id;
  if (!ca_key_id.empty() && extensions.authority_key_id == ca_key_id) return OkStatus();
  return Fail(kGateAuthorityKeyId,
              "found " + ToHex(extensions.authority_key_id) + ", the CA has " + ToHex(ca_key_id));
}

Status CheckStatusAddresses(const ExtensionFacts& extensions) {
  const bool crl = std::ranges::any_of(
      extensions.crl_urls, [](const std::string& url) { return IsUrl(url, "http://"); });
  if (!crl) return Fail(kGateCrlUrl, "relying parties fetch CRLs over http");
  if (!HasWebUrl(extensions.ca_issuers_urls)) {
    return Fail(kGateCaIssuersUrl, "authorityInfoAccess needs caIssuers");
  }
  if (!HasWebUrl(extensions.ocsp_urls)) {
    return Fail(kGateOcspUrl, "authorityInfoAccess needs ocsp");
  }
  return OkStatus();
}

}  // namespace intaglio::appliance
