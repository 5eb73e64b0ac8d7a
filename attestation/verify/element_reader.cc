#include "attestation/verify/element_reader.h"

#include <algorithm>
#include <set>

#include "attestation/verify/reasons.h"

namespace intaglio::attestation::verify_internal {
namespace {

std::string Quoted(std::string_view text) { return "'" + std::string(text.substr(0, 80)) + "'"; }

template <class T>
Status Store(std::optional<T>& target, StatusOr<T> value) {
  RETURN_IF_ERROR(value.status());
  target = std::move(value).value();
  return OkStatus();
}

template <class T>
Status Append(std::vector<T>& target, StatusOr<T> value) {
  RETURN_IF_ERROR(value.status());
  target.push_back(std::move(value).value());
  return OkStatus();
}

StatusOr<std::vector<KeyPurpose>> ReadPurposes(DerReader& value, const EvidenceProfile& profile) {
  ASSIGN_OR_RETURN(DerReader list, value.Enter(DerTag::kSequence, "purpose"));
  std::vector<KeyPurpose> purposes;
  std::set<Oid> seen;
  while (!list.AtEnd()) {
    ASSIGN_OR_RETURN(Oid oid, list.ObjectIdentifier("purpose"));
    if (seen.size() >= kMaxClaimsPerElement) return Fail(kClaimCount, "more than 64 purposes");
    if (!seen.insert(oid).second) return Fail(kPurposeRepeated, oid.ToDotted());
    purposes.push_back(profile.PurposeOf(oid));
  }
  return purposes;
}

StatusOr<Residency> ReadResidency(DerReader& value) {
  ASSIGN_OR_RETURN(const std::string text, value.Utf8String("residency"));
  if (text == kResidentText) return Residency::kResident;
  if (text == kWrappedText) return Residency::kWrapped;
  return Fail(kClaimValueUnknown, "residency " + Quoted(text) + ", expected RESIDENT or WRAPPED");
}

StatusOr<KeyClass> ReadKeyClass(DerReader& value) {
  ASSIGN_OR_RETURN(const std::string text, value.Utf8String("key-class"));
  if (text == kStorageText) return KeyClass::kStorage;
  return Fail(kClaimValueUnknown, "key-class " + Quoted(text) + ", expected storage");
}

Status ReadTransactionClaim(ClaimType type, DerReader& value, TransactionClaims& claims) {
  const std::string_view name = SpecOf(type).name;
  switch (type) {
    case ClaimType::kNonce:
      return Store(claims.nonce, value.OctetString(name));
    case ClaimType::kTimestamp:
      return Store(claims.timestamp, value.GeneralizedTime(name));
    default:
      RETURN_IF_ERROR(Append(claims.ak_spki, value.OctetString(name)));
      break;
  }
  // Each ak-spki is for another attestation key. [draft §5.3.3]
  const auto last = claims.ak_spki.end() - 1;
  if (std::find(claims.ak_spki.begin(), last, *last) != last) {
    return Fail(kClaimRepeated, "ak-spki of one key");
  }
  return OkStatus();
}

Status ReadPlatformClaim(ClaimType type, DerReader& value, PlatformClaims& claims) {
  const std::string_view name = SpecOf(type).name;
  switch (type) {
    case ClaimType::kVendor:
      return Store(claims.vendor, value.Utf8String(name));
    case ClaimType::kOemId:
      return Store(claims.oemid, value.OctetString(name));
    case ClaimType::kHwModel:
      return Store(claims.hwmodel, value.OctetString(name));
    case ClaimType::kHwVersion:
      return Store(claims.hwversion, value.Utf8String(name));
    case ClaimType::kHwSerial:
      return Store(claims.hwserial, value.Utf8String(name));
    case ClaimType::kSwName:
      return Store(claims.swname, value.Utf8String(name));
    case ClaimType::kSwVersion:
      return Store(claims.swversion, value.Utf8String(name));
    case ClaimType::kDebugStat:
      return Store(claims.debugstat, value.Integer(name));
    case ClaimType::kUptime:
      return Store(claims.uptime, value.Integer(name));
    case ClaimType::kBootCount:
      return Store(claims.bootcount, value.Integer(name));
    case ClaimType::kFipsBoot:
      return Store(claims.fipsboot, value.Boolean(name));
    case ClaimType::kFipsVersion:
      return Store(claims.fipsver, value.Utf8String(name));
    case ClaimType::kFipsLevel:
      return Store(claims.fipslevel, value.Integer(name));
    case ClaimType::kFipsModule:
      return Store(claims.fipsmodule, value.Utf8String(name));
    case ClaimType::kBootId:
      return Store(claims.boot_id, value.OctetString(name));
    case ClaimType::kCoreInstance:
      return Store(claims.core_instance, value.OctetString(name));
    case ClaimType::kSelfReportedMeasurement:
      return Store(claims.self_reported_measurement, value.OctetString(name));
    case ClaimType::kSimulated:
      return Store(claims.simulated, value.Boolean(name));
    default:
      return Store(claims.journal_head, value.OctetString(name));
  }
}

Status ReadKeyClaim(ClaimType type, DerReader& value, const EvidenceProfile& profile,
                    KeyClaims& claims) {
  const std::string_view name = SpecOf(type).name;
  switch (type) {
    case ClaimType::kIdentifier:
      return Append(claims.identifiers, value.Utf8String(name));
    case ClaimType::kSpki:
      return Store(claims.spki, value.OctetString(name));
    case ClaimType::kExtractable:
      return Store(claims.extractable, value.Boolean(name));
    case ClaimType::kSensitive:
      return Store(claims.sensitive, value.Boolean(name));
    case ClaimType::kNeverExtractable:
      return Store(claims.never_extractable, value.Boolean(name));
    case ClaimType::kLocal:
      return Store(claims.local, value.Boolean(name));
    case ClaimType::kExpiry:
      return Store(claims.expiry, value.GeneralizedTime(name));
    case ClaimType::kPurpose:
      return Store(claims.purposes, ReadPurposes(value, profile));
    case ClaimType::kWrapWithTrusted:
      return Store(claims.wrap_with_trusted, value.Boolean(name));
    case ClaimType::kResidency:
      return Store(claims.residency, ReadResidency(value));
    case ClaimType::kKeyClass:
      return Store(claims.key_class, ReadKeyClass(value));
    default:
      return Store(claims.trusted, value.Boolean(name));
  }
}

// Keeps what has been seen while the elements pass by.
class ElementsReader final {
 public:
  explicit ElementsReader(const EvidenceProfile& profile) : profile_(profile) {}

  Status ReadElement(DerReader element) {
    ASSIGN_OR_RETURN(const Oid oid, element.ObjectIdentifier("elementType"));
    ASSIGN_OR_RETURN(DerReader claims, element.Enter(DerTag::kSequence, "claims"));
    RETURN_IF_ERROR(element.ExpectEnd("ReportedElement"));
    if (claims.AtEnd()) return Fail(kClaimCount, "element " + oid.ToDotted() + " has none");
    const std::optional<ElementType> type = profile_.ElementOf(oid);
    if (!type) {
      ++out_.unknown_elements;
    } else if (*type != ElementType::kKey && !seen_.insert(*type).second) {
      return Fail(kElementRepeated, std::string(NameOf(*type)));
    }
    if (type == ElementType::kKey) out_.content.keys.emplace_back();
    RETURN_IF_ERROR(ReadClaims(type, claims));
    return type == ElementType::kKey ? CheckKey(out_.content.keys.back()) : OkStatus();
  }

  ReportedElements Take() { return std::move(out_); }

 private:
  Status ReadClaims(std::optional<ElementType> element, DerReader& claims) {
    std::set<ClaimType> once;
    for (size_t count = 0; !claims.AtEnd(); ++count) {
      if (count == kMaxClaimsPerElement) return Fail(kClaimCount, "more than 64");
      ASSIGN_OR_RETURN(DerReader claim, claims.Enter(DerTag::kSequence, "ReportedClaim"));
      ASSIGN_OR_RETURN(const Oid oid, claim.ObjectIdentifier("claimType"));
      const std::optional<ClaimType> type = profile_.ClaimOf(oid);
      if (!element || !type) {
        if (!claim.AtEnd()) RETURN_IF_ERROR(claim.Any("value of an unknown claim").status());
        if (!type) ++out_.unknown_claims;
      } else {
        RETURN_IF_ERROR(ReadKnownClaim(*element, *type, claim, once));
      }
      RETURN_IF_ERROR(claim.ExpectEnd("ReportedClaim"));
    }
    return OkStatus();
  }

  Status ReadKnownClaim(ElementType element, ClaimType type, DerReader& value,
                        std::set<ClaimType>& once) {
    const ClaimSpec& spec = SpecOf(type);
    if (spec.element != element) {
      return Fail(kClaimMisplaced,
                  std::string(spec.name) + " in a " + std::string(NameOf(element)) + " element");
    }
    if (spec.repetition == Repetition::kOnce && !once.insert(type).second) {
      return Fail(kClaimRepeated, std::string(spec.name));
    }
    if (value.AtEnd()) return Fail(kClaimValueMissing, std::string(spec.name));
    switch (element) {
      case ElementType::kTransaction:
        return ReadTransactionClaim(type, value, out_.content.transaction);
      case ElementType::kPlatform:
        return ReadPlatformClaim(type, value, out_.content.platform);
      case ElementType::kKey:
        break;
    }
    return ReadKeyClaim(type, value, profile_, out_.content.keys.back());
  }

  // The identifier is what makes two elements the same key; one public key may lie in a device
  // twice under two identifiers. [draft §5.2]
  Status CheckKey(const KeyClaims& key) {
    if (key.identifiers.empty()) {
      return Fail(kKeyIdentifierMissing, "key element " + std::to_string(out_.content.keys.size()));
    }
    for (const std::string& identifier : key.identifiers) {
      if (!identifiers_.insert(identifier).second) return Fail(kKeyRepeated, Quoted(identifier));
    }
    return OkStatus();
  }

  const EvidenceProfile& profile_;
  ReportedElements out_;
  std::set<ElementType> seen_;
  std::set<std::string> identifiers_;
};

}  // namespace

StatusOr<ReportedElements> ReadElements(DerReader& reader, const EvidenceProfile& profile) {
  ASSIGN_OR_RETURN(DerReader list, reader.Enter(DerTag::kSequence, "reportedElements"));
  if (list.AtEnd()) return Fail(kElementCount, "found none");
  ElementsReader elements(profile);
  for (size_t count = 0; !list.AtEnd(); ++count) {
    if (count == kMaxElements) return Fail(kElementCount, "found more than 64");
    ASSIGN_OR_RETURN(DerReader element, list.Enter(DerTag::kSequence, "ReportedElement"));
    RETURN_IF_ERROR(elements.ReadElement(element));
  }
  return elements.Take();
}

}  // namespace intaglio::attestation::verify_internal
