#include "appliance/link/frame_decoder.h"

#include <algorithm>

#include "appliance/link/reasons.h"

namespace intaglio::appliance {

Status FrameDecoder::Feed(ByteView octets, std::vector<Bytes>& frames) {
  while (!octets.empty()) {
    if (have_ < sizeof header_) {
      header_[have_++] = octets[0];
      octets = octets.subspan(1);
      if (have_ < sizeof header_) continue;
      length_ = size_t{header_[0]} << 24 | size_t{header_[1]} << 16 | size_t{header_[2]} << 8 |
                size_t{header_[3]};
      if (length_ == 0 || length_ > kMaxFrame) {
        return Fail(kLinkFrameLength, "length " + std::to_string(length_));
      }
      body_.clear();
      continue;
    }
    // The body grows with what arrives, not with what the header promises.
    const size_t take = std::min(length_ - body_.size(), octets.size());
    body_.insert(body_.end(), octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(take));
    octets = octets.subspan(take);
    have_ += take;
    if (body_.size() == length_) {
      frames.push_back(std::move(body_));
      body_ = {};
      have_ = 0;
    }
  }
  return OkStatus();
}

std::array<uint8_t, 4> FrameHeader(size_t length) {
  return {static_cast<uint8_t>(length >> 24), static_cast<uint8_t>(length >> 16),
          static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
}

}  // namespace intaglio::appliance
