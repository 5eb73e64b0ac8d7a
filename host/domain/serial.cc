#include "host/domain/serial.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "host/domain/reasons.h"

namespace intaglio::host {

StatusOr<Serial> Serial::Create(ByteView content) {
  if (content.empty() || content.size() > kMaxOctets) {
    return Fail(kSerialInvalid, "found " + std::to_string(content.size()) + " octets");
  }
  if ((content[0] & 0x80) != 0) return Fail(kSerialInvalid, "found a negative number");
  if (content[0] == 0 && (content.size() == 1 || (content[1] & 0x80) == 0)) {
    return Fail(kSerialInvalid, "found zero or a superfluous leading zero octet");
  }
  Serial serial;
  std::copy(content.begin(), content.end(), serial.octets_.begin());
  serial.size_ = static_cast<uint8_t>(content.size());
  return serial;
}

StatusOr<Serial> Serial::FromHexText(std::string_view text) {
  if (text.size() > 2 * kMaxOctets) return Fail(kSerialInvalid, "the text is too long");
  StatusOr<Bytes> content = FromHex(text);
  if (!content.ok()) return Fail(kSerialInvalid, "the text is not hexadecimal");
  return Create(*content);
}

int Serial::bits() const {
  const size_t lead = octets_[0] == 0 ? 1 : 0;
  return static_cast<int>(8 * (size_ - lead - 1)) +
         static_cast<int>(std::bit_width(static_cast<unsigned>(octets_[lead])));
}

std::strong_ordering operator<=>(const Serial& a, const Serial& b) {
  if (a.size_ != b.size_) return a.size_ <=> b.size_;
  return std::memcmp(a.octets_.data(), b.octets_.data(), a.size_) <=> 0;
}

}  // namespace intaglio::host
