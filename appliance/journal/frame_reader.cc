#include "appliance/journal/frame_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "appliance/journal/entry_codec.h"
#include "appliance/journal/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kChunkOctets = 256 * 1024;

Status ImpossibleLength(uint64_t offset, uint32_t length) {
  return Fail(kJournalBroken, "at offset " + std::to_string(offset) + ": a frame of " +
                                  std::to_string(length) + " octets");
}

}  // namespace

void AppendFrame(ByteView entry, Bytes& out) {
  const auto length = static_cast<uint32_t>(entry.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(length >> shift));
  out.insert(out.end(), entry.begin(), entry.end());
}

StatusOr<size_t> FileSource::Read(std::span<uint8_t> into) {
  ssize_t n = 0;
  do {
    n = pread(fd_, into.data(), into.size(), static_cast<off_t>(offset_));
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    return Fail(kJournalUnreadable,
                "at offset " + std::to_string(offset_) + ": " + strerror(errno));
  }
  offset_ += static_cast<uint64_t>(n);
  return static_cast<size_t>(n);
}

StatusOr<size_t> MemorySource::Read(std::span<uint8_t> into) {
  const size_t n = std::min(into.size(), octets_.size());
  std::copy_n(octets_.begin(), n, into.begin());
  octets_ = octets_.subspan(n);
  return n;
}

StatusOr<bool> FrameReader::Fill(size_t octets) {
  if (available() >= octets) return true;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(start_));
  start_ = 0;
  while (available() < octets) {
    const size_t had = buffer_.size();
    buffer_.resize(had + kChunkOctets);
    const auto read = source_.Read(std::span(buffer_).subspan(had));
    buffer_.resize(had + (read.ok() ? *read : 0));
    RETURN_IF_ERROR(read.status());
    if (*read == 0) return false;
  }
  return true;
}

StatusOr<Frame> FrameReader::Next() {
  start_ += consumed_;
  offset_ += consumed_;
  consumed_ = 0;
  Frame frame;
  frame.offset = offset_;
  ASSIGN_OR_RETURN(const bool has_length, Fill(kFrameHeaderOctets));
  if (available() == 0) return frame;
  if (has_length) {
    uint32_t length = 0;
    for (const uint8_t octet : view().first(kFrameHeaderOctets)) length = length << 8 | octet;
    if (length == 0) return ReadZeros();
    if (length > kMaxEntryOctets) return ImpossibleLength(offset_, length);
    ASSIGN_OR_RETURN(const bool whole, Fill(kFrameHeaderOctets + length));
    if (whole) {
      frame.kind = Frame::Kind::kEntry;
      frame.entry = view().subspan(kFrameHeaderOctets, length);
      consumed_ = kFrameHeaderOctets + length;
      return frame;
    }
  }
  frame.kind = Frame::Kind::kTorn;
  frame.torn_octets = available();
  frame.torn = view();
  return frame;
}

StatusOr<Frame> FrameReader::ReadZeros() {
  Frame frame{Frame::Kind::kTorn, offset_, {}, 0, {}};
  for (;;) {
    for (const uint8_t octet : view()) {
      if (octet != 0) return ImpossibleLength(frame.offset, 0);
    }
    frame.torn_octets += available();
    offset_ += available();
    start_ = buffer_.size();
    ASSIGN_OR_RETURN(const bool more, Fill(1));
    if (!more) return frame;
  }
}

}  // namespace intaglio::appliance
