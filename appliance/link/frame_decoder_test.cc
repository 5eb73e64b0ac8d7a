#include "appliance/link/frame_decoder.h"

#include <gmock/gmock.h>

#include "appliance/link/reasons.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using testing_support::FailsWith;
using testing_support::IsOk;

Bytes Encode(const std::string& body) {
  const auto header = FrameHeader(body.size());
  return Concat({header, AsBytes(body)});
}

TEST(FrameDecoderTest, GivesFramesHoweverTheyAreCut) {
  const Bytes octets = Concat({Encode("first"), Encode("x"), Encode(std::string(70'000, 'y'))});
  for (const size_t cut : {size_t{1}, size_t{3}, size_t{4}, size_t{4096}, octets.size()}) {
    FrameDecoder decoder;
    std::vector<Bytes> frames;
    for (size_t at = 0; at < octets.size(); at += cut) {
      ASSERT_THAT(
          decoder.Feed(ByteView(octets).subspan(at, std::min(cut, octets.size() - at)), frames),
          IsOk());
    }
    ASSERT_EQ(frames.size(), 3u) << cut;
    EXPECT_EQ(AsString(frames[0]), "first");
    EXPECT_EQ(AsString(frames[1]), "x");
    EXPECT_EQ(frames[2].size(), 70'000u);
    EXPECT_TRUE(decoder.AtBoundary());
  }
}

TEST(FrameDecoderTest, IsAtNoBoundaryInsideHeaderAndBody) {
  FrameDecoder decoder;
  std::vector<Bytes> frames;
  EXPECT_TRUE(decoder.AtBoundary());
  const Bytes octets = Encode("ab");
  for (size_t i = 0; i + 1 < octets.size(); ++i) {
    ASSERT_THAT(decoder.Feed({&octets[i], 1}, frames), IsOk());
    EXPECT_FALSE(decoder.AtBoundary()) << i;
  }
}

TEST(FrameDecoderTest, RefusesLengthsOutsideTheLimits) {
  std::vector<Bytes> frames;
  EXPECT_THAT(FrameDecoder().Feed(FrameHeader(0), frames), FailsWith(kLinkFrameLength));
  EXPECT_THAT(FrameDecoder().Feed(FrameHeader(kMaxFrame + 1), frames), FailsWith(kLinkFrameLength));
  EXPECT_THAT(FrameDecoder().Feed(Bytes(4, 0xff), frames), FailsWith(kLinkFrameLength));
  EXPECT_THAT(FrameDecoder().Feed(FrameHeader(kMaxFrame), frames), IsOk());
  EXPECT_THAT(frames, ::testing::IsEmpty());
}

}  // namespace
}  // namespace intaglio::appliance
