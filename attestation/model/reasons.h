// Reasons of the attestation model. Append only; an id is never reused.
#ifndef INTAGLIO_ATTESTATION_MODEL_REASONS_H_
#define INTAGLIO_ATTESTATION_MODEL_REASONS_H_

#include "base/status.h"

namespace intaglio::attestation {

#define INTAGLIO_ATTESTATION_MODEL_REASONS(X)                                                      \
  X(kOidInvalid, "ATT-0400", "OID_INVALID", kInvalidArgument, kPublic, "not an object identifier") \
  X(kTimeOutOfRange, "ATT-0401", "TIME_OUT_OF_RANGE", kInvalidArgument, kPublic,                   \
    "a time outside the years 0000 to 9999 has no GeneralizedTime")                                \
  X(kDateInvalid, "ATT-0402", "DATE_INVALID", kInvalidArgument, kPublic,                           \
    "not an RFC 3339 full-date (YYYY-MM-DD)")

INTAGLIO_REASON_TABLE(kAttestationModelReasons, INTAGLIO_ATTESTATION_MODEL_REASONS)

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_MODEL_REASONS_H_
