// FrameReader: takes a segment apart into frames (4-octet big-endian length ‖ entry), as a stream.
//
// Distinguishes the end a crash leaves, a frame cut short, from octets no crash would leave.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_FRAME_READER_H_
#define INTAGLIO_APPLIANCE_JOURNAL_FRAME_READER_H_

#include <span>

#include "base/bytes.h"

namespace intaglio::appliance {

inline constexpr size_t kFrameHeaderOctets = 4;

// Appends a frame around `entry`, which has 1 to kMaxEntryOctets octets.
void AppendFrame(ByteView entry, Bytes& out);

// Octets from anywhere, in order.
class OctetSource {
 public:
  virtual ~OctetSource() = default;
  // Fills the start of `into`; how many octets, 0 at the end. Fails with kJournalUnreadable.
  virtual StatusOr<size_t> Read(std::span<uint8_t> into) = 0;
};

// Octets of an open file, from `offset`. Does not own the descriptor.
class FileSource final : public OctetSource {
 public:
  FileSource(int fd, uint64_t offset) : fd_(fd), offset_(offset) {}
  StatusOr<size_t> Read(std::span<uint8_t> into) override;

 private:
  int fd_;
  uint64_t offset_;
};

// Octets in memory, which must stay there.
class MemorySource final : public OctetSource {
 public:
  explicit MemorySource(ByteView octets) : octets_(octets) {}
  StatusOr<size_t> Read(std::span<uint8_t> into) override;

 private:
  ByteView octets_;
};

struct Frame {
  enum class Kind {
    kEntry,  // `entry` is a whole entry
    kEnd,    // the octets ended with the frame before
    kTorn,  // the rest is one incomplete frame, or nothing but zeros (space a crash left unwritten)
  };
  Kind kind = Kind::kEnd;
  uint64_t offset = 0;  // of the frame's length
  ByteView entry;       // kEntry; valid until the next call
  uint64_t torn_octets = 0;
  ByteView torn;  // kTorn: the incomplete frame with its length; empty for zeros
};

class FrameReader final {
 public:
  // `offset` is where `source` starts in its segment; frames are counted from there.
  FrameReader(OctetSource& source, uint64_t offset) : source_(source), offset_(offset) {}

  // kJournalBroken: a length of 0 or above kMaxEntryOctets. kJournalUnreadable.
  StatusOr<Frame> Next();

 private:
  size_t available() const { return buffer_.size() - start_; }
  ByteView view() const { return ByteView(buffer_).subspan(start_); }
  // False if the source ends before `octets` are there.
  StatusOr<bool> Fill(size_t octets);
  StatusOr<Frame> ReadZeros();

  OctetSource& source_;
  uint64_t offset_;  // of buffer_[start_] in the segment
  Bytes buffer_;
  size_t start_ = 0;
  size_t consumed_ = 0;  // octets of the frame returned last
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_FRAME_READER_H_
