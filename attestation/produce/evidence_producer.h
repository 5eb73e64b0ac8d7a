// EvidenceProducer: writes key attestation evidence and has the attestation key sign it.
//
// It encodes what it is told and checks only what would make the evidence unverifiable; whether the
// claims are true is the caller's part, who read them from the token. Invariant: the attestation
// key's certificate parses, is for a P-256 key, and carries the key usages a verifier will ask for,
// so that a wrong certificate is found when it is installed and not when evidence is refused.
// Immutable; thread-safe. [draft-ietf-rats-pkix-key-attestation §5]
#ifndef INTAGLIO_ATTESTATION_PRODUCE_EVIDENCE_PRODUCER_H_
#define INTAGLIO_ATTESTATION_PRODUCE_EVIDENCE_PRODUCER_H_

#include <functional>
#include <vector>

#include "attestation/model/evidence_content.h"
#include "attestation/model/oids.h"
#include "base/bytes.h"

namespace intaglio::attestation {

// Signs a SHA-256 value with one P-256 key and answers a DER ECDSA-Sig-Value. The token does it;
// its failures are passed on unchanged.
using SignDigest = std::function<StatusOr<Bytes>(const Digest& sha256)>;

class EvidenceProducer final {
 public:
  // `ak_certificate_der`: the attestation key's certificate. `intermediates`: certificates between
  // it and the device root, at most kMaxIntermediates, any order, without the root.
  // kProducerAkCertificate, kProducerIntermediates.
  static StatusOr<EvidenceProducer> Create(EvidenceProfile profile, Bytes ak_certificate_der,
                                           std::vector<Bytes> intermediates);

  // DER Evidence with one ecdsa-with-SHA256 signature whose signer is named by the certificate and
  // by the SHA-256 of its SPKI. The ak-spki claim is written where `content` has none, so that a
  // stripped or replaced signature shows; elements without a claim are left out. The signature is
  // verified before it is given out. kContentNonce, kContentKeys, kContentText, kContentAkSpki,
  // kContentPurpose, kContentTooLarge, kTimeOutOfRange, kSignatureNotOurs, and
  // whatever `sign` fails with.
  StatusOr<Bytes> Produce(const EvidenceContent& content, const SignDigest& sign) const;

  // DER SubjectPublicKeyInfo of the attestation key.
  const Bytes& ak_spki() const { return ak_spki_; }

 private:
  EvidenceProducer(EvidenceProfile profile, Bytes certificate, std::vector<Bytes> intermediates,
                   Bytes spki)
      : profile_(std::move(profile)),
        ak_certificate_(std::move(certificate)),
        intermediates_(std::move(intermediates)),
        ak_spki_(std::move(spki)) {}

  EvidenceProfile profile_;
  Bytes ak_certificate_;
  std::vector<Bytes> intermediates_;
  Bytes ak_spki_;
};

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_PRODUCE_EVIDENCE_PRODUCER_H_
