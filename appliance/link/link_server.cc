#include "appliance/link/link_server.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "appliance/link/frame_decoder.h"
#include "appliance/link/listener.h"
#include "appliance/link/reasons.h"
#include "appliance/link/tls_session.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kReadBuffer = 16 * 1024;
// Reads of one connection before the others have their turn.
constexpr int kReadsInTurn = 16;
constexpr Duration kDrainTime = 5 * kSecond;
constexpr int kTick = 250;  // ms between looks at the time-outs

// A request on its way to a worker, and an answer on its way back.
struct Job {
  uint64_t connection = 0;
  Bytes frame;
};
struct Answer {
  uint64_t connection = 0;
  StatusOr<Bytes> result;
};

// Fixed threads that take jobs in order.
class Workers final {
 public:
  Workers(size_t count, FrameHandler& handler, std::function<void(Answer)> done)
      : handler_(handler), done_(std::move(done)) {
    for (size_t i = 0; i < count; ++i) threads_.emplace_back([this] { Run(); });
  }
  // Finishes every job in hand.
  ~Workers() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  void Add(Job job) {
    {
      std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

 private:
  void Run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      done_({job.connection, handler_.Handle(job.connection, job.frame)});
    }
  }

  FrameHandler& handler_;
  const std::function<void(Answer)> done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

struct Connection {
  Socket socket;
  std::string peer;
  std::unique_ptr<TlsSession> tls;
  bool open = false;  // handshake done
  FrameDecoder decoder;
  size_t in_flight = 0;
  Bytes unsent;
  size_t sent = 0;        // of `unsent`
  size_t retry_size = 0;  // octets Mbed TLS must be given again
  bool want_write = false;
  std::optional<Status> ending;  // set: no more reading; gone once nothing is in flight
  BootTime deadline;             // of the handshake or of the frame that has begun
  bool has_deadline = true;
};

}  // namespace

struct LinkServer::Impl {
  Impl(const LinkServerConfig& config, Listener listening, std::unique_ptr<TlsIdentity> own,
       FrameHandler& frame_handler, LinkObserver& link_observer)
      : max_connections(config.max_connections),
        handshake_timeout(config.handshake_timeout),
        frame_timeout(config.frame_timeout),
        listener(std::move(listening)),
        identity(std::move(own)),
        handler(frame_handler),
        observer(link_observer),
        wake_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    workers.emplace(config.workers, handler, [this](Answer answer) { Deliver(std::move(answer)); });
    io = std::thread([this] { Run(); });
  }

  void Deliver(Answer answer) {
    {
      std::lock_guard lock(mutex);
      answers.push_back(std::move(answer));
    }
    Wake();
  }
  void Wake() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = write(wake_fd.get(), &one, sizeof one);
  }

  void Run();
  void Poll();
  void AcceptAll();
  void TakeAnswers();
  void StepHandshake(uint64_t id, Connection& connection);
  void ReadSome(uint64_t id, Connection& connection);
  void WriteSome(Connection& connection);
  void Advance(uint64_t id, Connection& connection);
  void CheckDeadlines();
  void RemoveEnded();
  bool MayRead(const Connection& connection) const {
    return !draining && !connection.ending && connection.in_flight < kMostInFlight &&
           connection.unsent.size() - connection.sent < kMostUnsent;
  }
  void End(Connection& connection, Status status) {
    if (!connection.ending) connection.ending = std::move(status);
  }

  const size_t max_connections;
  const Duration handshake_timeout;
  const Duration frame_timeout;
  Listener listener;
  std::unique_ptr<TlsIdentity> identity;
  FrameHandler& handler;
  LinkObserver& observer;
  Socket wake_fd;
  SystemClock clock;
  bool draining = false;  // the I/O thread's alone, as are the connections
  uint64_t next_id = 1;
  std::map<uint64_t, Connection> connections;
  std::mutex mutex;
  std::vector<Answer> answers;
  bool stopping = false;
  std::optional<Workers> workers;
  std::thread io;
};

void LinkServer::Impl::Run() {
  std::optional<BootTime> drain_until;
  for (;;) {
    Poll();
    TakeAnswers();
    CheckDeadlines();
    {
      std::lock_guard lock(mutex);
      draining = stopping;
    }
    if (draining) {
      if (!drain_until) drain_until = clock.SinceBoot() + kDrainTime;
      const bool late = clock.SinceBoot() >= *drain_until;
      for (auto& [id, connection] : connections) {
        const bool idle = connection.in_flight == 0 && connection.unsent.empty();
        if (!connection.open || idle || late) End(connection, OkStatus());
      }
    }
    RemoveEnded();
    if (draining && connections.empty()) return;
  }
}

void LinkServer::Impl::Poll() {
  std::vector<pollfd> fds;
  std::vector<uint64_t> ids;
  bool pending = false;
  fds.push_back({wake_fd.get(), POLLIN, 0});
  fds.push_back({draining ? -1 : listener.get(), POLLIN, 0});
  for (auto& [id, connection] : connections) {
    short events = 0;
    if (!connection.open || MayRead(connection)) events |= POLLIN;
    if (connection.want_write || !connection.unsent.empty()) events |= POLLOUT;
    if (connection.ending) events = 0;
    pending |= MayRead(connection) && connection.open && connection.tls->HasPending();
    fds.push_back({events == 0 ? -1 : connection.socket.get(), events, 0});
    ids.push_back(id);
  }
  if (poll(fds.data(), fds.size(), pending ? 0 : kTick) < 0 && errno != EINTR) return;
  if ((fds[0].revents & POLLIN) != 0) {
    uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t n = read(wake_fd.get(), &ignored, sizeof ignored);
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    Connection& connection = connections.at(ids[i]);
    const bool ready = fds[i + 2].revents != 0;
    if (ready || (connection.open && MayRead(connection) && connection.tls->HasPending())) {
      Advance(ids[i], connection);
    }
  }
  if ((fds[1].revents & POLLIN) != 0) AcceptAll();
}

void LinkServer::Impl::AcceptAll() {
  for (int i = 0; i < kReadsInTurn; ++i) {
    std::string peer;
    Socket socket = listener.Accept(peer);
    if (!socket.valid()) return;
    if (connections.size() >= max_connections) {
      observer.Refused(Fail(kLinkTooMany, std::to_string(max_connections) + " are open"), peer);
      continue;
    }
    Connection connection;
    auto tls = TlsSession::Create(*identity, socket.get());
    if (!tls.ok()) {
      observer.Refused(tls.status(), peer);
      continue;
    }
    connection.socket = std::move(socket);
    connection.peer = std::move(peer);
    connection.tls = *std::move(tls);
    connection.deadline = clock.SinceBoot() + handshake_timeout;
    connections.emplace(next_id++, std::move(connection));
  }
}

void LinkServer::Impl::Advance(uint64_t id, Connection& connection) {
  if (connection.ending) return;
  if (!connection.open) {
    StepHandshake(id, connection);
    return;
  }
  WriteSome(connection);
  ReadSome(id, connection);
}

void LinkServer::Impl::StepHandshake(uint64_t id, Connection& connection) {
  const auto step = connection.tls->Handshake();
  if (!step.ok()) {
    End(connection, step.status());
    return;
  }
  connection.want_write = *step == TlsStep::kWantWrite;
  if (*step != TlsStep::kDone) return;
  connection.open = true;
  connection.has_deadline = false;
  observer.Opened(id, connection.peer);
}

void LinkServer::Impl::ReadSome(uint64_t id, Connection& connection) {
  uint8_t buffer[kReadBuffer];
  for (int i = 0; i < kReadsInTurn && MayRead(connection); ++i) {
    size_t size = 0;
    const auto step = connection.tls->Read(buffer, size);
    if (!step.ok()) return End(connection, step.status());
    if (*step == TlsStep::kClosed) {
      return End(connection, connection.decoder.AtBoundary()
                                 ? OkStatus()
                                 : Fail(kLinkFrameTruncated, "the peer closed"));
    }
    if (*step != TlsStep::kDone) return;
    std::vector<Bytes> frames;
    const Status fed = connection.decoder.Feed({buffer, size}, frames);
    connection.in_flight += frames.size();
    for (Bytes& frame : frames) workers->Add({id, std::move(frame)});
    if (!fed.ok()) return End(connection, fed);
    // A frame has a deadline from its first octet; whole frames clear it.
    if (connection.decoder.AtBoundary()) {
      connection.has_deadline = false;
    } else if (!connection.has_deadline || !frames.empty()) {
      connection.has_deadline = true;
      connection.deadline = clock.SinceBoot() + frame_timeout;
    }
  }
}

void LinkServer::Impl::WriteSome(Connection& connection) {
  connection.want_write = false;
  while (connection.sent < connection.unsent.size()) {
    ByteView rest = ByteView(connection.unsent).subspan(connection.sent);
    if (connection.retry_size != 0) rest = rest.first(connection.retry_size);
    size_t size = 0;
    const auto step = connection.tls->Write(rest, size);
    if (!step.ok()) return End(connection, step.status());
    if (*step != TlsStep::kDone) {
      connection.retry_size = rest.size();
      connection.want_write = true;
      return;
    }
    connection.retry_size = 0;
    connection.sent += size;
  }
  connection.unsent.clear();
  connection.sent = 0;
}

void LinkServer::Impl::TakeAnswers() {
  std::vector<Answer> ready;
  {
    std::lock_guard lock(mutex);
    ready.swap(answers);
  }
  std::vector<uint64_t> touched;
  for (Answer& answer : ready) {
    const auto found = connections.find(answer.connection);
    if (found == connections.end()) continue;
    Connection& connection = found->second;
    --connection.in_flight;
    if (!answer.result.ok()) {
      End(connection, answer.result.status());
      continue;
    }
    // Answers that are ready together leave together.
    const auto header = FrameHeader(answer.result->size());
    connection.unsent.insert(connection.unsent.end(), header.begin(), header.end());
    connection.unsent.insert(connection.unsent.end(), answer.result->begin(), answer.result->end());
    touched.push_back(answer.connection);
  }
  for (const uint64_t id : touched) {
    Connection& connection = connections.at(id);
    if (!connection.ending) WriteSome(connection);
  }
}

void LinkServer::Impl::CheckDeadlines() {
  const BootTime now = clock.SinceBoot();
  for (auto& [id, connection] : connections) {
    if (connection.has_deadline && now >= connection.deadline) {
      End(connection, Fail(kLinkTimeout, connection.open ? "inside a frame" : "in the handshake"));
    }
  }
}

void LinkServer::Impl::RemoveEnded() {
  for (auto it = connections.begin(); it != connections.end();) {
    Connection& connection = it->second;
    // A worker may still hold a request of it; its answer will be dropped, and then it goes.
    if (!connection.ending || connection.in_flight > 0) {
      ++it;
      continue;
    }
    if (connection.open) {
      connection.tls->CloseNotify();
      handler.Closed(it->first);
      observer.Ended(it->first, *connection.ending);
    } else {
      observer.Refused(*connection.ending, connection.peer);
    }
    it = connections.erase(it);
  }
}

LinkServer::LinkServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LinkServer::~LinkServer() { Stop(); }

StatusOr<std::unique_ptr<LinkServer>> LinkServer::Start(const LinkServerConfig& config,
                                                        FrameHandler& handler,
                                                        LinkObserver& observer) {
  if (config.workers == 0 || config.max_connections == 0) {
    return Fail(kLinkConfig, "workers and max_connections must be at least 1");
  }
  ASSIGN_OR_RETURN(
      auto identity,
      TlsIdentity::Create(config.certificate_pem, config.private_key_pem, config.pinned_peer_pem));
  ASSIGN_OR_RETURN(Listener listener, config.unix_socket.empty()
                                          ? Listener::OnTcp(config.tcp_listen)
                                          : Listener::OnUnix(config.unix_socket));
  return std::unique_ptr<LinkServer>(new LinkServer(
      std::make_unique<Impl>(config, std::move(listener), std::move(identity), handler, observer)));
}

const std::string& LinkServer::endpoint() const { return impl_->listener.endpoint(); }

void LinkServer::Stop() {
  if (!impl_->io.joinable()) return;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->Wake();
  impl_->io.join();
  impl_->workers.reset();
}

}  // namespace intaglio::appliance
