#include "appliance/policy/certificate_rules.h"

#include <algorithm>

#include "appliance/der/certificate_oids.h"
#include "appliance/policy/gate_reasons.h"
#include "appliance/policy/gate_rules.h"

namespace intaglio::appliance {
namespace {

constexpr std::string_view kGenericArc = "0.4.0.2042.1.";  // EN 319 411-1
// Policies that promise a qualified certificate, a device or a website: whoever reads one relies on
// more than the profile holds.
constexpr std::string_view kClaimingArcs[] = {
    "0.4.0.194112.1.",  // EN 319 411-2
    "0.4.0.1456.1.",    // TS 101 456, QCP and QCP+
    "0.4.0.19495.3.",   // TS 119 495, payment services
    "2.23.140.1.",      // CA/Browser Forum
};

bool ClaimsMore(std::string_view policy) {
  return policy == oid::kAnyPolicy || std::ranges::any_of(kClaimingArcs, [&](std::string_view arc) {
           return policy.starts_with(arc);
         });
}

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsVisible(char c) { return c > ' ' && c < 0x7f; }

// `scheme`: "http://". A host stands after it, and all of it is visible ASCII. [RFC 5280 §4.2.1.6]
bool IsUrl(std::string_view url, std::string_view scheme) {
  return url.starts_with(scheme) && url.size() > scheme.size() && url[scheme.size()] != '/' &&
         std::ranges::all_of(url, IsVisible);
}

bool HasWebUrl(const std::vector<std::string>& urls) {
  return std::ranges::any_of(
      urls, [](const std::string& url) { return IsUrl(url, "http://") || IsUrl(url, "https://"); });
}

bool StringFits(uint8_t tag, StringForm form) {
  return tag == kDerPrintableString ||
         (tag == kDerUtf8String && form == StringForm::kPrintableOrUtf8);
}

Status CheckPds(const std::vector<PdsLocation>& locations) {
  bool in_english = false;
  for (const PdsLocation& each : locations) {
    if (!IsUrl(each.url, "https://")) return Refuse(kGateQcPds, "the address " + each.url);
    if (each.language.size() != 2 || !std::ranges::all_of(each.language, IsLower)) {
      return Refuse(kGateQcPds, "a language is not two lower-case letters");
    }
    in_english = in_english || each.language == "en";
  }
  return in_english ? OkStatus() : Refuse(kGateQcPds, "no address in English");
}

// `id` is one of the profile's. [EN 319 411-2 GEN-6.6.1-03, -04; EN 319 412-5 4.2.4]
Status CheckStatementKnown(const std::string& id, const SubscriberProfile& profile) {
  if (id == oid::kQcLegislation) return Refuse(kGateQcLegislation, "leave it out");
  if (std::ranges::count(profile.qc_statements, id, &StatementRule::oid) == 1) return OkStatus();
  if (id == oid::kQcSscd) return Refuse(kGateQcSscd, std::string(profile.name) + " has none");
  return Refuse(kGateQcUnknown, "statement " + id);
}

}  // namespace

Status CheckValidity(const TbsFacts& tbs, Duration longest, WallTime now) {
  if (tbs.not_before < now - kEarliestNotBefore || tbs.not_before > now + kLatestNotBefore) {
    return Refuse(kGateNotBefore, "notBefore is " + ToIso8601(tbs.not_before) +
                                      ", the core's clock shows " + ToIso8601(now));
  }
  if (tbs.not_after <= now || tbs.not_after <= tbs.not_before) {
    return Refuse(kGateNotAfter, "ended " + ToIso8601(tbs.not_after));
  }
  if (tbs.not_after - tbs.not_before > longest) {
    return Refuse(kGateValidityTooLong, "longer than " + std::to_string(longest / kSecond) + " s");
  }
  return OkStatus();
}

Status CheckSubject(const TbsFacts& tbs, std::span<const AttributeRule> rules,
                    const Subject& ordered) {
  if (tbs.subject_attributes.size() != rules.size()) {
    return Refuse(kGateSubjectShape, std::to_string(tbs.subject_attributes.size()) +
                                         " attributes; the profile has " +
                                         std::to_string(rules.size()));
  }
  for (const AttributeRule& rule : rules) {
    const std::string name(rule.oid);
    const auto found = std::ranges::find(tbs.subject_attributes, rule.oid, &NameAttribute::oid);
    // As many attributes as rules, and each rule meets one: so none stands twice.
    if (found == tbs.subject_attributes.end()) {
      return Refuse(kGateSubjectShape, "attribute " + name + " is missing");
    }
    if (!StringFits(found->string_tag, rule.form)) return Refuse(kGateSubjectString, name);
    // The values are personal data and stay out of the detail.
    const std::string* due = rule.ordered(ordered);
    if (due == nullptr || found->value.empty() || found->value != *due) {
      return Refuse(kGateSubjectValue, "attribute " + name);
    }
    if (!rule.fits(found->value)) return Refuse(*rule.misfit, "attribute " + name);
  }
  return OkStatus();
}

Status CheckAuthorityName(const TbsFacts& tbs, std::span<const NameRule> rules,
                          OtherAttributes others) {
  for (const NameAttribute& each : tbs.subject_attributes) {
    const auto rule = std::ranges::find(rules, each.oid, &NameRule::oid);
    if (rule == rules.end()) {
      if (others == OtherAttributes::kAllowed) continue;
      return Refuse(kGateAuthorityName, "attribute " + each.oid + " is none of the profile's");
    }
    if (std::ranges::count(tbs.subject_attributes, each.oid, &NameAttribute::oid) != 1) {
      return Refuse(kGateAuthorityName, "attribute " + each.oid + " stands twice");
    }
    if (each.value.empty())
      return Refuse(kGateAuthorityName, "attribute " + each.oid + " is empty");
    if (!StringFits(each.string_tag, rule->form)) return Refuse(kGateSubjectString, each.oid);
    if (!rule->fits(each.value)) return Refuse(*rule->misfit, "attribute " + each.oid);
  }
  for (const NameRule& rule : rules) {
    const auto found = std::ranges::count(tbs.subject_attributes, rule.oid, &NameAttribute::oid);
    if (found == 0 && rule.presence == Presence::kRequired) {
      return Refuse(kGateAuthorityName, "attribute " + std::string(rule.oid) + " is missing");
    }
  }
  return OkStatus();
}

Status CheckExtensions(const ExtensionFacts& extensions, std::span<const ExtensionRule> rules) {
  for (const CertificateExtension& each : extensions.all) {
    if (std::ranges::find(rules, each.oid, &ExtensionRule::oid) == rules.end()) {
      return Refuse(kGateExtensionForbidden, "extension " + each.oid);
    }
  }
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

Status CheckPolicies(const ExtensionFacts& extensions, const SubscriberProfile& profile) {
  bool found = false;
  for (const CertificatePolicy& each : extensions.policies) {
    const bool base = std::ranges::count(profile.base_policies, each.oid) == 1;
    const bool claims_other = ClaimsMore(each.oid) || each.oid.starts_with(kGenericArc);
    if (each.oid == profile.policy_oid) {
      found = true;
    } else if (claims_other && !base) {
      return Refuse(kGatePolicyOid, each.oid + " beside " + std::string(profile.policy_oid));
    }
  }
  if (found) return OkStatus();
  return Refuse(kGatePolicyOid, std::string(profile.policy_oid) + " is missing");
}

Status CheckNoQualifiedPolicy(const ExtensionFacts& extensions) {
  for (const CertificatePolicy& each : extensions.policies) {
    if (ClaimsMore(each.oid)) return Refuse(kGatePolicyOid, each.oid);
  }
  return OkStatus();
}

Status CheckPolicyQualifiers(const ExtensionFacts& extensions) {
  for (const CertificatePolicy& each : extensions.policies) {
    for (const std::string& qualifier : each.qualifiers) {
      if (qualifier != oid::kQualifierCps) {
        return Refuse(kGatePolicyQualifier, "qualifier " + qualifier + " of " + each.oid);
      }
    }
    for (const std::string& url : each.cps_urls) {
      if (!IsUrl(url, "http://") && !IsUrl(url, "https://")) {
        return Refuse(kGatePolicyQualifier, "the CPS pointer of " + each.oid);
      }
    }
  }
  return OkStatus();
}

Status CheckQcStatements(const QcStatements& statements, const SubscriberProfile& profile) {
  for (const std::string& id : statements.ids) {
    if (std::ranges::count(statements.ids, id) != 1) return Refuse(kGateQcRepeated, id);
    RETURN_IF_ERROR(CheckStatementKnown(id, profile));
  }
  for (const StatementRule& rule : profile.qc_statements) {
    const std::string id(rule.oid);
    if (std::ranges::count(statements.ids, id) == 1) continue;
    if (id == oid::kQcSscd) return Refuse(kGateQcSscd, std::string(profile.name) + " requires it");
    return Refuse(kGateQcMissing, id + " [" + std::string(rule.clause) + "]");
  }
  if (statements.types.size() != 1 || statements.types[0] != profile.qc_type.value) {
    return Refuse(kGateQcType, "exactly " + std::string(profile.qc_type.value) + " was due");
  }
  RETURN_IF_ERROR(CheckPds(statements.pds));
  if (statements.semantics != profile.semantics.value) {
    return Refuse(kGateQcSemantics, "exactly " + std::string(profile.semantics.value) + " was due");
  }
  if (statements.names_registration_authorities) {
    return Refuse(kGateQcSemantics,
                  "the profile has no scheme that needs a registration authority");
  }
  return OkStatus();
}

Status CheckKeyUsage(const ExtensionFacts& extensions, const Cited<uint16_t>& exactly) {
  if (extensions.key_usage == exactly.value) return OkStatus();
  return Refuse(kGateKeyUsage, "bits " + std::to_string(extensions.key_usage.value_or(0)) +
                                   " (bit 0 counts 1); " + std::to_string(exactly.value) +
                                   " was due");
}

Status CheckNotAuthority(const ExtensionFacts& extensions) {
  if (!extensions.basic_constraints || !extensions.basic_constraints->is_authority) {
    return OkStatus();
  }
  return Refuse(kGateBasicConstraints, "cA is TRUE");
}

Status CheckNotResponder(const ExtensionFacts& extensions) {
  if (std::ranges::count(extensions.extended_key_usage, oid::kPurposeOcspSigning) == 0) {
    return OkStatus();
  }
  return Refuse(kGateOcspSigning, "who has such a certificate says what is revoked");
}

Status CheckAuthorityKeyId(const ExtensionFacts& extensions, const TbsFacts& ca_certificate) {
  if (extensions.authority_named_by_serial) {
    return Refuse(kGateAuthorityKeyId, "leave authorityCertIssuer and its serial out");
  }
  const Bytes& ca_key_id = ca_certificate.extensions.subject_key_id;
  if (!ca_key_id.empty() && extensions.authority_key_id == ca_key_id) return OkStatus();
  return Refuse(kGateAuthorityKeyId,
                "found " + ToHex(extensions.authority_key_id) + ", the CA has " + ToHex(ca_key_id));
}

bool ClaimsShortTerm(const ExtensionFacts& extensions) {
  return extensions.validity_assured || extensions.no_rev_avail;
}

Status CheckStatusAddresses(const ExtensionFacts& extensions) {
  const bool crl = std::ranges::any_of(
      extensions.crl_urls, [](const std::string& url) { return IsUrl(url, "http://"); });
  if (!crl) return Refuse(kGateCrlUrl, "relying parties fetch CRLs over http");
  if (!HasWebUrl(extensions.ca_issuers_urls)) {
    return Refuse(kGateCaIssuersUrl, "authorityInfoAccess needs caIssuers");
  }
  if (!HasWebUrl(extensions.ocsp_urls)) {
    return Refuse(kGateOcspUrl, "authorityInfoAccess needs ocsp");
  }
  return OkStatus();
}

Status CheckShortTermAddresses(const ExtensionFacts& extensions) {
  if (!HasWebUrl(extensions.ca_issuers_urls)) {
    return Refuse(kGateCaIssuersUrl, "authorityInfoAccess needs caIssuers");
  }
  if (!extensions.ocsp_urls.empty()) {
    return Refuse(kGateOcspUrl, "a short-term certificate names no responder");
  }
  return OkStatus();
}

}  // namespace intaglio::appliance
