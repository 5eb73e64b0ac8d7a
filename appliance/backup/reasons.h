// Reasons of backup and restore. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_BACKUP_REASONS_H_
#define INTAGLIO_APPLIANCE_BACKUP_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_BACKUP_REASONS(X)                                             \
  X(kEvidenceUnreadable, "APL-0115", "EVIDENCE_UNREADABLE", kInvalidArgument, kInternal, \
    "the target's evidence is not evidence of the form this core writes")                \
  X(kEvidenceUntrusted, "APL-0116", "EVIDENCE_UNTRUSTED", kPermissionDenied, kInternal,  \
    "the target's evidence does not lead to a device root that the officers pinned")     \
  X(kEvidenceMismatch, "APL-0117", "EVIDENCE_MISMATCH", kPermissionDenied, kInternal,    \
    "the evidence is not the one the officers signed, or not of the target's key")       \
  X(kTargetKeyWeak, "APL-0118", "TARGET_KEY_WEAK", kPermissionDenied, kInternal,         \
    "the target's key was not made in its token to stay there and to decrypt alone")     \
  X(kBackupCommand, "APL-0119", "BACKUP_COMMAND", kInvalidArgument, kInternal,           \
    "the signed command orders no such act, or for another backup")                      \
  X(kBackupRepeated, "APL-0120", "BACKUP_REPEATED", kFailedPrecondition, kInternal,      \
    "this command has been carried out; officers sign a new one for more copies")        \
  X(kBackupUnreadable, "APL-0121", "BACKUP_UNREADABLE", kInvalidArgument, kInternal,     \
    "the file is no backup of a format that this program reads")                         \
  X(kBackupForged, "APL-0122", "BACKUP_FORGED", kDataLoss, kInternal,                    \
    "the backup was changed, or is not signed by the core it says it is of")             \
  X(kBackupForAnother, "APL-0123", "BACKUP_FOR_ANOTHER", kPermissionDenied, kInternal,   \
    "the backup is not sealed to the key that prepare-restore made in this token")       \
  X(kEpochNotHigher, "APL-0124", "EPOCH_NOT_HIGHER", kFailedPrecondition, kInternal,     \
    "a restored core needs a higher instance epoch than every one before")               \
  X(kAlreadyRestored, "APL-0125", "ALREADY_RESTORED", kFailedPrecondition, kInternal,    \
    "this state is already of that core; restore into a newly initialised one")          \
  X(kSwapFailed, "APL-0126", "SWAP_FAILED", kUnavailable, kInternal,                     \
    "the folder of restored rows could not be exchanged with the present one")

INTAGLIO_REASON_TABLE(kBackupReasons, INTAGLIO_APPLIANCE_BACKUP_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_REASONS_H_
