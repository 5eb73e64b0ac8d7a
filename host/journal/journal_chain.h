// JournalChain: verifies the core's journal line by line as it comes.
//
// The chain hash of a line is SHA-256("intaglio/journal/v1" ‖ previous chain hash ‖ the line's
// octets), before line 1 it is 32 zero octets. From line 1 on the whole journal is proven to be one
// chain; a part that begins later is proven to hang together from its first line. One thread.
#ifndef INTAGLIO_HOST_JOURNAL_JOURNAL_CHAIN_H_
#define INTAGLIO_HOST_JOURNAL_JOURNAL_CHAIN_H_

#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "intaglio/core/v1/journal.pb.h"

namespace intaglio::host {

class JournalChain final {
 public:
  JournalChain() = default;
  // Goes on after a line that is known to be good.
  JournalChain(uint64_t last_sequence, const Digest& head)
      : lines_(last_sequence), last_sequence_(last_sequence), head_(head) {}

  // The next line. kJournalBroken naming its number: not canonical, a gap, another previous hash.
  StatusOr<core::v1::JournalEntry> Add(ByteView line);

  uint64_t lines() const { return lines_; }
  uint64_t last_sequence() const { return last_sequence_; }
  // Chain hash of the last line.
  const Digest& head() const { return head_; }

 private:
  uint64_t lines_ = 0;
  uint64_t last_sequence_ = 0;
  Digest head_{};
};

// Lines as they stand in an export file: each with its length before it, 4 octets, big-endian.
Bytes FrameLine(ByteView line);
// The next line at the front of `rest`, which is advanced; nothing at the end. kJournalBroken for a
// torn end or a line of more than 1 MiB.
StatusOr<std::optional<ByteView>> TakeLine(ByteView& rest);
// As TakeLine, but nothing, and `rest` as it is, where more octets are needed. kJournalBroken for a
// line of none or of more than 1 MiB.
StatusOr<std::optional<ByteView>> TakeWholeLine(ByteView& rest);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_JOURNAL_JOURNAL_CHAIN_H_
