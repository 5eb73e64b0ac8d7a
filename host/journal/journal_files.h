// JournalFiles: the lines of a journal as they lie on disk: a folder of segments
// ("journal-00000001.ijl": the number of its first line), the core's own or a host's copy, or one
// exported file. Read as a stream; nothing is kept whole. One thread.
#ifndef INTAGLIO_HOST_JOURNAL_JOURNAL_FILES_H_
#define INTAGLIO_HOST_JOURNAL_JOURNAL_FILES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace intaglio::host {

struct JournalSegment {
  std::string path;
  uint64_t first_sequence = 0;  // 0: an exported file, whose first line says it
};

// Where the lines of one segment ended.
struct SegmentEnd {
  uint64_t octets = 0;       // of whole lines
  uint64_t torn_octets = 0;  // of a last line that was cut off
};

// In order; a single one for a file, none for a folder without any. kJournalUnreadable.
StatusOr<std::vector<JournalSegment>> ListJournal(const std::string& path);
std::string JournalSegmentName(uint64_t first_sequence);
// Hands every whole line to `line`, and ends with its first failure. kJournalBroken for a length no
// line has, kJournalUnreadable.
StatusOr<SegmentEnd> ReadSegment(const std::string& path,
                                 const std::function<Status(ByteView)>& line);
// Every line of every segment, in order. A torn line is tolerated only at the very end, where the
// core may be writing: `torn_octets` tells. kJournalBroken elsewhere.
StatusOr<SegmentEnd> ReadJournalLines(const std::string& path,
                                      const std::function<Status(ByteView)>& line);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_JOURNAL_JOURNAL_FILES_H_
