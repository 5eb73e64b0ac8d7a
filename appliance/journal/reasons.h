// Reasons of the journal. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_REASONS_H_
#define INTAGLIO_APPLIANCE_JOURNAL_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_JOURNAL_REASONS(X)                                            \
  X(kJournalUnwritable, "APL-0550", "JOURNAL_UNWRITABLE", kUnavailable, kPublic,         \
    "the journal cannot be written, so nothing may be done; the core must be restarted") \
  X(kJournalBroken, "APL-0551", "JOURNAL_BROKEN", kDataLoss, kInternal,                  \
    "an entry of the journal does not follow from the one before it")                    \
  X(kJournalRolledBack, "APL-0552", "JOURNAL_ROLLED_BACK", kDataLoss, kInternal,         \
    "the journal ends before, or differs at, an entry that the core knows it wrote")     \
  X(kJournalUnreadable, "APL-0553", "JOURNAL_UNREADABLE", kUnavailable, kInternal,       \
    "a file of the journal could not be read")                                           \
  X(kEntryTooLarge, "APL-0554", "ENTRY_TOO_LARGE", kInvalidArgument, kInternal,          \
    "an event is larger than a journal entry may be")

INTAGLIO_REASON_TABLE(kJournalReasons, INTAGLIO_APPLIANCE_JOURNAL_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_REASONS_H_
