// VerifiedEvidence: evidence that a genuine device signed. Whether what it says is good enough is
// appraisal's part.
//
// Proof-carrying: only VerifyEvidence makes one, and VerifyDeviceAttestation (attestation/devices)
// of another vendor's certificate, after at least one signature by an attestation key whose
// certificate is for that use and chains to a pinned device root held. Signatures of unknown or
// untrusted signers beside it are ignored: they are detached, and anybody can add one.
// [draft-ietf-rats-pkix-key-attestation §3.2, §6]
#ifndef INTAGLIO_ATTESTATION_VERIFY_VERIFIED_EVIDENCE_H_
#define INTAGLIO_ATTESTATION_VERIFY_VERIFIED_EVIDENCE_H_

#include <vector>

#include "attestation/verify/parsed_evidence.h"
#include "attestation/verify/trust_store.h"
#include "base/clock.h"

namespace intaglio::attestation {

// What was verified.
enum class EvidenceFormat : uint8_t {
  kEvidence,           // of our own kind: it answers a nonce
  kDeviceCertificate,  // a vendor's attestation certificate (attestation/devices): it answers none
};
struct DeviceAttestation;

class VerifiedEvidence final {
 public:
  VerifiedEvidence(VerifiedEvidence&&) = default;
  VerifiedEvidence& operator=(VerifiedEvidence&&) = default;
  VerifiedEvidence(const VerifiedEvidence&) = delete;
  VerifiedEvidence& operator=(const VerifiedEvidence&) = delete;

  const EvidenceContent& content() const { return content_; }
  // DER SubjectPublicKeyInfo of the attestation key that signed.
  const Bytes& ak_spki() const { return ak_spki_; }
  // DER certificate of that key.
  const Bytes& ak_certificate() const { return ak_certificate_; }
  // SHA-256 of the pinned root's DER certificate.
  const Digest& device_root() const { return device_root_; }
  // SHA-256 of the evidence as received, or of the attested key's certificate; what orders and
  // journals name it by.
  const Digest& evidence_digest() const { return evidence_digest_; }
  EvidenceFormat format() const { return format_; }

 private:
  friend StatusOr<VerifiedEvidence> VerifyEvidence(const ParsedEvidence& evidence,
                                                   const TrustStore& device_roots, WallTime at,
                                                   const EvidenceProfile& profile);
  friend StatusOr<VerifiedEvidence> VerifyDeviceAttestation(const DeviceAttestation& attestation,
                                                            const TrustStore& device_roots,
                                                            WallTime at);
  VerifiedEvidence() = default;

  EvidenceContent content_;
  Bytes ak_spki_;
  Bytes ak_certificate_;
  Digest device_root_{};
  Digest evidence_digest_{};
  EvidenceFormat format_ = EvidenceFormat::kEvidence;
};

// Verifies as of `at`. Where no signature holds, fails with the cause found at the first one:
// kEvidenceUnsigned, kSignerUnknown, kSignerContradiction, kAkCertificateInvalid,
// kSignatureAlgorithm, kSignatureInvalid, kAkKeyUsage, kAkExtendedKeyUsage, kAkChainUntrusted,
// kAkExpired, kAkNotYetValid, kAkDistrusted, kAkSpkiMismatch. A signer named by a key id alone that
// no certificate in the evidence fits fails it whatever the other signatures say [draft §6].
// Thread-safe.
StatusOr<VerifiedEvidence> VerifyEvidence(const ParsedEvidence& evidence,
                                          const TrustStore& device_roots, WallTime at,
                                          const EvidenceProfile& profile);

// How many signatures verify under the certificate they carry or under one of `certificates` (DER).
// Proves nothing about who signed: for samples and diagnosis. Fails with the first cause where none
// verifies.
StatusOr<size_t> VerifySignaturesOnly(const ParsedEvidence& evidence,
                                      const std::vector<Bytes>& certificates);

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_VERIFY_VERIFIED_EVIDENCE_H_
