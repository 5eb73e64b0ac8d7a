// Reasons of the journal's anchor. Append only; an id is never reused.
#ifndef INTAGLIO_APPLIANCE_ANCHOR_REASONS_H_
#define INTAGLIO_APPLIANCE_ANCHOR_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_ANCHOR_REASONS(X)                                            \
  X(kAnchorUnavailable, "APL-0050", "ANCHOR_UNAVAILABLE", kUnavailable, kInternal,      \
    "what holds the journal's end cannot be reached")                                   \
  X(kAnchorMissing, "APL-0051", "ANCHOR_MISSING", kDataLoss, kInternal,                 \
    "what held the journal's end is gone")                                              \
  X(kAnchorBroken, "APL-0052", "ANCHOR_BROKEN", kDataLoss, kInternal,                   \
    "what holds the journal's end was changed by somebody else")                        \
  X(kAnchorBehind, "APL-0053", "ANCHOR_BEHIND", kDataLoss, kInternal,                   \
    "what holds the journal's end is older than the journal: an old copy was put back") \
  X(kRowsRolledBack, "APL-0054", "ROWS_ROLLED_BACK", kDataLoss, kInternal,              \
    "the core's rows are of an earlier start than its anchor: an old copy was put back")

INTAGLIO_REASON_TABLE(kAnchorReasons, INTAGLIO_APPLIANCE_ANCHOR_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_ANCHOR_REASONS_H_
