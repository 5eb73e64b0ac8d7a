// Connection: one peer of the link, from its first octet to its last.
//
// Never waits: each step does what sockets allow. It stops reading while the peer has too much in
// hand (requests, their octets, answers unsent), so what a peer can make the core hold is bounded.
#ifndef INTAGLIO_APPLIANCE_LINK_CONNECTION_H_
#define INTAGLIO_APPLIANCE_LINK_CONNECTION_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "appliance/link/frame_decoder.h"
#include "appliance/link/listener.h"
#include "appliance/link/request_pool.h"
#include "appliance/link/tls_session.h"
#include "base/clock.h"

namespace intaglio::appliance {

struct ConnectionLimits {
  size_t most_in_flight;
  size_t most_octets;  // of requests that wait, and of answers unsent
  Duration handshake_timeout;
  Duration frame_timeout;
};

// For the link's own thread alone.
class Connection final {
 public:
  enum class Phase { kHandshake, kOpen, kOver };

  // `identity` and `pool` outlive it. kLinkHandshake.
  static StatusOr<std::unique_ptr<Connection>> Create(uint64_t id, Accepted accepted,
                                                      TlsIdentity& identity, RequestPool& pool,
                                                      const ConnectionLimits& limits, BootTime now);

  uint64_t id() const { return id_; }
  const std::string& peer() const { return peer_; }
  int fd() const { return socket_.get(); }
  Phase phase() const { return phase_; }
  // How it ended. Only when over.
  const Status& verdict() const { return verdict_; }
  // What poll() should wait for.
  short events() const;
  // More can be done without waiting.
  bool eager() const { return phase_ == Phase::kOpen && eager_; }
  // When it ends unless something happens before.
  std::optional<BootTime> deadline() const;
  // Answers not yet given to the socket.
  bool has_unsent() const { return sent_ < unsent_.size(); }

  // True if the handshake was completed and the peer admitted.
  bool was_open() const { return was_open_; }

  // Only in the handshake: does all of it that can be done now. Open afterwards if it is complete;
  // the caller then opens the pool's account, or refuses.
  void StepHandshake(BootTime now);
  void Refuse(Status status);
  // Only when open: does all that can be done now; `revents` as poll() gave them.
  void Step(short revents, BootTime now);
  void AddAnswers(Bytes answers);
  // Reads no more; answers still leave.
  void StopReading() { reading_stopped_ = true; }
  void End(Status status);
  // Tells the peer, then closes.
  void Close();

 private:
  Connection(uint64_t id, Accepted accepted, std::unique_ptr<TlsSession> tls, RequestPool& pool,
             const ConnectionLimits& limits, BootTime now);
  bool MayRead() const;
  void WriteSome();
  void SubmitSome();
  void ReadSome(BootTime now);
  void TakeFrames(ByteView octets, BootTime now);

  const uint64_t id_;
  Socket socket_;
  const std::string peer_;
  std::unique_ptr<TlsSession> tls_;
  RequestPool& pool_;
  const ConnectionLimits& limits_;
  Phase phase_ = Phase::kHandshake;
  Status verdict_;
  bool was_open_ = false;
  bool reading_stopped_ = false;
  bool was_paused_ = false;
  bool eager_ = false;
  bool wants_write_ = false;
  FrameDecoder decoder_;
  std::deque<Bytes> backlog_;  // frames of the last read that the pool has no room for
  BootTime deadline_;          // of the handshake, then of the frame that has begun
  Bytes unsent_;
  size_t sent_ = 0;   // of `unsent_`
  size_t retry_ = 0;  // octets that Mbed TLS must be given again, no more and no fewer
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_CONNECTION_H_
