#include "appliance/journal/journal_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string_view>

#include "appliance/journal/frame_reader.h"
#include "appliance/journal/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr std::string_view kPrefix = "journal-";
constexpr std::string_view kSuffix = ".ijl";

Status Broken(uint64_t segment, const Status& why) {
  if (!Is(why, kJournalBroken)) return why;
  return Fail(kJournalBroken, SegmentName(segment) + " " + DetailOf(why));
}

Status BrokenAt(uint64_t offset, const Status& why) {
  return Fail(kJournalBroken, "at offset " + std::to_string(offset) + ": " + DetailOf(why));
}

// The number in a segment's name, if SegmentName() would have written it.
std::optional<uint64_t> FirstSequenceOf(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(std::min(kSuffix.size(), name.size()));
  uint64_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9' || number > UINT64_MAX / 10 - 1) return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  const std::string canonical = SegmentName(number);
  if (number == 0 || canonical.substr(kPrefix.size(), name.size()) != name ||
      canonical.size() != kPrefix.size() + name.size() + kSuffix.size()) {
    return std::nullopt;
  }
  return number;
}

// One segment; the chain's head moves on with each entry.
class SegmentScan final {
 public:
  SegmentScan(uint64_t segment, ChainVerifier& chain, const EntryVisitor& visit)
      : segment_(segment), chain_(chain), visit_(visit) {}

  // The frame that ended the segment: kEnd or kTorn.
  StatusOr<Frame> Run(OctetSource& source) {
    FrameReader reader(source, 0);
    for (;;) {
      ASSIGN_OR_RETURN(const Frame frame, reader.Next());
      if (frame.kind == Frame::Kind::kTorn && HidesEntries(frame.torn, chain_.head())) {
        return BrokenAt(frame.offset,
                        Fail(kJournalBroken,
                             "the length of sequence " + std::to_string(next()) + " was changed"));
      }
      if (frame.kind != Frame::Kind::kEntry)
        return Frame{frame.kind, frame.offset, {}, frame.torn_octets, {}};
      const uint64_t sequence = next();
      const auto facts = chain_.Accept(frame.entry);
      if (!facts.ok()) return BrokenAt(frame.offset, facts.status());
      RETURN_IF_ERROR(visit_(*facts, chain_.head(), {sequence, segment_, frame.offset}));
    }
  }

 private:
  uint64_t next() const { return chain_.head().sequence + 1; }

  uint64_t segment_;
  ChainVerifier& chain_;
  const EntryVisitor& visit_;
};

}  // namespace

std::string SegmentName(uint64_t first_sequence) {
  char name[48];
  snprintf(name, sizeof name, "journal-%08" PRIu64 ".ijl", first_sequence);
  return name;
}

StatusOr<std::vector<uint64_t>> ListSegments(int directory) {
  const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct CloseDir {
    void operator()(DIR* dir) const { closedir(dir); }
  };
  const std::unique_ptr<DIR, CloseDir> dir(fd < 0 ? nullptr : fdopendir(fd));
  if (!dir) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return Fail(kJournalUnreadable, std::string("listing the journal: ") + strerror(error));
  }
  std::vector<uint64_t> found;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(dir.get());
    if (entry == nullptr && errno != 0) {
      return Fail(kJournalUnreadable, std::string("listing the journal: ") + strerror(errno));
    }
    if (entry == nullptr) break;
    if (const auto first = FirstSequenceOf(entry->d_name)) found.push_back(*first);
  }
  std::sort(found.begin(), found.end());
  return found;
}

StatusOr<FileDescriptor> OpenSegment(int directory, uint64_t first_sequence) {
  const std::string name = SegmentName(first_sequence);
  FileDescriptor fd(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return Fail(kJournalUnreadable, name + ": " + strerror(errno));
  return fd;
}

StatusOr<std::optional<EntryFacts>> FirstEntryOf(int directory, uint64_t segment) {
  ASSIGN_OR_RETURN(const FileDescriptor fd, OpenSegment(directory, segment));
  FileSource source(fd.get(), 0);
  FrameReader reader(source, 0);
  const auto frame = reader.Next();
  if (!frame.ok()) return Broken(segment, frame.status());
  if (frame->kind != Frame::Kind::kEntry) return std::optional<EntryFacts>();
  auto facts = ReadEntry(frame->entry);
  if (!facts.ok()) return Broken(segment, BrokenAt(0, facts.status()));
  return std::optional<EntryFacts>(*std::move(facts));
}

StatusOr<JournalHead> HeadBefore(int directory, uint64_t segment) {
  if (segment == 1) return JournalHead{};
  ASSIGN_OR_RETURN(const auto first, FirstEntryOf(directory, segment));
  if (!first) return JournalHead{segment - 1, {}};
  return JournalHead{segment - 1, first->place.previous_hash};
}

Status CheckSegmentLinks(int directory, std::span<const uint64_t> segments) {
  for (size_t i = 1; i < segments.size(); ++i) {
    ASSIGN_OR_RETURN(const auto first, FirstEntryOf(directory, segments[i]));
    if (!first) continue;
    const std::string before = SegmentName(segments[i - 1]);
    if (first->type == EventType::kSegmentRotated && first->note == before) continue;
    return Fail(kSegmentMissing, SegmentName(segments[i]) + " follows " +
                                     (first->note.empty() ? "another file" : first->note) +
                                     ", but the file before it is " + before +
                                     "; put the missing file back");
  }
  return OkStatus();
}

StatusOr<ScanResult> ScanSegments(int directory, std::span<const uint64_t> segments,
                                  const JournalHead& before, const EntryVisitor& visit) {
  ChainVerifier chain(before);
  ScanResult result;
  for (const uint64_t segment : segments) {
    if (segment != chain.head().sequence + 1) {
      return Fail(kJournalBroken, SegmentName(segment) + " should be " +
                                      SegmentName(chain.head().sequence + 1) +
                                      ": a segment was removed or renamed");
    }
    ASSIGN_OR_RETURN(const FileDescriptor fd, OpenSegment(directory, segment));
    FileSource source(fd.get(), 0);
    const auto end = SegmentScan(segment, chain, visit).Run(source);
    if (!end.ok()) return Broken(segment, end.status());
    if (end->kind == Frame::Kind::kTorn && segment != segments.back()) {
      return Fail(kJournalBroken, SegmentName(segment) + " at offset " +
                                      std::to_string(end->offset) + ": sequence " +
                                      std::to_string(chain.head().sequence + 1) +
                                      " is cut short, but another segment follows");
    }
    result.last_segment = segment;
    result.last_segment_octets = end->offset;
    result.torn_octets = end->torn_octets;
  }
  result.head = chain.head();
  return result;
}

bool HidesEntries(ByteView torn, const JournalHead& head) {
  const Bytes start = EntryStart(head.sequence + 2);
  const ByteView tail = torn.subspan(std::min(torn.size(), kFrameHeaderOctets));
  // `at` is where the frame after the one that must follow would begin.
  for (size_t at = 1; at + kFrameHeaderOctets + start.size() <= tail.size(); ++at) {
    if (!Equal(tail.subspan(at + kFrameHeaderOctets, start.size()), start)) continue;
    uint32_t length = 0;
    for (const uint8_t octet : tail.subspan(at, kFrameHeaderOctets)) length = length << 8 | octet;
    if (length > tail.size() - at - kFrameHeaderOctets) continue;
    ChainVerifier chain(head);
    if (chain.Accept(tail.first(at)).ok() &&
        chain.Accept(tail.subspan(at + kFrameHeaderOctets, length)).ok()) {
      return true;
    }
  }
  return false;
}

}  // namespace intaglio::appliance
