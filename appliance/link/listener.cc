#include "appliance/link/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "appliance/link/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr int kBacklog = 64;

Status Bad(const std::string& what) { return Fail(kLinkConfig, what + ": " + strerror(errno)); }

std::string NameOf(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return "local";
}

bool ParseAddress(const std::string& text, sockaddr_storage& out, socklen_t& size) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) return false;
  std::string host = text.substr(0, colon);
  char* end = nullptr;
  const unsigned long port = strtoul(text.c_str() + colon + 1, &end, 10);
  if (*end != 0 || port > 65535) return false;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    size = sizeof v6;
    return inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6.sin6_addr) == 1;
  }
  auto& v4 = reinterpret_cast<sockaddr_in&>(out);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  size = sizeof v4;
  return inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1;
}

// Whoever holds the other end of a Unix socket.
std::string NameOfUser(const Socket& socket) {
  ucred user{};
  socklen_t size = sizeof user;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &user, &size) != 0) return "local";
  return "uid " + std::to_string(user.uid) + " pid " + std::to_string(user.pid);
}

// Answers leave at once, and a host that vanished does not hold its connection for ever.
void SetTcpOptions(const Socket& socket) {
  const auto set = [&](int level, int option, int value) {
    (void)setsockopt(socket.get(), level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

// Removes a socket file that nobody serves any more.
Status RemoveStale(const sockaddr_un& address) {
  const std::string path = address.sun_path;
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return OkStatus();
  if (!S_ISSOCK(found.st_mode)) return Fail(kLinkConfig, path + " exists and is not a socket");
  const Socket probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return Fail(kLinkConfig, path + " is in use by another process");
  }
  unlink(path.c_str());
  return OkStatus();
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

Listener::Listener(Socket socket, std::string endpoint, std::optional<FileIdentity> file)
    : socket_(std::move(socket)),
      reserve_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      endpoint_(std::move(endpoint)),
      file_(file) {}

Listener::~Listener() {
  struct stat found {};
  if (socket_.valid() && file_ && lstat(endpoint_.c_str(), &found) == 0 &&
      found.st_dev == file_->device && found.st_ino == file_->inode) {
    unlink(endpoint_.c_str());
  }
}

StatusOr<Listener> Listener::OnUnix(const std::string& path, int gid) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Fail(kLinkConfig, "link.unix_socket is longer than 107 octets: " + path);
  }
  memcpy(address.sun_path, path.data(), path.size());
  RETURN_IF_ERROR(RemoveStale(address));
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  struct stat file {};
  // Nobody can connect before listen(), so the mode is right from the first connection on.
  if (!socket.valid() ||
      bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0660) != 0 ||
      (gid >= 0 && chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(gid)) != 0) ||
      lstat(path.c_str(), &file) != 0 || listen(socket.get(), kBacklog) != 0) {
    return Bad("link.unix_socket " + path);
  }
  return Listener(std::move(socket), path, FileIdentity{file.st_dev, file.st_ino});
}

StatusOr<Listener> Listener::OnTcp(const std::string& text) {
  sockaddr_storage address{};
  socklen_t size = 0;
  if (!ParseAddress(text, address, size)) {
    return Fail(kLinkConfig, "link.tcp_listen: '" + text + "' is not like 127.0.0.1:7443");
  }
  Socket socket(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!socket.valid() || setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(socket.get(), kBacklog) != 0 ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return Bad("link.tcp_listen " + text);
  }
  return Listener(std::move(socket), NameOf(address), std::nullopt);
}

StatusOr<std::optional<Accepted>> Listener::Accept() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  Socket accepted(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size,
                          SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (accepted.valid()) {
    std::string peer = file_ ? NameOfUser(accepted) : NameOf(address);
    if (!file_) SetTcpOptions(accepted);
    return Accepted{std::move(accepted), std::move(peer)};
  }
  if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) {
    return std::nullopt;
  }
  const std::string cause = strerror(errno);
  reserve_ = Socket();
  Socket refused(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const bool closed = refused.valid();
  refused = Socket();
  reserve_ = Socket(open("/dev/null", O_RDONLY | O_CLOEXEC));
  return Fail(kLinkTooMany, cause + (closed ? "" : "; the connection waits"));
}

}  // namespace intaglio::appliance
