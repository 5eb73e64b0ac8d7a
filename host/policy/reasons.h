// Reasons of the host's policy judges. Append only; an id is never reused. HST-0001 to HST-0089.
#ifndef INTAGLIO_HOST_POLICY_REASONS_H_
#define INTAGLIO_HOST_POLICY_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_HOST_POLICY_REASONS(X)                                       \
  X(kProfileUnknown, "HST-0001", "PROFILE_UNKNOWN", kUnimplemented, kPublic,  \
    "no certificate profile of this build covers the policy")                 \
  X(kLintFindings, "HST-0002", "LINT_FINDINGS", kFailedPrecondition, kPublic, \
    "the certificate to be signed breaks rules of its profile")

INTAGLIO_REASON_TABLE(kHostPolicyReasons, INTAGLIO_HOST_POLICY_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_POLICY_REASONS_H_
