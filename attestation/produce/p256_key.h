// Mbed TLS behind one header: what producing evidence needs of it.
//
// Internal to attestation/produce. Keeps to API that Mbed TLS 2.28 and 3.6 share. Each call parses
// its key anew: an Mbed TLS group caches tables on first use, so a shared context would be a data
// race, and parsing costs microseconds. Thread-safe.
#ifndef INTAGLIO_ATTESTATION_PRODUCE_P256_KEY_H_
#define INTAGLIO_ATTESTATION_PRODUCE_P256_KEY_H_

#include "attestation/model/oid.h"
#include "base/bytes.h"

namespace intaglio::attestation::produce_internal {

// Aborts where the library lacks SHA-256.
Digest Sha256(ByteView message);

// The DER SubjectPublicKeyInfo of an attestation key's certificate: one certificate and nothing
// after it, an EC key on P-256, key usage digitalSignature and not keyCertSign, extended key usage
// `attestation_eku`. kProducerAkCertificate saying which of these fails.
StatusOr<Bytes> SpkiOfAkCertificate(ByteView der, const Oid& attestation_eku);

// Parses as one certificate with nothing after it. kProducerIntermediates.
Status CheckIntermediate(ByteView der);

// `spki` is a P-256 key in DER. kRequestKey.
Status CheckP256Spki(ByteView spki);

// `signature` (DER ECDSA-Sig-Value) verifies over `digest` under `spki`. kSignatureNotOurs.
Status CheckOwnSignature(ByteView spki, const Digest& digest, ByteView signature);

}  // namespace intaglio::attestation::produce_internal

#endif  // INTAGLIO_ATTESTATION_PRODUCE_P256_KEY_H_
