#include "appliance/link/link_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "appliance/link/test_link.h"
#include "base/file.h"

namespace intaglio::appliance::test_link {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::LinkIdentity;
using testing_support::LinkKeyKind;
using testing_support::LinkValidity;
using testing_support::MakeLinkIdentity;
using testing_support::RawFrame;
using testing_support::RawLink;
using testing_support::RawLinkConfig;

constexpr size_t kMaxFrame = 1 << 20;

using LinkServerTest = LinkTest;

TEST_F(LinkServerTest, EchoesTenThousandPipelinedFramesOverFourConnections) {
  auto config = Config();
  config.workers = 4;
  Start(config);
  constexpr int kClients = 4;
  constexpr int kFrames = 2500;
  constexpr int kWindow = 200;
  std::vector<std::thread> clients;
  std::vector<std::set<std::string>> received(kClients);
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      const auto link = Connect();
      ASSERT_NE(link, nullptr);
      int sent = 0;
      for (int done = 0; done < kFrames; ++done) {
        if (sent - done < kWindow / 2) {
          Bytes burst;
          for (; sent < kFrames && sent - done < kWindow; ++sent) {
            burst = Concat(
                {burst, RawFrame(AsBytes(std::to_string(sent) + "-of-" + std::to_string(client)))});
          }
          ASSERT_THAT(link->Send(burst), IsOk());
        }
        const auto answer = link->ReceiveFrame(kPatience);
        ASSERT_THAT(answer, IsOk());
        received[static_cast<size_t>(client)].insert(AsString(*answer));
      }
      link->Close();
    });
  }
  for (std::thread& client : clients) client.join();
  for (const auto& answers : received) EXPECT_EQ(answers.size(), size_t{kFrames});
  EXPECT_TRUE(observer_.WaitFor("ended", kClients));
  EXPECT_EQ(observer_.Count("opened"), size_t{kClients});
}

TEST_F(LinkServerTest, AnswersOvertakeASlowRequest) {
  Start(Config());
  const auto link = Connect();
  ASSERT_THAT(link->Send(Concat({RawFrame(AsBytes("hold")), RawFrame(AsBytes("quick"))})), IsOk());
  auto first = link->ReceiveFrame(kPatience);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(AsString(*first), "quick");
  handler_.Release();
  auto second = link->ReceiveFrame(kPatience);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(AsString(*second), "hold");
}

TEST_F(LinkServerTest, CarriesTheLongestFrameBothWays) {
  Start(Config());
  const auto link = Connect();
  ExpectEcho(*link, std::string(kMaxFrame, 'm'));
  ExpectEcho(*link, "s");
}

TEST_F(LinkServerTest, TellsClosedOnceAfterTheLastRequestAndDropsWhatHasNotBegun) {
  auto config = Config();
  config.workers = 1;
  Start(config);
  auto link = Connect();
  ASSERT_THAT(link->Send(Concat({RawFrame(AsBytes("hold")), RawFrame(AsBytes("never begun"))})),
              IsOk());
  handler_.WaitForBegun(1);
  link->Close();
  ASSERT_TRUE(observer_.WaitFor("ended", 1));
  EXPECT_THAT(handler_.closed(), IsEmpty());
  handler_.Release();
  ASSERT_TRUE(handler_.WaitForClosed(1));
  server_->Stop();
  EXPECT_THAT(handler_.closed(), ElementsAre(1));
  EXPECT_FALSE(handler_.closed_while_running());
  EXPECT_EQ(handler_.begun(), 1u);
  EXPECT_THAT(observer_.all(), ElementsAre("opened", "ended"));
}

TEST_F(LinkServerTest, StopFinishesWhatIsInHandAndSendsItsAnswers) {
  Start(Config());
  const auto link = Connect();
  ASSERT_THAT(link->SendFrame(AsBytes("hold")), IsOk());
  handler_.WaitForBegun(1);
  std::thread stopper([this] { server_->Stop(); });
  // The socket's file goes when the server has begun to stop.
  while (access(path().c_str(), F_OK) == 0) std::this_thread::yield();
  EXPECT_THAT(RawLink::ConnectPlain(path()), FailsWith(testing_support::kRawLinkFailed));
  handler_.Release();
  const auto answer = link->ReceiveFrame(kPatience);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(AsString(*answer), "hold");
  EXPECT_TRUE(link->PeerCloses(kPatience));
  stopper.join();
  EXPECT_THAT(observer_.all(), ElementsAre("opened", Event("ended", kLinkStopped)));
  EXPECT_THAT(handler_.closed(), ElementsAre(1));
  server_->Stop();
}

TEST_F(LinkServerTest, ServesTcpAtAPortTheSystemChooses) {
  auto config = Config();
  config.unix_socket.clear();
  config.tcp_listen = "127.0.0.1:0";
  Start(config);
  EXPECT_THAT(server_->endpoint(), ::testing::MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
  const auto link = Connect();
  ExpectEcho(*link, "over TCP");
}

TEST_F(LinkServerTest, JudgesThePinAndNotTheDates) {
  const LinkIdentity old = MakeLinkIdentity("host", LinkKeyKind::kP256, LinkValidity::kExpired);
  auto config = Config();
  config.pinned_peer_pem = old.certificate();
  Start(config);
  const auto link = RawLink::Connect(path(), {.identity = old});
  ASSERT_THAT(link, IsOk());
  ExpectEcho(**link, "still the same peer");
}

TEST_F(LinkServerTest, AJudgeDecidesInsteadOfTheFileAndAsLongAsTheConnectionLasts) {
  std::atomic<bool> accepts = true;
  std::mutex mutex;
  std::set<Digest> judged;
  const auto judge = [&](const Digest& certificate) {
    std::lock_guard lock(mutex);
    judged.insert(certificate);
    return accepts.load();
  };
  auto config = Config();
  // Not the certificate that is shown.
  config.pinned_peer_pem = LinkKeys::Get().core.certificate();
  auto server = LinkServer::Start(config, judge, handler_, observer_);
  ASSERT_THAT(server, IsOk());
  server_ = *std::move(server);
  const auto link = Connect();
  ExpectEcho(*link, "accepted");
  accepts = false;
  (void)link->SendFrame(AsBytes("taken off"));
  EXPECT_TRUE(link->PeerCloses(kPatience));
  EXPECT_TRUE(observer_.WaitFor(Event("ended", kLinkPeerUnknown), 1));
  EXPECT_EQ(handler_.begun(), 1u) << "what came afterwards was not carried out";
  EXPECT_FALSE(RawLink::Connect(path(), {.identity = LinkKeys::Get().host}).ok());
  EXPECT_TRUE(observer_.WaitFor(Event("refused", kLinkPeerUnknown), 1));
  std::lock_guard lock(mutex);
  EXPECT_EQ(judged.size(), 1u) << "each time the digest of the one certificate";
}

TEST_F(LinkServerTest, RefusesMoreConnectionsThanConfiguredUntilOneEnds) {
  auto config = Config();
  config.max_connections = 1;
  Start(config);
  auto first = Connect();
  ExpectEcho(*first, "first");
  const auto second = RawLink::ConnectPlain(path());
  ASSERT_THAT(second, IsOk());
  EXPECT_TRUE((*second)->PeerCloses(kPatience));
  EXPECT_TRUE(observer_.WaitFor(Event("refused", kLinkTooMany), 1));
  first->Close();
  ASSERT_TRUE(observer_.WaitFor("ended", 1));
  const auto third = Connect();
  ExpectEcho(*third, "third");
  EXPECT_EQ(observer_.Count(Event("refused", kLinkTooMany)), 1u);
}

TEST_F(LinkServerTest, SilentStrangersDoNotTakeTheHostsPlace) {
  auto config = Config();
  config.max_connections = 2;
  Start(config);
  std::vector<std::unique_ptr<RawLink>> strangers;
  for (int i = 0; i < 40; ++i) {
    auto stranger = RawLink::ConnectPlain(path());
    ASSERT_THAT(stranger, IsOk());
    strangers.push_back(*std::move(stranger));
  }
  const auto host = Connect();
  ExpectEcho(*host, "still served");
  EXPECT_GE(observer_.Count(Event("refused", kLinkTooMany)), 24u);
}

TEST_F(LinkServerTest, SurvivesRunningOutOfDescriptors) {
  Start(Config());
  const auto bystander = Connect();
  ExpectEcho(*bystander, "before");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
  const int client = socket(AF_UNIX, SOCK_STREAM, 0);
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  const rlimit low{256, old_limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<int> taken;
  for (int fd = dup(client); fd >= 0; fd = dup(client)) taken.push_back(fd);
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(observer_.WaitFor(Event("refused", kLinkTooMany), 1));
  char octet = 0;
  EXPECT_LE(recv(client, &octet, 1, 0), 0);
  ExpectEcho(*bystander, "during");
  for (const int fd : taken) close(fd);
  close(client);
  setrlimit(RLIMIT_NOFILE, &old_limit);
  const auto after = Connect();
  ExpectEcho(*after, "after");
}

TEST_F(LinkServerTest, GivesTheUnixSocketToItsGroupAndRemovesItAtTheEnd) {
  auto config = Config();
  config.socket_gid = static_cast<int>(getgid());
  Start(config);
  struct stat file {};
  ASSERT_EQ(stat(path().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, 0660u);
  EXPECT_EQ(file.st_gid, getgid());
  server_->Stop();
  EXPECT_NE(access(path().c_str(), F_OK), 0);
}

TEST_F(LinkServerTest, ReplacesASocketThatNobodyServes) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(dead);
  Start(Config());
  const auto link = Connect();
  ExpectEcho(*link, "at the same path");
}

TEST_F(LinkServerTest, LeavesASocketAloneThatAnotherServes) {
  Start(Config());
  EXPECT_THAT(LinkServer::Start(Config(), handler_, observer_),
              FailsNaming(kLinkConfig.id, "in use"));
  const auto link = Connect();
  ExpectEcho(*link, "not disturbed");
}

TEST_F(LinkServerTest, LeavesOtherFilesAlone) {
  ASSERT_THAT(WriteFile(path(), AsBytes("precious"), 0600), IsOk());
  EXPECT_THAT(LinkServer::Start(Config(), handler_, observer_),
              FailsNaming(kLinkConfig.id, "is not a socket"));
  EXPECT_THAT(ReadFile(path(), FileTrust::kAnyMode, 100), IsOk());
}

TEST_F(LinkServerTest, NamesWhatIsWrongWithItsConfiguration) {
  const LinkIdentity other = MakeLinkIdentity("x", LinkKeyKind::kP256, LinkValidity::kNow);
  const LinkIdentity p384 = MakeLinkIdentity("x", LinkKeyKind::kP384, LinkValidity::kNow);
  const LinkIdentity rsa = MakeLinkIdentity("x", LinkKeyKind::kRsa3072, LinkValidity::kNow);
  using Change = std::function<void(LinkServerConfig&)>;
  const std::vector<std::pair<std::string, Change>> cases = {
      {"link.certificate is not", [](auto& c) { c.certificate_pem = ToBytes("x"); }},
      {"P-256", [](auto& c) { c.private_key_pem = SecretBytes::CopyOf(AsBytes("x")); }},
      {"does not belong", [&](auto& c) { c.private_key_pem = other.private_key(); }},
      {"P-256",
       [&](auto& c) {
         c.certificate_pem = p384.certificate();
         c.private_key_pem = p384.private_key();
       }},
      {"P-256",
       [&](auto& c) {
         c.certificate_pem = rsa.certificate();
         c.private_key_pem = rsa.private_key();
       }},
      {"link.pinned_peer", [](auto& c) { c.pinned_peer_pem = {}; }},
      {"link.pinned_peer",
       [&](auto& c) {
         c.pinned_peer_pem = Concat({other.certificate(), c.pinned_peer_pem});
       }},
      {"107", [](auto& c) { c.unix_socket = "/" + std::string(200, 'a'); }},
      {"link.unix_socket", [](auto& c) { c.unix_socket = "/nowhere/at/all"; }},
      {"exactly one", [](auto& c) { c.unix_socket.clear(); }},
      {"exactly one", [](auto& c) { c.tcp_listen = "127.0.0.1:0"; }},
      {"at least 1", [](auto& c) { c.workers = 0; }},
      {"at least 1", [](auto& c) { c.max_connections = 0; }},
  };
  for (const auto& [named, change] : cases) {
    auto config = Config();
    change(config);
    EXPECT_THAT(LinkServer::Start(config, handler_, observer_), FailsNaming(kLinkConfig.id, named));
  }
  for (const std::string address :
       {"localhost:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:7x", ":1", "[::1:7",
        "1.2.3.4.5:6", "203.0.113.77:1"}) {
    auto config = Config();
    config.unix_socket.clear();
    config.tcp_listen = address;
    EXPECT_THAT(LinkServer::Start(config, handler_, observer_),
                FailsNaming(kLinkConfig.id, "link.tcp_listen"))
        << address;
  }
}

}  // namespace
}  // namespace intaglio::appliance::test_link
