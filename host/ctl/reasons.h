// Reasons of the command line. Append only; an id is never reused. HST-0700 to HST-0749, HST-0790
// to HST-0794.
#ifndef INTAGLIO_HOST_CTL_REASONS_H_
#define INTAGLIO_HOST_CTL_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_CTL_REASONS(X)                                                                 \
  X(kHostUnreachable, "HST-0700", "HOST_UNREACHABLE", kUnavailable, kPublic,                    \
    "intaglio-host does not answer")                                                            \
  X(kProfileInvalid, "HST-0701", "PROFILE_INVALID", kInvalidArgument, kPublic,                  \
    "the connection profile is incomplete or cannot be read")                                   \
  X(kArgumentInvalid, "HST-0702", "ARGUMENT_INVALID", kInvalidArgument, kPublic,                \
    "a value given on the command line cannot be used")                                         \
  X(kKeyFileInvalid, "HST-0703", "KEY_FILE_INVALID", kInvalidArgument, kPublic,                 \
    "the file does not hold the key or certificate that is needed")                             \
  X(kFileExists, "HST-0704", "FILE_EXISTS", kAlreadyExists, kPublic,                            \
    "the file exists and is not overwritten")                                                   \
  X(kNotConfirmed, "HST-0705", "NOT_CONFIRMED", kAborted, kPublic,                              \
    "nothing was signed because nobody confirmed it")                                           \
  X(kStatementNotCanonical, "HST-0706", "STATEMENT_NOT_CANONICAL", kInvalidArgument, kPublic,   \
    "the octets are not the one encoding of the statement, so what is shown may not be all")    \
  X(kStatementUnexpected, "HST-0707", "STATEMENT_UNEXPECTED", kFailedPrecondition, kPublic,     \
    "the statement does not say what it should; do not sign it")                                \
  X(kAuthenticatorMismatch, "HST-0708", "AUTHENTICATOR_MISMATCH", kFailedPrecondition, kPublic, \
    "the order binds another authenticator than the signer's own")                              \
  X(kAnswerInvalid, "HST-0709", "ANSWER_INVALID", kDataLoss, kPublic,                           \
    "what the host answered does not verify")                                                   \
  X(kEvidenceUnacceptable, "HST-0711", "EVIDENCE_UNACCEPTABLE", kFailedPrecondition, kPublic,   \
    "the evidence does not show a key that was made in the token and cannot leave it")          \
  X(kSealIncomplete, "HST-0740", "SEAL_INCOMPLETE", kFailedPrecondition, kPublic,               \
    "not everything was sealed; what was is written")                                           \
  X(kJournalCopyIncomplete, "HST-0790", "JOURNAL_COPY_INCOMPLETE", kDataLoss, kPublic,          \
    "the copy of the journal does not begin at line 1, or has no checkpoint")                   \
  X(kJournalCopyOther, "HST-0791", "JOURNAL_COPY_OTHER", kFailedPrecondition, kPublic,          \
    "the journal is of another core, or of an epoch that is not below the new one")

INTAGLIO_REASON_TABLE(kCtlReasons, INTAGLIO_CTL_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_REASONS_H_
