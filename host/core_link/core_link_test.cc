#include "host/core_link/core_link.h"

#include <gmock/gmock.h>

#include <future>

#include "host/core_link/reasons.h"
#include "tests/support/raw_link.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
using testing_support::FailsNaming;
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
using testing_support::RawLinkServer;

constexpr Duration kPatience = 20 * kSecond;
using Outcome = StatusOr<pb::CoreResponse>;

LinkIdentity New(LinkKeyKind kind) { return MakeLinkIdentity("end", kind, LinkValidity::kNow); }

// A request and an answer that tell one from another.
pb::CoreRequest Ask(const std::string& text) {
  pb::CoreRequest request;
  request.mutable_begin_activation()->set_session_id(text);
  return request;
}
std::string AnswerTo(const pb::CoreRequest& request) {
  pb::CoreResponse response;
  response.set_id(request.id());
  response.mutable_begin_activation()->set_payload(request.begin_activation().session_id());
  return response.SerializeAsString();
}

// The test plays the core.
class CoreLinkTest : public ::testing::Test {
 protected:
  CoreLinkConfig Config() const {
    CoreLinkConfig config;
    config.unix_socket = path();
    config.certificate_pem = host_.certificate();
    config.private_key_pem = host_.private_key();
    config.pinned_peer_pem = core_.certificate();
    config.timeout = kPatience;
    return config;
  }
  std::string path() const { return dir_.Sub("core"); }
  void Listen() { ListenAs({.identity = core_}); }
  void ListenAs(const RawLinkConfig& config) {
    auto listening = RawLinkServer::Listen(path(), config);
    ASSERT_THAT(listening, IsOk());
    server_ = *std::move(listening);
  }
  void Open(const CoreLinkConfig& config) {
    auto link = CoreLink::Create(config);
    ASSERT_THAT(link, IsOk());
    link_ = *std::move(link);
  }
  // A connected pair.
  void OpenBoth(const CoreLinkConfig& config) {
    Listen();
    Open(config);
    peer_ = Accept();
    ASSERT_NE(peer_, nullptr);
  }
  std::unique_ptr<RawLink> Accept() {
    auto peer = server_->Accept(kPatience);
    EXPECT_THAT(peer, IsOk());
    return peer.ok() ? *std::move(peer) : nullptr;
  }
  std::future<Outcome> CallLater(pb::CoreRequest request) {
    return std::async(std::launch::async, [this, request] { return link_->Call(request); });
  }
  static pb::CoreRequest Receive(RawLink& peer) {
    pb::CoreRequest request;
    const auto frame = peer.ReceiveFrame(kPatience);
    EXPECT_THAT(frame, IsOk());
    EXPECT_TRUE(frame.ok() && request.ParseFromString(AsString(*frame)));
    return request;
  }
  static void Answer(RawLink& peer, const pb::CoreRequest& request) {
    EXPECT_THAT(peer.SendFrame(AsBytes(AnswerTo(request))), IsOk());
  }
  // A call goes through, on a new connection if `peer` is one.
  void ExpectServed(RawLink& peer, const std::string& text) {
    auto outcome = CallLater(Ask(text));
    Answer(peer, Receive(peer));
    ExpectPayload(outcome.get(), text);
  }
  static void ExpectPayload(const Outcome& outcome, const std::string& text) {
    ASSERT_THAT(outcome, IsOk());
    EXPECT_EQ(outcome->begin_activation().payload(), text);
  }
  // The core answers a call with `octets`: the call fails for `reason` and the link is opened anew.
  void ExpectBroken(ByteView octets, const Reason& reason) {
    OpenBoth(Config());
    auto outcome = CallLater(Ask("x"));
    Receive(*peer_);
    EXPECT_THAT(peer_->Send(octets), IsOk());
    EXPECT_THAT(outcome.get(), FailsWith(reason));
    const auto next = Accept();
    ExpectServed(*next, "after");
  }
  // The core answers a call with `response`: the call fails for `reason`, the link stays.
  Outcome AnswerOf(pb::CoreResponse response) {
    OpenBoth(Config());
    auto outcome = CallLater(Ask("x"));
    response.set_id(Receive(*peer_).id());
    EXPECT_THAT(peer_->SendFrame(AsBytes(response.SerializeAsString())), IsOk());
    Outcome out = outcome.get();
    ExpectServed(*peer_, "after");
    return out;
  }

  static inline const LinkIdentity core_ = New(LinkKeyKind::kP256);
  static inline const LinkIdentity host_ = New(LinkKeyKind::kP256);
  testing_support::TempDir dir_;
  std::unique_ptr<RawLinkServer> server_;
  std::unique_ptr<CoreLink> link_;
  std::unique_ptr<RawLink> peer_;
};

TEST_F(CoreLinkTest, AnswersFindTheirCallersInAnyOrder) {
  OpenBoth(Config());
  std::vector<std::future<Outcome>> outcomes;
  for (const std::string text : {"a", "b", "c"}) outcomes.push_back(CallLater(Ask(text)));
  std::vector<pb::CoreRequest> requests;
  std::vector<uint64_t> ids;
  for (int i = 0; i < 3; ++i) {
    requests.push_back(Receive(*peer_));
    ids.push_back(requests.back().id());
  }
  EXPECT_THAT(ids, ::testing::Each(::testing::Ne(0u)));
  for (auto each = requests.rbegin(); each != requests.rend(); ++each) Answer(*peer_, *each);
  ExpectPayload(outcomes[0].get(), "a");
  ExpectPayload(outcomes[1].get(), "b");
  ExpectPayload(outcomes[2].get(), "c");
}

TEST_F(CoreLinkTest, TheCoresRefusalKeepsItsReason) {
  pb::CoreResponse response;
  response.mutable_failure()->set_code(static_cast<int>(absl::StatusCode::kPermissionDenied));
  response.mutable_failure()->set_reason_id("APL-0142");
  response.mutable_failure()->set_reason_name("SAD_SPENT");
  response.mutable_failure()->set_detail("spent before");
  const Outcome outcome = AnswerOf(response);
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonIdOf(outcome.status()), "APL-0142");
  EXPECT_EQ(ReasonNameOf(outcome.status()), "SAD_SPENT");
  EXPECT_EQ(PublicDetailOf(outcome.status()), "spent before");
}

TEST_F(CoreLinkTest, AFailureThatSaysOkIsNone) {
  pb::CoreResponse response;
  response.mutable_failure()->set_code(0);
  EXPECT_THAT(AnswerOf(response), FailsWith(kCoreProtocol));
}

TEST_F(CoreLinkTest, AFailureWithAnUnknownCodeIsNone) {
  pb::CoreResponse response;
  response.mutable_failure()->set_code(4711);
  EXPECT_THAT(AnswerOf(response), FailsWith(kCoreProtocol));
}

TEST_F(CoreLinkTest, AnAnswerToAnotherActIsRefused) {
  pb::CoreResponse response;
  response.mutable_sign()->add_signatures("signature");
  EXPECT_THAT(AnswerOf(response), FailsWith(kCoreProtocol));
}

TEST_F(CoreLinkTest, AnAnswerWithoutAResultIsRefused) {
  EXPECT_THAT(AnswerOf({}), FailsWith(kCoreProtocol));
}

TEST_F(CoreLinkTest, AnAnswerToNoRequestBreaksTheLink) {
  pb::CoreRequest request = Ask("x");
  request.set_id(1'000'000);
  ExpectBroken(RawFrame(AsBytes(AnswerTo(request))), kCoreProtocol);
}
TEST_F(CoreLinkTest, AnAnswerWithoutAnIdBreaksTheLink) {
  ExpectBroken(RawFrame(AsBytes(AnswerTo(Ask("x")))), kCoreProtocol);
}
TEST_F(CoreLinkTest, GarbageBreaksTheLink) {
  ExpectBroken(RawFrame(Bytes(64, 0xff)), kCoreProtocol);
}
TEST_F(CoreLinkTest, AnEmptyFrameBreaksTheLink) { ExpectBroken(RawHeader(0), kCoreProtocol); }
TEST_F(CoreLinkTest, AFrameTooLongBreaksTheLink) {
  ExpectBroken(RawHeader((1 << 20) + 1), kCoreProtocol);
}

TEST_F(CoreLinkTest, ALostLinkFailsWhatWasSentAndIsOpenedAgain) {
  OpenBoth(Config());
  auto outcome = CallLater(Ask("under way"));
  Receive(*peer_);
  peer_->Drop();
  EXPECT_THAT(outcome.get(), FailsWith(kCoreLinkLost));
  const auto next = Accept();
  ExpectServed(*next, "after");
}

TEST_F(CoreLinkTest, ALinkThatEndsInsideAnAnswerIsLost) {
  OpenBoth(Config());
  auto outcome = CallLater(Ask("x"));
  const std::string answer = AnswerTo(Receive(*peer_));
  ASSERT_THAT(peer_->Send(Concat({RawHeader(100), AsBytes(answer)})), IsOk());
  peer_->Close();
  EXPECT_THAT(outcome.get(), FailsWith(kCoreLinkLost));
}

TEST_F(CoreLinkTest, ALateAnswerIsDropped) {
  OpenBoth(Config());
  auto outcome =
      std::async(std::launch::async, [this] { return link_->Call(Ask("slow"), Duration{50}); });
  const pb::CoreRequest slow = Receive(*peer_);
  EXPECT_THAT(outcome.get(), FailsWith(kCoreTimeout));
  Answer(*peer_, slow);
  ExpectServed(*peer_, "same link");
}

TEST_F(CoreLinkTest, WithoutACoreACallFailsInTime) {
  Open(Config());
  EXPECT_THAT(link_->Call(Ask("x"), Duration{50}), FailsWith(kCoreUnavailable));
}

TEST_F(CoreLinkTest, ACallWaitsForTheCoreToCome) {
  Open(Config());
  EXPECT_THAT(link_->Call(Ask("too early"), Duration{20}), FailsWith(kCoreUnavailable));
  auto outcome = CallLater(Ask("patient"));
  Listen();
  const auto peer = Accept();
  // What was given up before it was sent is never sent.
  const pb::CoreRequest request = Receive(*peer);
  EXPECT_EQ(request.begin_activation().session_id(), "patient");
  Answer(*peer, request);
  ExpectPayload(outcome.get(), "patient");
}

TEST_F(CoreLinkTest, ACoreThatDoesNotShakeHandsIsTriedAgain) {
  Listen();
  auto config = Config();
  config.connect_timeout = 50;
  Open(config);
  EXPECT_THAT(link_->Call(Ask("x"), Duration{200}),
              FailsNaming(kCoreUnavailable.id, "took too long"));
  // Attempts given up wait in the queue before one that lives.
  StatusOr<std::unique_ptr<RawLink>> peer = server_->Accept(kPatience);
  for (int i = 0; i < 20 && !peer.ok(); ++i) peer = server_->Accept(kPatience);
  ASSERT_THAT(peer, IsOk());
  ExpectServed(**peer, "after");
}

TEST_F(CoreLinkTest, AnotherCoreIsNotTalkedTo) {
  ListenAs({.identity = New(LinkKeyKind::kP256)});
  Open(Config());
  EXPECT_THAT(server_->Accept(kPatience), FailsWith(testing_support::kRawLinkFailed));
  EXPECT_THAT(link_->Call(Ask("x"), Duration{50}), FailsWith(kCorePeerUnknown));
}

TEST_F(CoreLinkTest, TheCoresCertificateWithoutItsKeyIsNotTalkedTo) {
  ListenAs({.identity = ForgeLinkIdentity(core_, New(LinkKeyKind::kP256))});
  Open(Config());
  EXPECT_THAT(server_->Accept(kPatience), FailsWith(testing_support::kRawLinkFailed));
  EXPECT_THAT(link_->Call(Ask("x"), Duration{50}), FailsWith(kCoreUnavailable));
}

TEST_F(CoreLinkTest, NoOtherSuiteOrVersionIsSpoken) {
  for (const RawLinkConfig& config :
       {RawLinkConfig{.identity = core_, .suites = "ECDHE-ECDSA-AES128-GCM-SHA256"},
        RawLinkConfig{.identity = core_, .min_version = 0x0304, .max_version = 0x0304},
        RawLinkConfig{.identity = New(LinkKeyKind::kRsa3072),
        .suites = "ECDHE-RSA-AES256-GCM-SHA384"}}) {
    server_.reset();
    ListenAs(config);
    Open(Config());
    EXPECT_THAT(server_->Accept(kPatience), FailsWith(testing_support::kRawLinkFailed));
    EXPECT_THAT(link_->Call(Ask("x"), Duration{50}), FailsWith(kCoreUnavailable));
  }
}

TEST_F(CoreLinkTest, ARequestThatFitsNoFrameIsRefusedBeforeItIsSent) {
  OpenBoth(Config());
  EXPECT_THAT(link_->Call(Ask(std::string(1 << 20, 'x'))), FailsWith(kCoreFrameTooLarge));
  ExpectServed(*peer_, std::string((1 << 20) - 64, 'y'));
}

TEST_F(CoreLinkTest, TooManyUnansweredCallsAreRefused) {
  auto config = Config();
  config.most_calls = 2;
  OpenBoth(config);
  auto first = CallLater(Ask("1"));
  const pb::CoreRequest first_request = Receive(*peer_);
  auto second = CallLater(Ask("2"));
  const pb::CoreRequest second_request = Receive(*peer_);
  EXPECT_THAT(link_->Call(Ask("3")), FailsWith(kCoreBusy));
  Answer(*peer_, first_request);
  ExpectPayload(first.get(), "1");
  ExpectServed(*peer_, "3");
  Answer(*peer_, second_request);
  ExpectPayload(second.get(), "2");
}

TEST_F(CoreLinkTest, TheEndOfALinkFailsItsCallsAndIsOrderly) {
  OpenBoth(Config());
  std::promise<Outcome> sent;
  link_->AsyncCall(Ask("sent"), kPatience, [&](Outcome outcome) { sent.set_value(outcome); });
  Receive(*peer_);
  auto closes = std::async(std::launch::async, [&] { return peer_->PeerCloses(kPatience); });
  link_.reset();
  EXPECT_THAT(sent.get_future().get(), FailsWith(kCoreLinkLost));
  EXPECT_TRUE(closes.get());
  peer_->Close();
}

TEST_F(CoreLinkTest, TheEndOfALinkThatNeverCameUpFailsItsCalls) {
  Open(Config());
  std::promise<Outcome> unsent;
  link_->AsyncCall(Ask("unsent"), kPatience, [&](Outcome outcome) { unsent.set_value(outcome); });
  link_.reset();
  EXPECT_THAT(unsent.get_future().get(), FailsWith(kCoreUnavailable));
}

TEST_F(CoreLinkTest, TheCoresCertificateIsReplacedWithOverlap) {
  const LinkIdentity next = New(LinkKeyKind::kP256);
  auto config = Config();
  config.pinned_peer_pem = Concat({core_.certificate(), next.certificate()});
  OpenBoth(config);
  ExpectServed(*peer_, "as it was");
  peer_->Close();
  server_.reset();
  ListenAs({.identity = next});
  peer_ = Accept();
  ASSERT_NE(peer_, nullptr);
  ExpectServed(*peer_, "with its next certificate");
}

TEST_F(CoreLinkTest, NamesWhatIsWrongWithItsConfiguration) {
  const LinkIdentity other = New(LinkKeyKind::kP256);
  const LinkIdentity rsa = New(LinkKeyKind::kRsa3072);
  const LinkIdentity p384 = New(LinkKeyKind::kP384);
  using Change = std::function<void(CoreLinkConfig&)>;
  const std::vector<std::pair<std::string, Change>> cases = {
      {"core.certificate", [](auto& c) { c.certificate_pem = ToBytes("x"); }},
      {"core.private_key", [](auto& c) { c.private_key_pem = SecretBytes(); }},
      {"does not belong", [&](auto& c) { c.private_key_pem = other.private_key(); }},
      {"P-256", [&](auto& c) { c.private_key_pem = rsa.private_key(); }},
      {"P-256", [&](auto& c) { c.private_key_pem = p384.private_key(); }},
      {"core.pinned_peer", [](auto& c) { c.pinned_peer_pem = {}; }},
      {"core.pinned_peer",
       [&](auto& c) {
         c.pinned_peer_pem = Concat({c.pinned_peer_pem, other.certificate(), p384.certificate()});
       }},
      {"107", [](auto& c) { c.unix_socket = "/" + std::string(200, 'a'); }},
      {"exactly one", [](auto& c) { c.unix_socket.clear(); }},
      {"exactly one", [](auto& c) { c.tcp_address = "127.0.0.1:7443"; }},
  };
  for (const auto& [named, change] : cases) {
    auto config = Config();
    change(config);
    EXPECT_THAT(CoreLink::Create(config), FailsNaming(kCoreLinkConfig.id, named));
  }
  for (const std::string address : {"core.example:7443", "10.0.0.2", "10.0.0.2:", "10.0.0.2:0",
                                    "10.0.0.2:70000", "10.0.0.2:7443x", "::1:7443", ":7443"}) {
    auto config = Config();
    config.unix_socket.clear();
    config.tcp_address = address;
    EXPECT_THAT(CoreLink::Create(config), FailsNaming(kCoreLinkConfig.id, "core.tcp_address"))
        << address;
  }
}

}  // namespace
}  // namespace intaglio::host
