// Reasons of the status gate. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_POLICY_STATUS_REASONS_H_
#define INTAGLIO_APPLIANCE_POLICY_STATUS_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_STATUS_GATE_REASONS(X)                                                    \
  X(kCrlHidesRevocation, "APL-0350", "CRL_HIDES_REVOCATION", kPermissionDenied, kPublic,   \
    "a certificate that the core knows revoked or suspended is not on the CRL")            \
  X(kCrlUnknownEntry, "APL-0351", "CRL_UNKNOWN_ENTRY", kPermissionDenied, kPublic,         \
    "the CRL lists a certificate that the core does not know revoked or suspended")        \
  X(kCrlContradictsRow, "APL-0352", "CRL_CONTRADICTS_ROW", kPermissionDenied, kPublic,     \
    "date or reason of an entry differ from what the core knows")                          \
  X(kCrlIssuer, "APL-0353", "CRL_ISSUER", kPermissionDenied, kPublic,                      \
    "issuer or authority key identifier are not this CA's")                                \
  X(kCrlThisUpdate, "APL-0354", "CRL_THIS_UPDATE", kPermissionDenied, kPublic,             \
    "thisUpdate is not within five minutes of the core's clock, or goes back")             \
  X(kCrlNextUpdate, "APL-0355", "CRL_NEXT_UPDATE", kPermissionDenied, kPublic,             \
    "nextUpdate is not after thisUpdate, or more than 48 hours after it")                  \
  X(kCrlLast, "APL-0356", "CRL_LAST", kPermissionDenied, kPublic,                          \
    "a last CRL needs the officers' order to close the CA")                                \
  X(kCrlNumberOrder, "APL-0357", "CRL_NUMBER_ORDER", kPermissionDenied, kPublic,           \
    "the CRL number is not within 1,000 after the last")                                   \
  X(kCrlScope, "APL-0358", "CRL_SCOPE", kPermissionDenied, kPublic,                        \
    "the issuing distribution point narrows or widens what the CRL speaks for")            \
  X(kCrlExpiredCerts, "APL-0359", "CRL_EXPIRED_CERTS", kPermissionDenied, kPublic,         \
    "expiredCertsOnCRL is missing, before the CA began or after thisUpdate")               \
  X(kOcspResponder, "APL-0360", "OCSP_RESPONDER", kPermissionDenied, kPublic,              \
    "responderID does not name the STATUS key")                                            \
  X(kOcspIssuer, "APL-0361", "OCSP_ISSUER", kPermissionDenied, kPublic,                    \
    "a CertID does not name this CA")                                                      \
  X(kOcspTime, "APL-0362", "OCSP_TIME", kPermissionDenied, kPublic,                        \
    "producedAt or thisUpdate are not within five minutes of the core's clock")            \
  X(kOcspNextUpdate, "APL-0363", "OCSP_NEXT_UPDATE", kPermissionDenied, kPublic,           \
    "nextUpdate is not after thisUpdate, or more than 24 hours after it")                  \
  X(kOcspHidesRevocation, "APL-0364", "OCSP_HIDES_REVOCATION", kPermissionDenied, kPublic, \
    "a certificate that the core knows revoked or suspended is answered otherwise")        \
  X(kOcspContradictsRow, "APL-0365", "OCSP_CONTRADICTS_ROW", kPermissionDenied, kPublic,   \
    "the answer differs from what the core knows of the certificate")                      \
  X(kOcspNotIssued, "APL-0366", "OCSP_NOT_ISSUED", kPermissionDenied, kPublic,             \
    "a serial that was not issued is called otherwise than RFC 6960 allows")               \
  X(kOcspArchiveCutoff, "APL-0367", "OCSP_ARCHIVE_CUTOFF", kPermissionDenied, kPublic,     \
    "archiveCutoff is before the CA began or after thisUpdate")

INTAGLIO_REASON_TABLE(kStatusGateReasons, INTAGLIO_STATUS_GATE_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_STATUS_REASONS_H_
