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

Listener::Listener(Socket socket, std::string endpoint)
    : socket_(std::move(socket)),
      reserve_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      endpoint_(std::move(endpoint)) {}

StatusOr<Listener> Listener::OnUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Fail(kLinkConfig, "link.unix_socket is longer than 107 octets: " + path);
  }
  strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return Fail(kLinkConfig, path + " exists and is not a socket");
    unlink(path.c_str());
  }
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid() ||
      bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0660) != 0 || listen(socket.get(), kBacklog) != 0) {
    return Bad("link.unix_socket " + path);
  }
  return Listener(std::move(socket), path);
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
  return Listener(std::move(socket), NameOf(address));
}

Socket Listener::Accept(std::string& peer) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  Socket accepted(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size,
                          SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (accepted.valid()) {
    peer = NameOf(address);
    const int on = 1;
    setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return accepted;
  }
  if (errno == EMFILE || errno == ENFILE) {
    reserve_ = Socket();
    Socket refused(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    refused = Socket();
    reserve_ = Socket(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  return Socket();
}

}  // namespace intaglio::appliance
