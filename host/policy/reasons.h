// Reasons of the host's policy judges. Append only; an id is never reused. HST-0001 to HST-0089,
// and of the lint HST-0800 to HST-0849.
#ifndef INTAGLIO_HOST_POLICY_REASONS_H_
#define INTAGLIO_HOST_POLICY_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_HOST_POLICY_REASONS(X)                                                  \
  X(kProfileUnknown, "HST-0001", "PROFILE_UNKNOWN", kUnimplemented, kPublic,             \
    "no certificate profile of this build covers the policy")                            \
  X(kLintFindings, "HST-0002", "LINT_FINDINGS", kFailedPrecondition, kPublic,            \
    "the certificate breaks rules of its profile, of more than one kind")                \
  X(kLintFrame, "HST-0800", "LINT_FRAME", kFailedPrecondition, kPublic,                  \
    "version, serial, algorithm or public key are not what a certificate here may have") \
  X(kLintValidity, "HST-0801", "LINT_VALIDITY", kFailedPrecondition, kPublic,            \
    "the validity is empty or longer than the profile allows")                           \
  X(kLintIssuer, "HST-0802", "LINT_ISSUER", kFailedPrecondition, kPublic,                \
    "the issuer's name does not say what an issuer's must")                              \
  X(kLintSubject, "HST-0803", "LINT_SUBJECT", kFailedPrecondition, kPublic,              \
    "the subject's name breaks rules of its profile")                                    \
  X(kLintExtensions, "HST-0804", "LINT_EXTENSIONS", kFailedPrecondition, kPublic,        \
    "an extension is repeated, out of place or critical where it must not be")           \
  X(kLintKeyUse, "HST-0805", "LINT_KEY_USE", kFailedPrecondition, kPublic,               \
    "key usage, purposes or key identifiers are not the profile's")                      \
  X(kLintAddresses, "HST-0806", "LINT_ADDRESSES", kFailedPrecondition, kPublic,          \
    "the places of CRL, CA certificate or responder are not as the profile demands")     \
  X(kLintPolicies, "HST-0807", "LINT_POLICIES", kFailedPrecondition, kPublic,            \
    "the certificate policies contradict the profile")                                   \
  X(kLintStatements, "HST-0808", "LINT_STATEMENTS", kFailedPrecondition, kPublic,        \
    "the qcStatements contradict the profile")                                           \
  X(kLintShortTerm, "HST-0809", "LINT_SHORT_TERM", kFailedPrecondition, kPublic,         \
    "the certificate is in part short-term and in part one that can be revoked")         \
  X(kLintResponder, "HST-0810", "LINT_RESPONDER", kFailedPrecondition, kPublic,          \
    "an OCSP responder's certificate breaks rules of its own")                           \
  X(kLintAuthority, "HST-0811", "LINT_AUTHORITY", kFailedPrecondition, kPublic,          \
    "a CA's certificate breaks rules of its own")

INTAGLIO_REASON_TABLE(kHostPolicyReasons, INTAGLIO_HOST_POLICY_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_POLICY_REASONS_H_
