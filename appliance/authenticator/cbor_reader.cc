#include "appliance/authenticator/cbor_reader.h"

#include <algorithm>
#include <limits>

namespace intaglio::appliance {
namespace {

constexpr uint8_t kUnsigned = 0, kNegative = 1, kOctets = 2, kText = 3, kArray = 4, kMap = 5,
                  kSimple = 7;
constexpr uint8_t kFalse = 20, kTrue = 21, kNull = 22;

bool Before(ByteView a, ByteView b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

std::optional<CborReader::Head> CborReader::TakeHead() {
  if (rest_.empty()) return std::nullopt;
  const auto type = static_cast<uint8_t>(rest_[0] >> 5);
  const uint8_t low = rest_[0] & 0x1f;
  rest_ = rest_.subspan(1);
  if (low < 24) return Head{type, low};
  if (low > 27) return std::nullopt;  // reserved, or of indefinite length
  const size_t octets = size_t{1} << (low - 24);
  const auto value = Take(octets);
  if (!value) return std::nullopt;
  uint64_t argument = 0;
  for (const uint8_t octet : *value) argument = argument << 8 | octet;
  // A shorter head could have said it.
  const uint64_t least = octets == 1 ? 24 : uint64_t{1} << (4 * octets);
  if (argument < least) return std::nullopt;
  return Head{type, argument};
}

std::optional<ByteView> CborReader::Take(uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  const ByteView taken = rest_.first(static_cast<size_t>(size));
  rest_ = rest_.subspan(static_cast<size_t>(size));
  return taken;
}

std::optional<int64_t> CborReader::Integer() {
  const auto head = TakeHead();
  if (!head || head->type > kNegative ||
      head->argument > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::nullopt;
  }
  const auto value = static_cast<int64_t>(head->argument);
  return head->type == kUnsigned ? value : -1 - value;
}

std::optional<ByteView> CborReader::Octets() {
  const auto head = TakeHead();
  if (!head || head->type != kOctets) return std::nullopt;
  return Take(head->argument);
}

std::optional<uint64_t> CborReader::MapSize() {
  const auto head = TakeHead();
  if (!head || head->type != kMap) return std::nullopt;
  return head->argument;
}

bool CborReader::SkipItem(int depth) {
  if (depth > kMostDepth) return false;
  const auto head = TakeHead();
  if (!head) return false;
  switch (head->type) {
    case kUnsigned:
    case kNegative:
      return true;
    case kOctets:
    case kText:
      return Take(head->argument).has_value();
    case kArray:
      // Each element has an octet at least, so the loop ends with the octets.
      for (uint64_t i = 0; i < head->argument; ++i) {
        if (!SkipItem(depth + 1)) return false;
      }
      return true;
    case kMap:
      return SkipMap(head->argument, depth);
    case kSimple:
      return head->argument == kFalse || head->argument == kTrue || head->argument == kNull;
    default:
      return false;
  }
}

bool CborReader::SkipMap(uint64_t pairs, int depth) {
  ByteView last_key;
  for (uint64_t i = 0; i < pairs; ++i) {
    const ByteView from = rest_;
    if (!SkipItem(depth + 1)) return false;
    const ByteView key = from.first(from.size() - rest_.size());
    if (i > 0 && !Before(last_key, key)) return false;
    last_key = key;
    if (!SkipItem(depth + 1)) return false;
  }
  return true;
}

}  // namespace intaglio::appliance
