// Verifying a journal from its files alone, for an auditor or a recovery. Changes nothing and takes
// no lock, so it may run beside the core; then the last entry may be seen half written.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_VERIFY_H_
#define INTAGLIO_APPLIANCE_JOURNAL_VERIFY_H_

#include <map>
#include <string>

#include "appliance/journal/chain_verifier.h"

namespace intaglio::appliance {

struct JournalSummary {
  uint64_t entries = 0;
  JournalHead head;
  WallTime first;  // of the first and the last entry; 0 if there are none
  WallTime last;
  std::map<EventType, uint64_t> by_type;
  uint64_t torn_octets = 0;  // behind the last whole entry
};

// Reads every entry in `dir`. kJournalBroken, kJournalUnreadable.
StatusOr<JournalSummary> VerifyJournal(const std::string& dir);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_VERIFY_H_
