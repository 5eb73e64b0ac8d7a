#include "host/journal/journal_chain.h"

#include "host/journal/reasons.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr std::string_view kDomain = "intaglio/journal/v1";
constexpr size_t kMostLine = 1024 * 1024;

Status Broken(uint64_t sequence, const std::string& problem) {
  return Fail(kJournalBroken, "line " + std::to_string(sequence) + ": " + problem);
}

}  // namespace

StatusOr<core::v1::JournalEntry> JournalChain::Add(ByteView line) {
  core::v1::JournalEntry entry;
  if (!ParseCanonical(line, entry)) {
    return Broken(last_sequence_ + 1, "not a canonical journal line");
  }
  const uint64_t sequence = entry.sequence();
  if (sequence == 0 || (lines_ > 0 && sequence != last_sequence_ + 1)) {
    return Broken(last_sequence_ + 1, "found number " + std::to_string(sequence));
  }
  ASSIGN_OR_RETURN(const Digest previous, [&]() -> StatusOr<Digest> {
    auto digest = ToDigest(AsBytes(entry.previous_hash()));
    if (!digest.ok()) return Broken(sequence, "its previous hash has not 32 octets");
    return digest;
  }());
  // The first line of a part vouches for what came before only if nothing came before.
  const bool known = lines_ > 0 || sequence == 1;
  if (known && previous != head_) return Broken(sequence, "it does not continue the line before");
  head_ = Sha256(Concat({AsBytes(kDomain), previous, line}));
  last_sequence_ = sequence;
  ++lines_;
  return entry;
}

Bytes FrameLine(ByteView line) {
  const auto size = static_cast<uint32_t>(line.size());
  const uint8_t length[] = {static_cast<uint8_t>(size >> 24), static_cast<uint8_t>(size >> 16),
                            static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)};
  return Concat({length, line});
}

StatusOr<std::optional<ByteView>> TakeWholeLine(ByteView& rest) {
  if (rest.size() < 4) return std::optional<ByteView>();
  const size_t size = static_cast<size_t>(rest[0]) << 24 | static_cast<size_t>(rest[1]) << 16 |
                      static_cast<size_t>(rest[2]) << 8 | rest[3];
  if (size == 0 || size > kMostLine) {
    return Fail(kJournalBroken, "a line of " + std::to_string(size) + " octets");
  }
  if (size > rest.size() - 4) return std::optional<ByteView>();
  const ByteView line = rest.subspan(4, size);
  rest = rest.subspan(4 + size);
  return std::optional<ByteView>(line);
}

StatusOr<std::optional<ByteView>> TakeLine(ByteView& rest) {
  if (rest.empty()) return std::optional<ByteView>();
  ASSIGN_OR_RETURN(const auto line, TakeWholeLine(rest));
  if (!line) return Fail(kJournalBroken, "the file ends inside a line");
  return line;
}

}  // namespace intaglio::host
