// Reasons of the base zone. Append only; an id is never reused.
#ifndef INTAGLIO_BASE_REASONS_H_
#define INTAGLIO_BASE_REASONS_H_

#include "base/status.h"

namespace intaglio {

#define INTAGLIO_BASE_REASONS(X)                                                                \
  X(kHexInvalid, "BAS-0001", "HEX_INVALID", kInvalidArgument, kPublic, "not hexadecimal text")  \
  X(kBase64Invalid, "BAS-0002", "BASE64_INVALID", kInvalidArgument, kPublic, "not base64 text") \
  X(kDigestLength, "BAS-0003", "DIGEST_LENGTH", kInvalidArgument, kPublic,                      \
    "a digest does not have the length of its hash")                                            \
  X(kFileUnreadable, "BAS-0004", "FILE_UNREADABLE", kFailedPrecondition, kPublic,               \
    "a file could not be read")                                                                 \
  X(kFileUnwritable, "BAS-0005", "FILE_UNWRITABLE", kFailedPrecondition, kPublic,               \
    "a file could not be written")                                                              \
  X(kFileMode, "BAS-0006", "FILE_MODE", kFailedPrecondition, kPublic,                           \
    "a file's owner or mode lets others read or change it")                                     \
  X(kFileTooLarge, "BAS-0007", "FILE_TOO_LARGE", kInvalidArgument, kPublic,                     \
    "a file is larger than what it may hold")                                                   \
  X(kEntropyFailed, "BAS-0008", "ENTROPY_FAILED", kUnavailable, kInternal,                      \
    "the operating system gave no random octets")

INTAGLIO_REASON_TABLE(kBaseReasons, INTAGLIO_BASE_REASONS)

}  // namespace intaglio

#endif  // INTAGLIO_BASE_REASONS_H_
