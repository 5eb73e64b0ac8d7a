#include "appliance/link/connection.h"

#include <poll.h>

#include "appliance/link/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kReadBuffer = 16 * 1024;
// Reads of one connection before the others have their turn.
constexpr int kReadsInTurn = 16;
// Octets already sent that may stay at the front of the buffer.
constexpr size_t kMostSentKept = 256 * 1024;

}  // namespace

StatusOr<std::unique_ptr<Connection>> Connection::Create(uint64_t id, Accepted accepted,
                                                         TlsIdentity& identity, RequestPool& pool,
                                                         const ConnectionLimits& limits,
                                                         BootTime now) {
  ASSIGN_OR_RETURN(auto tls, TlsSession::Create(identity, accepted.socket.get()));
  return std::unique_ptr<Connection>(
      new Connection(id, std::move(accepted), std::move(tls), pool, limits, now));
}

Connection::Connection(uint64_t id, Accepted accepted, std::unique_ptr<TlsSession> tls,
                       RequestPool& pool, const ConnectionLimits& limits, BootTime now)
    : id_(id),
      socket_(std::move(accepted.socket)),
      peer_(std::move(accepted.peer)),
      tls_(std::move(tls)),
      pool_(pool),
      limits_(limits),
      deadline_(now + limits.handshake_timeout) {}

bool Connection::MayRead() const {
  if (phase_ != Phase::kOpen || reading_stopped_ || !backlog_.empty()) return false;
  const RequestPool::Load load = pool_.LoadOf(id_);
  return load.requests < limits_.most_in_flight && load.waiting_octets < limits_.most_octets &&
         load.unsent < limits_.most_octets;
}

short Connection::events() const {
  short events = 0;
  if (phase_ == Phase::kHandshake || MayRead()) events |= POLLIN;
  if (wants_write_ || has_unsent()) events |= POLLOUT;
  return events;
}

std::optional<BootTime> Connection::deadline() const {
  if (phase_ == Phase::kHandshake) return deadline_;
  // A frame that we do not read cannot be late.
  if (phase_ == Phase::kOpen && !decoder_.AtBoundary() && MayRead()) return deadline_;
  return std::nullopt;
}

void Connection::StepHandshake(BootTime now) {
  const auto step = tls_->Handshake();
  if (!step.ok()) return End(step.status());
  if (*step == TlsStep::kDone) {
    wants_write_ = false;
    was_open_ = true;
    phase_ = Phase::kOpen;
    return;
  }
  wants_write_ = *step == TlsStep::kWantWrite;
  if (now >= deadline_) End(Fail(kLinkTimeout, "in the handshake"));
}

void Connection::Refuse(Status status) {
  was_open_ = false;
  End(std::move(status));
}

void Connection::Step(short revents, BootTime now) {
  if (was_paused_) deadline_ = now + limits_.frame_timeout;
  WriteSome();
  SubmitSome();
  ReadSome(now);
  if (phase_ != Phase::kOpen) return;
  was_paused_ = !MayRead();
  // While paused nothing is read, so a peer that went away is noticed here or never.
  if (was_paused_ && (revents & (POLLHUP | POLLERR)) != 0) {
    return End(Fail(kLinkBroken, "the peer went away"));
  }
  const auto limit = deadline();
  if (limit && now >= *limit) End(Fail(kLinkTimeout, "inside a frame"));
}

void Connection::WriteSome() {
  wants_write_ = false;
  while (phase_ == Phase::kOpen && has_unsent()) {
    ByteView rest = ByteView(unsent_).subspan(sent_);
    if (retry_ != 0) rest = rest.first(retry_);
    size_t size = 0;
    const auto step = tls_->Write(rest, size);
    if (!step.ok()) return End(step.status());
    if (*step != TlsStep::kDone) {
      retry_ = rest.size();
      break;
    }
    retry_ = 0;
    sent_ += size;
    pool_.Sent(id_, size);
  }
  if (sent_ == unsent_.size() || sent_ >= kMostSentKept) {
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
}

void Connection::SubmitSome() {
  while (phase_ == Phase::kOpen && !reading_stopped_ && !backlog_.empty()) {
    const RequestPool::Load load = pool_.LoadOf(id_);
    if (load.requests >= limits_.most_in_flight || load.waiting_octets >= limits_.most_octets) {
      return;
    }
    pool_.Submit(id_, std::move(backlog_.front()));
    backlog_.pop_front();
  }
}

void Connection::ReadSome(BootTime now) {
  uint8_t buffer[kReadBuffer];
  eager_ = false;
  for (int i = 0; i < kReadsInTurn && MayRead(); ++i) {
    size_t size = 0;
    const auto step = tls_->Read(buffer, size);
    if (step.ok() && *step == TlsStep::kDone) {
      TakeFrames({buffer, size}, now);
      continue;
    }
    if (step.ok() && *step == TlsStep::kWantWrite) wants_write_ = true;
    if (step.ok() && *step != TlsStep::kClosed) return;
    if (!decoder_.AtBoundary()) return End(Fail(kLinkFrameTruncated, "the peer closed"));
    return End(step.status());
  }
  eager_ = MayRead();
}

void Connection::TakeFrames(ByteView octets, BootTime now) {
  const bool had_begun = !decoder_.AtBoundary();
  std::vector<Bytes> frames;
  const Status fed = decoder_.Feed(octets, frames);
  // A frame's time runs from its first octet.
  if (!had_begun || !frames.empty()) deadline_ = now + limits_.frame_timeout;
  for (Bytes& frame : frames) backlog_.push_back(std::move(frame));
  SubmitSome();
  if (!fed.ok()) End(fed);
}

void Connection::AddAnswers(Bytes answers) {
  if (unsent_.empty()) {
    unsent_ = std::move(answers);
  } else {
    unsent_.insert(unsent_.end(), answers.begin(), answers.end());
  }
}

void Connection::End(Status status) {
  if (phase_ == Phase::kOver) return;
  phase_ = Phase::kOver;
  verdict_ = std::move(status);
}

void Connection::Close() {
  // In the middle of a record a notice would be noise.
  if (retry_ == 0) tls_->CloseNotify();
  socket_ = Socket();
}

}  // namespace intaglio::appliance
