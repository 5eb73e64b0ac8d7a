// Reasons of the X.509, CRL, OCSP and CMS encoders. Append only; an id is never reused.
// HST-0100 to HST-0199.
#ifndef INTAGLIO_HOST_X509_REASONS_H_
#define INTAGLIO_HOST_X509_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_HOST_X509_REASONS(X)                                                           \
  X(kOpensslFailed, "HST-0100", "OPENSSL_FAILED", kInternal, kInternal,                         \
    "a cryptographic library call failed")                                                      \
  X(kCertificateMalformed, "HST-0101", "CERTIFICATE_MALFORMED", kInvalidArgument, kPublic,      \
    "the octets are not one well-formed certificate")                                           \
  X(kNameInvalid, "HST-0102", "NAME_INVALID", kInvalidArgument, kPublic,                        \
    "a name attribute cannot stand in a certificate")                                           \
  X(kSpkiUnacceptable, "HST-0103", "SPKI_UNACCEPTABLE", kInvalidArgument, kPublic,              \
    "a public key is not P-256, P-384 or RSA of at least 3072 bits")                            \
  X(kNotACa, "HST-0104", "NOT_A_CA", kInvalidArgument, kPublic,                                 \
    "the certificate is not that of a P-256 certification authority")                           \
  X(kTbsMalformed, "HST-0105", "TBS_MALFORMED", kInvalidArgument, kPublic,                      \
    "the octets are not a to-be-signed structure for ecdsa-with-SHA256")                        \
  X(kSignatureMalformed, "HST-0106", "SIGNATURE_MALFORMED", kInvalidArgument, kPublic,          \
    "the octets are not a DER ECDSA-Sig-Value for P-256")                                       \
  X(kCertificateNotVerified, "HST-0107", "CERTIFICATE_NOT_VERIFIED", kInvalidArgument, kPublic, \
    "the certificate was not signed by the given issuer")                                       \
  X(kTbsMismatch, "HST-0108", "TBS_MISMATCH", kFailedPrecondition, kPublic,                     \
    "the signed certificate differs from what was to be signed")                                \
  X(kValidityInvalid, "HST-0109", "VALIDITY_INVALID", kInvalidArgument, kPublic,                \
    "the validity period is empty, too long or outside the issuer's")                           \
  X(kUrlInvalid, "HST-0110", "URL_INVALID", kInvalidArgument, kPublic,                          \
    "a location is not a URL of the needed scheme in printable ASCII")                          \
  X(kSigningKeyUnacceptable, "HST-0111", "SIGNING_KEY_UNACCEPTABLE", kInvalidArgument, kPublic, \
    "the signing key is not P-256 or does not belong to the issuer's certificate")              \
  X(kOidInvalid, "HST-0112", "OID_INVALID", kInvalidArgument, kPublic,                          \
    "the text is not a dotted object identifier")                                               \
  X(kCrlOrder, "HST-0113", "CRL_ORDER", kInvalidArgument, kPublic,                              \
    "CRL entries must come in strictly ascending serial order")                                 \
  X(kCrlSourceChanged, "HST-0114", "CRL_SOURCE_CHANGED", kAborted, kPublic,                     \
    "the CRL entries changed between the two passes; build again from one snapshot")            \
  X(kCrlDates, "HST-0115", "CRL_DATES", kInvalidArgument, kPublic,                              \
    "a CRL's times contradict each other or cannot be encoded")                                 \
  X(kOcspRequestMalformed, "HST-0116", "OCSP_REQUEST_MALFORMED", kInvalidArgument, kPublic,     \
    "the octets are not a DER OCSPRequest")                                                     \
  X(kOcspRequestTooLarge, "HST-0117", "OCSP_REQUEST_TOO_LARGE", kInvalidArgument, kPublic,      \
    "the OCSP request has more octets or questions than this service reads")                    \
  X(kOcspNonceLength, "HST-0118", "OCSP_NONCE_LENGTH", kInvalidArgument, kPublic,               \
    "an OCSP nonce has 1 to 128 octets")                                                        \
  X(kOcspHashUnsupported, "HST-0119", "OCSP_HASH_UNSUPPORTED", kInvalidArgument, kPublic,       \
    "an OCSP CertID must use SHA-1 or SHA-256")                                                 \
  X(kOcspCriticalExtension, "HST-0120", "OCSP_CRITICAL_EXTENSION", kInvalidArgument, kPublic,   \
    "the OCSP request demands an extension this service does not know")                         \
  X(kOcspResponseInvalid, "HST-0121", "OCSP_RESPONSE_INVALID", kInvalidArgument, kPublic,       \
    "the answers asked for do not make a valid OCSP response")                                  \
  X(kCmsPartsInvalid, "HST-0122", "CMS_PARTS_INVALID", kInvalidArgument, kPublic,               \
    "the parts do not make a valid CMS signature")                                              \
  X(kAltNameInvalid, "HST-0123", "ALT_NAME_INVALID", kInvalidArgument, kPublic,                 \
    "a subject alternative name is neither a DNS name nor an IP address")                       \
  X(kKeyUnreadable, "HST-0124", "KEY_UNREADABLE", kInvalidArgument, kPublic,                    \
    "a key file does not hold what is needed")

INTAGLIO_REASON_TABLE(kHostX509Reasons, INTAGLIO_HOST_X509_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_REASONS_H_
