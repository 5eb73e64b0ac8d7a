// Listener: a bound socket, and connections accepted from it without ever running out of
// descriptors.
#ifndef INTAGLIO_APPLIANCE_LINK_LISTENER_H_
#define INTAGLIO_APPLIANCE_LINK_LISTENER_H_

#include <string>

#include "base/status.h"

namespace intaglio::appliance {

// A descriptor that closes itself.
class Socket final {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

class Listener final {
 public:
  // A Unix socket of mode 0660; a socket file left by a dead process is replaced. kLinkConfig.
  static StatusOr<Listener> OnUnix(const std::string& path);
  // "127.0.0.1:0" or "[::1]:7443". kLinkConfig.
  static StatusOr<Listener> OnTcp(const std::string& address);

  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = default;

  int get() const { return socket_.get(); }
  const std::string& endpoint() const { return endpoint_; }
  // The next waiting connection, non-blocking, and who it is; an invalid socket if there is none.
  // When the process has no descriptor left, the waiting connection is closed instead of left to
  // spin on.
  Socket Accept(std::string& peer);

 private:
  Listener(Socket socket, std::string endpoint);

  Socket socket_;
  Socket reserve_;  // given up for a moment to close a connection when descriptors run out
  std::string endpoint_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_LISTENER_H_
