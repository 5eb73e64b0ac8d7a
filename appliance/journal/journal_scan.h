// Journal scan: one pass over all segments of a journal, checking everything. Opening and verifying
// both rest on it, so they cannot disagree about what a whole journal is.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_JOURNAL_SCAN_H_
#define INTAGLIO_APPLIANCE_JOURNAL_JOURNAL_SCAN_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "appliance/journal/chain_verifier.h"
#include "appliance/state/file_descriptor.h"

namespace intaglio::appliance {

// "journal-00000001.ijl": the number is the sequence of the segment's first entry.
std::string SegmentName(uint64_t first_sequence);
// First sequences of the segments in a directory, ascending. Files with other names are not looked
// at. kJournalUnreadable.
StatusOr<std::vector<uint64_t>> ListSegments(int directory);
// For reading. kJournalUnreadable.
StatusOr<FileDescriptor> OpenSegment(int directory, uint64_t first_sequence);

// Where an entry lies.
struct EntryPosition {
  uint64_t sequence = 0;
  uint64_t segment = 0;  // first sequence of its segment
  uint64_t offset = 0;
};

struct ScanResult {
  JournalHead head;
  // The last segment: its first sequence (0 if there is none) and its octets of whole entries.
  uint64_t last_segment = 0;
  uint64_t last_segment_octets = 0;
  uint64_t torn_octets = 0;  // behind them
};

// Called for each entry in order, with the chain hash it makes the head.
using EntryVisitor =
    std::function<Status(const EntryFacts& facts, const JournalHead& head, const EntryPosition&)>;

// Reads these segments, all that there are from one on; `before` is the head that the first must
// follow. A frame cut short at the very end is reported, not refused:
// that is what a crash leaves. Anything else is kJournalBroken, naming file, offset and sequence.
// Also kJournalUnreadable, and what `visit` fails with.
StatusOr<ScanResult> ScanSegments(int directory, std::span<const uint64_t> segments,
                                  const JournalHead& before, const EntryVisitor& visit);

// What the first entry of a segment says; nothing if no entry is whole in it. kJournalBroken,
// kJournalUnreadable.
StatusOr<std::optional<EntryFacts>> FirstEntryOf(int directory, uint64_t segment);
// The head that a segment's first entry claims to follow: zeros for the first segment of all, or
// for one without an entry.
StatusOr<JournalHead> HeadBefore(int directory, uint64_t segment);
// Each segment but the first of these begins with a line that names the one before it, so a segment
// taken out of the middle is found without reading any. kSegmentMissing, kJournalBroken.
Status CheckSegmentLinks(int directory, std::span<const uint64_t> segments);

// True if `torn`, a frame that its length says is cut short, holds the whole entry that must follow
// `head` and then one that follows it: then a length was changed, and cutting would lose entries.
bool HidesEntries(ByteView torn, const JournalHead& head);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_JOURNAL_SCAN_H_
