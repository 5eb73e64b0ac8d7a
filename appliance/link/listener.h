// Listener: a bound socket, and connections accepted from it without ever running out of
// descriptors.
#ifndef INTAGLIO_APPLIANCE_LINK_LISTENER_H_
#define INTAGLIO_APPLIANCE_LINK_LISTENER_H_

#include <sys/types.h>

#include <optional>
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

// A connection as it comes from the system: non-blocking, and who it is.
struct Accepted {
  Socket socket;
  std::string peer;  // "127.0.0.1:40122", or "uid 1001 pid 4242" on a Unix socket
};

class Listener final {
 public:
  // A Unix socket of mode 0660, given to `gid` unless that is -1. A socket file that nobody serves
  // any more is replaced; one that is served, and any other file, is kLinkConfig.
  static StatusOr<Listener> OnUnix(const std::string& path, int gid);
  // "127.0.0.1:0" or "[::1]:7443". kLinkConfig.
  static StatusOr<Listener> OnTcp(const std::string& address);

  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  int get() const { return socket_.get(); }
  // "127.0.0.1:7443" with the port the system chose, or the socket's path.
  const std::string& endpoint() const { return endpoint_; }
  // The next waiting connection, or nothing. kLinkTooMany when the process has no descriptor left:
  // the waiting connection has then been closed instead of left to spin on.
  StatusOr<std::optional<Accepted>> Accept();

 private:
  // Which file a Unix socket is, so that another's is not removed.
  struct FileIdentity {
    dev_t device;
    ino_t inode;
  };
  Listener(Socket socket, std::string endpoint, std::optional<FileIdentity> file);

  Socket socket_;
  Socket reserve_;  // given up for a moment to close a connection when descriptors run out
  std::string endpoint_;
  std::optional<FileIdentity> file_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_LISTENER_H_
