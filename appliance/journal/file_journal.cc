#include "appliance/journal/file_journal.h"

#include <algorithm>

#include "appliance/journal/frame_reader.h"
#include "appliance/journal/reasons.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

// What one write may hold: enough to share a sync well, little enough to keep waits short.
constexpr size_t kMaxGroupEvents = 1024;
constexpr size_t kMaxGroupOctets = 1 << 20;
// One entry in so many has its position kept in memory: 16 MiB for 10^9 entries.
constexpr uint64_t kEntriesPerPosition = 1024;

Status RolledBack(const JournalHead& anchor, const std::string& found) {
  return Fail(kJournalRolledBack, "the core wrote sequence " + std::to_string(anchor.sequence) +
                                      " with chain hash " + ToHex(anchor.chain_hash) + ", but " +
                                      found + "; restore the newest copy of the journal");
}

}  // namespace

// A caller in Append(). Lives on its stack until `done`.
struct FileJournal::Waiting {
  Bytes event;
  bool done = false;
  Status status;
  JournalHead head;
  std::condition_variable wake;
};

struct FileJournal::Group {
  std::vector<Waiting*> members;
  JournalHead head;  // before the group, then after it
  std::vector<EntryPosition> positions;
};

StatusOr<std::unique_ptr<FileJournal>> FileJournal::Open(const std::string& dir, const Clock& clock,
                                                         uint64_t boot_count,
                                                         std::optional<JournalHead> anchor) {
  return Open(dir, clock, boot_count, anchor, kUsualSegmentLimit);
}

StatusOr<std::unique_ptr<FileJournal>> FileJournal::Open(const std::string& dir, const Clock& clock,
                                                         uint64_t boot_count,
                                                         std::optional<JournalHead> anchor,
                                                         SegmentLimit limit) {
  ASSIGN_OR_RETURN(OwnedDirectory owned, OwnedDirectory::Open(dir));
  std::unique_ptr<FileJournal> journal(new FileJournal(std::move(owned), clock, boot_count, limit));
  RETURN_IF_ERROR(journal->Begin(anchor));
  return journal;
}

Status FileJournal::Begin(std::optional<JournalHead> anchor) {
  const auto visit = [&](const EntryFacts&, const JournalHead& head,
                         const EntryPosition& position) -> Status {
    if (anchor && head.sequence == anchor->sequence && head.chain_hash != anchor->chain_hash) {
      return RolledBack(*anchor, "the journal has " + ToHex(head.chain_hash) + " there");
    }
    RememberPosition(position);
    return OkStatus();
  };
  ASSIGN_OR_RETURN(const ScanResult scan, ScanJournal(dir_.fd(), visit));
  if (anchor && scan.head.sequence < anchor->sequence) {
    return RolledBack(*anchor,
                      "the journal ends at sequence " + std::to_string(scan.head.sequence));
  }
  head_ = scan.head;
  if (scan.last_segment != 0) {
    ASSIGN_OR_RETURN(segment_,
                     SegmentFile::Resume(dir_, scan.last_segment, scan.last_segment_octets));
  }
  writer_ = std::thread([this] { RunWriter(); });
  if (scan.torn_octets == 0) return OkStatus();
  Event repaired;
  repaired.type = EventType::kTailRepaired;
  repaired.note = "removed " + std::to_string(scan.torn_octets) +
                  " octets of an entry that was cut short and never acknowledged";
  return Append(repaired).status();
}

FileJournal::~FileJournal() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    work_.notify_one();
  }
  if (writer_.joinable()) writer_.join();
}

StatusOr<JournalHead> FileJournal::Append(const Event& event) {
  Waiting waiting;
  ASSIGN_OR_RETURN(waiting.event, EncodeEvent(event));
  std::unique_lock lock(mutex_);
  if (!failed_.ok()) return failed_;
  queue_.push_back(&waiting);
  work_.notify_one();
  waiting.wake.wait(lock, [&] { return waiting.done; });
  RETURN_IF_ERROR(waiting.status);
  return waiting.head;
}

JournalHead FileJournal::Head() {
  const std::lock_guard lock(mutex_);
  return head_;
}

void FileJournal::RunWriter() {
  for (;;) {
    Group group = TakeGroup();
    if (group.members.empty()) return;
    Finish(group, WriteGroup(group));
  }
}

FileJournal::Group FileJournal::TakeGroup() {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
  Group group;
  group.head = head_;
  size_t octets = 0;
  while (!queue_.empty() && group.members.size() < kMaxGroupEvents) {
    octets += queue_.front()->event.size();
    if (!group.members.empty() && octets > kMaxGroupOctets) break;
    group.members.push_back(queue_.front());
    queue_.pop_front();
  }
  return group;
}

Status FileJournal::WriteGroup(Group& group) {
  const WallTime wall = clock_.Now();
  const BootTime boot = clock_.SinceBoot();
  const uint64_t first_sequence = group.head.sequence + 1;
  Bytes frames;
  std::vector<size_t> offsets;
  for (Waiting* member : group.members) {
    const Bytes entry = EncodeEntry(
        {group.head.sequence + 1, group.head.chain_hash, wall, boot, boot_count_}, member->event);
    offsets.push_back(frames.size());
    AppendFrame(entry, frames);
    group.head = {group.head.sequence + 1, ChainHash(group.head.chain_hash, entry)};
    member->head = group.head;
  }
  RETURN_IF_ERROR(EnsureSegment(first_sequence, frames.size()));
  const uint64_t start = segment_->size();
  RETURN_IF_ERROR(segment_->Append(frames));
  for (size_t i = 0; i < offsets.size(); ++i) {
    group.positions.push_back({first_sequence + i, segment_->first_sequence(), start + offsets[i]});
  }
  return OkStatus();
}

Status FileJournal::EnsureSegment(uint64_t first_sequence, size_t octets) {
  const bool full = segment_ && segment_->size() > 0 && segment_->size() + octets > limit_.octets;
  if (segment_ && !full) return OkStatus();
  ASSIGN_OR_RETURN(segment_, SegmentFile::Make(dir_, first_sequence));
  return OkStatus();
}

void FileJournal::Finish(Group& group, const Status& written) {
  const std::lock_guard lock(mutex_);
  if (written.ok()) {
    head_ = group.head;
    for (const EntryPosition& position : group.positions) RememberPosition(position);
  } else {
    LogFailure("journal.failed", written);
    failed_ = written;
    // Whoever joined the queue meanwhile is not journalled either.
    group.members.insert(group.members.end(), queue_.begin(), queue_.end());
    queue_.clear();
  }
  for (Waiting* member : group.members) {
    member->status = written;
    member->done = true;
    // Under the lock: the waiter, and the condition with it, may be gone once it sees `done`.
    member->wake.notify_one();
  }
}

void FileJournal::RememberPosition(const EntryPosition& position) {
  if (positions_.empty() || positions_.back().segment != position.segment ||
      position.sequence % kEntriesPerPosition == 0) {
    positions_.push_back(position);
  }
}

EntryPosition FileJournal::PositionBefore(uint64_t sequence) const {
  const auto after = std::upper_bound(
      positions_.begin(), positions_.end(), sequence,
      [](uint64_t wanted, const EntryPosition& position) { return wanted < position.sequence; });
  return *std::prev(after);
}

StatusOr<std::vector<Bytes>> FileJournal::Read(uint64_t sequence, size_t max, size_t max_octets) {
  const uint64_t wanted = std::max<uint64_t>(sequence, 1);
  std::vector<Bytes> entries;
  uint64_t last = 0;
  EntryPosition at;
  {
    const std::lock_guard lock(mutex_);
    last = head_.sequence;
    if (wanted > last || max == 0) return entries;
    at = PositionBefore(wanted);
  }
  size_t octets = 0;
  while (at.sequence <= last) {
    ASSIGN_OR_RETURN(const FileDescriptor fd, OpenSegment(dir_.fd(), at.segment));
    FileSource source(fd.get(), at.offset);
    FrameReader reader(source, at.offset);
    const uint64_t first = at.sequence;
    while (at.sequence <= last) {
      ASSIGN_OR_RETURN(const Frame frame, reader.Next());
      if (frame.kind != Frame::Kind::kEntry) break;
      if (at.sequence++ < wanted) continue;
      octets += frame.entry.size();
      if (octets > max_octets) return entries;
      entries.push_back(ToBytes(frame.entry));
      if (entries.size() == max) return entries;
    }
    if (at.sequence == first) {
      return Fail(kJournalBroken, SegmentName(at.segment) + " at offset " +
                                      std::to_string(at.offset) + ": sequence " +
                                      std::to_string(first) + " is gone");
    }
    at = {at.sequence, at.sequence, 0};
  }
  return entries;
}

}  // namespace intaglio::appliance
