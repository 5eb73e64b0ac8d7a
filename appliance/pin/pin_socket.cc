#include "appliance/pin/pin_socket.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>

#include "appliance/domain/reasons.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

constexpr int kPollMilliseconds = 250;
constexpr int kPatienceSeconds = 5;
constexpr size_t kMaxAnswer = 512;
constexpr std::string_view kMissing = "missing ", kRefused = "refused ";

class Socket final {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// The path is the core's while it waits.
class BoundPath final {
 public:
  explicit BoundPath(const std::string& path) : path_(path) {}
  ~BoundPath() { unlink(path_.c_str()); }
  BoundPath(const BoundPath&) = delete;
  BoundPath& operator=(const BoundPath&) = delete;

 private:
  const std::string& path_;
};

Status Unavailable(const std::string& path, const std::string& what) {
  return Fail(kPinUnavailable, path + ": " + what + ": " + strerror(errno));
}

StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Fail(kPinUnavailable, path + " is too long for a socket");
  }
  memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

bool ToldToStop() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  const timespec at_once{};
  return sigtimedwait(&signals, nullptr, &at_once) > 0;
}

void SetPatience(int fd) {
  const timeval patience{kPatienceSeconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

bool MayEnter(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

// Everything until the newline or the end; nothing if it is too long or too slow.
SecretBytes Receive(int fd, size_t most) {
  SecretBytes buffer(most);
  const auto room = buffer.ExposeMutable();
  size_t size = 0;
  while (size < most) {
    const ssize_t got = recv(fd, room.data() + size, most - size, 0);
    if (got < 0) return {};
    if (got == 0) break;
    size += static_cast<size_t>(got);
    if (room[size - 1] == '\n') {
      --size;
      break;
    }
  }
  return size == 0 ? SecretBytes() : SecretBytes::CopyOf(buffer.Expose().first(size));
}

bool SendAll(int fd, ByteView octets) {
  while (!octets.empty()) {
    const ssize_t sent = send(fd, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    octets = octets.subspan(static_cast<size_t>(sent));
  }
  return true;
}

// One share; the PIN if it was the last and all fit.
StatusOr<SecretBytes> TakeShare(const SecretBytes& line, ShareCollector& shares) {
  ASSIGN_OR_RETURN(PinShare share, ReadShare(line));
  const std::string index = std::to_string(share.index);
  ASSIGN_OR_RETURN(const unsigned missing, shares.Add(std::move(share)));
  LogInfo("pin.share_accepted", {{"index", index}, {"missing", std::to_string(missing)}});
  if (missing > 0) return Fail(kPinUnavailable, std::to_string(missing));
  return shares.Join();
}

// The PIN, or nothing yet.
SecretBytes Serve(int fd, ShareCollector& shares) {
  SetPatience(fd);
  if (!MayEnter(fd)) {
    LogWarn("pin.peer_refused");
    return {};
  }
  auto pin = TakeShare(Receive(fd, kMaxShareLine), shares);
  std::string answer = std::string(kMissing) + "0";
  if (Is(pin.status(), kPinUnavailable)) {
    answer = std::string(kMissing) + DetailOf(pin.status());
  } else if (!pin.ok()) {
    LogFailure("pin.share_refused", pin.status());
    answer = std::string(kRefused) + DetailOf(pin.status());
  }
  SendAll(fd, AsBytes(answer + "\n"));
  return pin.ok() ? *std::move(pin) : SecretBytes();
}

}  // namespace

StatusOr<SecretBytes> AwaitShares(const std::string& path, unsigned need) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  const Socket listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (listener.fd() < 0) return Unavailable(path, "no socket");
  unlink(path.c_str());  // of a core that was killed while it waited
  const mode_t before = umask(0177);
  const int bound =
      bind(listener.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0) return Unavailable(path, "cannot be bound");
  const BoundPath owned(path);
  if (listen(listener.fd(), 4) != 0) return Unavailable(path, "cannot listen");
  LogInfo("pin.waiting", {{"socket", path}, {"shares", std::to_string(need)}});
  ShareCollector shares(need);
  while (true) {
    if (ToldToStop()) return Fail(kPinUnavailable, "told to stop while waiting for PIN shares");
    pollfd waiting{listener.fd(), POLLIN, 0};
    if (poll(&waiting, 1, kPollMilliseconds) <= 0) continue;
    const Socket peer(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.fd() < 0) continue;
    SecretBytes pin = Serve(peer.fd(), shares);
    if (!pin.empty()) return pin;
  }
}

StatusOr<unsigned> EnterShare(const std::string& path, const SecretBytes& line) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  const Socket core(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (core.fd() < 0) return Unavailable(path, "no socket");
  if (connect(core.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Unavailable(path, "no core waits for shares there");
  }
  SetPatience(core.fd());
  SendAll(core.fd(), line.Expose());
  SendAll(core.fd(), AsBytes("\n"));
  const SecretBytes octets = Receive(core.fd(), kMaxAnswer);
  const std::string_view answer = AsStringView(octets.Expose());
  if (answer.substr(0, kRefused.size()) == kRefused) {
    return Fail(kPinShareRefused, std::string(answer.substr(kRefused.size())));
  }
  unsigned missing = 0;
  if (answer.substr(0, kMissing.size()) != kMissing ||
      std::from_chars(answer.data() + kMissing.size(), answer.data() + answer.size(), missing).ec !=
          std::errc()) {
    return Fail(kPinUnavailable, path + ": the core gave no answer; is this its own user?");
  }
  return missing;
}

}  // namespace intaglio::appliance
