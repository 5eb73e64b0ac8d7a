// Judges one attestation key's certificate and one signature.
//
// Internal to attestation/verify. Thread-safe.
#ifndef INTAGLIO_ATTESTATION_VERIFY_AK_CERTIFICATE_H_
#define INTAGLIO_ATTESTATION_VERIFY_AK_CERTIFICATE_H_

#include "attestation/verify/openssl_handles.h"
#include "attestation/verify/parsed_evidence.h"
#include "attestation/verify/trust_store.h"
#include "base/clock.h"

namespace intaglio::attestation::verify_internal {

// ecdsa-with-SHA256 on P-256 or ecdsa-with-SHA384 on P-384, without parameters.
// kSignatureAlgorithm, kSignatureInvalid. [RFC 5758 §3.2]
Status CheckSignature(const SignatureBlock& block, ByteView tbs, X509* signer);

// Key usage digitalSignature without keyCertSign, not a CA, extended key usage `eku`.
// kAkKeyUsage, kAkExtendedKeyUsage. [draft §3.2]
Status CheckUsages(X509* signer, const Oid& eku);

// A path from `signer` over `intermediates` to a pinned root, every certificate valid at `at`; key
// purposes are CheckUsages' part. Answers the SHA-256 of the root.
// kAkChainUntrusted, kAkExpired, kAkNotYetValid, kAkCertificateInvalid. [RFC 5280 §6]
StatusOr<Digest> CheckChain(X509* signer, const std::vector<Bytes>& intermediates,
                            const TrustStore& device_roots, WallTime at);

}  // namespace intaglio::attestation::verify_internal

#endif  // INTAGLIO_ATTESTATION_VERIFY_AK_CERTIFICATE_H_
