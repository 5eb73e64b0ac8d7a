// The object identifiers of key attestation evidence, relative to a configurable root.
//
// The root (id-evidence) and the attestation EKU (id-kp-attestationKey) of
// draft-ietf-rats-pkix-key-attestation are not yet assigned by IANA, so both are configuration.
//
// Claims the draft does not define are OURS and live under <root>.99, an arc the draft does not
// use; another verifier ignores them as unknown claim types, as the draft asks:
//   <root>.99.1.0  boot-id                    platform  OCTET STRING  random for each start
//   <root>.99.1.1  core-instance              platform  OCTET STRING  fixed at initialisation
//   <root>.99.1.2  self-reported-measurement  platform  OCTET STRING  the core's hash of itself:
//                                             a statement of the measured, proving nothing alone
//   <root>.99.1.3  simulated                  platform  BOOLEAN       a software token or simulator
//   <root>.99.1.4  journal-head               platform  OCTET STRING  hash of the last journal line
//   <root>.99.2.0  wrap-with-trusted          key       BOOLEAN       CKA_WRAP_WITH_TRUSTED
//   <root>.99.2.1  residency                  key       UTF8String    "RESIDENT" | "WRAPPED"
//   <root>.99.2.2  key-class                  key       UTF8String    "storage": an AES key that
//                                             only wraps other keys; such an element has no spki
//   <root>.99.2.3  trusted                    key       BOOLEAN       CKA_TRUSTED
#ifndef INTAGLIO_ATTESTATION_MODEL_OIDS_H_
#define INTAGLIO_ATTESTATION_MODEL_OIDS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "attestation/model/oid.h"

namespace intaglio::attestation {

inline constexpr std::string_view kDraftRootOid = "1.2.3.999";
// Where no EKU is configured: <root>.3.0, an arc the draft does not use.
inline constexpr std::string_view kDraftAttestationEku = "1.2.3.999.3.0";

enum class ElementType : uint8_t { kTransaction = 0, kPlatform = 1, kKey = 2 };
inline constexpr std::array kElementTypes = {ElementType::kTransaction, ElementType::kPlatform,
                                             ElementType::kKey};

enum class ClaimType : uint8_t {
  kNonce,
  kTimestamp,
  kAkSpki,
  kVendor,
  kOemId,
  kHwModel,
  kHwVersion,
  kHwSerial,
  kSwName,
  kSwVersion,
  kDebugStat,
  kUptime,
  kBootCount,
  kFipsBoot,
  kFipsVersion,
  kFipsLevel,
  kFipsModule,
  kBootId,
  kCoreInstance,
  kSelfReportedMeasurement,
  kSimulated,
  kJournalHead,
  kIdentifier,
  kSpki,
  kExtractable,
  kSensitive,
  kNeverExtractable,
  kLocal,
  kExpiry,
  kPurpose,
  kWrapWithTrusted,
  kResidency,
  kKeyClass,
  kTrusted,
};

// What a key may be used for; the numbers are the draft's. kOther stands for a purpose this
// release does not know, which no policy of ours accepts.
enum class KeyPurpose : uint8_t {
  kEncrypt = 0,
  kDecrypt = 1,
  kWrap = 2,
  kUnwrap = 3,
  kSign = 4,
  kSignRecover = 5,
  kVerify = 6,
  kVerifyRecover = 7,
  kDerive = 8,
  kOther = 255,
};
inline constexpr uint8_t kKeyPurposeCount = 9;

enum class Repetition : uint8_t { kOnce, kMultiple };

// One claim type: its name in messages, where it belongs, whether it may repeat, and its OID
// relative to the root.
struct ClaimSpec {
  ClaimType type;
  std::string_view name;
  ElementType element;
  Repetition repetition;
  std::array<uint32_t, 3> arcs;
};

// Every claim type, in the order of ClaimType.
std::span<const ClaimSpec> ClaimSpecs();
const ClaimSpec& SpecOf(ClaimType type);
std::string_view NameOf(ElementType type);
std::string_view NameOf(KeyPurpose purpose);

// The configured identifiers. Immutable; thread-safe to share.
class EvidenceProfile final {
 public:
  // kOidInvalid naming the value that is not one.
  static StatusOr<EvidenceProfile> Create(std::string_view root_dotted,
                                          std::string_view attestation_eku_dotted);
  // The values of the draft's text: kDraftRootOid and kDraftAttestationEku.
  static EvidenceProfile Draft();

  const Oid& root() const { return root_; }
  const Oid& attestation_eku() const { return attestation_eku_; }

  Oid OidOf(ElementType type) const;
  Oid OidOf(ClaimType type) const;
  // kOther has no OID: aborts.
  Oid OidOf(KeyPurpose purpose) const;

  // nullopt where this release does not know the OID.
  std::optional<ElementType> ElementOf(const Oid& oid) const;
  std::optional<ClaimType> ClaimOf(const Oid& oid) const;
  KeyPurpose PurposeOf(const Oid& oid) const;

 private:
  EvidenceProfile(Oid root, Oid eku) : root_(std::move(root)), attestation_eku_(std::move(eku)) {}

  Oid root_;
  Oid attestation_eku_;
};

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_MODEL_OIDS_H_
