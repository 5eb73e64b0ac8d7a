// Signing with a key this process holds: the root ceremony and the certificates of machines.
//
// The issuing CA and the OCSP responders sign in the core; what remains here is the root, whose
// EVP_PKEY comes from a token, and lab or device keys. Every function verifies its own result
// before it returns it.
#ifndef INTAGLIO_HOST_X509_CEREMONY_H_
#define INTAGLIO_HOST_X509_CEREMONY_H_

#include "base/bytes.h"
#include "base/rng.h"
#include "host/domain/certificate.h"
#include "host/domain/person.h"
#include "host/domain/serial.h"
#include "host/x509/ca_description.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

// A fresh P-256 key in memory, for machines and labs. kOpensslFailed.
StatusOr<PkeyPtr> GenerateP256Key();

// 16 random octets, the first 0x40 to 0x7f: at least 64 random bits [EN 319 411-1 GEN-6.3.3-02A].
// kEntropyFailed.
StatusOr<Serial> DrawSerial(Rng& rng);

// A DER ECDSA-Sig-Value over SHA-256 of `tbs` (a certificate's, or a root's CRL). `key`: P-256, in
// memory or in a token. kSigningKeyUnacceptable, kOpensslFailed.
StatusOr<Bytes> SignTbs(ByteView tbs, EVP_PKEY* key);

// The certificate of `tbs` signed by `key`. kTbsMalformed and those of SignTbs.
StatusOr<Bytes> SignCertificate(ByteView tbs, EVP_PKEY* key);

// A self-signed root: CA:TRUE without path length, keyCertSign and cRLSign. kNameInvalid,
// kValidityInvalid and those of SignTbs.
StatusOr<Bytes> MakeRoot(EVP_PKEY* key, const IssuerName& name, const Validity& validity,
                         const Serial& serial);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_CEREMONY_H_
