// Reasons of the host's use cases. Append only; an id is never reused.
#ifndef INTAGLIO_HOST_DOMAIN_USECASE_REASONS_H_
#define INTAGLIO_HOST_DOMAIN_USECASE_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_HOST_USECASE_REASONS(X)                                                \
  X(kFieldInvalid, "HST-0500", "FIELD_INVALID", kInvalidArgument, kPublic,              \
    "a field of the request is missing, unknown or out of bounds")                      \
  X(kApplicationUnknown, "HST-0501", "APPLICATION_UNKNOWN", kNotFound, kPublic,         \
    "there is no such application")                                                     \
  X(kApplicationState, "HST-0502", "APPLICATION_STATE", kFailedPrecondition, kPublic,   \
    "the application is not in the state this step needs")                              \
  X(kApplicantSignature, "HST-0503", "APPLICANT_SIGNATURE", kPermissionDenied, kPublic, \
    "the signature is not the applicant's authenticator's over the application")        \
  X(kOfficerIsSubject, "HST-0504", "OFFICER_IS_SUBJECT", kPermissionDenied, kPublic,    \
    "the registration officer must be another person than the subject")                 \
  X(kOrderChanged, "HST-0505", "ORDER_CHANGED", kFailedPrecondition, kPublic,           \
    "the octets are not those of the prepared order; prepare and look at it again")     \
  X(kSameOfficer, "HST-0506", "SAME_OFFICER", kPermissionDenied, kPublic,               \
    "a second, different officer must approve")                                         \
  X(kCredentialUnknown, "HST-0507", "CREDENTIAL_UNKNOWN", kNotFound, kPublic,           \
    "there is no such credential")                                                      \
  X(kCredentialState, "HST-0508", "CREDENTIAL_STATE", kFailedPrecondition, kPublic,     \
    "the credential is not in the state this step needs")                               \
  X(kServiceNotReady, "HST-0509", "SERVICE_NOT_READY", kFailedPrecondition, kPublic,    \
    "the service has no active CA or no responder yet")                                 \
  X(kCoreAnswerWrong, "HST-0510", "CORE_ANSWER_WRONG", kInternal, kInternal,            \
    "what the core answered is not what was asked for")                                 \
  X(kAgreementUnsigned, "HST-0511", "AGREEMENT_UNSIGNED", kFailedPrecondition, kPublic, \
    "the subscriber agreement must be signed before the certificate is accepted")       \
  X(kSerialNotOurs, "HST-0512", "SERIAL_NOT_OURS", kNotFound, kPublic,                  \
    "no certificate of this service has that serial")                                   \
  X(kPolicyNotOffered, "HST-0514", "POLICY_NOT_OFFERED", kInvalidArgument, kPublic,     \
    "this service does not issue under that policy")                                    \
  X(kEvidenceMismatch, "HST-0515", "EVIDENCE_MISMATCH", kFailedPrecondition, kPublic,   \
    "the chain or certificate does not belong to the key")                              \
  X(kRoleDenied, "HST-0516", "ROLE_DENIED", kPermissionDenied, kPublic,                 \
    "the client certificate's role may not call this service")                          \
  X(kHostConfig, "HST-0517", "HOST_CONFIG", kInvalidArgument, kPublic,                  \
    "the configuration cannot be used")                                                 \
  X(kSealStreams, "HST-0530", "SEAL_STREAMS", kResourceExhausted, kPublic,              \
    "all seal streams this host offers are open")

INTAGLIO_REASON_TABLE(kHostUsecaseReasons, INTAGLIO_HOST_USECASE_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_USECASE_REASONS_H_
