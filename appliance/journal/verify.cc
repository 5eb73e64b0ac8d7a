#include "appliance/journal/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "appliance/journal/journal_scan.h"
#include "appliance/journal/reasons.h"

namespace intaglio::appliance {

StatusOr<JournalSummary> VerifyJournal(const std::string& dir) {
  const FileDescriptor directory(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return Fail(kJournalUnreadable, dir + ": " + strerror(errno));
  JournalSummary summary;
  const auto visit = [&](const EntryFacts& facts, const JournalHead&,
                         const EntryPosition&) -> Status {
    if (summary.entries++ == 0) summary.first = facts.place.wall;
    summary.last = facts.place.wall;
    ++summary.by_type[facts.type];
    return OkStatus();
  };
  ASSIGN_OR_RETURN(const ScanResult scan, ScanJournal(directory.get(), visit));
  summary.head = scan.head;
  summary.torn_octets = scan.torn_octets;
  return summary;
}

}  // namespace intaglio::appliance
