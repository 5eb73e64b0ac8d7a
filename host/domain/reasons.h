// Reasons of the host's domain values. Append only; an id is never reused. HST-0090 to HST-0099.
#ifndef INTAGLIO_HOST_DOMAIN_REASONS_H_
#define INTAGLIO_HOST_DOMAIN_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_HOST_DOMAIN_REASONS(X)                                                           \
  X(kSerialInvalid, "HST-0090", "SERIAL_INVALID", kInvalidArgument, kPublic,                      \
    "a certificate serial number is a positive minimal INTEGER of at most 20 octets")             \
  X(kPolicyOidUnknown, "HST-0091", "POLICY_OID_UNKNOWN", kInvalidArgument, kPublic,               \
    "the object identifier is none of the EN 319 411-2 certificate policies")                     \
  X(kRevocationReasonUnknown, "HST-0092", "REVOCATION_REASON_UNKNOWN", kInvalidArgument, kPublic, \
    "the number is none of the RFC 5280 CRLReason values used here")

INTAGLIO_REASON_TABLE(kHostDomainReasons, INTAGLIO_HOST_DOMAIN_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_REASONS_H_
