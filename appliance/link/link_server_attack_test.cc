// What a peer can do to the link, with and without the host's keys: end its own connection, leave
// one event behind, and nothing else.
#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "appliance/link/test_link.h"

namespace intaglio::appliance::test_link {
namespace {

using ::testing::ElementsAre;
using testing_support::FailsWith;
using testing_support::ForgeLinkIdentity;
using testing_support::IsOk;
using testing_support::LinkIdentity;
using testing_support::LinkKeyKind;
using testing_support::LinkValidity;
using testing_support::MakeLinkIdentity;
using testing_support::RawFrame;
using testing_support::RawHeader;
using testing_support::RawLink;
using testing_support::RawLinkConfig;

constexpr size_t kMaxFrame = 1 << 20;

// Strangers: each is refused once, for the right reason, while a bystander is served.
class StrangerTest : public LinkTest {
 protected:
  void ExpectRefused(const RawLinkConfig& config, const Reason& reason) {
    Start(Config());
    const auto bystander = Connect();
    ExpectEcho(*bystander, "before");
    const auto stranger = RawLink::Connect(path(), config);
    // A TLS 1.3 client may believe in a handshake; the server never does.
    if (stranger.ok()) {
      EXPECT_TRUE((*stranger)->PeerCloses(kPatience));
    }
    EXPECT_TRUE(observer_.WaitFor(Event("refused", reason), 1)) << stranger.status();
    ExpectEcho(*bystander, "after");
    server_->Stop();
    EXPECT_THAT(observer_.all(),
                ElementsAre("opened", Event("refused", reason), Event("ended", kLinkStopped)));
    EXPECT_EQ(handler_.begun(), 2u);
  }
  static LinkIdentity New(LinkKeyKind kind) {
    return MakeLinkIdentity("host", kind, LinkValidity::kNow);
  }
};

TEST_F(StrangerTest, WithAnotherCertificateOfTheSameName) {
  ExpectRefused({.identity = New(LinkKeyKind::kP256)}, kLinkPeerUnknown);
}
TEST_F(StrangerTest, WithoutACertificate) { ExpectRefused({}, kLinkPeerUnknown); }
TEST_F(StrangerTest, WithAnRsaCertificate) {
  ExpectRefused({.identity = New(LinkKeyKind::kRsa3072)}, kLinkPeerUnknown);
}
TEST_F(StrangerTest, WithTheCoresOwnCertificate) {
  ExpectRefused({.identity = LinkKeys::Get().core}, kLinkPeerUnknown);
}
TEST_F(StrangerTest, WithTheHostsCertificateButNotItsKey) {
  ExpectRefused({.identity = ForgeLinkIdentity(LinkKeys::Get().host, New(LinkKeyKind::kP256))},
                kLinkHandshake);
}
TEST_F(StrangerTest, WithTls13Only) {
  ExpectRefused({.identity = LinkKeys::Get().host,
                 .min_version = TLS1_3_VERSION,
                 .max_version = TLS1_3_VERSION},
                kLinkHandshake);
}
TEST_F(StrangerTest, WithRsaSuitesOnly) {
  ExpectRefused({.identity = LinkKeys::Get().host, .suites = "ECDHE-RSA-AES256-GCM-SHA384"},
                kLinkHandshake);
}
TEST_F(StrangerTest, WithAWeakerSuiteOnly) {
  ExpectRefused({.identity = LinkKeys::Get().host, .suites = "ECDHE-ECDSA-AES128-GCM-SHA256"},
                kLinkHandshake);
}

TEST_F(LinkTest, PlainOctetsAreRefused) {
  Start(Config());
  const auto stranger = RawLink::ConnectPlain(path());
  ASSERT_THAT(stranger, IsOk());
  ASSERT_THAT((*stranger)->Send(AsBytes("GET / HTTP/1.1\r\nHost: core\r\n\r\n")), IsOk());
  EXPECT_TRUE((*stranger)->PeerCloses(kPatience));
  EXPECT_TRUE(observer_.WaitFor(Event("refused", kLinkHandshake), 1));
  EXPECT_EQ(observer_.all().size(), 1u);
  ExpectEcho(*Connect(), "lives on");
}

TEST_F(LinkTest, AConnectionThatSaysNothingAndGoesIsRefused) {
  Start(Config());
  ASSERT_THAT(RawLink::ConnectPlain(path()), IsOk());
  EXPECT_TRUE(observer_.WaitFor(Event("refused", kLinkHandshake), 1));
  ExpectEcho(*Connect(), "lives on");
}

TEST_F(LinkTest, ASilentHandshakeRunsOut) {
  auto config = Config();
  config.handshake_timeout = 50;
  Start(config);
  const auto stranger = RawLink::ConnectPlain(path());
  ASSERT_THAT(stranger, IsOk());
  EXPECT_TRUE((*stranger)->PeerCloses(kPatience));
  EXPECT_TRUE(observer_.WaitFor(Event("refused", kLinkTimeout), 1));
  EXPECT_EQ(observer_.all().size(), 1u);
}

// Peers with the host's own keys that break the protocol: each loses its own connection only.
class RogueHostTest : public LinkTest {
 protected:
  enum class Leaves { kWaitsToBeClosed, kCloses, kDrops };
  void ExpectEnded(ByteView octets, Leaves leaves, const Reason& reason) {
    Start(Config());
    const auto bystander = Connect();
    ExpectEcho(*bystander, "before");
    auto rogue = Connect();
    ASSERT_THAT(rogue->Send(octets), IsOk());
    if (leaves == Leaves::kWaitsToBeClosed) {
      EXPECT_TRUE(rogue->PeerCloses(kPatience));
    } else if (leaves == Leaves::kCloses) {
      rogue->Close();
    } else {
      rogue->Drop();
    }
    EXPECT_TRUE(observer_.WaitFor(Event("ended", reason), 1));
    EXPECT_TRUE(handler_.WaitForClosed(1));
    EXPECT_THAT(handler_.closed(), ElementsAre(2));
    EXPECT_THAT(observer_.Of(2), ElementsAre("opened", Event("ended", reason)));
    ExpectEcho(*bystander, "after");
    ExpectEcho(*Connect(), "and for new ones");
    EXPECT_THAT(observer_.Of(1), ElementsAre("opened"));
  }
};

TEST_F(RogueHostTest, ZeroLength) {
  ExpectEnded(RawHeader(0), Leaves::kWaitsToBeClosed, kLinkFrameLength);
}
TEST_F(RogueHostTest, OneOctetTooLong) {
  ExpectEnded(RawHeader(kMaxFrame + 1), Leaves::kWaitsToBeClosed, kLinkFrameLength);
}
TEST_F(RogueHostTest, LongestLengthThereIs) {
  ExpectEnded(RawHeader(0xffffffff), Leaves::kWaitsToBeClosed, kLinkFrameLength);
}
TEST_F(RogueHostTest, NonsenseInAFrame) {
  ExpectEnded(RawFrame(AsBytes("bad")), Leaves::kWaitsToBeClosed, kNonsense);
}
TEST_F(RogueHostTest, NonsenseManyTimesOver) {
  Bytes octets;
  for (int i = 0; i < 300; ++i) octets = Concat({octets, RawFrame(AsBytes("bad"))});
  ExpectEnded(octets, Leaves::kWaitsToBeClosed, kNonsense);
}
TEST_F(RogueHostTest, AnswersThatNoFrameCanCarry) {
  ExpectEnded(RawFrame(AsBytes("huge")), Leaves::kWaitsToBeClosed, kLinkFrameLength);
}
TEST_F(RogueHostTest, EmptyAnswers) {
  ExpectEnded(RawFrame(AsBytes("none")), Leaves::kWaitsToBeClosed, kLinkFrameLength);
}
TEST_F(RogueHostTest, ClosesInsideABody) {
  ExpectEnded(Concat({RawHeader(10), AsBytes("abc")}), Leaves::kCloses, kLinkFrameTruncated);
}
TEST_F(RogueHostTest, DropsInsideABody) {
  ExpectEnded(Concat({RawHeader(10), AsBytes("abc")}), Leaves::kDrops, kLinkFrameTruncated);
}
TEST_F(RogueHostTest, ClosesInsideAHeader) {
  ExpectEnded(Bytes{0, 0}, Leaves::kCloses, kLinkFrameTruncated);
}
TEST_F(RogueHostTest, DropsWithoutAWord) {
  ExpectEnded(RawFrame(AsBytes("a whole frame")), Leaves::kDrops, kLinkBroken);
}

TEST_F(LinkTest, AnOrderlyCloseIsNoFailure) {
  Start(Config());
  auto link = Connect();
  ExpectEcho(*link, "hello");
  link->Close();
  EXPECT_TRUE(observer_.WaitFor("ended", 1));
  EXPECT_THAT(observer_.all(), ElementsAre("opened", "ended"));
}

TEST_F(LinkTest, AFrameThatNeverEndsRunsOutWhileAnIdlePeerStays) {
  auto config = Config();
  config.frame_timeout = 50;
  Start(config);
  const auto idle = Connect();
  ExpectEcho(*idle, "then silence");
  const auto slow = Connect();
  ASSERT_THAT(slow->Send(Bytes{0, 0}), IsOk());
  EXPECT_TRUE(slow->PeerCloses(kPatience));
  EXPECT_TRUE(observer_.WaitFor(Event("ended", kLinkTimeout), 1));
  ExpectEcho(*idle, "still here");
  EXPECT_THAT(observer_.Of(2), ElementsAre("opened", Event("ended", kLinkTimeout)));
}

TEST_F(LinkTest, DribblingOctetsBuysNoTime) {
  auto config = Config();
  config.frame_timeout = 100;
  Start(config);
  const auto slow = Connect();
  ASSERT_THAT(slow->Send(RawHeader(kMaxFrame)), IsOk());
  const auto start = SystemClock().SinceBoot();
  bool closed = false;
  while (!closed && SystemClock().SinceBoot() - start < kPatience) {
    (void)slow->Send(Bytes{'x'});
    closed = slow->PeerCloses(5);
  }
  EXPECT_TRUE(closed);
  EXPECT_TRUE(observer_.WaitFor(Event("ended", kLinkTimeout), 1));
}

// A peer that only sends makes the core hold no more than the limits, and loses nothing of what it
// was owed once it reads.
TEST_F(LinkTest, APeerThatNeverReadsIsHeldBack) {
  Start(Config());
  const auto bystander = Connect();
  const auto greedy = Connect();
  constexpr size_t kFrame = 64 * 1024;
  constexpr size_t kFrames = 1024;
  Bytes octets;
  for (size_t i = 0; i < kFrames; ++i) {
    const Bytes frame = RawFrame(Bytes(kFrame - 4, 'g'));
    octets.insert(octets.end(), frame.begin(), frame.end());
  }
  auto sent = greedy->SendSome(octets, 300);
  ASSERT_THAT(sent, IsOk());
  EXPECT_LT(*sent, octets.size() / 2);
  // Answers: the limit, one for each worker, and what the sockets hold.
  EXPECT_LE(handler_.answered_octets(),
            LinkServer::kMostUnsent + Config().workers * kFrame + (2 << 20));
  EXPECT_LE(*sent, 2 * LinkServer::kMostUnsent + (6 << 20));
  ExpectEcho(*bystander, "not starved");
  size_t received = 0;
  while (received < kFrames) {
    const auto answer = greedy->ReceiveFrame(kPatience);
    ASSERT_THAT(answer, IsOk()) << received;
    ++received;
    const auto more = greedy->SendSome(ByteView(octets).subspan(*sent), 0);
    ASSERT_THAT(more, IsOk());
    *sent += *more;
  }
  EXPECT_EQ(*sent, octets.size());
}

TEST_F(LinkTest, RequestsThatAreNotAnsweredHoldReadingBack) {
  auto config = Config();
  config.workers = 2;
  Start(config);
  const auto greedy = Connect();
  Bytes octets;
  for (int i = 0; i < 64 * 1024; ++i) {
    const Bytes frame = RawFrame(AsBytes("hold" + std::string(120, 'x')));
    octets.insert(octets.end(), frame.begin(), frame.end());
  }
  auto sent = greedy->SendSome(octets, 300);
  ASSERT_THAT(sent, IsOk());
  EXPECT_LT(*sent, size_t{2} << 20);
  EXPECT_EQ(handler_.begun(), 2u);
  // Held back, it still goes when its peer goes.
  greedy->Drop();
  EXPECT_TRUE(observer_.WaitFor(Event("ended", kLinkBroken), 1));
  handler_.Release();
  EXPECT_TRUE(handler_.WaitForClosed(1));
  EXPECT_EQ(handler_.begun(), 2u);
}

// Being read late is the core's doing: it must not count as the peer's slowness.
TEST_F(LinkTest, AFrameHeldBackIsNotLate) {
  auto config = Config();
  config.frame_timeout = 50;
  config.workers = 1;
  Start(config);
  const auto link = Connect();
  Bytes octets;
  for (int i = 0; i < 400; ++i) {
    const Bytes frame = RawFrame(AsBytes("hold" + std::string(1000, 'x')));
    octets.insert(octets.end(), frame.begin(), frame.end());
  }
  auto sent = link->SendSome(octets, 300);
  ASSERT_THAT(sent, IsOk());
  handler_.Release();
  for (int i = 0; i < 400; ++i) {
    const auto more = link->SendSome(ByteView(octets).subspan(*sent), 0);
    ASSERT_THAT(more, IsOk());
    *sent += *more;
    ASSERT_THAT(link->ReceiveFrame(kPatience), IsOk()) << i;
  }
}

}  // namespace
}  // namespace intaglio::appliance::test_link
