#include "attestation/verify/verified_evidence.h"

#include <algorithm>

#include "attestation/verify/ak_certificate.h"
#include "attestation/verify/openssl_handles.h"
#include "attestation/verify/reasons.h"

namespace intaglio::attestation {
namespace {

using verify_internal::X509Ptr;

// Our producer's key id is the SHA-256 of the SPKI; other producers use the SKI extension.
bool KeyIdFits(const Bytes& key_id, X509* certificate) {
  if (key_id.empty()) return false;
  return Equal(key_id, verify_internal::Sha256(verify_internal::SpkiOf(certificate))) ||
         Equal(key_id, verify_internal::SubjectKeyIdentifierOf(certificate));
}

bool NamedByKeyIdAlone(const SignerIdentifier& signer) {
  return !signer.certificate && !signer.spki;
}

StatusOr<X509Ptr> FindSigner(const SignerIdentifier& signer, const std::vector<Bytes>& candidates) {
  if (signer.certificate) {
    ASSIGN_OR_RETURN(X509Ptr certificate,
                     verify_internal::ParseCertificate(*signer.certificate, kAkCertificateInvalid));
    if (signer.spki && *signer.spki != verify_internal::SpkiOf(certificate.get())) {
      return Fail(kSignerContradiction, "its public key and its certificate differ");
    }
    return certificate;
  }
  for (const Bytes& der : candidates) {
    ASSIGN_OR_RETURN(X509Ptr certificate,
                     verify_internal::ParseCertificate(der, kAkCertificateInvalid));
    const bool fits = signer.spki ? *signer.spki == verify_internal::SpkiOf(certificate.get())
                                  : KeyIdFits(*signer.key_id, certificate.get());
    if (fits) return certificate;
  }
  return Fail(kSignerUnknown,
              signer.spki ? "named by its public key" : "named by key id " + ToHex(*signer.key_id));
}

Status CheckAkSpki(const std::vector<Bytes>& claimed, const Bytes& spki) {
  if (claimed.empty() || std::find(claimed.begin(), claimed.end(), spki) != claimed.end()) {
    return OkStatus();
  }
  return Fail(kAkSpkiMismatch, "signed by the key with SHA-256 " +
                                   ToHex(verify_internal::Sha256(spki)) +
                                   ", which ak-spki leaves out");
}

struct Signer {
  Bytes spki;
  Bytes certificate;
  Digest root;
};

StatusOr<Signer> JudgeBlock(const SignatureBlock& block, const ParsedEvidence& evidence,
                            const TrustStore& device_roots, WallTime at,
                            const EvidenceProfile& profile) {
  ASSIGN_OR_RETURN(const X509Ptr certificate, FindSigner(block.signer, evidence.intermediates()));
  RETURN_IF_ERROR(verify_internal::CheckSignature(block, evidence.tbs(), certificate.get()));
  RETURN_IF_ERROR(verify_internal::CheckUsages(certificate.get(), profile.attestation_eku()));
  ASSIGN_OR_RETURN(
      const Digest root,
      verify_internal::CheckChain(certificate.get(), evidence.intermediates(), device_roots, at));
  Signer signer{verify_internal::SpkiOf(certificate.get()),
                verify_internal::DerOf(certificate.get()), root};
  const Digest spki_digest = verify_internal::Sha256(signer.spki);
  if (device_roots.IsDistrusted(spki_digest)) {
    return Fail(kAkDistrusted, "SHA-256 of its SPKI is " + ToHex(spki_digest));
  }
  RETURN_IF_ERROR(CheckAkSpki(evidence.content().transaction.ak_spki, signer.spki));
  return signer;
}

}  // namespace

StatusOr<VerifiedEvidence> VerifyEvidence(const ParsedEvidence& evidence,
                                          const TrustStore& device_roots, WallTime at,
                                          const EvidenceProfile& profile) {
  if (evidence.signatures().empty()) {
    return Fail(kEvidenceUnsigned, "the list of signatures is empty");
  }
  Status first_failure;
  std::optional<Signer> signer;
  for (const SignatureBlock& block : evidence.signatures()) {
    StatusOr<Signer> judged = JudgeBlock(block, evidence, device_roots, at, profile);
    if (Is(judged.status(), kSignerUnknown) && NamedByKeyIdAlone(block.signer)) {
      return judged.status();
    }
    if (judged.ok() && !signer) signer = std::move(judged).value();
    if (!judged.ok() && first_failure.ok()) first_failure = judged.status();
  }
  if (!signer) return first_failure;
  VerifiedEvidence verified;
  verified.content_ = evidence.content();
  verified.ak_spki_ = std::move(signer->spki);
  verified.ak_certificate_ = std::move(signer->certificate);
  verified.device_root_ = signer->root;
  verified.evidence_digest_ = verify_internal::Sha256(evidence.der());
  return verified;
}

StatusOr<size_t> VerifySignaturesOnly(const ParsedEvidence& evidence,
                                      const std::vector<Bytes>& certificates) {
  if (evidence.signatures().empty()) {
    return Fail(kEvidenceUnsigned, "the list of signatures is empty");
  }
  size_t valid = 0;
  Status first_failure;
  for (const SignatureBlock& block : evidence.signatures()) {
    const StatusOr<X509Ptr> certificate = FindSigner(block.signer, certificates);
    const Status status = certificate.ok() ? verify_internal::CheckSignature(block, evidence.tbs(),
                                                                             certificate->get())
                                           : certificate.status();
    if (status.ok()) ++valid;
    if (!status.ok() && first_failure.ok()) first_failure = status;
  }
  if (valid == 0) return first_failure;
  return valid;
}

}  // namespace intaglio::attestation
