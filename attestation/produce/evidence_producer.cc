#include "attestation/produce/evidence_producer.h"

#include <algorithm>
#include <set>

#include "attestation/model/der_writer.h"
#include "attestation/produce/element_writer.h"
#include "attestation/produce/p256_key.h"
#include "attestation/produce/reasons.h"

namespace intaglio::attestation {
namespace {

constexpr std::string_view kEcdsaWithSha256 = "1.2.840.10045.4.3.2";

Status CheckKeys(const std::vector<KeyClaims>& keys) {
  if (keys.empty()) return Fail(kContentKeys, "no key element");
  // Transaction and platform take two of the elements.
  if (keys.size() > kMaxElements - 2) return Fail(kContentKeys, "more than 62 key elements");
  std::set<std::string> identifiers;
  for (const KeyClaims& key : keys) {
    if (key.identifiers.empty()) return Fail(kContentKeys, "a key element has no identifier");
    if (key.identifiers.size() > kMaxClaimsPerElement / 2) {
      return Fail(kContentKeys, "a key element has more than 32 identifiers");
    }
    for (const std::string& identifier : key.identifiers) {
      if (identifier.empty()) return Fail(kContentKeys, "an identifier is empty");
      if (!identifiers.insert(identifier).second) {
        return Fail(kContentKeys, "identifier '" + identifier + "' occurs twice");
      }
    }
  }
  return OkStatus();
}

Status CheckNonce(const std::optional<Bytes>& nonce) {
  if (!nonce) return Fail(kContentNonce, "none given");
  if (nonce->size() < kMinNonceOctets || nonce->size() > kMaxNonceOctets) {
    return Fail(kContentNonce, "found " + std::to_string(nonce->size()) + " octets");
  }
  return OkStatus();
}

}  // namespace

StatusOr<EvidenceProducer> EvidenceProducer::Create(EvidenceProfile profile,
                                                    Bytes ak_certificate_der,
                                                    std::vector<Bytes> intermediates) {
  if (ak_certificate_der.size() > kMaxCertificateOctets) {
    return Fail(kProducerAkCertificate, "larger than 16 KiB");
  }
  ASSIGN_OR_RETURN(Bytes spki, produce_internal::SpkiOfAkCertificate(ak_certificate_der,
                                                                     profile.attestation_eku()));
  if (intermediates.size() > kMaxIntermediates) {
    return Fail(kProducerIntermediates,
                "at most 8 expected, found " + std::to_string(intermediates.size()));
  }
  for (const Bytes& intermediate : intermediates) {
    if (intermediate.size() > kMaxCertificateOctets) {
      return Fail(kProducerIntermediates, "larger than 16 KiB");
    }
    RETURN_IF_ERROR(produce_internal::CheckIntermediate(intermediate));
  }
  return EvidenceProducer(std::move(profile), std::move(ak_certificate_der),
                          std::move(intermediates), std::move(spki));
}

StatusOr<Bytes> EvidenceProducer::Produce(const EvidenceContent& content,
                                          const SignDigest& sign) const {
  RETURN_IF_ERROR(CheckNonce(content.transaction.nonce));
  RETURN_IF_ERROR(CheckKeys(content.keys));
  EvidenceContent complete = content;
  std::vector<Bytes>& signers = complete.transaction.ak_spki;
  if (signers.empty()) {
    signers.push_back(ak_spki_);
  } else if (std::find(signers.begin(), signers.end(), ak_spki_) == signers.end()) {
    return Fail(kContentAkSpki, "none of " + std::to_string(signers.size()) + " is ours");
  } else if (signers.size() > kMaxSignatures) {
    return Fail(kContentAkSpki, "more than 8 keys");
  }
  ASSIGN_OR_RETURN(const Bytes tbs, produce_internal::WriteTbsEvidence(profile_, complete));
  if (tbs.size() > kMaxEvidenceOctets) return Fail(kContentTooLarge, "before signing");

  const Digest digest = produce_internal::Sha256(tbs);
  ASSIGN_OR_RETURN(const Bytes signature, sign(digest));
  RETURN_IF_ERROR(produce_internal::CheckOwnSignature(ak_spki_, digest, signature));

  const Digest key_id = produce_internal::Sha256(ak_spki_);
  ASSIGN_OR_RETURN(const Oid algorithm, Oid::FromDotted(kEcdsaWithSha256));
  const Bytes sid =
      DerSequence({DerExplicit(0, DerOctetString(key_id)), DerExplicit(2, ak_certificate_)});
  const Bytes block =
      DerSequence({sid, DerSequence({DerOid(algorithm)}), DerOctetString(signature)});
  Bytes chain;
  if (!intermediates_.empty()) chain = DerExplicit(0, DerSequenceOf(intermediates_));
  Bytes evidence = DerSequence({tbs, DerSequence({block}), chain});
  if (evidence.size() > kMaxEvidenceOctets) {
    return Fail(kContentTooLarge, std::to_string(evidence.size()) + " octets");
  }
  return evidence;
}

}  // namespace intaglio::attestation
