#include "host/core_link/core_link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <charconv>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "host/core_link/pinned_tls.h"
#include "host/core_link/reasons.h"

namespace intaglio::host {
namespace {

namespace asio = boost::asio;
namespace pb = ::intaglio::core::v1;
using Tcp = asio::ip::tcp;
using Unix = asio::local::stream_protocol;
// One socket type for both kinds of address.
using AnySocket = asio::generic::stream_protocol::socket;
using AnyEndpoint = asio::generic::stream_protocol::endpoint;
using Stream = asio::ssl::stream<AnySocket>;
using Error = boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;
using Time = SteadyClock::time_point;

constexpr size_t kMaxFrame = 1 << 20;
constexpr size_t kHeader = 4;
constexpr size_t kReadBuffer = 64 * 1024;
// Requests that wait leave in one write of about this size.
constexpr size_t kWriteAtOnce = 256 * 1024;
constexpr Duration kFirstBackOff = 100;
constexpr Duration kLongestBackOff = 5 * kSecond;
constexpr Duration kFarewell = kSecond;
// Octets the peer's machine has not confirmed for so long mean that it is gone.
constexpr int kUnconfirmedMs = 20'000;

Time After(Duration duration) { return SteadyClock::now() + std::chrono::milliseconds(duration); }

// The schema numbers each answer one above its request.
static_assert(pb::CoreResponse::kStatus == pb::CoreRequest::kStatus + 1);
static_assert(pb::CoreResponse::kSign == pb::CoreRequest::kSign + 1);
static_assert(pb::CoreResponse::kReadJournal == pb::CoreRequest::kReadJournal + 1);
int AnswerTo(const pb::CoreRequest& request) { return request.act_case() + 1; }

size_t LengthIn(const uint8_t* header) {
  return size_t{header[0]} << 24 | size_t{header[1]} << 16 | size_t{header[2]} << 8 |
         size_t{header[3]};
}

StatusOr<Bytes> FrameOf(const pb::CoreRequest& request) {
  const size_t size = request.ByteSizeLong();
  if (size > kMaxFrame) {
    return Fail(kCoreFrameTooLarge, std::to_string(size) + " octets, at most 1,048,576");
  }
  Bytes frame(kHeader + size);
  for (size_t i = 0; i < kHeader; ++i) frame[i] = static_cast<uint8_t>(size >> (24 - 8 * i));
  if (!request.SerializeToArray(frame.data() + kHeader, static_cast<int>(size))) {
    return Fail(kCoreFrameTooLarge, "the request cannot be encoded");
  }
  return frame;
}

// What an answer says to the one who asked.
StatusOr<pb::CoreResponse> Judge(pb::CoreResponse response, int wanted) {
  if (response.has_failure()) {
    const pb::Failure& failure = response.failure();
    if (failure.code() < 1 || failure.code() > 16) {
      return Fail(kCoreProtocol, "a failure with code " + std::to_string(failure.code()));
    }
    return FailRemote(static_cast<absl::StatusCode>(failure.code()), failure.reason_id(),
                      failure.reason_name(), failure.detail());
  }
  if (response.result_case() != wanted) {
    return Fail(kCoreProtocol, "result " + std::to_string(response.result_case()) + " instead of " +
                                   std::to_string(wanted));
  }
  return response;
}

StatusOr<AnyEndpoint> EndpointOf(const CoreLinkConfig& config) {
  if (config.unix_socket.empty() == config.tcp_address.empty()) {
    return Fail(kCoreLinkConfig, "exactly one of core.unix_socket and core.tcp_address is needed");
  }
  if (!config.unix_socket.empty()) {
    if (config.unix_socket.size() > 107) {
      return Fail(kCoreLinkConfig, "core.unix_socket is longer than 107 octets");
    }
    return AnyEndpoint(Unix::endpoint(config.unix_socket));
  }
  const std::string& text = config.tcp_address;
  const size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  uint16_t port = 0;
  Error error;
  asio::ip::address address;
  if (colon != std::string::npos) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
      host = host.substr(1, host.size() - 2);
      address = asio::ip::make_address_v6(host, error);
    } else {
      address = asio::ip::make_address_v4(host, error);
    }
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
    if (!error && parsed.ec == std::errc() && parsed.ptr == end && port != 0) {
      return AnyEndpoint(Tcp::endpoint(address, port));
    }
  }
  return Fail(kCoreLinkConfig, "core.tcp_address: '" + text + "' is not like 10.0.0.2:7443");
}

void SetTcpOptions(AnySocket& socket) {
  const auto set = [&](int level, int option, int value) {
    (void)setsockopt(socket.native_handle(), level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUnconfirmedMs);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
}

// One request that waits for its answer.
struct OpenCall {
  uint64_t id = 0;
  Bytes frame;  // empty once sent
  int wanted = 0;
  Time deadline;
  CoreLink::Callback callback;
  bool sent = false;
  std::multimap<Time, uint64_t>::iterator in_deadlines;
};

// One connection, attempted or made.
struct Attempt {
  Attempt(asio::io_context& io, asio::ssl::context& tls) : stream(io, tls) {}
  Stream stream;
  bool connected = false;
  bool writing = false;
  Time began = SteadyClock::now();
  std::array<uint8_t, kReadBuffer> read_buffer;
  Bytes received;
  Bytes in_write;
};

}  // namespace

// All but Submit() and what it touches belongs to the I/O thread.
struct CoreLink::Impl {
  Impl(const CoreLinkConfig& config, AnyEndpoint where, std::unique_ptr<PinnedTls> own)
      : timeout(config.timeout),
        connect_timeout(config.connect_timeout),
        most_calls(config.most_calls),
        endpoint(std::move(where)),
        pinned(std::move(own)),
        tls(Share(pinned->context())),
        work(asio::make_work_guard(io)),
        retry_timer(io),
        attempt_timer(io),
        deadline_timer(io) {}
  ~Impl() { Stop(); }

  // asio frees the context it is given.
  static SSL_CTX* Share(SSL_CTX* context) {
    SSL_CTX_up_ref(context);
    return context;
  }

  // Any thread.
  void Submit(pb::CoreRequest request, Duration patience, Callback callback);
  void Stop();

  void TakeCalls();
  void Connect();
  void OnConnected(const std::shared_ptr<Attempt>& attempt);
  void ReadNext(const std::shared_ptr<Attempt>& attempt);
  Status TakeFrames(Bytes& received);
  Status TakeAnswer(ByteView frame);
  void WriteNext();
  void Lose(const Reason& reason, const std::string& detail);
  void Settle(uint64_t id, StatusOr<pb::CoreResponse> outcome);
  void WatchDeadlines();
  void FailLate();
  void SayFarewell();

  const Duration timeout;
  const Duration connect_timeout;
  const size_t most_calls;
  const AnyEndpoint endpoint;
  const std::unique_ptr<PinnedTls> pinned;

  std::atomic<uint64_t> next_id{1};
  std::atomic<size_t> open_calls{0};
  std::mutex mutex;
  std::vector<OpenCall> submitted;  // not yet seen by the I/O thread
  bool stopped = false;             // nothing is submitted any more

  asio::io_context io{1};
  asio::ssl::context tls;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer retry_timer;
  asio::steady_timer attempt_timer;
  asio::steady_timer deadline_timer;
  std::shared_ptr<Attempt> current;
  bool stopping = false;
  Duration back_off = kFirstBackOff;
  // Why there is no link, for calls that wait for one in vain.
  const Reason* last_reason = &kCoreUnavailable;
  std::string last_detail = "not connected yet";
  std::unordered_map<uint64_t, OpenCall> calls;
  std::deque<uint64_t> unsent;  // ids in order; some may be settled already
  std::multimap<Time, uint64_t> deadlines;
  Time watched = Time::max();  // what deadline_timer waits for
  std::thread thread;
};

void CoreLink::Impl::Submit(pb::CoreRequest request, Duration patience, Callback callback) {
  OpenCall call;
  call.id = next_id.fetch_add(1);
  call.wanted = AnswerTo(request);
  call.deadline = After(patience);
  request.set_id(call.id);
  auto frame = FrameOf(request);
  if (!frame.ok()) return callback(frame.status());
  call.frame = *std::move(frame);
  if (open_calls.fetch_add(1) >= most_calls) {
    open_calls.fetch_sub(1);
    return callback(Fail(kCoreBusy, std::to_string(most_calls) + " are unanswered; try later"));
  }
  call.callback = std::move(callback);
  std::unique_lock lock(mutex);
  if (stopped) {
    lock.unlock();
    open_calls.fetch_sub(1);
    return call.callback(Fail(kCoreUnavailable, "the host is stopping"));
  }
  submitted.push_back(std::move(call));
  if (submitted.size() == 1) asio::post(io, [this] { TakeCalls(); });
}

void CoreLink::Impl::TakeCalls() {
  std::vector<OpenCall> fresh;
  {
    std::lock_guard lock(mutex);
    fresh.swap(submitted);
  }
  for (OpenCall& call : fresh) {
    const uint64_t id = call.id;
    call.in_deadlines = deadlines.emplace(call.deadline, id);
    unsent.push_back(id);
    calls.emplace(id, std::move(call));
  }
  WatchDeadlines();
  WriteNext();
}

void CoreLink::Impl::Connect() {
  if (stopping) return;
  const auto attempt = std::make_shared<Attempt>(io, tls);
  current = attempt;
  attempt_timer.expires_after(std::chrono::milliseconds(connect_timeout));
  attempt_timer.async_wait([this, attempt](Error error) {
    if (error || attempt != current || attempt->connected) return;
    Lose(kCoreUnavailable, "connecting took too long");
  });
  attempt->stream.next_layer().async_connect(endpoint, [this, attempt](Error error) {
    if (attempt != current) return;
    if (error) return Lose(kCoreUnavailable, "connect: " + error.message());
    if (endpoint.protocol().family() != AF_UNIX) SetTcpOptions(attempt->stream.next_layer());
    attempt->stream.async_handshake(Stream::client, [this, attempt](Error failed) {
      if (attempt != current) return;
      if (!failed) return OnConnected(attempt);
      const bool judged =
          SSL_get_verify_result(attempt->stream.native_handle()) == X509_V_ERR_CERT_REJECTED;
      if (judged) return Lose(kCorePeerUnknown, "its certificate is not core.pinned_peer");
      Lose(kCoreUnavailable, "handshake: " + failed.message());
    });
  });
}

void CoreLink::Impl::OnConnected(const std::shared_ptr<Attempt>& attempt) {
  // Judged again on what the finished handshake holds.
  if (!pinned->IsPinned(attempt->stream.native_handle())) {
    return Lose(kCorePeerUnknown, "the handshake ended without the pinned certificate");
  }
  attempt->connected = true;
  attempt_timer.cancel();
  LogInfo("core_link.connected");
  ReadNext(attempt);
  WriteNext();
}

void CoreLink::Impl::ReadNext(const std::shared_ptr<Attempt>& attempt) {
  attempt->stream.async_read_some(
      asio::buffer(attempt->read_buffer), [this, attempt](Error error, size_t size) {
        if (attempt != current) return;
        if (error) return Lose(kCoreLinkLost, error.message());
        attempt->received.insert(attempt->received.end(), attempt->read_buffer.begin(),
                                 attempt->read_buffer.begin() + static_cast<std::ptrdiff_t>(size));
        const Status taken = TakeFrames(attempt->received);
        if (!taken.ok()) return Lose(kCoreProtocol, DetailOf(taken));
        ReadNext(attempt);
      });
}

Status CoreLink::Impl::TakeFrames(Bytes& received) {
  size_t at = 0;
  while (received.size() - at >= kHeader) {
    const size_t length = LengthIn(received.data() + at);
    if (length == 0 || length > kMaxFrame) {
      return Fail(kCoreProtocol, "a frame of " + std::to_string(length) + " octets");
    }
    if (received.size() - at < kHeader + length) break;
    RETURN_IF_ERROR(TakeAnswer(ByteView(received).subspan(at + kHeader, length)));
    at += kHeader + length;
  }
  received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(at));
  return OkStatus();
}

Status CoreLink::Impl::TakeAnswer(ByteView frame) {
  pb::CoreResponse response;
  if (!response.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
    return Fail(kCoreProtocol, "an answer that does not parse");
  }
  const uint64_t id = response.id();
  const auto found = calls.find(id);
  if (found == calls.end() || !found->second.sent) {
    // The answer to a call that was given up comes late; one to a call never made is an error.
    if (found == calls.end() && id != 0 && id < next_id.load()) return OkStatus();
    return Fail(kCoreProtocol, "an answer to request " + std::to_string(id) + ", never sent");
  }
  back_off = kFirstBackOff;
  Settle(id, Judge(std::move(response), found->second.wanted));
  return OkStatus();
}

void CoreLink::Impl::WriteNext() {
  const auto attempt = current;
  if (!attempt || !attempt->connected || attempt->writing || stopping) return;
  Bytes& out = attempt->in_write;
  out.clear();
  while (!unsent.empty() && out.size() < kWriteAtOnce) {
    const auto found = calls.find(unsent.front());
    unsent.pop_front();
    if (found == calls.end()) continue;
    OpenCall& call = found->second;
    call.sent = true;
    out.insert(out.end(), call.frame.begin(), call.frame.end());
    call.frame = {};
  }
  if (out.empty()) return;
  attempt->writing = true;
  asio::async_write(attempt->stream, asio::buffer(out), [this, attempt](Error error, size_t) {
    attempt->writing = false;
    if (attempt != current) return;
    if (error) return Lose(kCoreLinkLost, error.message());
    WriteNext();
  });
}

void CoreLink::Impl::Lose(const Reason& reason, const std::string& detail) {
  const auto lost = std::exchange(current, nullptr);
  Error ignored;
  lost->stream.next_layer().close(ignored);
  attempt_timer.cancel();
  if (SteadyClock::now() - lost->began > std::chrono::milliseconds(kLongestBackOff)) {
    back_off = kFirstBackOff;
  }
  // An attempt that fails as the one before did is not worth another line.
  if (lost->connected || detail != last_detail) {
    LogFailure("core_link.lost", Fail(reason, detail));
  }
  last_reason = &reason == &kCorePeerUnknown ? &kCorePeerUnknown : &kCoreUnavailable;
  last_detail = detail;
  std::vector<uint64_t> under_way;
  for (const auto& [id, call] : calls) {
    if (call.sent) under_way.push_back(id);
  }
  for (const uint64_t id : under_way) Settle(id, Fail(reason, detail));
  retry_timer.expires_after(std::chrono::milliseconds(back_off));
  back_off = std::min(back_off * 2, kLongestBackOff);
  retry_timer.async_wait([this](Error error) {
    if (!error) Connect();
  });
}

void CoreLink::Impl::Settle(uint64_t id, StatusOr<pb::CoreResponse> outcome) {
  auto node = calls.extract(id);
  if (node.empty()) return;
  deadlines.erase(node.mapped().in_deadlines);
  open_calls.fetch_sub(1);
  node.mapped().callback(std::move(outcome));
}

void CoreLink::Impl::WatchDeadlines() {
  if (deadlines.empty() || deadlines.begin()->first >= watched) return;
  watched = deadlines.begin()->first;
  deadline_timer.expires_at(watched);
  deadline_timer.async_wait([this](Error error) {
    if (error) return;
    watched = Time::max();
    FailLate();
    WatchDeadlines();
  });
}

void CoreLink::Impl::FailLate() {
  const Time now = SteadyClock::now();
  while (!deadlines.empty() && deadlines.begin()->first <= now) {
    const uint64_t id = deadlines.begin()->second;
    const bool sent = calls.at(id).sent;
    Settle(id, sent ? Fail(kCoreTimeout, "request " + std::to_string(id) + " was sent")
                    : Fail(*last_reason, last_detail));
  }
}

void CoreLink::Impl::Stop() {
  {
    std::lock_guard lock(mutex);
    if (stopped) return;
    stopped = true;
  }
  asio::post(io, [this] {
    stopping = true;
    TakeCalls();
    retry_timer.cancel();
    attempt_timer.cancel();
    deadline_timer.cancel();
    while (!calls.empty()) {
      const OpenCall& call = calls.begin()->second;
      Settle(call.id, Fail(call.sent ? kCoreLinkLost : kCoreUnavailable, "the host is stopping"));
    }
    SayFarewell();
    work.reset();
  });
  if (thread.joinable()) thread.join();
}

void CoreLink::Impl::SayFarewell() {
  // From here on no handler of it acts any more.
  const auto attempt = std::exchange(current, nullptr);
  if (!attempt) return;
  const auto close = [attempt](Error) {
    Error ignored;
    attempt->stream.next_layer().close(ignored);
  };
  if (!attempt->connected || attempt->writing) return close({});
  // An orderly end, so that the core's journal does not speak of a break.
  attempt_timer.expires_after(std::chrono::milliseconds(kFarewell));
  attempt_timer.async_wait(close);
  attempt->stream.async_shutdown([this, close](Error error) {
    attempt_timer.cancel();
    close(error);
  });
}

CoreLink::CoreLink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CoreLink::~CoreLink() = default;

void CoreLink::Stop() { impl_->Stop(); }

StatusOr<std::unique_ptr<CoreLink>> CoreLink::Create(const CoreLinkConfig& config) {
  ASSIGN_OR_RETURN(AnyEndpoint endpoint, EndpointOf(config));
  ASSIGN_OR_RETURN(auto pinned, PinnedTls::Create(config.certificate_pem, config.private_key_pem,
                                                  config.pinned_peer_pem));
  try {
    auto impl = std::make_unique<Impl>(config, std::move(endpoint), std::move(pinned));
    Impl* const raw = impl.get();
    asio::post(raw->io, [raw] { raw->Connect(); });
    raw->thread = std::thread([raw] { raw->io.run(); });
    return std::unique_ptr<CoreLink>(new CoreLink(std::move(impl)));
  } catch (const std::exception& error) {
    return Fail(kCoreLinkConfig, std::string("the link's thread cannot start: ") + error.what());
  }
}

StatusOr<pb::CoreResponse> CoreLink::Call(pb::CoreRequest request) {
  return Call(std::move(request), impl_->timeout);
}

StatusOr<pb::CoreResponse> CoreLink::Call(pb::CoreRequest request, Duration timeout) {
  // Shared with the callback: this call may return before the other thread has let go of it.
  const auto outcome = std::make_shared<std::promise<StatusOr<pb::CoreResponse>>>();
  auto settled = outcome->get_future();
  AsyncCall(std::move(request), timeout, [outcome](StatusOr<pb::CoreResponse> result) {
    outcome->set_value(std::move(result));
  });
  return settled.get();
}

void CoreLink::AsyncCall(pb::CoreRequest request, Callback callback) {
  AsyncCall(std::move(request), impl_->timeout, std::move(callback));
}

void CoreLink::AsyncCall(pb::CoreRequest request, Duration timeout, Callback callback) {
  impl_->Submit(std::move(request), timeout, std::move(callback));
}

}  // namespace intaglio::host
