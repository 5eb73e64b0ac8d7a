#include "appliance/policy/issuance_policy.h"

#include <algorithm>

#include "appliance/crypto/ecdsa.h"
#include "appliance/der/certificate_oids.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/certificate_rules.h"
#include "appliance/policy/gate_reasons.h"

namespace intaglio::appliance {
namespace {

// A key for one activation is destroyed after it; its certificate does not outlive the day.
constexpr Duration kOneTimeLife = kDay;

Status CheckPurpose(const KeyRecord& key, KeyPurpose due, const char* name) {
  if (key.purpose == due) return OkStatus();
  return Fail(kKeyPurpose, "key " + key.key_id.hex() + " is not of purpose " + name);
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
  return Fail(kOriginUnproven,
              "key " + key.key_id.hex() +
                  ": its attributes at generation do not show that only this token "
                  "has had it");
}

// The CA certificate is the CA key's, and valid while it issues.
Status CheckIssuer(const KeyRecord& ca_key, const TbsFacts& ca_certificate, WallTime now) {
  RETURN_IF_ERROR(CheckPurpose(ca_key, KeyPurpose::kCaIssuing, "CA_ISSUING"));
  if (ca_certificate.spki != ca_key.spki) {
    return Fail(kGateIssuerKey, "the CA certificate is not key " + ca_key.key_id.hex() + "'s");
  }
  if (now < ca_certificate.not_before || now >= ca_certificate.not_after) {
    return Fail(kGateCaNotValid, "valid from " + ToIso8601(ca_certificate.not_before) + " until " +
                                     ToIso8601(ca_certificate.not_after));
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
              : Fail(kGateOrderKey, "key " + key.key_id.hex() + " is not the one ordered");
}

// Drawn for this, or begun with just these octets before a crash.
Status CheckSerial(const SerialRow& row, const Digest& tbs_sha256) {
  if (row.state == SerialState::kDrawn) return OkStatus();
  if (row.state == SerialState::kIntent && row.tbs_sha256 == tbs_sha256) return OkStatus();
  return Fail(kGateSerialState, "draw another serial");
}

// What binds a certificate to its issuer and its key, whatever the profile.
Status CheckBinding(const TbsFacts& tbs, const KeyRecord& key, const TbsFacts& ca_certificate) {
  if (tbs.issuer != ca_certificate.subject) {
    return Fail(kGateIssuer, "copy the name from the CA certificate, encoding and all");
  }
  if (tbs.spki != key.spki) return Fail(kGatePublicKey, "key " + key.key_id.hex());
  if (tbs.not_after > ca_certificate.not_after) {
    return Fail(kGateOutlivesCa, ToIso8601(tbs.not_after) + " is after the CA's " +
                                     ToIso8601(ca_certificate.not_after));
  }
  return OkStatus();
}

Status CheckSubjectKey(const SubscriberFacts& facts, const SubscriberProfile& profile) {
  const KeyRecord& key = facts.subject_key;
  if (std::ranges::count(profile.key_purposes, key.purpose) == 0) {
    return Fail(kKeyPurpose, "key " + key.key_id.hex() + " is not of a purpose that " +
                                 std::string(profile.name) + " certifies");
  }
  if (key.order_digest != facts.order_digest) {
    return Fail(kGateOrderKey,
                "key " + key.key_id.hex() + " belongs to order " + ToHex(key.order_digest));
  }
  RETURN_IF_ERROR(CheckOrderedKey(facts.order, key));
  if (key.version != kVersionGenerated || key.certified_as) {
    return Fail(kGateKeyCertified,
                "key " + key.key_id.hex() + " is of version " + std::to_string(key.version));
  }
  RETURN_IF_ERROR(CheckOrigin(key));
  if (profile.needs_qscd && facts.now >= facts.qscd_entry.valid_until) {
    return Fail(kQscdEntryLapsed, "entry " + facts.qscd_entry.entry_id + " ended " +
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
  RETURN_IF_ERROR(CheckExtensions(extensions, profile.extensions));
  RETURN_IF_ERROR(CheckPolicies(extensions, profile));
  // Present, for the profile requires it.
  RETURN_IF_ERROR(CheckQcStatements(*extensions.qc_statements, profile));
  RETURN_IF_ERROR(CheckKeyUsage(extensions, profile.key_usage));
  RETURN_IF_ERROR(CheckAuthorityKeyId(extensions, ca_certificate));
  return CheckStatusAddresses(extensions);
}

Status CheckResponderContent(const TbsFacts& tbs, const ResponderProfile& profile,
                             const TbsFacts& ca_certificate) {
  const ExtensionFacts& extensions = tbs.extensions;
  RETURN_IF_ERROR(CheckNotAuthority(extensions));
  RETURN_IF_ERROR(CheckExtensions(extensions, profile.extensions));
  RETURN_IF_ERROR(CheckNoQualifiedPolicy(extensions));
  RETURN_IF_ERROR(CheckKeyUsage(extensions, profile.key_usage));
  if (extensions.extended_key_usage.size() != 1 ||
      extensions.extended_key_usage[0] != profile.extended_key_usage) {
    return Fail(kGateExtendedKeyUsage,
                "exactly " + std::string(profile.extended_key_usage) + " was due");
  }
  RETURN_IF_ERROR(CheckAuthorityKeyId(extensions, ca_certificate));
  if (!extensions.ocsp_urls.empty()) {
    return Fail(kGateOcspUrl, "a responder's certificate names no responder");
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
  return Fail(kPolicySubject,
              std::string(profile.name) +
                  (person_fits ? " does not certify such a key" : " is not for such a person"));
}

StatusOr<SignPermit> IssuancePolicy::JudgeSubscriber(const SubscriberFacts& facts) {
  const IssuanceOrder& order = facts.order;
  const SubscriberProfile* profile = FindSubscriberProfile(order.policy_oid);
  if (profile == nullptr) return Fail(kPolicyUnsupported, "policy " + order.policy_oid);
  RETURN_IF_ERROR(JudgeOrder(order, *profile));
  if (order.issuer_key_id != facts.ca_key.key_id) {
    return Fail(kGateIssuerKey, "the order names key " + order.issuer_key_id.hex());
  }
  RETURN_IF_ERROR(CheckIssuer(facts.ca_key, facts.ca_certificate, facts.now));
  RETURN_IF_ERROR(CheckSubjectKey(facts, *profile));
  RETURN_IF_ERROR(CheckSerial(facts.serial, facts.tbs_sha256));
  RETURN_IF_ERROR(CheckBinding(facts.tbs, facts.subject_key, facts.ca_certificate));
  Duration longest = std::min<Duration>(order.validity_days * kDay, profile->longest_validity);
  if (facts.subject_key.purpose == KeyPurpose::kOneTime) longest = std::min(longest, kOneTimeLife);
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
  RETURN_IF_ERROR(CheckValidity(facts.tbs, profile.longest_validity, facts.now));
  if (facts.tbs.subject == facts.tbs.issuer) {
    return Fail(kGateSubjectShape, "a responder has a name of its own");
  }
  RETURN_IF_ERROR(CheckResponderContent(facts.tbs, profile, facts.ca_certificate));
  return SignPermit(facts.ca_key.key_id, {MessageDigest::Sha256(facts.tbs_sha256)});
}

Status IssuancePolicy::JudgeCaInstallation(const TbsFacts& certificate, const KeyRecord& ca_key,
                                           WallTime now) {
  const AuthorityProfile& profile = IssuingAuthorityProfile();
  RETURN_IF_ERROR(CheckPurpose(ca_key, KeyPurpose::kCaIssuing, "CA_ISSUING"));
  RETURN_IF_ERROR(CheckOrigin(ca_key));
  if (certificate.spki != ca_key.spki) {
    return Fail(kGatePublicKey, "key " + ca_key.key_id.hex());
  }
  if (ca_key.algorithm != profile.algorithm || !PointOfSpki(certificate.spki)) {
    return Fail(kGateCaAlgorithm, "generate a P-256 key for the CA");
  }
  if (now < certificate.not_before || now >= certificate.not_after) {
    return Fail(kGateCaNotValid, "valid from " + ToIso8601(certificate.not_before) + " until " +
                                     ToIso8601(certificate.not_after));
  }
  const ExtensionFacts& extensions = certificate.extensions;
  RETURN_IF_ERROR(CheckRuledExtensions(extensions, profile.extensions));
  // Present, for the profile requires it.
  if (!extensions.basic_constraints->is_authority) {
    return Fail(kGateBasicConstraints, "cA is not TRUE");
  }
  return CheckKeyUsage(extensions, profile.key_usage);
}

}  // namespace intaglio::appliance
