#include "appliance/policy/issuance_policy.h"

#include <algorithm>

#include "appliance/crypto/ecdsa.h"
#include "appliance/der/certificate_oids.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/certificate_rules.h"
#include "appliance/policy/gate_reasons.h"
#include "appliance/policy/gate_rules.h"

namespace intaglio::appliance {
namespace {

Status CheckPurpose(const KeyRecord& key, KeyPurpose due, const char* name) {
  if (key.purpose == due) return OkStatus();
  return Refuse(kKeyPurpose, "key " + key.key_id.hex() + " is not of purpose " + name);
}

// CKM_RSA_PKCS_KEY_PAIR_GEN and CKM_EC_KEY_PAIR_GEN. [PKCS#11]
uint64_t GenerationMechanism(KeyAlgorithm algorithm) {
  const bool is_ec = algorithm == KeyAlgorithm::kP256 || algorithm == KeyAlgorithm::kP384;
  return is_ec ? 0x1040 : 0x0000;
}

// Read back from the token when the key was made; never after an unwrap, where it proves nothing.
// [EN 319 411-2 SDP-6.5.1-04; DESIGN 3]
Status CheckOrigin(const KeyRecord& key) {
  const KeyOrigin& origin = key.origin;
  const bool inside = origin.local && origin.sensitive && origin.always_sensitive &&
                      origin.key_gen_mechanism == GenerationMechanism(key.algorithm);
  const bool resident = origin.never_extractable && !origin.extractable;
  const bool wrapped = origin.extractable && origin.wrap_with_trusted;
  if (inside && (key.residency == KeyResidency::kResident ? resident : wrapped)) return OkStatus();
  return Refuse(kOriginUnproven,
                "key " + key.key_id.hex() +
                    ": its attributes at generation do not show that only this token "
                    "has had it");
}

// The CA certificate is the CA key's, and valid while it issues.
Status CheckIssuer(const KeyRecord& ca_key, const TbsFacts& ca_certificate, WallTime now) {
  RETURN_IF_ERROR(CheckPurpose(ca_key, KeyPurpose::kCaIssuing, "CA_ISSUING"));
  if (ca_certificate.spki != ca_key.spki) {
    return Refuse(kGateIssuerKey, "the CA certificate is not key " + ca_key.key_id.hex() + "'s");
  }
  if (now < ca_certificate.not_before || now >= ca_certificate.not_after) {
    return Refuse(kGateCaNotValid, "valid from " + ToIso8601(ca_certificate.not_before) +
                                       " until " + ToIso8601(ca_certificate.not_after));
  }
  return OkStatus();
}

// The order speaks of this very key: one the core was to generate so, or one the officers named.
Status CheckOrderedKey(const IssuanceOrder& order, const KeyRecord& key) {
  const auto* generated = std::get_if<CoreGeneratedKey>(&order.key);
  const auto* existing = std::get_if<ExistingKey>(&order.key);
  const bool fits = generated != nullptr
                        ? generated->algorithm == key.algorithm && generated->use == key.purpose
                        : existing != nullptr && existing->spki == key.spki;
  return fits ? OkStatus()
              : Refuse(kGateOrderKey, "key " + key.key_id.hex() + " is not the one ordered");
}

// Drawn for this, or begun with just these octets before a crash.
Status CheckSerial(const SerialRow& row, const Digest& tbs_sha256) {
  if (row.state == SerialState::kDrawn) return OkStatus();
  if (row.state == SerialState::kIntent && row.tbs_sha256 == tbs_sha256) return OkStatus();
  return Refuse(kGateSerialState, "draw another serial");
}

// What binds a certificate to its issuer and its key, whatever the profile.
Status CheckBinding(const TbsFacts& tbs, const KeyRecord& key, const TbsFacts& ca_certificate) {
  if (tbs.issuer != ca_certificate.subject) {
    return Refuse(kGateIssuer, "copy the name from the CA certificate, encoding and all");
  }
  if (tbs.spki != key.spki) return Refuse(kGatePublicKey, "key " + key.key_id.hex());
  if (tbs.not_after > ca_certificate.not_after) {
    return Refuse(kGateOutlivesCa, ToIso8601(tbs.not_after) + " is after the CA's " +
                                       ToIso8601(ca_certificate.not_after));
  }
  return OkStatus();
}

Status CheckSubjectKey(const SubscriberFacts& facts, const SubscriberProfile& profile) {
  const KeyRecord& key = facts.subject_key;
  if (std::ranges::count(profile.key_purposes, key.purpose) == 0) {
    return Refuse(kKeyPurpose, "key " + key.key_id.hex() + " is not of a purpose that " +
                                   std::string(profile.name) + " certifies");
  }
  if (key.order_digest != facts.order_digest) {
    return Refuse(kGateOrderKey,
                  "key " + key.key_id.hex() + " belongs to order " + ToHex(key.order_digest));
  }
  RETURN_IF_ERROR(CheckOrderedKey(facts.order, key));
  if (key.version != kVersionGenerated || key.certified_as) {
    return Refuse(kGateKeyCertified,
                  "key " + key.key_id.hex() + " is of version " + std::to_string(key.version));
  }
  RETURN_IF_ERROR(CheckOrigin(key));
  if (profile.needs_qscd && facts.now >= facts.qscd_entry.valid_until) {
    return Refuse(kQscdEntryLapsed, "entry " + facts.qscd_entry.entry_id + " ended " +
                                        ToIso8601(facts.qscd_entry.valid_until));
  }
  return OkStatus();
}

Status CheckSubscriberContent(const TbsFacts& tbs, const SubscriberProfile& profile,
                              const TbsFacts& ca_certificate) {
  const ExtensionFacts& extensions = tbs.extensions;
  // First what would make an authority of a subscriber, so that it is never called a lesser flaw.
  RETURN_IF_ERROR(CheckNotAuthority(extensions));
  RETURN_IF_ERROR(CheckNotResponder(extensions));
  const bool short_term = ClaimsShortTerm(extensions);
  RETURN_IF_ERROR(
      CheckExtensions(extensions, short_term ? profile.short_term_extensions : profile.extensions));
  RETURN_IF_ERROR(CheckPolicies(extensions, profile));
  RETURN_IF_ERROR(CheckPolicyQualifiers(extensions));
  // Present, for the profile requires it.
  RETURN_IF_ERROR(CheckQcStatements(*extensions.qc_statements, profile));
  RETURN_IF_ERROR(CheckKeyUsage(extensions, profile.key_usage));
  RETURN_IF_ERROR(CheckAuthorityKeyId(extensions, ca_certificate));
  return short_term ? CheckShortTermAddresses(extensions) : CheckStatusAddresses(extensions);
}

// Officers who ordered a certificate for longer ordered one that can be revoked: the host cannot
// make another kind of it. [EN 319 411-1 GEN-6.6.1-03, REV-6.3.9-15]
StatusOr<Duration> LongestLife(const SubscriberFacts& facts, const SubscriberProfile& profile) {
  Duration longest =
      std::min<Duration>(facts.order.validity_days * kDay, profile.longest_validity.value);
  if (facts.subject_key.purpose == KeyPurpose::kOneTime) longest = std::min(longest, kOneTimeLife);
  if (!ClaimsShortTerm(facts.tbs.extensions)) return longest;
  if (facts.order.validity_days != 1) {
    return Refuse(kGateShortTermOrder,
                  "ordered for " + std::to_string(facts.order.validity_days) + " days");
  }
  return std::min(longest, kShortTermLife);
}

Status CheckResponderContent(const TbsFacts& tbs, const ResponderProfile& profile,
                             const TbsFacts& ca_certificate) {
  const ExtensionFacts& extensions = tbs.extensions;
  RETURN_IF_ERROR(CheckNotAuthority(extensions));
  RETURN_IF_ERROR(CheckExtensions(extensions, profile.extensions));
  RETURN_IF_ERROR(CheckNoQualifiedPolicy(extensions));
  RETURN_IF_ERROR(CheckPolicyQualifiers(extensions));
  RETURN_IF_ERROR(CheckKeyUsage(extensions, profile.key_usage));
  if (extensions.extended_key_usage.size() != 1 ||
      extensions.extended_key_usage[0] != profile.extended_key_usage.value) {
    return Refuse(kGateExtendedKeyUsage,
                  "exactly " + std::string(profile.extended_key_usage.value) + " was due");
  }
  RETURN_IF_ERROR(CheckAuthorityKeyId(extensions, ca_certificate));
  if (!extensions.ocsp_urls.empty()) {
    return Refuse(kGateOcspUrl, "a responder's certificate names no responder");
  }
  return OkStatus();
}

}  // namespace

Status IssuancePolicy::JudgeOrder(const IssuanceOrder& order, const SubscriberProfile& profile) {
  const bool person_fits = std::ranges::all_of(profile.subject, [&](const AttributeRule& rule) {
    return rule.ordered(order.subject) != nullptr;
  });
  const auto* generated = std::get_if<CoreGeneratedKey>(&order.key);
  const bool key_fits =
      generated == nullptr || std::ranges::count(profile.key_purposes, generated->use) != 0;
  if (person_fits && key_fits) return OkStatus();
  return Refuse(kPolicySubject,
                std::string(profile.name) +
                    (person_fits ? " does not certify such a key" : " is not for such a person"));
}

StatusOr<SignPermit> IssuancePolicy::JudgeSubscriber(const SubscriberFacts& facts) {
  const IssuanceOrder& order = facts.order;
  const SubscriberProfile* profile = FindSubscriberProfile(order.policy_oid);
  if (profile == nullptr) return Refuse(kPolicyUnsupported, "policy " + order.policy_oid);
  RETURN_IF_ERROR(JudgeOrder(order, *profile));
  if (order.issuer_key_id != facts.ca_key.key_id) {
    return Refuse(kGateIssuerKey, "the order names key " + order.issuer_key_id.hex());
  }
  RETURN_IF_ERROR(CheckIssuer(facts.ca_key, facts.ca_certificate, facts.now));
  RETURN_IF_ERROR(CheckSubjectKey(facts, *profile));
  RETURN_IF_ERROR(CheckSerial(facts.serial, facts.tbs_sha256));
  RETURN_IF_ERROR(CheckBinding(facts.tbs, facts.subject_key, facts.ca_certificate));
  ASSIGN_OR_RETURN(const Duration longest, LongestLife(facts, *profile));
  RETURN_IF_ERROR(CheckValidity(facts.tbs, longest, facts.now));
  RETURN_IF_ERROR(CheckSubject(facts.tbs, profile->subject, order.subject));
  RETURN_IF_ERROR(CheckSubscriberContent(facts.tbs, *profile, facts.ca_certificate));
  return SignPermit(facts.ca_key.key_id, {MessageDigest::Sha256(facts.tbs_sha256)});
}

StatusOr<SignPermit> IssuancePolicy::JudgeResponder(const ResponderFacts& facts) {
  const ResponderProfile& profile = OcspResponderProfile();
  RETURN_IF_ERROR(CheckIssuer(facts.ca_key, facts.ca_certificate, facts.now));
  RETURN_IF_ERROR(CheckPurpose(facts.status_key, KeyPurpose::kStatus, "STATUS"));
  RETURN_IF_ERROR(CheckOrigin(facts.status_key));
  RETURN_IF_ERROR(CheckSerial(facts.serial, facts.tbs_sha256));
  RETURN_IF_ERROR(CheckBinding(facts.tbs, facts.status_key, facts.ca_certificate));
  RETURN_IF_ERROR(CheckValidity(facts.tbs, profile.longest_validity.value, facts.now));
  if (facts.tbs.subject == facts.tbs.issuer) {
    return Refuse(kGateSubjectShape, "a responder has a name of its own");
  }
  RETURN_IF_ERROR(CheckResponderContent(facts.tbs, profile, facts.ca_certificate));
  RETURN_IF_ERROR(CheckAuthorityName(facts.tbs, profile.subject, OtherAttributes::kRefused));
  return SignPermit(facts.ca_key.key_id, {MessageDigest::Sha256(facts.tbs_sha256)});
}

Status IssuancePolicy::JudgeCaInstallation(const TbsFacts& certificate, const KeyRecord& ca_key,
                                           WallTime now) {
  const AuthorityProfile& profile = IssuingAuthorityProfile();
  RETURN_IF_ERROR(CheckPurpose(ca_key, KeyPurpose::kCaIssuing, "CA_ISSUING"));
  RETURN_IF_ERROR(CheckOrigin(ca_key));
  if (certificate.spki != ca_key.spki) {
    return Refuse(kGatePublicKey, "key " + ca_key.key_id.hex());
  }
  if (ca_key.algorithm != profile.algorithm.value || !PointOfSpki(certificate.spki)) {
    return Refuse(kGateCaAlgorithm, "generate a P-256 key for the CA");
  }
  if (now < certificate.not_before || now >= certificate.not_after) {
    return Refuse(kGateCaNotValid, "valid from " + ToIso8601(certificate.not_before) + " until " +
                                       ToIso8601(certificate.not_after));
  }
  const ExtensionFacts& extensions = certificate.extensions;
  RETURN_IF_ERROR(CheckExtensions(extensions, profile.extensions));
  if (certificate.issuer != certificate.subject && extensions.authority_key_id.empty()) {
    return Fail(kGateExtensionMissing,
                "authorityKeyIdentifier, with a keyIdentifier [RFC 5280 4.2.1.1]");
  }
  // Present, for the profile requires it.
  if (!extensions.basic_constraints->is_authority) {
    return Refuse(kGateBasicConstraints, "cA is not TRUE");
  }
  RETURN_IF_ERROR(CheckPolicyQualifiers(extensions));
  RETURN_IF_ERROR(CheckKeyUsage(extensions, profile.key_usage));
  return CheckAuthorityName(certificate, profile.subject, OtherAttributes::kAllowed);
}

}  // namespace intaglio::appliance
