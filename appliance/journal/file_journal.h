// FileJournal: the journal as a chain of files that only grow.
//
// Intent is written before each act and outcome after, so every act of the core waits for this disk
// twice. Therefore events that wait at the same time are written and synced together. An
// acknowledged event is on disk; one that cannot be written is refused, and so is the act behind
// it. Nothing is left of a failed write, so the journal goes on once the disk can be written.
//
// Thread-safe. One process at a time (the directory is locked).
#ifndef INTAGLIO_APPLIANCE_JOURNAL_FILE_JOURNAL_H_
#define INTAGLIO_APPLIANCE_JOURNAL_FILE_JOURNAL_H_

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "appliance/journal/journal_scan.h"
#include "appliance/journal/line_audit.h"
#include "appliance/journal/segment_file.h"
#include "appliance/journal/storage.h"
#include "appliance/state/owned_directory.h"
#include "appliance/usecases/ports.h"
#include "base/clock.h"

namespace intaglio::appliance {

// A segment that would grow above this is closed and the next one begun.
struct SegmentLimit {
  uint64_t octets = 0;
};
inline constexpr SegmentLimit kUsualSegmentLimit{uint64_t{64} << 20};

struct JournalLimits {
  SegmentLimit segment = kUsualSegmentLimit;
  uint64_t least_free_octets = 0;  // below it nothing is signed
};

// What the core knows of its journal from elsewhere.
struct JournalKnowledge {
  std::vector<JournalHead> heads;  // of lines it wrote: the rows' mark, the anchor's
  // With the JOURNAL key, reading begins at the last checkpoint that covers all of these; without,
  // at the first line.
  Bytes journal_spki = {};
  uint64_t exported_sequence = 0;  // segments wholly up to here may have been moved away
};

// Where the journal stands, at one moment.
struct JournalStanding {
  JournalHead head;
  std::optional<Checkpoint> last_checkpoint;
  uint64_t lines_since = 0;       // the last checkpoint
  UseCounts uses;                 // likewise
  bool segment_unsigned = false;  // no checkpoint in this segment yet
};

class FileJournal final : public JournalPort {
 public:
  // Opens or makes the journal in `dir` (made if missing, mode 0700). `clock` must outlive it. A
  // last entry that a crash cut short is removed and kTailRepaired appended. kJournalBroken,
  // kCheckpointForged, kSignaturesUncounted, kSegmentMissing; kJournalRolledBack if a line known
  // from elsewhere is missing or another; kJournalUnreadable, kJournalUnwritable, kDirectoryInUse,
  // kDirectoryUnusable.
  static StatusOr<std::unique_ptr<FileJournal>> Open(const std::string& dir, const Clock& clock,
                                                     uint64_t boot_count,
                                                     const JournalKnowledge& knowledge,
                                                     const JournalLimits& limits);
  // Without a JOURNAL key, and with the usual limits.
  static StatusOr<std::unique_ptr<FileJournal>> Open(const std::string& dir, const Clock& clock,
                                                     uint64_t boot_count,
                                                     std::optional<JournalHead> anchor);
  // Writes what waits, then stops. Nobody may be in Append() any more.
  ~FileJournal() override;

  // Blocks until the event is on disk. kEntryTooLarge; kStorageFull for a line that begins a
  // signature; kJournalUnwritable. All pass with their cause.
  StatusOr<JournalHead> Append(const Event& event) override;
  // In front of the next event that is appended, or by itself within kSoon. Waits as Append does
  // where kMostSoon wait already. kEntryTooLarge, kStorageFull; kJournalUnwritable while the disk
  // refuses what waits.
  Status AppendSoon(const Event& event) override;
  // Returns when nothing waits any more. kJournalUnwritable.
  Status Flush();
  static constexpr Duration kSoon = kSecond;
  static constexpr size_t kMostSoon = 1024;
  // As Append, but only right behind `expected`: else kJournalMoved.
  StatusOr<JournalHead> AppendAfter(const JournalHead& expected, const Event& event);
  // The last entry on disk.
  JournalHead Head() override;
  // Entries start at sequence 1; 0 means that too. Empty past the head, and if the first entry
  // alone exceeds `max_octets`. kJournalUnreadable, kJournalBroken; kSegmentMissing for entries
  // that were moved away.
  StatusOr<std::vector<Bytes>> Read(uint64_t sequence, size_t max, size_t max_octets) override;

  // The head right behind this line. kJournalUnreadable, kJournalBroken; kSegmentMissing where
  // there is no such line.
  StatusOr<JournalHead> HeadAt(uint64_t sequence);
  JournalStanding Standing();
  // While one of these lives, only AppendAfter writes; the others wait.
  class Pause final {
   public:
    explicit Pause(FileJournal& journal);
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    FileJournal& journal_;
  };
  // Returns when there are `lines` since the last checkpoint, or a segment without any, or Wake()
  // was called; after `most` at the latest.
  void WaitForLines(uint64_t lines, Duration most);
  void Wake();

  // kJournalUnreadable.
  StatusOr<StorageLevel> Storage() const { return ReadStorageLevel(dir_.fd()); }
  // First sequences of the segments there are.
  StatusOr<std::vector<uint64_t>> Segments() const { return ListSegments(dir_.fd()); }
  // Removes one; whether that may be is for the caller to know. kJournalUnwritable.
  Status RemoveSegment(uint64_t first_sequence);

 private:
  struct Waiting;
  struct Group;

  FileJournal(OwnedDirectory dir, const Clock& clock, uint64_t boot_count,
              const JournalLimits& limits)
      : dir_(std::move(dir)), clock_(clock), boot_count_(boot_count), limits_(limits) {}
  Status Begin(const JournalKnowledge& knowledge);
  // Reads `segments` from `start` on; an audit that ends where reading may begin, or nothing if it
  // must begin earlier.
  StatusOr<ScanResult> ReadFrom(std::span<const uint64_t> segments, size_t start,
                                const JournalKnowledge& knowledge, LineAudit& audit);
  StatusOr<JournalHead> Enqueue(const Event& event, std::optional<JournalHead> expected);
  Status Admit(EventType type) const;
  void RunWriter();
  Group TakeGroup();
  // Encodes and writes a group; on success head and positions are those after it.
  Status WriteGroup(Group& group);
  // One more entry at the end of `frames`, behind the group's head.
  void Place(const Bytes& event, Group& group, Bytes& frames) const;
  void PlaceRotation(Group& group, Bytes& frames);
  Status EnsureSegment(uint64_t first_sequence, size_t octets);
  void Finish(Group& group, const Status& written);
  void CountLine(const Waiting& member);
  void RememberPosition(const EntryPosition& position);
  EntryPosition PositionBefore(uint64_t sequence) const;

  const OwnedDirectory dir_;
  const Clock& clock_;
  const uint64_t boot_count_;
  const JournalLimits limits_;

  std::mutex mutex_;
  std::condition_variable work_;   // for the writer
  std::condition_variable idle_;   // the writer has nothing in hand
  std::condition_variable lines_;  // for WaitForLines
  // Below: guarded by mutex_.
  std::deque<Waiting*> queue_;
  std::vector<Bytes> soon_;  // encoded events, in front of the queue
  Status soon_failure_;      // why those of the last group are still there
  bool stopping_ = false;
  bool writing_ = false;
  int flushes_ = 0;
  bool woken_ = false;
  int pauses_ = 0;
  uint64_t wanted_lines_ = UINT64_MAX;
  JournalHead head_;
  std::optional<Checkpoint> last_checkpoint_;
  uint64_t lines_since_ = 0;
  bool segment_unsigned_ = false;
  UseCounts uses_;
  // Where some entries lie, by sequence, so that a read starts near what it wants: every segment's
  // first, and one in many of those written or read since the start.
  std::map<uint64_t, EntryPosition> positions_;

  // The writer thread's alone once it runs.
  std::optional<SegmentFile> segment_;
  uint64_t previous_segment_ = 0;  // before segment_; 0 if there is none
  std::thread writer_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_FILE_JOURNAL_H_
