// Reasons of the journal. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_REASONS_H_
#define INTAGLIO_APPLIANCE_JOURNAL_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_JOURNAL_REASONS(X)                                        \
  X(kJournalUnwritable, "APL-0550", "JOURNAL_UNWRITABLE", kUnavailable, kPublic,     \
    "the journal cannot be written, so nothing may be done until it can")            \
  X(kJournalBroken, "APL-0551", "JOURNAL_BROKEN", kDataLoss, kInternal,              \
    "an entry of the journal does not follow from the one before it")                \
  X(kJournalRolledBack, "APL-0552", "JOURNAL_ROLLED_BACK", kDataLoss, kInternal,     \
    "the journal ends before, or differs at, an entry that the core knows it wrote") \
  X(kJournalUnreadable, "APL-0553", "JOURNAL_UNREADABLE", kUnavailable, kInternal,   \
    "a file of the journal could not be read")                                       \
  X(kEntryTooLarge, "APL-0554", "ENTRY_TOO_LARGE", kInvalidArgument, kInternal,      \
    "an event is larger than a journal entry may be")                                \
  X(kCheckpointForged, "APL-0555", "CHECKPOINT_FORGED", kDataLoss, kInternal,        \
    "a checkpoint is not by this core's journal key, or is for another line")        \
  X(kSignaturesUncounted, "APL-0556", "SIGNATURES_UNCOUNTED", kDataLoss, kInternal,  \
    "the signatures a checkpoint counts are not those the lines tell of")            \
  X(kJournalMoved, "APL-0557", "JOURNAL_MOVED", kAborted, kInternal,                 \
    "the journal has grown since the caller looked")                                 \
  X(kStorageFull, "APL-0558", "STORAGE_FULL", kResourceExhausted, kPublic,           \
    "the core's disk has too little space left to sign; other acts go on")           \
  X(kSegmentMissing, "APL-0559", "SEGMENT_MISSING", kDataLoss, kInternal,            \
    "a file of the journal is gone that no host had confirmed to have")              \
  X(kExportDiffers, "APL-0560", "EXPORT_DIFFERS", kFailedPrecondition, kPublic,      \
    "the host's copy of the journal is not what this core wrote")                    \
  X(kPruneRefused, "APL-0561", "PRUNE_REFUSED", kFailedPrecondition, kPublic,        \
    "these segments of the journal may not be removed yet")

INTAGLIO_REASON_TABLE(kJournalReasons, INTAGLIO_APPLIANCE_JOURNAL_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_REASONS_H_
