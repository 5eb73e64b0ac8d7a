// PEM: certificates and keys in files.
#ifndef INTAGLIO_HOST_X509_PEM_H_
#define INTAGLIO_HOST_X509_PEM_H_

#include <string>

#include "base/bytes.h"
#include "base/secret_bytes.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

// The DER of the first certificate, given as PEM or as DER. kCertificateMalformed.
StatusOr<Bytes> CertificateFromPem(ByteView file);
std::string CertificateToPem(ByteView der);
// An unencrypted private key. kKeyUnreadable.
StatusOr<PkeyPtr> PrivateKeyFromPem(const SecretBytes& pem);
StatusOr<SecretBytes> PrivateKeyToPem(EVP_PKEY* key);
// DER SubjectPublicKeyInfo of a public key given as PEM or as DER. kKeyUnreadable.
StatusOr<Bytes> SpkiFromPem(ByteView file);
std::string SpkiToPem(ByteView spki);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_PEM_H_
