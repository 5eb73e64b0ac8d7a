// What the tests of the core's link share: a handler and an observer that can be waited for, and a
// served socket with the host's keys.
#ifndef INTAGLIO_APPLIANCE_LINK_TEST_LINK_H_
#define INTAGLIO_APPLIANCE_LINK_TEST_LINK_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "appliance/link/link_server.h"
#include "appliance/link/reasons.h"
#include "tests/support/raw_link.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::appliance::test_link {

inline constexpr Duration kPatience = 20 * kSecond;
inline constexpr Reason kNonsense{"TST-0002", "NONSENSE", absl::StatusCode::kInvalidArgument,
                                  Redaction::kPublic, "a request that is none"};

// Waiting for a condition over state that other threads change.
class Watched {
 public:
  template <class Condition>
  bool WaitUntil(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kPatience), condition);
  }

 protected:
  template <class Change>
  void Do(Change change) {
    {
      std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
};

// Answers with the request, but for requests that begin with "bad" (no request), "hold" (answered
// after Release()), "huge" and "none" (answers no frame can carry).
class EchoHandler final : public FrameHandler, public Watched {
 public:
  StatusOr<Bytes> Handle(uint64_t connection, ByteView frame) override {
    const std::string text = AsString(frame.first(std::min<size_t>(frame.size(), 8)));
    Do([&] {
      ++begun_;
      ++running_[connection];
    });
    if (text.rfind("hold", 0) == 0) {
      WaitUntil([this] { return released_; });
    }
    Do([&] {
      --running_[connection];
      answered_octets_ += frame.size();
    });
    if (text.rfind("bad", 0) == 0) return Fail(kNonsense, "as asked");
    if (text.rfind("huge", 0) == 0) return Bytes((1 << 20) + 1);
    if (text.rfind("none", 0) == 0) return Bytes();
    return ToBytes(frame);
  }
  void Closed(uint64_t connection) override {
    Do([&] {
      closed_.push_back(connection);
      if (running_[connection] != 0) closed_while_running_ = true;
    });
  }
  void Release() {
    Do([this] { released_ = true; });
  }
  void WaitForBegun(size_t count) {
    ASSERT_TRUE(WaitUntil([&] { return begun_ >= count; })) << begun();
  }
  size_t begun() const {
    std::lock_guard lock(mutex_);
    return begun_;
  }
  size_t answered_octets() const {
    std::lock_guard lock(mutex_);
    return answered_octets_;
  }
  std::vector<uint64_t> closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }
  bool WaitForClosed(size_t count) {
    return WaitUntil([&] { return closed_.size() >= count; });
  }
  bool closed_while_running() const {
    std::lock_guard lock(mutex_);
    return closed_while_running_;
  }

 private:
  size_t begun_ = 0;
  size_t answered_octets_ = 0;
  std::map<uint64_t, int> running_;
  std::vector<uint64_t> closed_;
  bool closed_while_running_ = false;
  bool released_ = false;
};

// Writes events down: "opened", "refused APL-0601", "ended APL-0604", "ended" for an orderly end.
class EventRecorder final : public LinkObserver, public Watched {
 public:
  void Opened(uint64_t connection, const std::string&) override {
    Note(connection, "opened", OkStatus());
  }
  void Refused(const Status& status, const std::string&) override { Note(0, "refused", status); }
  void Ended(uint64_t connection, const Status& status) override {
    Note(connection, "ended", status);
  }

  bool WaitFor(const std::string& event, size_t count) {
    return WaitUntil([&] { return CountIn(event) >= count; });
  }
  size_t Count(const std::string& event) const {
    std::lock_guard lock(mutex_);
    return CountIn(event);
  }
  std::vector<std::string> all() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [connection, event] : events_) out.push_back(event);
    return out;
  }
  // Of connection `id`, in order.
  std::vector<std::string> Of(uint64_t id) const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [connection, event] : events_) {
      if (connection == id) out.push_back(event);
    }
    return out;
  }

 private:
  void Note(uint64_t connection, const std::string& what, const Status& status) {
    Do([&] {
      events_.emplace_back(connection, status.ok() ? what : what + " " + ReasonIdOf(status));
    });
  }
  size_t CountIn(const std::string& event) const {
    return static_cast<size_t>(std::count_if(
        events_.begin(), events_.end(), [&](const auto& each) { return each.second == event; }));
  }
  std::vector<std::pair<uint64_t, std::string>> events_;
};

inline std::string Event(const std::string& what, const Reason& reason) {
  return what + " " + std::string(reason.id);
}

// The keys of both ends, made once: they take a while.
struct LinkKeys {
  testing_support::LinkIdentity core = testing_support::MakeLinkIdentity(
      "core", testing_support::LinkKeyKind::kP256, testing_support::LinkValidity::kNow);
  testing_support::LinkIdentity host = testing_support::MakeLinkIdentity(
      "host", testing_support::LinkKeyKind::kP256, testing_support::LinkValidity::kNow);

  static const LinkKeys& Get() {
    static const LinkKeys keys;
    return keys;
  }
};

// A server at a Unix socket and the host's way to it.
class LinkTest : public ::testing::Test {
 protected:
  LinkServerConfig Config() const {
    LinkServerConfig config;
    config.unix_socket = path();
    config.certificate_pem = LinkKeys::Get().core.certificate();
    config.private_key_pem = LinkKeys::Get().core.private_key();
    config.pinned_peer_pem = LinkKeys::Get().host.certificate();
    return config;
  }
  std::string path() const { return dir_.Sub("link"); }

  void Start(const LinkServerConfig& config) {
    auto server = LinkServer::Start(config, handler_, observer_);
    ASSERT_THAT(server, testing_support::IsOk());
    server_ = *std::move(server);
  }
  std::unique_ptr<testing_support::RawLink> Connect() {
    auto link =
        testing_support::RawLink::Connect(server_->endpoint(), {.identity = LinkKeys::Get().host});
    EXPECT_THAT(link, testing_support::IsOk());
    return link.ok() ? *std::move(link) : nullptr;
  }
  static void ExpectEcho(testing_support::RawLink& link, const std::string& text) {
    ASSERT_THAT(link.SendFrame(AsBytes(text)), testing_support::IsOk());
    const auto answer = link.ReceiveFrame(kPatience);
    ASSERT_THAT(answer, testing_support::IsOk());
    EXPECT_EQ(AsString(*answer), text);
  }

  testing_support::TempDir dir_;
  EchoHandler handler_;
  EventRecorder observer_;
  std::unique_ptr<LinkServer> server_;
};

}  // namespace intaglio::appliance::test_link

#endif  // INTAGLIO_APPLIANCE_LINK_TEST_LINK_H_
