#include "appliance/journal/file_journal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "appliance/journal/frame_reader.h"
#include "appliance/journal/reasons.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

// What one write may hold: enough to share a sync well, little enough to keep waits short.
constexpr size_t kMaxGroupEvents = 1024;
constexpr size_t kMaxGroupOctets = 1 << 20;
// One entry in so many has its position kept in memory.
constexpr uint64_t kEntriesPerPosition = 1024;

bool Same(const JournalHead& a, const JournalHead& b) {
  return a.sequence == b.sequence && a.chain_hash == b.chain_hash;
}

}  // namespace

// A caller in Append(). Lives on its stack until `done`.
struct FileJournal::Waiting {
  Bytes event;
  std::optional<JournalHead> expected;  // the head it must follow
  std::optional<KeyUse> use;
  std::optional<Checkpoint> checkpoint;
  bool done = false;
  Status status;
  JournalHead head;
  std::condition_variable wake;
};

struct FileJournal::Group {
  std::vector<Bytes> soon;  // these come first
  std::vector<Waiting*> members;
  JournalHead head;  // before the group, then after it
  bool rotated = false;
  // Each entry of the write, within it.
  std::vector<std::pair<uint64_t, size_t>> offsets;  // sequence, offset
  std::vector<EntryPosition> positions;
  WallTime wall;
  BootTime boot;
};

FileJournal::Pause::Pause(FileJournal& journal) : journal_(journal) {
  std::unique_lock lock(journal_.mutex_);
  ++journal_.pauses_;
  journal_.idle_.wait(lock, [&] { return !journal_.writing_; });
}

FileJournal::Pause::~Pause() {
  const std::lock_guard lock(journal_.mutex_);
  --journal_.pauses_;
  journal_.work_.notify_one();
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
  RETURN_IF_ERROR(Admit(event.type));
  return Enqueue(event, std::nullopt);
}

StatusOr<JournalHead> FileJournal::AppendAfter(const JournalHead& expected, const Event& event) {
  RETURN_IF_ERROR(Admit(event.type));
  return Enqueue(event, expected);
}

Status FileJournal::AppendSoon(const Event& event) {
  // A key's use and a checkpoint never wait.
  if (UseOf(event) || event.checkpoint) return Append(event).status();
  RETURN_IF_ERROR(Admit(event.type));
  ASSIGN_OR_RETURN(Bytes octets, EncodeEvent(event));
  {
    const std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(soon_failure_);
    if (soon_.size() < kMostSoon) {
      soon_.push_back(std::move(octets));
      return OkStatus();
    }
  }
  return Enqueue(event, std::nullopt).status();
}

Status FileJournal::Flush() {
  std::unique_lock lock(mutex_);
  ++flushes_;
  work_.notify_one();
  idle_.wait(lock, [&] { return !writing_ && (soon_.empty() || !soon_failure_.ok()); });
  --flushes_;
  return soon_failure_;
}

Status FileJournal::Admit(EventType type) const {
  if (limits_.least_free_octets == 0 || !BeginsSignature(type)) return OkStatus();
  ASSIGN_OR_RETURN(const StorageLevel level, Storage());
  if (level.free_octets >= limits_.least_free_octets) return OkStatus();
  return Fail(kStorageFull, std::to_string(level.free_octets >> 20) + " MiB are free, " +
                                std::to_string(limits_.least_free_octets >> 20) +
                                " MiB are needed to sign; make room, the core goes on by itself");
}

StatusOr<JournalHead> FileJournal::Enqueue(const Event& event,
                                           std::optional<JournalHead> expected) {
  Waiting waiting;
  ASSIGN_OR_RETURN(waiting.event, EncodeEvent(event));
  waiting.expected = expected;
  waiting.use = UseOf(event);
  waiting.checkpoint = event.checkpoint;
  std::unique_lock lock(mutex_);
  // Ahead of everybody: a pause lets nobody else through.
  if (expected) {
    queue_.push_front(&waiting);
  } else {
    queue_.push_back(&waiting);
  }
  work_.notify_one();
  waiting.wake.wait(lock, [&] { return waiting.done; });
  RETURN_IF_ERROR(waiting.status);
  return waiting.head;
}

JournalHead FileJournal::Head() {
  const std::lock_guard lock(mutex_);
  return head_;
}

JournalStanding FileJournal::Standing() {
  const std::lock_guard lock(mutex_);
  return {head_, last_checkpoint_, lines_since_, uses_, segment_unsigned_};
}

void FileJournal::WaitForLines(uint64_t lines, Duration most) {
  std::unique_lock lock(mutex_);
  wanted_lines_ = lines;
  lines_.wait_for(lock, std::chrono::milliseconds(most),
                  [&] { return woken_ || lines_since_ >= lines || segment_unsigned_; });
  wanted_lines_ = UINT64_MAX;
  woken_ = false;
}

void FileJournal::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  lines_.notify_all();
}

void FileJournal::RunWriter() {
  for (;;) {
    Group group = TakeGroup();
    if (group.members.empty() && group.soon.empty()) return;
    Finish(group, WriteGroup(group));
  }
}

FileJournal::Group FileJournal::TakeGroup() {
  std::unique_lock lock(mutex_);
  // What need not be written yet waits for what must, and not for ever.
  const auto ready = [&] {
    if (queue_.empty()) return stopping_ || (flushes_ > 0 && !soon_.empty() && pauses_ == 0);
    return pauses_ == 0 || queue_.front()->expected.has_value();
  };
  while (!work_.wait_for(lock, std::chrono::milliseconds(kSoon), ready)) {
    if (!soon_.empty() && pauses_ == 0) break;
  }
  Group group;
  group.head = head_;
  // Behind a pause stands only what its owner writes.
  if (pauses_ == 0) group.soon.swap(soon_);
  size_t octets = 0;
  while (!queue_.empty() && group.members.size() < kMaxGroupEvents) {
    if (pauses_ > 0 && !queue_.front()->expected) break;
    octets += queue_.front()->event.size();
    if (!group.members.empty() && octets > kMaxGroupOctets) break;
    group.members.push_back(queue_.front());
    queue_.pop_front();
  }
  writing_ = true;
  return group;
}

Status FileJournal::WriteGroup(Group& group) {
  group.wall = clock_.Now();
  group.boot = clock_.SinceBoot();
  // An upper bound: the entries' places are known only once it is known which segment they go to.
  size_t most = 0;
  for (const Bytes& event : group.soon) most += kFrameHeaderOctets + kMaxPlaceOctets + event.size();
  for (const Waiting* member : group.members) {
    most += kFrameHeaderOctets + kMaxPlaceOctets + member->event.size();
  }
  RETURN_IF_ERROR(EnsureSegment(group.head.sequence + 1, most));
  Bytes frames;
  PlaceRotation(group, frames);
  for (const Bytes& event : group.soon) Place(event, group, frames);
  for (Waiting* member : group.members) {
    if (member->expected && !Same(*member->expected, group.head)) {
      member->status =
          Fail(kJournalMoved, "it ends at sequence " + std::to_string(group.head.sequence));
      continue;
    }
    Place(member->event, group, frames);
    member->head = group.head;
  }
  if (frames.empty()) return OkStatus();
  const uint64_t start = segment_->size();
  RETURN_IF_ERROR(segment_->Append(frames));
  for (const auto& [sequence, offset] : group.offsets) {
    group.positions.push_back({sequence, segment_->first_sequence(), start + offset});
  }
  return OkStatus();
}

void FileJournal::Place(const Bytes& event, Group& group, Bytes& frames) const {
  const Bytes entry = EncodeEntry(
      {group.head.sequence + 1, group.head.chain_hash, group.wall, group.boot, boot_count_}, event);
  group.offsets.emplace_back(group.head.sequence + 1, frames.size());
  AppendFrame(entry, frames);
  group.head = {group.head.sequence + 1, ChainHash(group.head.chain_hash, entry)};
}

// The first line of a segment names the one before it.
void FileJournal::PlaceRotation(Group& group, Bytes& frames) {
  if (segment_->size() > 0 || previous_segment_ == 0) return;
  Event rotated;
  rotated.type = EventType::kSegmentRotated;
  rotated.note = SegmentName(previous_segment_);
  Place(*EncodeEvent(rotated), group, frames);  // far from too large
  group.rotated = true;
}

Status FileJournal::EnsureSegment(uint64_t first_sequence, size_t octets) {
  const bool full =
      segment_ && segment_->size() > 0 && segment_->size() + octets > limits_.segment.octets;
  if (segment_ && !full) return OkStatus();
  ASSIGN_OR_RETURN(SegmentFile made, SegmentFile::Make(dir_, first_sequence));
  previous_segment_ = segment_ ? segment_->first_sequence() : 0;
  segment_ = std::move(made);
  return OkStatus();
}

void FileJournal::Finish(Group& group, const Status& written) {
  const std::lock_guard lock(mutex_);
  if (written.ok()) {
    head_ = group.head;
    for (const EntryPosition& position : group.positions) RememberPosition(position);
    if (group.rotated) {
      ++lines_since_;
      segment_unsigned_ = true;
    }
    lines_since_ += group.soon.size();
  } else {
    LogFailure("journal.failed", written);
    // They wait for the next try, which is the next line's or comes by itself.
    if (!stopping_) soon_.insert(soon_.begin(), group.soon.begin(), group.soon.end());
  }
  if (!group.soon.empty()) soon_failure_ = written;
  for (Waiting* member : group.members) {
    if (member->status.ok()) member->status = written;
    if (member->status.ok()) CountLine(*member);
    member->done = true;
    // Under the lock: the waiter, and the condition with it, may be gone once it sees `done`.
    member->wake.notify_one();
  }
  writing_ = false;
  idle_.notify_all();
  if (lines_since_ >= wanted_lines_ || segment_unsigned_) lines_.notify_all();
}

void FileJournal::CountLine(const Waiting& member) {
  if (member.checkpoint) {
    last_checkpoint_ = member.checkpoint;
    lines_since_ = 0;
    segment_unsigned_ = false;
    uses_.clear();
    return;
  }
  ++lines_since_;
  if (member.use) uses_[member.use->key_id] += member.use->signatures;
}

void FileJournal::RememberPosition(const EntryPosition& position) {
  if (position.sequence == position.segment || position.sequence % kEntriesPerPosition == 0) {
    positions_.emplace(position.sequence, position);
  }
}

EntryPosition FileJournal::PositionBefore(uint64_t sequence) const {
  return std::prev(positions_.upper_bound(sequence))->second;
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
    if (wanted < positions_.begin()->first) {
      return Fail(kSegmentMissing, "sequence " + std::to_string(wanted) +
                                       " was moved away; the journal here begins at sequence " +
                                       std::to_string(positions_.begin()->first));
    }
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
      if (at.sequence % kEntriesPerPosition == 0) {
        const std::lock_guard lock(mutex_);
        RememberPosition({at.sequence, at.segment, frame.offset});
      }
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

StatusOr<JournalHead> FileJournal::HeadAt(uint64_t sequence) {
  const JournalHead head = Head();
  if (sequence == head.sequence) return head;
  ASSIGN_OR_RETURN(const auto next, Read(sequence + 1, 1, kMaxEntryOctets));
  if (next.empty() || sequence == 0) {
    return Fail(kSegmentMissing, "there is no sequence " + std::to_string(sequence));
  }
  ASSIGN_OR_RETURN(const EntryFacts facts, ReadEntry(next.front()));
  return JournalHead{sequence, facts.place.previous_hash};
}

Status FileJournal::RemoveSegment(uint64_t first_sequence) {
  const std::string name = SegmentName(first_sequence);
  if (unlinkat(dir_.fd(), name.c_str(), 0) != 0) {
    return Fail(kJournalUnwritable, "removing " + name + ": " + strerror(errno));
  }
  {
    const std::lock_guard lock(mutex_);
    const auto begin = positions_.find(first_sequence);
    auto end = begin;
    while (end != positions_.end() && end->second.segment == first_sequence) ++end;
    positions_.erase(begin, end);
  }
  return dir_.Sync();
}

}  // namespace intaglio::appliance
