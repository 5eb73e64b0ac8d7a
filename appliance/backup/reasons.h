// Reasons of backup and restore. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_BACKUP_REASONS_H_
#define INTAGLIO_APPLIANCE_BACKUP_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_BACKUP_REASONS(X)                                               \
  X(kEvidenceUnreadable, "APL-0115", "EVIDENCE_UNREADABLE", kInvalidArgument, kInternal,   \
    "the target's evidence is not evidence of the form this core writes")                  \
  X(kEvidenceUntrusted, "APL-0116", "EVIDENCE_UNTRUSTED", kPermissionDenied, kInternal,    \
    "the target's evidence does not lead to a device root that the officers pinned")       \
  X(kEvidenceMismatch, "APL-0117", "EVIDENCE_MISMATCH", kPermissionDenied, kInternal,      \
    "the evidence is not the one the officers signed, or not of the target's key")         \
  X(kTargetKeyWeak, "APL-0118", "TARGET_KEY_WEAK", kPermissionDenied, kInternal,           \
    "the target's key was not made in its token to stay there and to decrypt alone")       \
  X(kBackupCommand, "APL-0119", "BACKUP_COMMAND", kInvalidArgument, kInternal,             \
    "the signed command orders no such act, or for another backup")                        \
  X(kBackupRepeated, "APL-0120", "BACKUP_REPEATED", kFailedPrecondition, kInternal,        \
    "this command has been carried out; officers sign a new one for more copies")          \
  X(kBackupUnreadable, "APL-0121", "BACKUP_UNREADABLE", kInvalidArgument, kInternal,       \
    "the file is no backup of a format that this program reads")                           \
  X(kBackupForged, "APL-0122", "BACKUP_FORGED", kDataLoss, kInternal,                      \
    "the backup was changed, or is not signed by the core it says it is of")               \
  X(kBackupForAnother, "APL-0123", "BACKUP_FOR_ANOTHER", kPermissionDenied, kInternal,     \
    "the backup is not sealed to the key that prepare-restore made in this token")         \
  X(kEpochNotHigher, "APL-0124", "EPOCH_NOT_HIGHER", kFailedPrecondition, kInternal,       \
    "a restored core needs a higher instance epoch than every one before")                 \
  X(kAlreadyRestored, "APL-0125", "ALREADY_RESTORED", kFailedPrecondition, kInternal,      \
    "this state is already of that core; restore into a newly initialised one")            \
  X(kSwapFailed, "APL-0126", "SWAP_FAILED", kUnavailable, kInternal,                       \
    "the folder of restored rows could not be exchanged with the present one")             \
  X(kRecordKeysLost, "APL-0132", "RECORD_KEYS_LOST", kDataLoss, kInternal,                 \
    "the token keeps no record key of a core before this one, so no record opens")         \
  X(kRestoreNonce, "APL-0133", "RESTORE_NONCE", kPermissionDenied, kInternal,              \
    "the command's nonce is not the one that the console gave out last")                   \
  X(kRowsPresent, "APL-0134", "ROWS_PRESENT", kFailedPrecondition, kInternal,              \
    "this core has rows of its own; only a newly initialised one takes another's place")   \
  X(kLostJournalHead, "APL-0135", "LOST_JOURNAL_HEAD", kDataLoss, kInternal,               \
    "the journal's copy does not end at the line that the officers vouched for")           \
  X(kLostJournalOther, "APL-0136", "LOST_JOURNAL_OTHER", kPermissionDenied, kInternal,     \
    "the journal is of another core than the one the officers named")                      \
  X(kLostJournalLink, "APL-0137", "LOST_JOURNAL_LINK", kDataLoss, kInternal,               \
    "a journal is missing, or does not go on from the one before it")                      \
  X(kLostJournalLine, "APL-0138", "LOST_JOURNAL_LINE", kDataLoss, kInternal,               \
    "a line of the journal cannot be made rows of")                                        \
  X(kRowsNotLost, "APL-0139", "ROWS_NOT_LOST", kFailedPrecondition, kInternal,             \
    "this core's rows are whole; there is nothing to rebuild or to open")                  \
  X(kRowsNotRebuilt, "APL-0140", "ROWS_NOT_REBUILT", kFailedPrecondition, kInternal,       \
    "the rows have not been rebuilt yet")                                                  \
  X(kOldOfficersMissing, "APL-0141", "OLD_OFFICERS_MISSING", kPermissionDenied, kInternal, \
    "too few officers whom the lost core's journal names signed")                          \
  X(kLostJournalAnchor, "APL-0142", "LOST_JOURNAL_ANCHOR", kDataLoss, kInternal,           \
    "the journal's copy has another line where the token's anchor marked one")

INTAGLIO_REASON_TABLE(kBackupReasons, INTAGLIO_APPLIANCE_BACKUP_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_REASONS_H_
