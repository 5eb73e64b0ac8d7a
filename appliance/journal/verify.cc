#include "appliance/journal/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "appliance/journal/journal_scan.h"
#include "appliance/journal/reasons.h"

namespace intaglio::appliance {

StatusOr<JournalSummary> VerifyJournal(const std::string& dir, const Bytes& journal_spki,
                                       const std::vector<JournalHead>& known) {
  const FileDescriptor directory(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return Fail(kJournalUnreadable, dir + ": " + strerror(errno));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> segments, ListSegments(directory.get()));
  JournalSummary summary;
  JournalHead before;
  if (!segments.empty()) {
    ASSIGN_OR_RETURN(before, HeadBefore(directory.get(), segments[0]));
    RETURN_IF_ERROR(CheckSegmentLinks(directory.get(), segments));
  }
  LineAudit audit(journal_spki,
                  before.sequence == 0 ? AuditFrom::kFirstLine : AuditFrom::kLaterLine);
  const auto visit = [&](const EntryFacts& facts, const JournalHead& head,
                         const EntryPosition&) -> Status {
    if (summary.entries++ == 0) {
      summary.first = facts.place.wall;
      summary.first_sequence = facts.place.sequence;
    }
    summary.last = facts.place.wall;
    ++summary.by_type[facts.type];
    for (const JournalHead& each : known) {
      if (each.sequence == head.sequence && each.chain_hash != head.chain_hash) {
        return Fail(kJournalRolledBack, "sequence " + std::to_string(head.sequence) + " has " +
                                            ToHex(head.chain_hash) + ", the core wrote " +
                                            ToHex(each.chain_hash));
      }
    }
    return audit.Add(facts);
  };
  ASSIGN_OR_RETURN(const ScanResult scan, ScanSegments(directory.get(), segments, before, visit));
  for (const JournalHead& each : known) {
    if (each.sequence <= scan.head.sequence) continue;
    return Fail(kJournalRolledBack, "the core wrote sequence " + std::to_string(each.sequence) +
                                        ", the journal ends at " +
                                        std::to_string(scan.head.sequence));
  }
  if (before.sequence > 0 && audit.checkpoints() == 0) {
    return Fail(kJournalBroken,
                SegmentName(segments[0]) + " is the first file, and no checkpoint covers it");
  }
  summary.head = scan.head;
  summary.torn_octets = scan.torn_octets;
  summary.checkpoints = audit.checkpoints();
  summary.last_checkpoint = audit.last();
  summary.unsigned_entries = audit.lines_since();
  summary.signatures = audit.signatures();
  return summary;
}

}  // namespace intaglio::appliance
