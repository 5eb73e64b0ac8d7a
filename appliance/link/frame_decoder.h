// FrameDecoder: octets of a connection to frames: a 4-octet big-endian length, then so many octets.
#ifndef INTAGLIO_APPLIANCE_LINK_FRAME_DECODER_H_
#define INTAGLIO_APPLIANCE_LINK_FRAME_DECODER_H_

#include <vector>

#include "base/bytes.h"

namespace intaglio::appliance {

inline constexpr size_t kMaxFrame = 1 << 20;

class FrameDecoder final {
 public:
  // Appends the frames that `octets` complete to `frames`. kLinkFrameLength; the decoder is useless
  // afterwards. Never holds more than one frame.
  Status Feed(ByteView octets, std::vector<Bytes>& frames);
  // True between frames.
  bool AtBoundary() const { return have_ == 0; }

 private:
  uint8_t header_[4] = {};
  size_t have_ = 0;  // octets of header and body so far
  Bytes body_;
  size_t length_ = 0;
};

// The header of a frame of `length` octets.
std::array<uint8_t, 4> FrameHeader(size_t length);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_FRAME_DECODER_H_
