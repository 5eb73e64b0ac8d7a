#include "attestation/model/oids.h"

#include <algorithm>
#include <cstdlib>

#include "attestation/model/reasons.h"

namespace intaglio::attestation {
namespace {

constexpr ElementType kT = ElementType::kTransaction;
constexpr ElementType kP = ElementType::kPlatform;
constexpr ElementType kK = ElementType::kKey;
constexpr Repetition kOnce = Repetition::kOnce;
constexpr Repetition kMultiple = Repetition::kMultiple;

// [draft-ietf-rats-pkix-key-attestation §5.1–5.3] and our own arc 99.
constexpr std::array kClaimSpecs = {
    ClaimSpec{ClaimType::kNonce, "nonce", kT, kOnce, {1, 0, 0}},
    ClaimSpec{ClaimType::kTimestamp, "timestamp", kT, kOnce, {1, 0, 1}},
    ClaimSpec{ClaimType::kAkSpki, "ak-spki", kT, kMultiple, {1, 0, 2}},
    ClaimSpec{ClaimType::kVendor, "vendor", kP, kOnce, {1, 1, 0}},
    ClaimSpec{ClaimType::kOemId, "oemid", kP, kOnce, {1, 1, 1}},
    ClaimSpec{ClaimType::kHwModel, "hwmodel", kP, kOnce, {1, 1, 2}},
    ClaimSpec{ClaimType::kHwVersion, "hwversion", kP, kOnce, {1, 1, 3}},
    ClaimSpec{ClaimType::kHwSerial, "hwserial", kP, kOnce, {1, 1, 4}},
    ClaimSpec{ClaimType::kSwName, "swname", kP, kOnce, {1, 1, 5}},
    ClaimSpec{ClaimType::kSwVersion, "swversion", kP, kOnce, {1, 1, 6}},
    ClaimSpec{ClaimType::kDebugStat, "debugstat", kP, kOnce, {1, 1, 7}},
    ClaimSpec{ClaimType::kUptime, "uptime", kP, kOnce, {1, 1, 8}},
    ClaimSpec{ClaimType::kBootCount, "bootcount", kP, kOnce, {1, 1, 9}},
    ClaimSpec{ClaimType::kFipsBoot, "fipsboot", kP, kOnce, {1, 1, 10}},
    ClaimSpec{ClaimType::kFipsVersion, "fipsver", kP, kOnce, {1, 1, 11}},
    ClaimSpec{ClaimType::kFipsLevel, "fipslevel", kP, kOnce, {1, 1, 12}},
    ClaimSpec{ClaimType::kFipsModule, "fipsmodule", kP, kOnce, {1, 1, 13}},
    ClaimSpec{ClaimType::kBootId, "boot-id", kP, kOnce, {99, 1, 0}},
    ClaimSpec{ClaimType::kCoreInstance, "core-instance", kP, kOnce, {99, 1, 1}},
    ClaimSpec{
        ClaimType::kSelfReportedMeasurement, "self-reported-measurement", kP, kOnce, {99, 1, 2}},
    ClaimSpec{ClaimType::kSimulated, "simulated", kP, kOnce, {99, 1, 3}},
    ClaimSpec{ClaimType::kJournalHead, "journal-head", kP, kOnce, {99, 1, 4}},
    ClaimSpec{ClaimType::kIdentifier, "identifier", kK, kMultiple, {1, 2, 0}},
    ClaimSpec{ClaimType::kSpki, "spki", kK, kOnce, {1, 2, 1}},
    ClaimSpec{ClaimType::kExtractable, "extractable", kK, kOnce, {1, 2, 2}},
    ClaimSpec{ClaimType::kSensitive, "sensitive", kK, kOnce, {1, 2, 3}},
    ClaimSpec{ClaimType::kNeverExtractable, "never-extractable", kK, kOnce, {1, 2, 4}},
    ClaimSpec{ClaimType::kLocal, "local", kK, kOnce, {1, 2, 5}},
    ClaimSpec{ClaimType::kExpiry, "expiry", kK, kOnce, {1, 2, 6}},
    ClaimSpec{ClaimType::kPurpose, "purpose", kK, kOnce, {1, 2, 7}},
    ClaimSpec{ClaimType::kWrapWithTrusted, "wrap-with-trusted", kK, kOnce, {99, 2, 0}},
    ClaimSpec{ClaimType::kResidency, "residency", kK, kOnce, {99, 2, 1}},
    ClaimSpec{ClaimType::kKeyClass, "key-class", kK, kOnce, {99, 2, 2}},
    ClaimSpec{ClaimType::kTrusted, "trusted", kK, kOnce, {99, 2, 3}},
};

constexpr bool InEnumOrder() {
  for (size_t i = 0; i < kClaimSpecs.size(); ++i) {
    if (static_cast<size_t>(kClaimSpecs[i].type) != i) return false;
  }
  return true;
}
static_assert(InEnumOrder(), "SpecOf indexes the table by ClaimType");

constexpr bool ArcsFitOneOctet() {
  for (const ClaimSpec& spec : kClaimSpecs) {
    for (uint32_t arc : spec.arcs) {
      if (arc >= 128) return false;
    }
  }
  return true;
}
static_assert(ArcsFitOneOctet(), "Below() takes octets for arcs");

// The arcs of `oid` below `root` as octets, where there are exactly `count`; else empty.
ByteView Below(const Oid& root, const Oid& oid, size_t count) {
  const ByteView all = oid.content();
  const ByteView prefix = root.content();
  if (all.size() != prefix.size() + count || !Equal(all.first(prefix.size()), prefix)) return {};
  return all.subspan(prefix.size());
}

}  // namespace

std::span<const ClaimSpec> ClaimSpecs() { return kClaimSpecs; }
const ClaimSpec& SpecOf(ClaimType type) { return kClaimSpecs[static_cast<size_t>(type)]; }

std::string_view NameOf(ElementType type) {
  switch (type) {
    case ElementType::kTransaction:
      return "transaction";
    case ElementType::kPlatform:
      return "platform";
    case ElementType::kKey:
      return "key";
  }
  std::abort();
}

std::string_view NameOf(KeyPurpose purpose) {
  static constexpr std::array<std::string_view, kKeyPurposeCount> kNames = {
      "encrypt",      "decrypt", "wrap",           "unwrap", "sign",
      "sign-recover", "verify",  "verify-recover", "derive"};
  if (purpose == KeyPurpose::kOther) return "other";
  return kNames[static_cast<size_t>(purpose)];
}

StatusOr<EvidenceProfile> EvidenceProfile::Create(std::string_view root_dotted,
                                                  std::string_view attestation_eku_dotted) {
  ASSIGN_OR_RETURN(Oid root, Oid::FromDotted(root_dotted));
  ASSIGN_OR_RETURN(Oid eku, Oid::FromDotted(attestation_eku_dotted));
  // Leaves room for the longest child, so that Child() cannot abort on configuration.
  if (root.content().size() > kMaxOidOctets - 8) {
    return Fail(kOidInvalid, "the root OID is too long");
  }
  return EvidenceProfile(std::move(root), std::move(eku));
}

EvidenceProfile EvidenceProfile::Draft() { return *Create(kDraftRootOid, kDraftAttestationEku); }

Oid EvidenceProfile::OidOf(ElementType type) const {
  return root_.Child({0, static_cast<uint32_t>(type)});
}

Oid EvidenceProfile::OidOf(ClaimType type) const {
  const auto& arcs = SpecOf(type).arcs;
  return root_.Child({arcs[0], arcs[1], arcs[2]});
}

Oid EvidenceProfile::OidOf(KeyPurpose purpose) const {
  if (purpose == KeyPurpose::kOther) std::abort();
  return root_.Child({2, static_cast<uint32_t>(purpose)});
}

std::optional<ElementType> EvidenceProfile::ElementOf(const Oid& oid) const {
  const ByteView arcs = Below(root_, oid, 2);
  if (arcs.empty() || arcs[0] != 0 || arcs[1] >= kElementTypes.size()) return std::nullopt;
  return static_cast<ElementType>(arcs[1]);
}

std::optional<ClaimType> EvidenceProfile::ClaimOf(const Oid& oid) const {
  const ByteView arcs = Below(root_, oid, 3);
  if (arcs.empty()) return std::nullopt;
  for (const ClaimSpec& spec : kClaimSpecs) {
    if (std::equal(arcs.begin(), arcs.end(), spec.arcs.begin())) return spec.type;
  }
  return std::nullopt;
}

KeyPurpose EvidenceProfile::PurposeOf(const Oid& oid) const {
  const ByteView arcs = Below(root_, oid, 2);
  if (arcs.empty() || arcs[0] != 2 || arcs[1] >= kKeyPurposeCount) return KeyPurpose::kOther;
  return static_cast<KeyPurpose>(arcs[1]);
}

}  // namespace intaglio::attestation
