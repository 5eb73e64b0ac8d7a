// Both ends of the link together: Boost.Asio over OpenSSL against Mbed TLS.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "appliance/link/link_server.h"
#include "appliance/link/reasons.h"
#include "host/core_link/core_link.h"
#include "host/core_link/reasons.h"
#include "tests/support/raw_link.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio {
namespace {

namespace pb = ::intaglio::core::v1;
using appliance::LinkServer;
using appliance::LinkServerConfig;
using host::CoreLink;
using host::CoreLinkConfig;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::LinkIdentity;
using testing_support::LinkKeyKind;
using testing_support::LinkValidity;
using testing_support::MakeLinkIdentity;

constexpr Duration kPatience = 30 * kSecond;

pb::CoreRequest Ask(const std::string& text) {
  pb::CoreRequest request;
  request.mutable_begin_activation()->set_session_id(text);
  return request;
}

// Answers an activation with the session's name; "hold" never, "bad" with the end of the link.
class EchoCore final : public appliance::FrameHandler {
 public:
  explicit EchoCore(int told_fd) : told_fd_(told_fd) {}
  StatusOr<Bytes> Handle(uint64_t, ByteView frame) override {
    pb::CoreRequest request;
    if (!request.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
      return Fail(appliance::kLinkBroken, "not a request");
    }
    const std::string& text = request.begin_activation().session_id();
    if (text == "bad") return Fail(appliance::kLinkBroken, "as asked");
    if (text == "hold") {
      [[maybe_unused]] const ssize_t n = write(told_fd_, "h", 1);
      for (;;) pause();
    }
    pb::CoreResponse response;
    response.set_id(request.id());
    response.mutable_begin_activation()->set_payload(text);
    return ToBytes(response.SerializeAsString());
  }
  void Closed(uint64_t) override {}

 private:
  const int told_fd_;
};

class LinkEvents final : public appliance::LinkObserver {
 public:
  void Opened(uint64_t, const std::string&) override {}
  void Refused(const Status& status, const std::string&) override { Note(ReasonIdOf(status)); }
  void Ended(uint64_t, const Status& status) override { Note(ReasonIdOf(status)); }
  // The Reason's id of the first end or refusal; "" for an orderly end.
  std::string First() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(kPatience), [&] { return !ids_.empty(); });
    return ids_.empty() ? "nothing" : ids_.front();
  }

 private:
  void Note(const std::string& id) {
    {
      std::lock_guard lock(mutex_);
      ids_.push_back(id);
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> ids_;
};

class LinkTest : public ::testing::Test {
 protected:
  std::string path() const { return dir_.Sub("link"); }
  LinkServerConfig CoreConfig() const {
    LinkServerConfig config;
    config.unix_socket = path();
    config.certificate_pem = core_.certificate();
    config.private_key_pem = core_.private_key();
    config.pinned_peer_pem = host_.certificate();
    return config;
  }
  CoreLinkConfig HostConfig() const {
    CoreLinkConfig config;
    config.unix_socket = path();
    config.certificate_pem = host_.certificate();
    config.private_key_pem = host_.private_key();
    config.pinned_peer_pem = core_.certificate();
    config.timeout = kPatience;
    return config;
  }
  std::unique_ptr<LinkServer> StartCore(const LinkServerConfig& config) {
    auto server = LinkServer::Start(config, handler_, events_);
    EXPECT_THAT(server, IsOk());
    return server.ok() ? *std::move(server) : nullptr;
  }
  static std::unique_ptr<CoreLink> OpenLink(const CoreLinkConfig& config) {
    auto link = CoreLink::Create(config);
    EXPECT_THAT(link, IsOk());
    return link.ok() ? *std::move(link) : nullptr;
  }
  static void ExpectServed(CoreLink& link, const std::string& text) {
    const auto outcome = link.Call(Ask(text));
    ASSERT_THAT(outcome, IsOk());
    EXPECT_EQ(outcome->begin_activation().payload(), text);
  }

  static inline const LinkIdentity core_ =
      MakeLinkIdentity("core", LinkKeyKind::kP256, LinkValidity::kNow);
  static inline const LinkIdentity host_ =
      MakeLinkIdentity("host", LinkKeyKind::kP256, LinkValidity::kNow);
  testing_support::TempDir dir_;
  EchoCore handler_{-1};
  LinkEvents events_;
};

// Runs first: it forks, and nothing of this process may have threads yet.
TEST_F(LinkTest, AKilledCoreLosesTheCallAndARestartedOneServesTheNext) {
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t child = fork();
  if (child == 0) {
    EchoCore handler(told[1]);
    const auto server = LinkServer::Start(CoreConfig(), handler, events_);
    for (;;) pause();
  }
  {
    const auto link = OpenLink(HostConfig());
    ExpectServed(*link, "before");
    std::mutex mutex;
    std::condition_variable changed;
    Status lost;
    bool settled = false;
    link->AsyncCall(Ask("hold"), kPatience, [&](StatusOr<pb::CoreResponse> outcome) {
      std::lock_guard lock(mutex);
      lost = outcome.status();
      settled = true;
      changed.notify_all();
    });
    char octet = 0;
    ASSERT_EQ(read(told[0], &octet, 1), 1);
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    std::unique_lock lock(mutex);
    ASSERT_TRUE(
        changed.wait_for(lock, std::chrono::milliseconds(kPatience), [&] { return settled; }));
    EXPECT_THAT(lost, FailsWith(host::kCoreLinkLost));
    // The dead core's socket file is in the way and is replaced.
    const auto server = StartCore(CoreConfig());
    ExpectServed(*link, "after");
  }
  close(told[0]);
  close(told[1]);
}

TEST_F(LinkTest, TenThousandCallsOverFourLinks) {
  auto config = CoreConfig();
  config.unix_socket.clear();
  config.tcp_listen = "127.0.0.1:0";
  const auto server = StartCore(config);
  auto host_config = HostConfig();
  host_config.unix_socket.clear();
  host_config.tcp_address = server->endpoint();
  constexpr int kLinks = 4;
  constexpr int kCalls = 2500;
  std::mutex mutex;
  std::condition_variable changed;
  int right = 0;
  int wrong = 0;
  std::vector<std::unique_ptr<CoreLink>> links;
  for (int i = 0; i < kLinks; ++i) links.push_back(OpenLink(host_config));
  for (int call = 0; call < kCalls; ++call) {
    for (int i = 0; i < kLinks; ++i) {
      const std::string text = std::to_string(call) + "-of-" + std::to_string(i);
      links[static_cast<size_t>(i)]->AsyncCall(
          Ask(text), kPatience, [&, text](StatusOr<pb::CoreResponse> outcome) {
            std::lock_guard lock(mutex);
            ++(outcome.ok() && outcome->begin_activation().payload() == text ? right : wrong);
            if (right + wrong == kLinks * kCalls) changed.notify_all();
          });
    }
  }
  std::unique_lock lock(mutex);
  changed.wait_for(lock, std::chrono::milliseconds(kPatience),
                   [&] { return right + wrong == kLinks * kCalls; });
  EXPECT_EQ(right, kLinks * kCalls);
  EXPECT_EQ(wrong, 0);
}

TEST_F(LinkTest, TheLongestRequestPasses) {
  const auto server = StartCore(CoreConfig());
  const auto link = OpenLink(HostConfig());
  ExpectServed(*link, std::string((1 << 20) - 64, 'x'));
}

TEST_F(LinkTest, ARequestThatIsNoneEndsTheLinkAndTheNextOpensIt) {
  const auto server = StartCore(CoreConfig());
  const auto link = OpenLink(HostConfig());
  EXPECT_THAT(link->Call(Ask("bad")), FailsWith(host::kCoreLinkLost));
  EXPECT_EQ(events_.First(), appliance::kLinkBroken.id);
  ExpectServed(*link, "after");
}

TEST_F(LinkTest, AStoppedCoreIsFoundAgain) {
  const auto link = OpenLink(HostConfig());
  for (int i = 0; i < 3; ++i) {
    const auto server = StartCore(CoreConfig());
    // A call may meet the link of the core before, which is just being lost.
    auto outcome = link->Call(Ask("x"));
    if (!outcome.ok()) {
      EXPECT_THAT(outcome, FailsWith(host::kCoreLinkLost));
      outcome = link->Call(Ask("x"));
    }
    EXPECT_THAT(outcome, IsOk());
  }
}

TEST_F(LinkTest, AHostThatStopsLeavesInOrder) {
  const auto server = StartCore(CoreConfig());
  ExpectServed(*OpenLink(HostConfig()), "x");
  EXPECT_EQ(events_.First(), "");
}

TEST_F(LinkTest, AnotherHostIsRefusedByTheCore) {
  const auto server = StartCore(CoreConfig());
  const LinkIdentity other = MakeLinkIdentity("host", LinkKeyKind::kP256, LinkValidity::kNow);
  auto config = HostConfig();
  config.certificate_pem = other.certificate();
  config.private_key_pem = other.private_key();
  const auto link = OpenLink(config);
  EXPECT_THAT(link->Call(Ask("x"), Duration{200}), FailsWith(host::kCoreUnavailable));
  EXPECT_EQ(events_.First(), appliance::kLinkPeerUnknown.id);
}

TEST_F(LinkTest, AnotherCoreIsRefusedByTheHost) {
  const LinkIdentity other = MakeLinkIdentity("core", LinkKeyKind::kP256, LinkValidity::kNow);
  auto config = CoreConfig();
  config.certificate_pem = other.certificate();
  config.private_key_pem = other.private_key();
  const auto server = StartCore(config);
  const auto link = OpenLink(HostConfig());
  EXPECT_THAT(link->Call(Ask("x"), Duration{200}), FailsWith(host::kCorePeerUnknown));
  EXPECT_EQ(events_.First(), appliance::kLinkHandshake.id);
}

}  // namespace
}  // namespace intaglio
