// Reasons of the host's copy of the core's journal. Append only; an id is never reused. HST-0710,
// HST-0750 to HST-0769.
#ifndef INTAGLIO_HOST_JOURNAL_REASONS_H_
#define INTAGLIO_HOST_JOURNAL_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_HOST_JOURNAL_REASONS(X)                                                 \
  X(kJournalBroken, "HST-0710", "JOURNAL_BROKEN", kDataLoss, kPublic,                    \
    "the journal's chain does not hold: a line is missing or was changed")               \
  X(kJournalUnreadable, "HST-0750", "JOURNAL_UNREADABLE", kUnavailable, kPublic,         \
    "the journal's files cannot be read or written")                                     \
  X(kJournalForged, "HST-0751", "JOURNAL_FORGED", kDataLoss, kPublic,                    \
    "a checkpoint is not by the core's journal key, or contradicts the lines before it") \
  X(kJournalCounts, "HST-0752", "JOURNAL_COUNTS", kDataLoss, kPublic,                    \
    "the signatures counted at a checkpoint are not those the lines tell of")            \
  X(kJournalIntent, "HST-0753", "JOURNAL_INTENT", kDataLoss, kPublic,                    \
    "a signature has no intent line before it")                                          \
  X(kJournalDiverged, "HST-0754", "JOURNAL_DIVERGED", kDataLoss, kPublic,                \
    "the core's journal is not the continuation of the lines this host holds")           \
  X(kJournalGap, "HST-0755", "JOURNAL_GAP", kDataLoss, kPublic,                          \
    "the core no longer has lines that this host never got")

INTAGLIO_REASON_TABLE(kHostJournalReasons, INTAGLIO_HOST_JOURNAL_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_JOURNAL_REASONS_H_
