// Reasons of the host's token keys. Append only; an id is never reused.
#ifndef INTAGLIO_TOKENS_OPENSSL_REASONS_H_
#define INTAGLIO_TOKENS_OPENSSL_REASONS_H_

#include "base/status.h"

namespace intaglio::tokens {

#define INTAGLIO_KEY_STORE_REASONS(X)                                                      \
  X(kStoreModule, "TOK-0100", "STORE_MODULE", kFailedPrecondition, kInternal,              \
    "the PKCS#11 module of the host's token could not be loaded")                          \
  X(kStoreTokenNotFound, "TOK-0101", "STORE_TOKEN_NOT_FOUND", kNotFound, kInternal,        \
    "the module shows no such token, or more than one")                                    \
  X(kStoreLogin, "TOK-0102", "STORE_LOGIN", kPermissionDenied, kInternal,                  \
    "the host's token refused the login")                                                  \
  X(kStoreKeyNotFound, "TOK-0103", "STORE_KEY_NOT_FOUND", kNotFound, kInternal,            \
    "the host's token holds no such key")                                                  \
  X(kStoreKeyAmbiguous, "TOK-0104", "STORE_KEY_AMBIGUOUS", kFailedPrecondition, kInternal, \
    "the host's token holds more than one such key")                                       \
  X(kStoreKeyExists, "TOK-0105", "STORE_KEY_EXISTS", kAlreadyExists, kInternal,            \
    "the host's token already holds a key of that name")                                   \
  X(kStoreBusy, "TOK-0106", "STORE_BUSY", kUnavailable, kInternal,                         \
    "keys of the host's token are in use, so its module cannot be reloaded")               \
  X(kStoreFailure, "TOK-0107", "STORE_FAILURE", kUnavailable, kInternal,                   \
    "the host's token failed")                                                             \
  X(kStoreInputInvalid, "TOK-0108", "STORE_INPUT_INVALID", kInvalidArgument, kInternal,    \
    "a label or PIN given to the host's token is out of bounds")

INTAGLIO_REASON_TABLE(kKeyStoreReasons, INTAGLIO_KEY_STORE_REASONS)

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_OPENSSL_REASONS_H_
