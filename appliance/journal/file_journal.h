// FileJournal: the journal as a chain of files that only grow.
//
// Intent is written before each act and outcome after, so every act of the core waits for this disk
// twice. Therefore events that wait at the same time are written and synced together. An
// acknowledged event is on disk; if one cannot be written the journal refuses everything from then
// on, because an act that is not journalled must not happen.
//
// Thread-safe. One process at a time (the directory is locked).
#ifndef INTAGLIO_APPLIANCE_JOURNAL_FILE_JOURNAL_H_
#define INTAGLIO_APPLIANCE_JOURNAL_FILE_JOURNAL_H_

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "appliance/journal/journal_scan.h"
#include "appliance/journal/segment_file.h"
#include "appliance/state/owned_directory.h"
#include "appliance/usecases/ports.h"
#include "base/clock.h"

namespace intaglio::appliance {

// A segment that would grow above this is closed and the next one begun.
struct SegmentLimit {
  uint64_t octets = 0;
};
inline constexpr SegmentLimit kUsualSegmentLimit{uint64_t{64} << 20};

class FileJournal final : public JournalPort {
 public:
  // Opens or makes the journal in `dir` (made if missing, mode 0700) and reads it from end to end.
  // `clock` must outlive it. `anchor` is the newest head the caller remembers from elsewhere. A
  // last entry that a crash cut short is removed and kTailRepaired appended. kJournalBroken;
  // kJournalRolledBack if the anchor's entry is missing or another; kJournalUnreadable,
  // kJournalUnwritable, kDirectoryInUse, kDirectoryUnusable.
  static StatusOr<std::unique_ptr<FileJournal>> Open(const std::string& dir, const Clock& clock,
                                                     uint64_t boot_count,
                                                     std::optional<JournalHead> anchor);
  static StatusOr<std::unique_ptr<FileJournal>> Open(const std::string& dir, const Clock& clock,
                                                     uint64_t boot_count,
                                                     std::optional<JournalHead> anchor,
                                                     SegmentLimit limit);
  // Writes what waits, then stops. Nobody may be in Append() any more.
  ~FileJournal() override;

  // Blocks until the event is on disk. kEntryTooLarge (the journal goes on), kJournalUnwritable
  // (for good: nothing is appended until the core is restarted).
  StatusOr<JournalHead> Append(const Event& event) override;
  // The last entry on disk.
  JournalHead Head() override;
  // Entries start at sequence 1; 0 means that too. Empty past the head, and if the first entry
  // alone exceeds `max_octets`. kJournalUnreadable, kJournalBroken.
  StatusOr<std::vector<Bytes>> Read(uint64_t sequence, size_t max, size_t max_octets) override;

 private:
  struct Waiting;
  struct Group;

  FileJournal(OwnedDirectory dir, const Clock& clock, uint64_t boot_count, SegmentLimit limit)
      : dir_(std::move(dir)), clock_(clock), boot_count_(boot_count), limit_(limit) {}
  Status Begin(std::optional<JournalHead> anchor);
  void RunWriter();
  Group TakeGroup();
  // Encodes and writes a group; on success head and positions are those after it.
  Status WriteGroup(Group& group);
  Status EnsureSegment(uint64_t first_sequence, size_t octets);
  void Finish(Group& group, const Status& written);
  void RememberPosition(const EntryPosition& position);
  EntryPosition PositionBefore(uint64_t sequence) const;

  const OwnedDirectory dir_;
  const Clock& clock_;
  const uint64_t boot_count_;
  const SegmentLimit limit_;

  std::mutex mutex_;
  std::condition_variable work_;
  // Below: guarded by mutex_.
  std::deque<Waiting*> queue_;
  bool stopping_ = false;
  Status failed_;
  JournalHead head_;
  // Where some entries lie, ascending, so that a read starts near what it wants.
  std::vector<EntryPosition> positions_;

  // The writer thread's alone once it runs.
  std::optional<SegmentFile> segment_;
  std::thread writer_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_FILE_JOURNAL_H_
