// Reasons of the signing core. Append only; an id is never reused (APL-0036 never left this tree).
// The gates over certificates, CRLs and OCSP answers have their own table in
// appliance/policy/gate_reasons.h.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_REASONS_H_
#define INTAGLIO_APPLIANCE_DOMAIN_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_REASONS(X)                                                           \
  X(kPermitInvalid, "APL-0001", "PERMIT_INVALID", kInternal, kInternal,                         \
    "a signing permit was spent or names another key")                                          \
  X(kSignatureWrong, "APL-0002", "SIGNATURE_WRONG", kPermissionDenied, kPublic,                 \
    "a signature does not verify")                                                              \
  X(kStatementInvalid, "APL-0003", "STATEMENT_INVALID", kInvalidArgument, kPublic,              \
    "a signed statement is not canonical, or a field of it is missing or out of bounds")        \
  X(kWrongCore, "APL-0004", "WRONG_CORE", kFailedPrecondition, kPublic,                         \
    "the statement is addressed to another core")                                               \
  X(kStatementExpired, "APL-0005", "STATEMENT_EXPIRED", kFailedPrecondition, kPublic,           \
    "the statement is expired, or not yet valid")                                               \
  X(kApprovalsMissing, "APL-0006", "APPROVALS_MISSING", kPermissionDenied, kPublic,             \
    "too few different officers of the needed role signed")                                     \
  X(kOfficerUnknown, "APL-0007", "OFFICER_UNKNOWN", kPermissionDenied, kPublic,                 \
    "an approval names nobody on the roster, or somebody without the needed role")              \
  X(kRecordUnreadable, "APL-0008", "RECORD_UNREADABLE", kInvalidArgument, kPublic,              \
    "the key record was not sealed by this core, or was changed")                               \
  X(kRecordStale, "APL-0009", "RECORD_STALE", kFailedPrecondition, kPublic,                     \
    "a newer version of this key record exists")                                                \
  X(kRecordVersion, "APL-0010", "RECORD_VERSION", kFailedPrecondition, kPublic,                 \
    "the key has not been proven the authority this act needs")                                 \
  X(kKeyPurpose, "APL-0011", "KEY_PURPOSE", kPermissionDenied, kPublic,                         \
    "the key was generated for another purpose")                                                \
  X(kKeySuspended, "APL-0012", "KEY_SUSPENDED", kFailedPrecondition, kPublic,                   \
    "the key's certificate is suspended")                                                       \
  X(kKeyBlocked, "APL-0013", "KEY_BLOCKED", kFailedPrecondition, kPublic, "the key is blocked") \
  X(kKeyDestroyed, "APL-0014", "KEY_DESTROYED", kFailedPrecondition, kPublic,                   \
    "the key is destroyed: its certificate was revoked")                                        \
  X(kCertificateExpired, "APL-0015", "CERTIFICATE_EXPIRED", kFailedPrecondition, kPublic,       \
    "the key's certificate is not valid now")                                                   \
  X(kSadSpent, "APL-0016", "SAD_SPENT", kPermissionDenied, kPublic,                             \
    "no outstanding activation has this nonce: it was used, expired, or never given out")       \
  X(kSadMismatch, "APL-0017", "SAD_MISMATCH", kPermissionDenied, kPublic,                       \
    "the payload is not the one this core gave out: a hash or another field differs")           \
  X(kAuthenticatorUnknown, "APL-0018", "AUTHENTICATOR_UNKNOWN", kPermissionDenied, kPublic,     \
    "the proof is by an authenticator that is not bound to this key")                           \
  X(kProofMalformed, "APL-0019", "PROOF_MALFORMED", kInvalidArgument, kPublic,                  \
    "the proof is not a signature of the form its key makes")                                   \
  X(kAgreementOnly, "APL-0020", "AGREEMENT_ONLY", kPermissionDenied, kPublic,                   \
    "before acceptance the key signs the subscriber agreement's hash, once, and nothing else")  \
  X(kTooManyHashes, "APL-0021", "TOO_MANY_HASHES", kInvalidArgument, kPublic,                   \
    "the number of hashes is out of bounds")                                                    \
  X(kTooManyActivations, "APL-0022", "TOO_MANY_ACTIVATIONS", kResourceExhausted, kPublic,       \
    "too many activations are outstanding")                                                     \
  X(kProofBackOff, "APL-0023", "PROOF_BACK_OFF", kResourceExhausted, kPublic,                   \
    "too many wrong proofs for this key; wait until the back-off ends")                         \
  X(kOrderMismatch, "APL-0024", "ORDER_MISMATCH", kPermissionDenied, kPublic,                   \
    "the order does not cover this key, issuer or content")                                     \
  X(kOrderSpent, "APL-0025", "ORDER_SPENT", kFailedPrecondition, kPublic,                       \
    "the order has been carried out with other content")                                        \
  X(kPolicyUnsupported, "APL-0026", "POLICY_UNSUPPORTED", kInvalidArgument, kPublic,            \
    "no issuance profile of this core has this policy identifier")                              \
  X(kSerialUnknown, "APL-0027", "SERIAL_UNKNOWN", kNotFound, kPublic,                           \
    "this core did not draw or issue that serial")                                              \
  X(kCertificateRevoked, "APL-0028", "CERTIFICATE_REVOKED", kFailedPrecondition, kPublic,       \
    "the certificate is revoked for good")                                                      \
  X(kTimeUnconfirmed, "APL-0029", "TIME_UNCONFIRMED", kFailedPrecondition, kPublic,             \
    "the clock jumped; time-bound acts wait until officers confirm the time")                   \
  X(kCommandNonce, "APL-0030", "COMMAND_NONCE", kPermissionDenied, kPublic,                     \
    "the command's nonce was used, expired, or never given out by this boot")                   \
  X(kRequestInvalid, "APL-0031", "REQUEST_INVALID", kInvalidArgument, kPublic,                  \
    "a field of the request is missing, unknown or out of bounds")                              \
  X(kCaNotInstalled, "APL-0032", "CA_NOT_INSTALLED", kFailedPrecondition, kPublic,              \
    "the issuing key has no installed certificate")                                             \
  X(kQscdEntryLapsed, "APL-0033", "QSCD_ENTRY_LAPSED", kFailedPrecondition, kPublic,            \
    "the core's own QSCD configuration entry is past its date")                                 \
  X(kOriginUnproven, "APL-0034", "ORIGIN_UNPROVEN", kPermissionDenied, kPublic,                 \
    "the key was not seen generated in this core's token")                                      \
  X(kStreamUnknown, "APL-0035", "STREAM_UNKNOWN", kFailedPrecondition, kPublic,                 \
    "no CRL stream of this number is open, or its octets came out of order")                    \
  X(kNotInitialised, "APL-0037", "NOT_INITIALISED", kFailedPrecondition, kPublic,               \
    "the core has not been initialised on its console")                                         \
  X(kAlreadyInitialised, "APL-0038", "ALREADY_INITIALISED", kAlreadyExists, kPublic,            \
    "the core has been initialised before")                                                     \
  X(kConfigInvalid, "APL-0039", "CONFIG_INVALID", kInvalidArgument, kPublic,                    \
    "the configuration cannot be used")                                                         \
  X(kDeviceUncertified, "APL-0040", "DEVICE_UNCERTIFIED", kFailedPrecondition, kPublic,         \
    "no device certificate for the attestation key is installed")                               \
  X(kRecordKeyUnavailable, "APL-0041", "RECORD_KEY_UNAVAILABLE", kUnavailable, kInternal,       \
    "the record key of this epoch could not be opened in the token")                            \
  X(kAlgorithmUnsuitable, "APL-0042", "ALGORITHM_UNSUITABLE", kFailedPrecondition, kPublic,     \
    "the algorithm, or this hash with it, is not for this purpose at this time")                \
  X(kPinShareRefused, "APL-0046", "PIN_SHARE_REFUSED", kInvalidArgument, kPublic,               \
    "a share of the PIN is damaged, of another set, or was entered before")                     \
  X(kCoreZeroised, "APL-0047", "ZEROISED", kFailedPrecondition, kPublic,                        \
    "every key of this core was destroyed for good")                                            \
  X(kPinUnavailable, "APL-0049", "PIN_UNAVAILABLE", kUnavailable, kInternal,                    \
    "the token's PIN could not be had from where the configuration says")                       \
  X(kProofMethod, "APL-0060", "PROOF_METHOD", kPermissionDenied, kPublic,                       \
    "the proof is not of the kind that the bound authenticator makes")                          \
  X(kAssertionMalformed, "APL-0061", "ASSERTION_MALFORMED", kInvalidArgument, kPublic,          \
    "the WebAuthn authenticator data cannot be read")                                           \
  X(kAssertionRelyingParty, "APL-0062", "ASSERTION_RELYING_PARTY", kPermissionDenied, kPublic,  \
    "the WebAuthn assertion is for another relying party than the bound one")                   \
  X(kAssertionPresence, "APL-0063", "ASSERTION_PRESENCE", kPermissionDenied, kPublic,           \
    "the WebAuthn assertion does not show user presence and user verification")                 \
  X(kAssertionClientData, "APL-0064", "ASSERTION_CLIENT_DATA", kPermissionDenied, kPublic,      \
    "the WebAuthn client data is of another type, challenge, origin or frame")                  \
  X(kAssertionCopied, "APL-0065", "ASSERTION_COPIED", kPermissionDenied, kPublic,               \
    "a credential bound as one that cannot leave its device says that it can")                  \
  X(kAuthenticatorWithdrawn, "APL-0066", "AUTHENTICATOR_REMOVED", kPermissionDenied, kPublic,   \
    "the authenticator has been removed from this key")                                         \
  X(kAuthenticatorLast, "APL-0067", "AUTHENTICATOR_LAST", kFailedPrecondition, kPublic,         \
    "the key's last authenticator is removed by a revocation officer's order alone")            \
  X(kKeySpent, "APL-0068", "KEY_SPENT", kFailedPrecondition, kPublic,                           \
    "the one-time key has had its one activation")                                              \
  X(kAuthenticatorExcess, "APL-0069", "AUTHENTICATOR_EXCESS", kFailedPrecondition, kPublic,     \
    "the key has as many authenticators as it may have, or has this one already")               \
  X(kSealUnauthorised, "APL-0070", "SEAL_UNAUTHORISED", kPermissionDenied, kPublic,             \
    "no authorisation of this key has that id")                                                 \
  X(kSealNonce, "APL-0071", "SEAL_NONCE", kPermissionDenied, kPublic,                           \
    "the authorisation's nonce was used, expired, or never given out for this key")             \
  X(kControllersMissing, "APL-0072", "CONTROLLERS_MISSING", kPermissionDenied, kPublic,         \
    "too few different controllers of the key agreed")                                          \
  X(kSealEpoch, "APL-0073", "SEAL_EPOCH", kFailedPrecondition, kPublic,                         \
    "the authorisation is for this core before or after it was restored")                       \
  X(kSealWindow, "APL-0074", "SEAL_WINDOW", kFailedPrecondition, kPublic,                       \
    "the authorisation does not count yet, or no longer")                                       \
  X(kSealClient, "APL-0075", "SEAL_CLIENT", kPermissionDenied, kPublic,                         \
    "the batch is not signed by the seal client of its authorisation")                          \
  X(kSealSequence, "APL-0076", "SEAL_SEQUENCE", kFailedPrecondition, kPublic,                   \
    "a batch of this sequence number has been begun, or a much later one")                      \
  X(kSealQuotaSpent, "APL-0077", "SEAL_QUOTA_SPENT", kResourceExhausted, kPublic,               \
    "the authorisation has fewer signatures left")                                              \
  X(kSealRate, "APL-0078", "SEAL_RATE", kResourceExhausted, kPublic,                            \
    "the authorisation allows no more signatures in this minute")                               \
  X(kSealChunk, "APL-0079", "SEAL_CHUNK", kPermissionDenied, kPublic,                           \
    "the chunk is not the one under the batch's root")                                          \
  X(kSealChunkBegun, "APL-0080", "SEAL_CHUNK_BEGUN", kFailedPrecondition, kPublic,              \
    "this chunk has been begun before")                                                         \
  X(kSealHashLength, "APL-0081", "SEAL_HASH_LENGTH", kInvalidArgument, kPublic,                 \
    "the hash is not as long as the batch's hash algorithm makes it")                           \
  X(kSealTooMany, "APL-0082", "SEAL_TOO_MANY", kResourceExhausted, kPublic,                     \
    "too many authorisations, nonces or unfinished batches")                                    \
  X(kSealWithdrawn, "APL-0083", "SEAL_WITHDRAWN", kPermissionDenied, kPublic,                   \
    "the authorisation was withdrawn; its controllers may give another")                        \
  X(kPolicySubject, "APL-0085", "POLICY_SUBJECT", kPermissionDenied, kPublic,                   \
    "the ordered policy is for another kind of person, or for another kind of key")             \
  X(kRosterUnsafe, "APL-0090", "ROSTER_UNSAFE", kFailedPrecondition, kPublic,                   \
    "the roster would leave too few officers to command or to run this core")                   \
  X(kRosterAmbiguous, "APL-0091", "ROSTER_AMBIGUOUS", kInvalidArgument, kPublic,                \
    "a key stands twice in the roster, or one name under two roles")                            \
  X(kRosterVersion, "APL-0092", "ROSTER_VERSION", kFailedPrecondition, kPublic,                 \
    "the new roster does not follow on the present one")                                        \
  X(kOfficerExpired, "APL-0093", "OFFICER_EXPIRED", kPermissionDenied, kPublic,                 \
    "an approval is by a key whose time on the roster has ended")                               \
  X(kPinsUnsafe, "APL-0094", "PINS_UNSAFE", kFailedPrecondition, kPublic,                       \
    "the host certificates would shut out every host that is pinned now")                       \
  X(kConfigurationUnapproved, "APL-0095", "CONFIGURATION_UNAPPROVED", kFailedPrecondition,      \
    kPublic, "the configuration file is not the one the officers approved")                     \
  X(kStateNewer, "APL-0096", "STATE_NEWER", kFailedPrecondition, kPublic,                       \
    "the state was written by a newer program than this one")                                   \
  X(kUpgradeNeeded, "APL-0097", "UPGRADE_NEEDED", kFailedPrecondition, kPublic,                 \
    "the state belongs to another program until officers have approved this one")               \
  X(kUpgradeMismatch, "APL-0098", "UPGRADE_MISMATCH", kFailedPrecondition, kPublic,             \
    "the approved upgrade is from or to another program")                                       \
  X(kEpochInUse, "APL-0110", "EPOCH_IN_USE", kFailedPrecondition, kPublic,                      \
    "this record key cannot be destroyed: it seals now, or live records need it")               \
  X(kEpochUnknown, "APL-0111", "EPOCH_UNKNOWN", kNotFound, kPublic,                             \
    "there is no record key of this epoch")                                                     \
  X(kRowsLost, "APL-0131", "ROWS_LOST", kFailedPrecondition, kPublic,                           \
    "this core's rows were lost; its keys are shut until the rows are rebuilt and opened")

INTAGLIO_REASON_TABLE(kApplianceReasons, INTAGLIO_APPLIANCE_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_REASONS_H_
