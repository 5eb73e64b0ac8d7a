// Takes any octets for a connection's: however they are cut, the frames must be the same, within
// their limits, and no longer than what came.
#include <cstdlib>

#include "appliance/link/frame_decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  using namespace intaglio;
  using namespace intaglio::appliance;
  if (size == 0) return 0;
  const size_t cut = octets[0] + size_t{1};
  const ByteView input(octets + 1, size - 1);

  std::vector<Bytes> whole;
  FrameDecoder at_once;
  const Status fed_whole = at_once.Feed(input, whole);

  std::vector<Bytes> pieces;
  FrameDecoder in_pieces;
  Status fed_pieces;
  for (ByteView rest = input; !rest.empty() && fed_pieces.ok();) {
    const ByteView part = rest.first(std::min(cut, rest.size()));
    fed_pieces = in_pieces.Feed(part, pieces);
    rest = rest.subspan(part.size());
  }
  if (fed_whole.ok() != fed_pieces.ok() || whole != pieces) abort();
  if (fed_whole.ok() && at_once.AtBoundary() != in_pieces.AtBoundary()) abort();

  Bytes again;
  for (const Bytes& frame : whole) {
    if (frame.empty() || frame.size() > kMaxFrame) abort();
    const auto header = FrameHeader(frame.size());
    again.insert(again.end(), header.begin(), header.end());
    again.insert(again.end(), frame.begin(), frame.end());
  }
  if (again.size() > input.size() || !Equal(again, input.first(again.size()))) abort();
  if (fed_whole.ok() && at_once.AtBoundary() != (again.size() == input.size())) abort();
  return 0;
}
