// Finished certificates: put together from TBS and signature, verified, compared, taken apart.
//
// All functions are pure and thread-safe.
#ifndef INTAGLIO_HOST_X509_CERTIFICATE_H_
#define INTAGLIO_HOST_X509_CERTIFICATE_H_

#include "base/bytes.h"
#include "host/domain/certificate_facts.h"
#include "host/policy/lint.h"
#include "host/x509/ca_description.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

// The certificate of `tbs` and a DER ECDSA-Sig-Value. kTbsMalformed unless `tbs` is one SEQUENCE
// that names ecdsa-with-SHA256 and parses as a certificate; kSignatureMalformed unless r and s are
// positive, minimal and of at most 256 bits. The signature is not verified.
StatusOr<Bytes> AssembleCertificate(ByteView tbs, ByteView signature_der);

// SEQUENCE { tbs, ecdsa-with-SHA256, BIT STRING signature }, the outer form of certificates and
// CRLs. kTbsMalformed if `tbs` is not one SEQUENCE, kSignatureMalformed.
StatusOr<Bytes> AssembleSigned(ByteView tbs, ByteView signature_der);
// kSignatureMalformed unless `signature_der` is as AssembleCertificate wants it.
Status CheckEcdsaSignature(ByteView signature_der);

// The certificate's parser object, for adapters that need one; strict about trailing octets.
// kCertificateMalformed.
StatusOr<X509Ptr> ParseCertificate(ByteView certificate_der);
// The TBSCertificate's octets. kCertificateMalformed.
StatusOr<Bytes> TbsOf(ByteView certificate_der);
// The subject Name's octets. kCertificateMalformed.
StatusOr<Bytes> SubjectNameOf(ByteView certificate_der);

// OK if `issuer_der` is a CA allowed to sign certificates, its name and key identifier are what the
// certificate says, and its key verifies the signature; a self-signed certificate may be its own
// issuer. Times and revocation are the caller's. kCertificateMalformed, kCertificateNotVerified.
Status VerifyCertificate(ByteView certificate_der, ByteView issuer_der);

// OK if the certificate was made of exactly `tbs`. kCertificateMalformed, kTbsMismatch.
Status CompareTbs(ByteView certificate_der, ByteView tbs);

// OK if the certificate is exactly `tbs` signed by `ca`: CompareTbs and the signature. What the
// CA's own answer needs, and several times cheaper than VerifyCertificate, as nothing is parsed
// that the lint has parsed already. kCertificateMalformed, kTbsMismatch, kCertificateNotVerified.
Status VerifyIssued(ByteView certificate_der, ByteView tbs, const CaDescription& ca);

// What the certificate says. kCertificateMalformed, also for extensions that do not parse.
StatusOr<CertificateFacts> DescribeCertificate(ByteView certificate_der);
// The same for what is about to be signed. kTbsMalformed, kCertificateMalformed.
StatusOr<CertificateFacts> DescribeTbs(ByteView tbs);

// DescribeTbs and Lint in one step. kTbsMalformed, kCertificateMalformed.
StatusOr<std::vector<LintFinding>> LintCertificateTbs(ByteView tbs, const ProfileSpec& profile);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_CERTIFICATE_H_
