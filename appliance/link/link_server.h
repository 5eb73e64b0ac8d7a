// LinkServer: the one door to the core. TLS 1.2 with both ends pinned, length-prefixed frames, many
// in flight. [DESIGN 2]
//
// One thread does all reading and writing; a fixed set of workers carries requests out. Whatever a
// peer sends can end its own connection and nothing else.
#ifndef INTAGLIO_APPLIANCE_LINK_LINK_SERVER_H_
#define INTAGLIO_APPLIANCE_LINK_LINK_SERVER_H_

#include <memory>
#include <string>

#include "appliance/link/frame_handler.h"
#include "appliance/link/tls_session.h"
#include "base/clock.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {

struct LinkServerConfig {
  std::string unix_socket;  // exactly one of the two
  std::string tcp_listen;   // numeric address and port; port 0 lets the system choose
  int socket_gid = -1;      // group that may use the Unix socket; -1: this process's
  Bytes certificate_pem;
  SecretBytes private_key_pem;
  Bytes pinned_peer_pem;
  size_t max_connections = 8;  // open ones; handshakes are counted apart
  size_t workers = 4;
  Duration handshake_timeout = 10 * kSecond;
  Duration frame_timeout = 30 * kSecond;  // for a frame that has begun to arrive
};

class LinkServer final {
 public:
  // Requests of one connection being carried out; beyond it reading waits.
  static constexpr size_t kMostInFlight = 256;
  // Requests of one connection not begun, and answers not yet sent, each in octets; beyond either
  // reading waits.
  static constexpr size_t kMostUnsent = 4 << 20;

  // Serves from now on. `handler` and `observer` outlive it. kLinkConfig.
  static StatusOr<std::unique_ptr<LinkServer>> Start(const LinkServerConfig& config,
                                                     FrameHandler& handler, LinkObserver& observer);
  // `judge` decides instead of pinned_peer_pem, at each handshake and each reading, so that a
  // certificate taken off ends its connections.
  static StatusOr<std::unique_ptr<LinkServer>> Start(const LinkServerConfig& config,
                                                     PeerJudge judge, FrameHandler& handler,
                                                     LinkObserver& observer);
  ~LinkServer();
  LinkServer(const LinkServer&) = delete;
  LinkServer& operator=(const LinkServer&) = delete;

  // "127.0.0.1:7443" or the socket's path.
  const std::string& endpoint() const;
  // Takes no more requests, lets those in hand finish and their answers leave (for at most five
  // seconds, then only finish), closes. Returns once no handler runs. For one thread at a time;
  // idempotent.
  void Stop();

 private:
  struct Impl;
  explicit LinkServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_LINK_SERVER_H_
