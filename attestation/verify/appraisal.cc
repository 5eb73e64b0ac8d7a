#include "attestation/verify/appraisal.h"

#include <algorithm>

#include "attestation/verify/reasons.h"

namespace intaglio::attestation {
namespace {

std::string Shown(const std::optional<std::string>& value) {
  return value ? "'" + value->substr(0, 80) + "'" : "none";
}
std::string Shown(const std::optional<Bytes>& value) {
  return value ? ToHex(ByteView(*value).first(std::min<size_t>(value->size(), 64))) : "none";
}
std::string Shown(const std::optional<bool>& value) {
  return value ? (*value ? "true" : "false") : "none";
}

template <class T>
Status Expect(const std::optional<T>& found, const T& expected, const Reason& reason,
              const char* claim) {
  if (found == expected) return OkStatus();
  return Fail(reason, std::string(claim) + ": expected " + Shown(std::optional<T>(expected)) +
                          ", found " + Shown(found));
}

Status CheckEntry(const QscdEntry& entry, ServiceBoundary boundary, Date today) {
  const std::string which = "entry '" + entry.id + "'";
  if (entry.kind == QscdKind::kLab && boundary != ServiceBoundary::kLab) {
    return Fail(kLabEntryInProduction, which);
  }
  const std::string on = " on " + ToText(today);
  switch (StateOn(entry, today)) {
    case QscdState::kCertified:
    case QscdState::kExpiring:
      return OkStatus();
    case QscdState::kLapsed:
      return Fail(kEntryLapsed, which + " ended on " + ToText(entry.valid_until) + ", asked" + on);
    case QscdState::kCancelled:
      return Fail(kEntryCancelled, which + on);
    case QscdState::kUnknown:
      break;
  }
  return Fail(kEntryUnknown, which + on + ", valid from " + ToText(entry.valid_from));
}

Status CheckNonce(const TransactionClaims& transaction, const Bytes& expected) {
  if (!transaction.nonce) return Fail(kNonceMissing, "ask for evidence with the nonce given out");
  return Expect(transaction.nonce, expected, kNonceMismatch, "nonce");
}

// An attestation that answers no nonce may be old or somebody else's; officers looked at this one.
Status CheckNamed(const VerifiedEvidence& evidence, const std::optional<Digest>& named) {
  if (named && *named == evidence.evidence_digest()) return OkStatus();
  return Fail(kEvidenceNotNamed, named ? "the order names " + ToHex(*named) + ", this is " +
                                             ToHex(evidence.evidence_digest())
                                       : "the order names no evidence");
}

Status CheckDebug(const PlatformClaims& platform, QscdKind kind) {
  if (!platform.debugstat && kind == QscdKind::kLab) return OkStatus();
  if (platform.debugstat && *platform.debugstat >= kDebugDisabled &&
      *platform.debugstat <= kDebugDisabledFullyAndPermanently) {
    return OkStatus();
  }
  return Fail(kPlatformDebug,
              "debugstat: expected 1 to 4, found " +
                  (platform.debugstat ? std::to_string(*platform.debugstat) : "none"));
}

Status CheckPlatform(const PlatformClaims& platform, const QscdEntry& entry) {
  RETURN_IF_ERROR(Expect(platform.vendor, entry.vendor, kPlatformVendor, "vendor"));
  RETURN_IF_ERROR(Expect(platform.hwmodel, entry.hw_model, kPlatformHwModel, "hwmodel"));
  // Vendors' certificates do not tell it; the entry of such a device leaves it empty.
  if (platform.hwversion || !entry.hw_version.empty()) {
    RETURN_IF_ERROR(Expect(platform.hwversion, entry.hw_version, kPlatformHwVersion, "hwversion"));
  }
  RETURN_IF_ERROR(Expect(platform.swname, entry.sw_name, kPlatformSwName, "swname"));
  RETURN_IF_ERROR(Expect(platform.swversion, entry.sw_version, kPlatformSwVersion, "swversion"));
  const bool any_serial = entry.serials.empty();
  const auto in_inventory = [&] {
    return platform.hwserial && std::find(entry.serials.begin(), entry.serials.end(),
                                          *platform.hwserial) != entry.serials.end();
  };
  if (!any_serial && !in_inventory()) {
    return Fail(kPlatformSerial, "hwserial " + Shown(platform.hwserial) + " is not one of the " +
                                     std::to_string(entry.serials.size()) + " of entry '" +
                                     entry.id + "'");
  }
  if (platform.simulated.value_or(false) && entry.kind != QscdKind::kLab) {
    return Fail(kSimulatedDevice, "simulated is true, entry '" + entry.id + "' is CERTIFIED");
  }
  return OkStatus();
}

StatusOr<const KeyClaims*> FindKey(const std::vector<KeyClaims>& keys, const Bytes& spki) {
  const KeyClaims* found = nullptr;
  for (const KeyClaims& key : keys) {
    if (key.spki != spki) continue;
    if (found != nullptr) return Fail(kKeyAmbiguous, "in two key elements");
    found = &key;
  }
  if (found == nullptr) {
    return Fail(kKeyNotAttested,
                "none of " + std::to_string(keys.size()) + " key elements has the expected SPKI");
  }
  if (found->key_class) return Fail(kKeyClassUnfit, "key-class is storage");
  return found;
}

std::string Listed(const std::optional<std::vector<KeyPurpose>>& purposes) {
  if (!purposes) return "none";
  std::string text = "{";
  for (KeyPurpose purpose : *purposes) text += " " + std::string(NameOf(purpose));
  return text + " }";
}

Status CheckSigningKey(const KeyClaims& key, Date today) {
  RETURN_IF_ERROR(Expect(key.local, true, kKeyNotLocal, "local"));
  RETURN_IF_ERROR(Expect(key.sensitive, true, kKeyNotSensitive, "sensitive"));
  if (key.purposes != std::vector{KeyPurpose::kSign}) {
    return Fail(kKeyPurpose, "purpose: expected { sign }, found " + Listed(key.purposes));
  }
  if (key.expiry && DateOf(*key.expiry) <= today) {
    return Fail(kKeyExpired, "on " + ToIso8601(*key.expiry));
  }
  return OkStatus();
}

Status CheckResident(const KeyClaims& key) {
  RETURN_IF_ERROR(Expect(key.extractable, false, kKeyExtractable, "extractable"));
  return Expect(key.never_extractable, true, kKeyWasExtractable, "never-extractable");
}

Status CheckStorageKey(const KeyClaims& key) {
  const Reason& unfit = kStorageKeyUnfit;
  RETURN_IF_ERROR(Expect(key.local, true, unfit, "storage key, local"));
  RETURN_IF_ERROR(Expect(key.sensitive, true, unfit, "storage key, sensitive"));
  RETURN_IF_ERROR(Expect(key.extractable, false, unfit, "storage key, extractable"));
  RETURN_IF_ERROR(Expect(key.trusted, true, unfit, "storage key, trusted"));
  const auto wraps = [](KeyPurpose purpose) {
    return purpose == KeyPurpose::kWrap || purpose == KeyPurpose::kUnwrap;
  };
  if (!key.purposes || key.purposes->empty() ||
      !std::all_of(key.purposes->begin(), key.purposes->end(), wraps)) {
    return Fail(unfit, "storage key, purpose: expected no other than { wrap unwrap }, found " +
                           Listed(key.purposes));
  }
  return OkStatus();
}

Status CheckWrapped(const KeyClaims& key, const std::vector<KeyClaims>& keys) {
  RETURN_IF_ERROR(Expect(key.extractable, true, kResidencyContradiction, "extractable"));
  RETURN_IF_ERROR(
      Expect(key.never_extractable, false, kResidencyContradiction, "never-extractable"));
  RETURN_IF_ERROR(
      Expect(key.wrap_with_trusted, true, kWrapWithTrustedMissing, "wrap-with-trusted"));
  bool found = false;
  for (const KeyClaims& other : keys) {
    if (other.key_class != KeyClass::kStorage) continue;
    found = true;
    RETURN_IF_ERROR(CheckStorageKey(other));
  }
  if (!found) return Fail(kStorageKeyMissing, "no key element has key-class storage");
  return OkStatus();
}

}  // namespace

StatusOr<AppraisedKey> AppraiseKey(const VerifiedEvidence& evidence,
                                   const AppraisalRequest& request) {
  const bool answers = evidence.format() == EvidenceFormat::kEvidence;
  if ((answers && (request.expected_nonce.size() < kMinNonceOctets ||
                   request.expected_nonce.size() > kMaxNonceOctets)) ||
      request.expected_spki.empty()) {
    return Fail(kAppraisalRequest, "nonce of " + std::to_string(request.expected_nonce.size()) +
                                       " octets, SPKI of " +
                                       std::to_string(request.expected_spki.size()));
  }
  const EvidenceContent& content = evidence.content();
  RETURN_IF_ERROR(CheckEntry(request.entry, request.boundary, request.today));
  RETURN_IF_ERROR(answers ? CheckNonce(content.transaction, request.expected_nonce)
                          : CheckNamed(evidence, request.named_digest));
  RETURN_IF_ERROR(CheckPlatform(content.platform, request.entry));
  if (answers) RETURN_IF_ERROR(CheckDebug(content.platform, request.entry.kind));
  ASSIGN_OR_RETURN(const KeyClaims* key, FindKey(content.keys, request.expected_spki));
  RETURN_IF_ERROR(CheckSigningKey(*key, request.today));
  const Residency residency = key->residency.value_or(Residency::kResident);
  RETURN_IF_ERROR(residency == Residency::kResident ? CheckResident(*key)
                                                    : CheckWrapped(*key, content.keys));
  AppraisedKey appraised;
  appraised.spki_ = request.expected_spki;
  appraised.identifiers_ = key->identifiers;
  appraised.residency_ = residency;
  appraised.entry_id_ = request.entry.id;
  appraised.kind_ = request.entry.kind;
  appraised.state_ = StateOn(request.entry, request.today);
  appraised.evidence_digest_ = evidence.evidence_digest();
  return appraised;
}

}  // namespace intaglio::attestation
