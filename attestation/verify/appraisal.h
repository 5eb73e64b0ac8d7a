// AppraisedKey: a key that verified evidence proves to be generated and kept as a QSCD key is.
//
// A judge without I/O: the evidence, the nonce we gave out, the key we are asked to certify, and
// the device's line of the QSCD list go in; a proof comes out, which issuance asks for. LAB devices
// come out as LAB and only behind a LAB boundary.
// [draft-ietf-rats-pkix-key-attestation; Regulation (EU) 910/2014 Annex II]
#ifndef INTAGLIO_ATTESTATION_VERIFY_APPRAISAL_H_
#define INTAGLIO_ATTESTATION_VERIFY_APPRAISAL_H_

#include <optional>
#include <string>
#include <vector>

#include "attestation/model/qscd_entry.h"
#include "attestation/verify/verified_evidence.h"

namespace intaglio::attestation {

// What the service certifies for. A LAB boundary's issuer name says that nothing is qualified.
enum class ServiceBoundary : uint8_t { kProduction, kLab };

struct AppraisalRequest {
  Bytes expected_nonce;    // the one we sent, 16 to 64 octets; unused for kDeviceCertificate
  Bytes expected_spki;     // DER SubjectPublicKeyInfo of the key to certify
  const QscdEntry& entry;  // the device's line; outlives the call
  ServiceBoundary boundary;
  Date today;
  // kDeviceCertificate answers no nonce: it must be the one that the officers' order names.
  std::optional<Digest> named_digest = {};
};

class AppraisedKey final {
 public:
  AppraisedKey(AppraisedKey&&) = default;
  AppraisedKey& operator=(AppraisedKey&&) = default;
  AppraisedKey(const AppraisedKey&) = delete;
  AppraisedKey& operator=(const AppraisedKey&) = delete;

  const Bytes& spki() const { return spki_; }
  const std::vector<std::string>& identifiers() const { return identifiers_; }
  Residency residency() const { return residency_; }
  const std::string& entry_id() const { return entry_id_; }
  QscdKind kind() const { return kind_; }
  // kCertified or kExpiring.
  QscdState state() const { return state_; }
  // SHA-256 of the evidence as received.
  const Digest& evidence_digest() const { return evidence_digest_; }

 private:
  friend StatusOr<AppraisedKey> AppraiseKey(const VerifiedEvidence& evidence,
                                            const AppraisalRequest& request);
  AppraisedKey() = default;

  Bytes spki_;
  std::vector<std::string> identifiers_;
  Residency residency_ = Residency::kResident;
  std::string entry_id_;
  QscdKind kind_ = QscdKind::kLab;
  QscdState state_ = QscdState::kUnknown;
  Digest evidence_digest_{};
};

// What has to hold:
// - the entry is LAB only within a LAB boundary, and neither lapsed, cancelled nor unknown today;
// - it answers the nonce, or as another vendor's certificate is the one that the order names;
// - vendor, hwmodel, hwversion, swname and swversion equal the expected ones, hwserial is in
//   the entry's inventory where it has one, simulated is not claimed for a CERTIFIED entry, and
//   debugstat says disabled (a LAB device may leave it out, and vendors' certificates do not have
//   it); a claim that a format does not make equals an empty value of the entry;
// - exactly one key element has the SPKI; it is local, sensitive, not expired, for signing alone;
// - RESIDENT (also where residency is absent): not extractable and never was;
// - WRAPPED: described as it is (extractable, not never-extractable), wrap-with-trusted, and each
//   storage element of the same evidence, at least one, is local, sensitive, not extractable,
//   trusted and only for wrapping and unwrapping (a storage key that decrypts would reveal what it
//   wraps).
// An absent claim never counts as the wanted value. Each refusal has its own Reason, ATT-0060 to
// ATT-0087 (reasons.h). Pure; thread-safe.
StatusOr<AppraisedKey> AppraiseKey(const VerifiedEvidence& evidence,
                                   const AppraisalRequest& request);

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_VERIFY_APPRAISAL_H_
