// Reasons of attestation/verify. Append only; an id is never reused. Ids below 0030 are about the
// encoding, below 0060 about who signed, from 0060 about what was found.
#ifndef INTAGLIO_ATTESTATION_VERIFY_REASONS_H_
#define INTAGLIO_ATTESTATION_VERIFY_REASONS_H_

#include "base/status.h"

namespace intaglio::attestation {

#define INTAGLIO_ATTESTATION_VERIFY_REASONS(X)                                                    \
  X(kEvidenceTooLarge, "ATT-0001", "EVIDENCE_TOO_LARGE", kInvalidArgument, kPublic,               \
    "evidence is larger than 64 KiB")                                                             \
  X(kDerTruncated, "ATT-0002", "DER_TRUNCATED", kInvalidArgument, kPublic,                        \
    "the encoding ends inside a value")                                                           \
  X(kDerLength, "ATT-0003", "DER_LENGTH", kInvalidArgument, kPublic,                              \
    "a length is not in the shortest definite form")                                              \
  X(kDerTag, "ATT-0004", "DER_TAG", kInvalidArgument, kPublic,                                    \
    "another ASN.1 type was expected here")                                                       \
  X(kDerTrailing, "ATT-0005", "DER_TRAILING", kInvalidArgument, kPublic,                          \
    "octets follow where the value should end")                                                   \
  X(kDerValue, "ATT-0006", "DER_VALUE", kInvalidArgument, kPublic,                                \
    "a value is not valid for its ASN.1 type in DER")                                             \
  X(kDerDepth, "ATT-0007", "DER_DEPTH", kInvalidArgument, kPublic,                                \
    "values are nested more than 16 deep")                                                        \
  X(kPemInvalid, "ATT-0008", "PEM_INVALID", kInvalidArgument, kPublic,                            \
    "not exactly one PEM block labelled EVIDENCE")                                                \
  X(kEvidenceVersion, "ATT-0010", "EVIDENCE_VERSION", kInvalidArgument, kPublic,                  \
    "the version of the evidence is not 1")                                                       \
  X(kElementCount, "ATT-0011", "ELEMENT_COUNT", kInvalidArgument, kPublic,                        \
    "evidence has 1 to 64 elements")                                                              \
  X(kClaimCount, "ATT-0012", "CLAIM_COUNT", kInvalidArgument, kPublic,                            \
    "an element has 1 to 64 claims")                                                              \
  X(kElementRepeated, "ATT-0013", "ELEMENT_REPEATED", kInvalidArgument, kPublic,                  \
    "a platform or transaction element occurs twice")                                             \
  X(kKeyRepeated, "ATT-0014", "KEY_REPEATED", kInvalidArgument, kPublic,                          \
    "two key elements describe the same key")                                                     \
  X(kClaimRepeated, "ATT-0015", "CLAIM_REPEATED", kInvalidArgument, kPublic,                      \
    "a claim that may occur once occurs twice")                                                   \
  X(kClaimMisplaced, "ATT-0016", "CLAIM_MISPLACED", kInvalidArgument, kPublic,                    \
    "a claim stands in an element it does not belong to")                                         \
  X(kClaimValueMissing, "ATT-0017", "CLAIM_VALUE_MISSING", kInvalidArgument, kPublic,             \
    "a claim of evidence has no value")                                                           \
  X(kClaimValueUnknown, "ATT-0018", "CLAIM_VALUE_UNKNOWN", kInvalidArgument, kPublic,             \
    "a claim of ours has a text this release does not know")                                      \
  X(kKeyIdentifierMissing, "ATT-0019", "KEY_IDENTIFIER_MISSING", kInvalidArgument, kPublic,       \
    "a key element has no identifier")                                                            \
  X(kPurposeRepeated, "ATT-0020", "PURPOSE_REPEATED", kInvalidArgument, kPublic,                  \
    "a key purpose is listed twice")                                                              \
  X(kSignatureCount, "ATT-0021", "SIGNATURE_COUNT", kInvalidArgument, kPublic,                    \
    "evidence has at most 8 signatures")                                                          \
  X(kSignerIdentifierEmpty, "ATT-0022", "SIGNER_IDENTIFIER_EMPTY", kInvalidArgument, kPublic,     \
    "a signature does not name its signer")                                                       \
  X(kIntermediateCount, "ATT-0023", "INTERMEDIATE_COUNT", kInvalidArgument, kPublic,              \
    "evidence carries at most 8 intermediate certificates")                                       \
  X(kCertificateSize, "ATT-0024", "CERTIFICATE_SIZE", kInvalidArgument, kPublic,                  \
    "a certificate is larger than 16 KiB")                                                        \
  X(kEvidenceUnsigned, "ATT-0030", "EVIDENCE_UNSIGNED", kPermissionDenied, kPublic,               \
    "the evidence has no signature and so proves nothing")                                        \
  X(kSignerUnknown, "ATT-0031", "SIGNER_UNKNOWN", kPermissionDenied, kPublic,                     \
    "no certificate is known for the signer of the evidence")                                     \
  X(kSignerContradiction, "ATT-0032", "SIGNER_CONTRADICTION", kPermissionDenied, kPublic,         \
    "a signature names two different signers")                                                    \
  X(kAkCertificateInvalid, "ATT-0033", "AK_CERTIFICATE_INVALID", kPermissionDenied, kPublic,      \
    "a certificate in the evidence is not valid DER")                                             \
  X(kSignatureAlgorithm, "ATT-0034", "SIGNATURE_ALGORITHM", kPermissionDenied, kPublic,           \
    "the signature algorithm or key type is not accepted")                                        \
  X(kSignatureInvalid, "ATT-0035", "SIGNATURE_INVALID", kPermissionDenied, kPublic,               \
    "a signature does not verify over the evidence")                                              \
  X(kAkKeyUsage, "ATT-0036", "AK_KEY_USAGE", kPermissionDenied, kPublic,                          \
    "the attestation key's certificate is not for signing by an end entity")                      \
  X(kAkExtendedKeyUsage, "ATT-0037", "AK_EXTENDED_KEY_USAGE", kPermissionDenied, kPublic,         \
    "the attestation key's certificate lacks the attestation key purpose")                        \
  X(kAkChainUntrusted, "ATT-0038", "AK_CHAIN_UNTRUSTED", kPermissionDenied, kPublic,              \
    "the attestation key's certificate does not chain to a pinned device root")                   \
  X(kAkExpired, "ATT-0039", "AK_EXPIRED", kPermissionDenied, kPublic,                             \
    "a certificate of the attestation key's chain has expired")                                   \
  X(kAkNotYetValid, "ATT-0040", "AK_NOT_YET_VALID", kPermissionDenied, kPublic,                   \
    "a certificate of the attestation key's chain is not yet valid")                              \
  X(kAkDistrusted, "ATT-0041", "AK_DISTRUSTED", kPermissionDenied, kPublic,                       \
    "the attestation key is on the list of withdrawn keys")                                       \
  X(kAkSpkiMismatch, "ATT-0042", "AK_SPKI_MISMATCH", kPermissionDenied, kPublic,                  \
    "the evidence was written for another attestation key than signed it")                        \
  X(kTrustStoreInvalid, "ATT-0043", "TRUST_STORE_INVALID", kPermissionDenied, kPublic,            \
    "the pinned device roots cannot be used")                                                     \
  X(kAppraisalRequest, "ATT-0060", "APPRAISAL_REQUEST", kInvalidArgument, kPublic,                \
    "an appraisal needs a nonce of 16 to 64 octets and an SPKI")                                  \
  X(kLabEntryInProduction, "ATT-0061", "LAB_ENTRY_IN_PRODUCTION", kPermissionDenied, kPublic,     \
    "a LAB device is refused outside a LAB service boundary")                                     \
  X(kEntryLapsed, "ATT-0062", "ENTRY_LAPSED", kPermissionDenied, kPublic,                         \
    "the certification of the device has lapsed")                                                 \
  X(kEntryCancelled, "ATT-0063", "ENTRY_CANCELLED", kPermissionDenied, kPublic,                   \
    "the certification of the device was cancelled")                                              \
  X(kEntryUnknown, "ATT-0064", "ENTRY_UNKNOWN", kPermissionDenied, kPublic,                       \
    "the certification status of the device is not known for today")                              \
  X(kNonceMissing, "ATT-0065", "NONCE_MISSING", kPermissionDenied, kPublic,                       \
    "the evidence carries no nonce and may be old")                                               \
  X(kNonceMismatch, "ATT-0066", "NONCE_MISMATCH", kPermissionDenied, kPublic,                     \
    "the evidence answers another nonce")                                                         \
  X(kPlatformVendor, "ATT-0067", "PLATFORM_VENDOR", kPermissionDenied, kPublic,                   \
    "the vendor is not the listed one")                                                           \
  X(kPlatformHwModel, "ATT-0068", "PLATFORM_HW_MODEL", kPermissionDenied, kPublic,                \
    "the hardware model is not the listed one")                                                   \
  X(kPlatformHwVersion, "ATT-0069", "PLATFORM_HW_VERSION", kPermissionDenied, kPublic,            \
    "the hardware version is not the listed one")                                                 \
  X(kPlatformSwName, "ATT-0070", "PLATFORM_SW_NAME", kPermissionDenied, kPublic,                  \
    "the firmware is not the listed one")                                                         \
  X(kPlatformSwVersion, "ATT-0071", "PLATFORM_SW_VERSION", kPermissionDenied, kPublic,            \
    "the firmware version is not the listed one")                                                 \
  X(kPlatformSerial, "ATT-0072", "PLATFORM_SERIAL", kPermissionDenied, kPublic,                   \
    "the serial number is not in the inventory")                                                  \
  X(kPlatformDebug, "ATT-0073", "PLATFORM_DEBUG", kPermissionDenied, kPublic,                     \
    "the device does not say that its debug facilities are disabled")                             \
  X(kSimulatedDevice, "ATT-0074", "SIMULATED_DEVICE", kPermissionDenied, kPublic,                 \
    "a simulated device was offered for a certified one")                                         \
  X(kKeyNotAttested, "ATT-0075", "KEY_NOT_ATTESTED", kPermissionDenied, kPublic,                  \
    "the evidence does not describe the expected key")                                            \
  X(kKeyAmbiguous, "ATT-0076", "KEY_AMBIGUOUS", kPermissionDenied, kPublic,                       \
    "the evidence describes the expected key more than once")                                     \
  X(kKeyNotLocal, "ATT-0077", "KEY_NOT_LOCAL", kPermissionDenied, kPublic,                        \
    "the key was not generated in the device")                                                    \
  X(kKeyExtractable, "ATT-0078", "KEY_EXTRACTABLE", kPermissionDenied, kPublic,                   \
    "the key can be exported")                                                                    \
  X(kKeyWasExtractable, "ATT-0079", "KEY_WAS_EXTRACTABLE", kPermissionDenied, kPublic,            \
    "the key could be exported at some time")                                                     \
  X(kKeyNotSensitive, "ATT-0080", "KEY_NOT_SENSITIVE", kPermissionDenied, kPublic,                \
    "the key can be read in the clear")                                                           \
  X(kKeyPurpose, "ATT-0081", "KEY_PURPOSE", kPermissionDenied, kPublic,                           \
    "the key may be used for something else than signing")                                        \
  X(kKeyExpired, "ATT-0082", "KEY_EXPIRED", kPermissionDenied, kPublic,                           \
    "the device says that the key has expired")                                                   \
  X(kKeyClassUnfit, "ATT-0083", "KEY_CLASS_UNFIT", kPermissionDenied, kPublic,                    \
    "a storage key was offered as a signing key")                                                 \
  X(kResidencyContradiction, "ATT-0084", "RESIDENCY_CONTRADICTION", kPermissionDenied, kPublic,   \
    "the claims of a WRAPPED key do not fit that residency")                                      \
  X(kWrapWithTrustedMissing, "ATT-0085", "WRAP_WITH_TRUSTED_MISSING", kPermissionDenied, kPublic, \
    "a WRAPPED key may be wrapped under any key")                                                 \
  X(kStorageKeyMissing, "ATT-0086", "STORAGE_KEY_MISSING", kPermissionDenied, kPublic,            \
    "the evidence does not describe the storage key of a WRAPPED key")                            \
  X(kStorageKeyUnfit, "ATT-0087", "STORAGE_KEY_UNFIT", kPermissionDenied, kPublic,                \
    "the storage key does not protect what is wrapped under it")                                  \
  X(kEvidenceNotNamed, "ATT-0088", "EVIDENCE_NOT_NAMED", kPermissionDenied, kPublic,              \
    "an attestation that answers no nonce is taken only where the order names it")

INTAGLIO_REASON_TABLE(kAttestationVerifyReasons, INTAGLIO_ATTESTATION_VERIFY_REASONS)

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_VERIFY_REASONS_H_
