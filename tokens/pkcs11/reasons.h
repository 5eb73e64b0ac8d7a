// Reasons of the token zone. Append only; an id is never reused.
#ifndef INTAGLIO_TOKENS_PKCS11_REASONS_H_
#define INTAGLIO_TOKENS_PKCS11_REASONS_H_

#include "base/status.h"

namespace intaglio::tokens {

#define INTAGLIO_TOKEN_REASONS(X)                                                                  \
  X(kModuleUnloadable, "TOK-0001", "MODULE_UNLOADABLE", kFailedPrecondition, kInternal,            \
    "the PKCS#11 module could not be loaded")                                                      \
  X(kModuleInvalid, "TOK-0002", "MODULE_INVALID", kFailedPrecondition, kInternal,                  \
    "the loaded file is not a usable PKCS#11 module")                                              \
  X(kModuleInUse, "TOK-0003", "MODULE_IN_USE", kFailedPrecondition, kInternal,                     \
    "the PKCS#11 module is already initialised in this process")                                   \
  X(kTokenUriInvalid, "TOK-0004", "TOKEN_URI_INVALID", kInvalidArgument, kPublic,                  \
    "a token is named in a way that is not understood")                                            \
  X(kTokenNotFound, "TOK-0005", "TOKEN_NOT_FOUND", kNotFound, kInternal,                           \
    "the module shows no token of that name")                                                      \
  X(kTokenAmbiguous, "TOK-0006", "TOKEN_AMBIGUOUS", kFailedPrecondition, kInternal,                \
    "more than one token has that name")                                                           \
  X(kTokenInUse, "TOK-0007", "TOKEN_IN_USE", kFailedPrecondition, kInternal,                       \
    "the token is already open in this process")                                                   \
  X(kPinIncorrect, "TOK-0008", "PIN_INCORRECT", kPermissionDenied, kInternal,                      \
    "the token refused the PIN")                                                                   \
  X(kPinLocked, "TOK-0009", "PIN_LOCKED", kPermissionDenied, kInternal,                            \
    "the token has locked its PIN")                                                                \
  X(kPinExpired, "TOK-0010", "PIN_EXPIRED", kPermissionDenied, kInternal,                          \
    "the token's PIN has expired")                                                                 \
  X(kPinMalformed, "TOK-0011", "PIN_MALFORMED", kInvalidArgument, kInternal,                       \
    "the PIN has a length or characters the token does not take")                                  \
  X(kSessionLost, "TOK-0012", "SESSION_LOST", kUnavailable, kInternal,                             \
    "the token closed or confused a session")                                                      \
  X(kNotLoggedIn, "TOK-0013", "NOT_LOGGED_IN", kUnavailable, kInternal,                            \
    "the token no longer holds this process logged in")                                            \
  X(kTokenGone, "TOK-0014", "TOKEN_GONE", kUnavailable, kInternal, "the token is no longer there") \
  X(kDeviceError, "TOK-0015", "DEVICE_ERROR", kUnavailable, kInternal,                             \
    "the token's device or module reports a fault")                                                \
  X(kTokenFull, "TOK-0016", "TOKEN_FULL", kResourceExhausted, kInternal,                           \
    "the token has no room for another object")                                                    \
  X(kSessionLimit, "TOK-0017", "SESSION_LIMIT", kResourceExhausted, kInternal,                     \
    "the token opens no further session")                                                          \
  X(kKeyHandleInvalid, "TOK-0018", "KEY_HANDLE_INVALID", kUnavailable, kInternal,                  \
    "the module lost a key it had shown before")                                                   \
  X(kMechanismRefused, "TOK-0019", "MECHANISM_REFUSED", kUnimplemented, kInternal,                 \
    "the token does not offer the mechanism")                                                      \
  X(kTemplateRefused, "TOK-0020", "TEMPLATE_REFUSED", kFailedPrecondition, kInternal,              \
    "the token does not take the attributes asked for")                                            \
  X(kKeyUseRefused, "TOK-0021", "KEY_USE_REFUSED", kPermissionDenied, kInternal,                   \
    "the key does not allow this use")                                                             \
  X(kArgumentsRefused, "TOK-0022", "ARGUMENTS_REFUSED", kInternal, kInternal,                      \
    "the token refused the form of a call")                                                        \
  X(kTokenFailure, "TOK-0023", "TOKEN_FAILURE", kInternal, kInternal,                              \
    "the token failed without saying why")                                                         \
  X(kKeyNotFound, "TOK-0024", "KEY_NOT_FOUND", kNotFound, kInternal,                               \
    "the token holds no such key")                                                                 \
  X(kKeyAmbiguous, "TOK-0025", "KEY_AMBIGUOUS", kFailedPrecondition, kInternal,                    \
    "the token holds more than one such key")                                                      \
  X(kKeyExists, "TOK-0026", "KEY_EXISTS", kAlreadyExists, kInternal,                               \
    "the token already holds a key of that name")                                                  \
  X(kOriginMismatch, "TOK-0027", "ORIGIN_MISMATCH", kFailedPrecondition, kInternal,                \
    "the token did not make the key the way it was asked to")                                      \
  X(kStorageKeyUntrusted, "TOK-0028", "STORAGE_KEY_UNTRUSTED", kFailedPrecondition, kInternal,     \
    "the storage key is not a trusted key that cannot leave the token")                            \
  X(kWrappedKeyInvalid, "TOK-0029", "WRAPPED_KEY_INVALID", kInvalidArgument, kInternal,            \
    "a wrapped key does not open under the storage key")                                           \
  X(kSealBroken, "TOK-0030", "SEAL_BROKEN", kInvalidArgument, kInternal,                           \
    "a sealed text does not open under its key")                                                   \
  X(kSignatureWrong, "TOK-0031", "SIGNATURE_WRONG", kPermissionDenied, kPublic,                    \
    "the signature does not belong to this key and digest")                                        \
  X(kSignatureUnverifiable, "TOK-0032", "SIGNATURE_UNVERIFIABLE", kInvalidArgument, kPublic,       \
    "the signature or the public key has a form that cannot be verified")                          \
  X(kOwnSignatureWrong, "TOK-0033", "OWN_SIGNATURE_WRONG", kDataLoss, kInternal,                   \
    "the token made a signature that its public key does not verify")                              \
  X(kPublicKeyInvalid, "TOK-0034", "PUBLIC_KEY_INVALID", kInvalidArgument, kInternal,              \
    "a public key is not of the algorithm or form expected")                                       \
  X(kTokenInputInvalid, "TOK-0035", "TOKEN_INPUT_INVALID", kInvalidArgument, kInternal,            \
    "a label, id, limit or list given to a token is out of bounds")                                \
  X(kProvisionFolder, "TOK-0036", "PROVISION_FOLDER", kFailedPrecondition, kPublic,                \
    "the folder for a new token cannot be used")                                                   \
  X(kProvisionHalfMade, "TOK-0037", "PROVISION_HALF_MADE", kFailedPrecondition, kPublic,           \
    "an earlier set-up of the token was interrupted")                                              \
  X(kProvisionDiffers, "TOK-0038", "PROVISION_DIFFERS", kFailedPrecondition, kPublic,              \
    "the token is set up, but not as asked for now")                                               \
  X(kTokenBusy, "TOK-0039", "TOKEN_BUSY", kUnavailable, kInternal,                                 \
    "the token's sessions or its module stayed in use longer than a call may wait")                \
  X(kPinFinalTry, "TOK-0040", "PIN_FINAL_TRY", kPermissionDenied, kInternal,                       \
    "one more wrong PIN would lock the token, so none is tried")

INTAGLIO_REASON_TABLE(kTokenReasons, INTAGLIO_TOKEN_REASONS)

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_REASONS_H_
