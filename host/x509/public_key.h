// Public keys as SubjectPublicKeyInfo octets: which ones may be certified, and their identifiers.
#ifndef INTAGLIO_HOST_X509_PUBLIC_KEY_H_
#define INTAGLIO_HOST_X509_PUBLIC_KEY_H_

#include "base/bytes.h"
#include "host/domain/certificate_facts.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

// OK for exactly one DER SubjectPublicKeyInfo of P-256, P-384 (named curve, point on the curve) or
// RSA of at least 3072 bits; else kSpkiUnacceptable [EN 319 412-2 GEN-4.2.5-2].
Status CheckCertifiable(ByteView spki);

// Which algorithm `key` is of; kOther for everything that CheckCertifiable would refuse by kind.
KeyAlgorithm AlgorithmOf(EVP_PKEY* key);

// The octets of subjectPublicKey, without the octet that counts unused bits. kSpkiUnacceptable.
StatusOr<Bytes> PublicKeyBits(ByteView spki);
// SHA-1 of PublicKeyBits: subjectKeyIdentifier [RFC 5280 §4.2.1.2 (1)] and OCSP's KeyHash.
StatusOr<Bytes> KeyIdentifier(ByteView spki);

// The DER SubjectPublicKeyInfo of `key`. kOpensslFailed.
StatusOr<Bytes> SpkiOf(EVP_PKEY* key);

// True if `signature_der` (ECDSA-Sig-Value) is by the P-256 key of `spki` over SHA-256 of
// `message`; false for anything else, malformed input included.
bool VerifyEs256(ByteView spki, ByteView message, ByteView signature_der);
Bytes Sha1(ByteView octets);
Digest Sha256(ByteView octets);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_PUBLIC_KEY_H_
