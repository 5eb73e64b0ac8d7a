// How a journal is opened: where reading must begin, and what it must agree with.
#include <algorithm>

#include "appliance/journal/file_journal.h"
#include "appliance/journal/reasons.h"

namespace intaglio::appliance {
namespace {

Status RolledBack(const JournalHead& known, const std::string& found) {
  return Fail(kJournalRolledBack, "the core wrote sequence " + std::to_string(known.sequence) +
                                      " with chain hash " + ToHex(known.chain_hash) + ", but " +
                                      found + "; restore the newest copy of the journal");
}

// Every known line that is not above `head` has been seen, or is `head` itself.
Status CheckLine(const std::vector<JournalHead>& known, const JournalHead& head) {
  for (const JournalHead& each : known) {
    if (each.sequence == head.sequence && each.chain_hash != head.chain_hash) {
      return RolledBack(each, "the journal has " + ToHex(head.chain_hash) + " there");
    }
  }
  return OkStatus();
}

Status CheckEnd(const std::vector<JournalHead>& known, const JournalHead& end) {
  for (const JournalHead& each : known) {
    if (each.sequence > end.sequence) {
      return RolledBack(each, "the journal ends at sequence " + std::to_string(end.sequence));
    }
  }
  return OkStatus();
}

// What is missing before the first segment was confirmed by a host.
Status CheckBeginning(uint64_t first, uint64_t exported) {
  if (first - 1 <= exported) return OkStatus();
  return Fail(kSegmentMissing, "sequences 1 to " + std::to_string(first - 1) +
                                   " are gone, and a host confirmed to have them up to " +
                                   std::to_string(exported) + " only; put the files back");
}

// The last segment that holds an entry; the first if none does.
StatusOr<size_t> LastFilled(int directory, std::span<const uint64_t> segments) {
  for (size_t i = segments.size() - 1; i > 0; --i) {
    ASSIGN_OR_RETURN(const auto first, FirstEntryOf(directory, segments[i]));
    if (first) return i;
  }
  return 0;
}

}  // namespace

StatusOr<std::unique_ptr<FileJournal>> FileJournal::Open(const std::string& dir, const Clock& clock,
                                                         uint64_t boot_count,
                                                         std::optional<JournalHead> anchor) {
  JournalKnowledge knowledge;
  if (anchor) knowledge.heads.push_back(*anchor);
  return Open(dir, clock, boot_count, knowledge, JournalLimits{});
}

StatusOr<std::unique_ptr<FileJournal>> FileJournal::Open(const std::string& dir, const Clock& clock,
                                                         uint64_t boot_count,
                                                         const JournalKnowledge& knowledge,
                                                         const JournalLimits& limits) {
  ASSIGN_OR_RETURN(OwnedDirectory owned, OwnedDirectory::Open(dir));
  std::unique_ptr<FileJournal> journal(
      new FileJournal(std::move(owned), clock, boot_count, limits));
  RETURN_IF_ERROR(journal->Begin(knowledge));
  return journal;
}

StatusOr<ScanResult> FileJournal::ReadFrom(std::span<const uint64_t> segments, size_t start,
                                           const JournalKnowledge& knowledge, LineAudit& audit) {
  ASSIGN_OR_RETURN(const JournalHead before, HeadBefore(dir_.fd(), segments[start]));
  RETURN_IF_ERROR(CheckLine(knowledge.heads, before));
  uint64_t signed_segment = 0;
  const auto visit = [&](const EntryFacts& facts, const JournalHead& head,
                         const EntryPosition& position) -> Status {
    RETURN_IF_ERROR(CheckLine(knowledge.heads, head));
    if (!knowledge.journal_spki.empty()) RETURN_IF_ERROR(audit.Add(facts));
    if (facts.checkpoint) signed_segment = position.segment;
    RememberPosition(position);
    return OkStatus();
  };
  ASSIGN_OR_RETURN(const ScanResult scan,
                   ScanSegments(dir_.fd(), segments.subspan(start), before, visit));
  segment_unsigned_ = signed_segment != scan.last_segment && scan.last_segment > 1;
  return scan;
}

Status FileJournal::Begin(const JournalKnowledge& knowledge) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> segments, ListSegments(dir_.fd()));
  const bool with_key = !knowledge.journal_spki.empty();
  ScanResult scan;
  size_t start = 0;
  if (!segments.empty() && with_key) {
    RETURN_IF_ERROR(CheckBeginning(segments[0], knowledge.exported_sequence));
    RETURN_IF_ERROR(CheckSegmentLinks(dir_.fd(), segments));
    ASSIGN_OR_RETURN(start, LastFilled(dir_.fd(), segments));
  } else if (!segments.empty() && segments[0] != 1) {
    return Fail(kJournalBroken, SegmentName(segments[0]) + " should be " + SegmentName(1) +
                                    ": a segment was removed or renamed");
  }
  uint64_t oldest = UINT64_MAX;
  for (const JournalHead& each : knowledge.heads) oldest = std::min(oldest, each.sequence);
  for (size_t step = 1; !segments.empty(); step *= 2) {
    positions_.clear();
    LineAudit audit(knowledge.journal_spki,
                    segments[start] == 1 ? AuditFrom::kFirstLine : AuditFrom::kLaterLine);
    ASSIGN_OR_RETURN(scan, ReadFrom(segments, start, knowledge, audit));
    const bool reaches_back = oldest >= segments[start] - 1;
    if (start == 0 || (audit.checkpoints() > 0 && reaches_back)) {
      if (segments[start] != 1 && (audit.checkpoints() == 0 || !reaches_back)) {
        return Fail(kJournalBroken, SegmentName(segments[start]) +
                                        " is the first file, and no checkpoint covers it");
      }
      last_checkpoint_ = audit.last();
      lines_since_ = audit.lines_since();
      uses_ = audit.uses();
      break;
    }
    start -= std::min(start, step);
  }
  RETURN_IF_ERROR(CheckEnd(knowledge.heads, scan.head));
  for (size_t i = 0; i < start; ++i) positions_[segments[i]] = {segments[i], segments[i], 0};
  head_ = scan.head;
  if (scan.last_segment != 0) {
    ASSIGN_OR_RETURN(segment_,
                     SegmentFile::Resume(dir_, scan.last_segment, scan.last_segment_octets));
    const auto last = std::find(segments.begin(), segments.end(), scan.last_segment);
    if (last != segments.begin()) previous_segment_ = *std::prev(last);
  }
  writer_ = std::thread([this] { RunWriter(); });
  if (scan.torn_octets == 0) return OkStatus();
  Event repaired;
  repaired.type = EventType::kTailRepaired;
  repaired.note = "removed " + std::to_string(scan.torn_octets) +
                  " octets of an entry that was cut short and never acknowledged";
  return Append(repaired).status();
}

}  // namespace intaglio::appliance
