// CaDescription: what builders and status services need to know of an issuing CA, read from its
// certificate once.
//
// Names and key identifiers are copied octet by octet from the certificate, because relying parties
// chain by comparing them. Invariant: the certificate is well-formed, says CA:TRUE with keyCertSign
// and cRLSign, has a subjectKeyIdentifier and a P-256 key.
#ifndef INTAGLIO_HOST_X509_CA_DESCRIPTION_H_
#define INTAGLIO_HOST_X509_CA_DESCRIPTION_H_

#include <memory>

#include "base/bytes.h"
#include "host/domain/certificate.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

class CaDescription final {
 public:
  // kCertificateMalformed, kNotACa.
  static StatusOr<CaDescription> Create(ByteView certificate_der);

  ByteView certificate() const { return certificate_; }
  ByteView subject_name() const { return subject_name_; }  // DER Name
  ByteView key_id() const { return key_id_; }              // subjectKeyIdentifier
  ByteView spki() const { return spki_; }                  // DER SubjectPublicKeyInfo
  ByteView public_key() const { return public_key_; }  // BIT STRING content, no unused-bits octet
  const Validity& validity() const { return validity_; }
  // For verifying what this CA signed; OpenSSL lets many threads use it. Never null, not for
  // keeping.
  EVP_PKEY* verification_key() const { return verification_key_.get(); }

 private:
  CaDescription() = default;

  Bytes certificate_;
  Bytes subject_name_;
  Bytes key_id_;
  Bytes spki_;
  Bytes public_key_;
  Validity validity_;
  std::shared_ptr<EVP_PKEY> verification_key_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_CA_DESCRIPTION_H_
