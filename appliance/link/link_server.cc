#include "appliance/link/link_server.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "appliance/link/connection.h"
#include "appliance/link/listener.h"
#include "appliance/link/reasons.h"
#include "appliance/link/request_pool.h"
#include "appliance/link/tls_session.h"

namespace intaglio::appliance {
namespace {

constexpr int kAcceptsInTurn = 16;
// Handshakes at once, beside the connections that are open: strangers cannot take the host's place.
constexpr size_t kMostHandshakes = 16;
constexpr Duration kDrainTime = 5 * kSecond;
// How long the listener rests when the system has no descriptor or memory for a connection.
constexpr Duration kListenerRest = 100;
constexpr Duration kLongestWait = 60 * kSecond;

}  // namespace

struct LinkServer::Impl {
  Impl(const LinkServerConfig& config, Listener listening, std::unique_ptr<TlsIdentity> own,
       Socket waker, FrameHandler& frame_handler, LinkObserver& link_observer)
      : max_connections(config.max_connections),
        limits{kMostInFlight, kMostUnsent, config.handshake_timeout, config.frame_timeout},
        endpoint(listening.endpoint()),
        listener(std::move(listening)),
        identity(std::move(own)),
        handler(frame_handler),
        observer(link_observer),
        wake_fd(std::move(waker)),
        pool(config.workers, kMostUnsent, handler, [this] { Wake(); }) {}

  void Wake() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = write(wake_fd.get(), &one, sizeof one);
  }

  void Run();
  void WaitAndStep();
  int PollTimeout(BootTime now) const;
  void AcceptSome(BootTime now);
  void Admit(Accepted accepted, BootTime now);
  void StepOne(Connection& connection, short revents, BootTime now);
  void TakeNews(BootTime now);
  void Drain(BootTime now);
  void RemoveEnded();
  size_t Count(Connection::Phase phase) const {
    return static_cast<size_t>(
        std::count_if(connections.begin(), connections.end(),
                      [&](const auto& each) { return each.second->phase() == phase; }));
  }

  const size_t max_connections;
  const ConnectionLimits limits;
  const std::string endpoint;
  std::optional<Listener> listener;
  const std::unique_ptr<TlsIdentity> identity;
  FrameHandler& handler;
  LinkObserver& observer;
  const Socket wake_fd;
  const SystemClock clock;

  std::mutex mutex;
  bool stopping = false;

  // The I/O thread's alone, but for the pool.
  std::optional<BootTime> rest_until;   // of the listener
  std::optional<BootTime> drain_until;  // set once stopping
  uint64_t next_id = 1;
  std::map<uint64_t, std::unique_ptr<Connection>> connections;
  std::set<uint64_t> lingering;  // ended, but a worker still holds a request of theirs
  RequestPool pool;
  std::thread io;
};

void LinkServer::Impl::Run() {
  for (;;) {
    WaitAndStep();
    const BootTime now = clock.SinceBoot();
    {
      std::lock_guard lock(mutex);
      if (stopping && !drain_until) drain_until = now + kDrainTime;
    }
    if (drain_until) Drain(now);
    TakeNews(now);
    RemoveEnded();
    if (drain_until && connections.empty() && lingering.empty()) return;
  }
}

int LinkServer::Impl::PollTimeout(BootTime now) const {
  Duration wait = kLongestWait;
  const auto until = [&](const std::optional<BootTime>& time) {
    if (time) wait = std::clamp<Duration>(*time - now, 0, wait);
  };
  until(rest_until);
  if (drain_until) until(now + kListenerRest);
  for (const auto& [id, connection] : connections) {
    if (connection->eager()) return 0;
    until(connection->deadline());
  }
  return static_cast<int>(wait);
}

void LinkServer::Impl::WaitAndStep() {
  BootTime now = clock.SinceBoot();
  if (rest_until && now >= *rest_until) rest_until.reset();
  std::vector<pollfd> fds;
  std::vector<Connection*> polled;
  fds.push_back({wake_fd.get(), POLLIN, 0});
  fds.push_back({listener && !rest_until ? listener->get() : -1, POLLIN, 0});
  for (const auto& [id, connection] : connections) {
    fds.push_back({connection->fd(), connection->events(), 0});
    polled.push_back(connection.get());
  }
  if (poll(fds.data(), fds.size(), PollTimeout(now)) < 0) return;
  now = clock.SinceBoot();
  if (fds[0].revents != 0) {
    uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t n = read(wake_fd.get(), &ignored, sizeof ignored);
  }
  for (size_t i = 0; i < polled.size(); ++i) {
    const auto deadline = polled[i]->deadline();
    if (fds[i + 2].revents != 0 || polled[i]->eager() || (deadline && now >= *deadline)) {
      StepOne(*polled[i], fds[i + 2].revents, now);
    }
  }
  if (fds[1].revents != 0) AcceptSome(now);
}

void LinkServer::Impl::AcceptSome(BootTime now) {
  for (int i = 0; i < kAcceptsInTurn; ++i) {
    auto accepted = listener->Accept();
    if (!accepted.ok()) {
      observer.Refused(accepted.status(), "unknown");
      rest_until = now + kListenerRest;
      return;
    }
    if (!accepted->has_value()) return;
    Admit(**std::move(accepted), now);
  }
}

void LinkServer::Impl::Admit(Accepted accepted, BootTime now) {
  if (Count(Connection::Phase::kOpen) >= max_connections) {
    observer.Refused(Fail(kLinkTooMany, std::to_string(max_connections) + " are open"),
                     accepted.peer);
    return;
  }
  if (Count(Connection::Phase::kHandshake) >= kMostHandshakes) {
    // The oldest has had its time: a real handshake takes milliseconds.
    for (const auto& [id, connection] : connections) {
      if (connection->phase() != Connection::Phase::kHandshake) continue;
      connection->End(Fail(kLinkTooMany, "its handshake had not ended when others came"));
      break;
    }
  }
  const std::string peer = accepted.peer;
  auto connection = Connection::Create(next_id, std::move(accepted), *identity, pool, limits, now);
  if (!connection.ok()) {
    observer.Refused(connection.status(), peer);
    return;
  }
  connections.emplace(next_id++, *std::move(connection));
}

void LinkServer::Impl::StepOne(Connection& connection, short revents, BootTime now) {
  if (connection.phase() == Connection::Phase::kOver) return;
  const bool was_open = connection.phase() == Connection::Phase::kOpen;
  if (!was_open) {
    connection.StepHandshake(now);
    if (connection.phase() != Connection::Phase::kOpen) return;
    // Others may have become open while this one shook hands.
    if (Count(Connection::Phase::kOpen) > max_connections) {
      connection.Refuse(Fail(kLinkTooMany, std::to_string(max_connections) + " are open"));
      return;
    }
    pool.Open(connection.id());
    observer.Opened(connection.id(), connection.peer());
  }
  connection.Step(revents, now);
}

void LinkServer::Impl::TakeNews(BootTime now) {
  for (RequestPool::News& news : pool.Collect()) {
    const auto found = connections.find(news.connection);
    if (found != connections.end()) {
      Connection& connection = *found->second;
      if (news.failure) connection.End(*news.failure);
      connection.AddAnswers(std::move(news.answers));
      StepOne(connection, 0, now);
    } else if (news.idle && lingering.erase(news.connection) != 0) {
      pool.Forget(news.connection);
      handler.Closed(news.connection);
    }
  }
}

void LinkServer::Impl::Drain(BootTime now) {
  listener.reset();
  rest_until.reset();
  for (const auto& [id, connection] : connections) {
    connection->StopReading();
    const bool done = connection->phase() != Connection::Phase::kOpen ||
                      (pool.LoadOf(id).requests == 0 && pool.LoadOf(id).unsent == 0);
    if (done || now >= *drain_until) connection->End(Fail(kLinkStopped, "in an orderly way"));
  }
}

void LinkServer::Impl::RemoveEnded() {
  for (auto it = connections.begin(); it != connections.end();) {
    Connection& connection = *it->second;
    if (connection.phase() != Connection::Phase::kOver) {
      ++it;
      continue;
    }
    connection.Close();
    if (connection.was_open()) {
      // First of all: the observer takes its time, and no request may begin meanwhile.
      pool.Abandon(connection.id());
      lingering.insert(connection.id());
      observer.Ended(connection.id(), connection.verdict());
    } else {
      observer.Refused(connection.verdict(), connection.peer());
    }
    it = connections.erase(it);
  }
}

LinkServer::LinkServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LinkServer::~LinkServer() { Stop(); }

StatusOr<std::unique_ptr<LinkServer>> LinkServer::Start(const LinkServerConfig& config,
                                                        FrameHandler& handler,
                                                        LinkObserver& observer) {
  return Start(config, PeerJudge(), handler, observer);
}

StatusOr<std::unique_ptr<LinkServer>> LinkServer::Start(const LinkServerConfig& config,
                                                        PeerJudge judge, FrameHandler& handler,
                                                        LinkObserver& observer) {
  if (config.workers == 0 || config.max_connections == 0) {
    return Fail(kLinkConfig, "workers and max_connections must be at least 1");
  }
  if (config.unix_socket.empty() == config.tcp_listen.empty()) {
    return Fail(kLinkConfig, "exactly one of unix_socket and tcp_listen is needed");
  }
  ASSIGN_OR_RETURN(auto identity,
                   TlsIdentity::Create(config.certificate_pem, config.private_key_pem,
                                       config.pinned_peer_pem, std::move(judge)));
  ASSIGN_OR_RETURN(Listener listener,
                   config.unix_socket.empty()
                       ? Listener::OnTcp(config.tcp_listen)
                       : Listener::OnUnix(config.unix_socket, config.socket_gid));
  Socket waker(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!waker.valid()) return Fail(kLinkConfig, "the system gave no event descriptor");
  auto impl = std::make_unique<Impl>(config, std::move(listener), std::move(identity),
                                     std::move(waker), handler, observer);
  Impl* const raw = impl.get();
  raw->io = std::thread([raw] { raw->Run(); });
  return std::unique_ptr<LinkServer>(new LinkServer(std::move(impl)));
}

const std::string& LinkServer::endpoint() const { return impl_->endpoint; }

void LinkServer::Stop() {
  if (!impl_->io.joinable()) return;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->Wake();
  impl_->io.join();
}

}  // namespace intaglio::appliance
