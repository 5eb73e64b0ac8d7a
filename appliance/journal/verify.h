// Verifying a journal from its files alone, for an auditor or a recovery. Changes nothing and takes
// no lock, so it may run beside the core; then the last entry may be seen half written.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_VERIFY_H_
#define INTAGLIO_APPLIANCE_JOURNAL_VERIFY_H_

#include <map>
#include <string>

#include "appliance/journal/chain_verifier.h"
#include "appliance/journal/line_audit.h"

namespace intaglio::appliance {

struct JournalSummary {
  uint64_t entries = 0;
  uint64_t first_sequence = 0;  // above 1 if older segments were moved away; 0 if there is none
  JournalHead head;
  WallTime first;  // of the first and the last entry; 0 if there are none
  WallTime last;
  std::map<EventType, uint64_t> by_type;
  uint64_t torn_octets = 0;  // behind the last whole entry
  uint64_t checkpoints = 0;
  std::optional<Checkpoint> last_checkpoint;
  uint64_t unsigned_entries = 0;  // behind it: chained, not yet signed
  uint64_t signatures = 0;        // that the lines tell of
};

// Reads every entry in `dir`. `journal_spki`: the JOURNAL key as `init` showed it; empty to take
// the journal's own word. A head in `known` that lies in the files must be the one there.
// kJournalBroken, kJournalRolledBack, kCheckpointForged, kSignaturesUncounted, kSegmentMissing,
// kJournalUnreadable.
StatusOr<JournalSummary> VerifyJournal(const std::string& dir, const Bytes& journal_spki,
                                       const std::vector<JournalHead>& known);
inline StatusOr<JournalSummary> VerifyJournal(const std::string& dir) {
  return VerifyJournal(dir, {}, {});
}

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_VERIFY_H_
