#include "tests/support/raw_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>

namespace intaglio::testing_support {
namespace {

constexpr Duration kPatience = 10 * kSecond;

Status Failed(const std::string& what) { return Fail(kRawLinkFailed, what); }
Status FailedWithErrno(const std::string& what) { return Failed(what + ": " + strerror(errno)); }
Status FailedWithQueue(const std::string& what) {
  char text[256] = {};
  ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
  return Failed(what + ": " + text);
}

sockaddr_un UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

StatusOr<int> OpenSocket(const std::string& endpoint) {
  int fd = -1;
  int connected = -1;
  if (endpoint.find('/') != std::string::npos) {
    const sockaddr_un address = UnixAddress(endpoint);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } else {
    sockaddr_in address{};
    const size_t colon = endpoint.rfind(':');
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(std::stoi(endpoint.substr(colon + 1))));
    if (inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1) {
      return Failed("'" + endpoint + "' is not numeric");
    }
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  if (connected != 0) {
    const Status failed = FailedWithErrno("connect " + endpoint);
    if (fd >= 0) close(fd);
    return failed;
  }
  return fd;
}

StatusOr<SSL_CTX*> NewContext(const RawLinkConfig& config, const SSL_METHOD* method) {
  ERR_clear_error();
  SSL_CTX* const context = SSL_CTX_new(method);
  SSL_CTX_set_min_proto_version(context, config.min_version);
  SSL_CTX_set_max_proto_version(context, config.max_version);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  bool done = SSL_CTX_set_cipher_list(context, config.suites.c_str()) == 1;
  if (!config.identity.certificate_pem.empty()) {
    BIO* const certificate = BIO_new_mem_buf(config.identity.certificate_pem.data(), -1);
    BIO* const key = BIO_new_mem_buf(config.identity.private_key_pem.data(), -1);
    X509* const x = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
    EVP_PKEY* const k = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    done =
        done && SSL_CTX_use_certificate(context, x) == 1 && SSL_CTX_use_PrivateKey(context, k) == 1;
    X509_free(x);
    EVP_PKEY_free(k);
    BIO_free(certificate);
    BIO_free(key);
  }
  if (done) return context;
  SSL_CTX_free(context);
  return FailedWithQueue("the TLS settings");
}

}  // namespace

struct RawLink::Impl {
  ~Impl() { Drop(); }
  void Drop() {
    SSL_free(ssl);
    SSL_CTX_free(context);
    if (fd >= 0) close(fd);
    ssl = nullptr;
    context = nullptr;
    fd = -1;
  }

  Status Handshake(const RawLinkConfig& config, const SSL_METHOD* method) {
    // OpenSSL writes without MSG_NOSIGNAL.
    signal(SIGPIPE, SIG_IGN);
    ASSIGN_OR_RETURN(context, NewContext(config, method));
    ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (;;) {
      ERR_clear_error();
      const int rc = SSL_is_server(ssl) ? SSL_accept(ssl) : SSL_connect(ssl);
      if (rc == 1) return OkStatus();
      if (!WaitFor(rc, kPatience)) return FailedWithQueue("handshake");
    }
  }

  // Waits for what `rc` says is missing; false on time-out and on real failures.
  bool WaitFor(int rc, Duration patience) {
    short events = POLLIN;
    if (ssl != nullptr) {
      const int error = SSL_get_error(ssl, rc);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
      if (error == SSL_ERROR_WANT_WRITE) events = POLLOUT;
    }
    pollfd waiting{fd, events, 0};
    return poll(&waiting, 1, static_cast<int>(patience)) == 1;
  }

  // Octets written, 0 if `patience` ran out.
  StatusOr<size_t> WriteOnce(ByteView octets, Duration patience) {
    if (fd < 0) return Failed("closed");
    for (;;) {
      ERR_clear_error();
      const ssize_t n = ssl == nullptr
                            ? send(fd, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                            : SSL_write(ssl, octets.data(), static_cast<int>(octets.size()));
      if (n > 0) return static_cast<size_t>(n);
      if (ssl == nullptr) {
        if (errno != EAGAIN) return FailedWithErrno("send");
        pollfd waiting{fd, POLLOUT, 0};
        if (poll(&waiting, 1, static_cast<int>(patience)) != 1) return 0;
        continue;
      }
      const int error = SSL_get_error(ssl, static_cast<int>(n));
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        return FailedWithQueue("write");
      }
      if (!WaitFor(static_cast<int>(n), patience)) return 0;
    }
  }

  // Octets read, 0 if the peer closed; a failure if `patience` ran out.
  StatusOr<size_t> ReadOnce(std::span<uint8_t> buffer, Duration patience) {
    if (fd < 0) return Failed("closed");
    for (;;) {
      ERR_clear_error();
      const ssize_t n = ssl == nullptr
                            ? recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT)
                            : SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
      if (n > 0) return static_cast<size_t>(n);
      if (ssl == nullptr && (n == 0 || errno != EAGAIN)) return 0;
      if (ssl != nullptr) {
        const int error = SSL_get_error(ssl, static_cast<int>(n));
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return 0;
      }
      if (!WaitFor(static_cast<int>(n), patience)) return Failed("nothing came in time");
    }
  }

  int fd = -1;
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  Bytes received;
};

RawLink::RawLink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RawLink::~RawLink() = default;

StatusOr<std::unique_ptr<RawLink>> RawLink::Connect(const std::string& endpoint,
                                                    const RawLinkConfig& config) {
  ASSIGN_OR_RETURN(auto link, ConnectPlain(endpoint));
  RETURN_IF_ERROR(link->impl_->Handshake(config, TLS_client_method()));
  return link;
}

StatusOr<std::unique_ptr<RawLink>> RawLink::ConnectPlain(const std::string& endpoint) {
  auto impl = std::make_unique<Impl>();
  ASSIGN_OR_RETURN(impl->fd, OpenSocket(endpoint));
  return std::unique_ptr<RawLink>(new RawLink(std::move(impl)));
}

Status RawLink::Send(ByteView octets) {
  ASSIGN_OR_RETURN(const size_t sent, SendSome(octets, kPatience));
  if (sent < octets.size()) return Failed("the peer takes nothing");
  return OkStatus();
}

StatusOr<size_t> RawLink::SendSome(ByteView octets, Duration patience) {
  size_t sent = 0;
  while (sent < octets.size()) {
    // Whole records: what OpenSSL could not send must come again with the same octets.
    const ByteView rest = octets.subspan(sent);
    ASSIGN_OR_RETURN(const size_t n, impl_->WriteOnce(rest, patience));
    if (n == 0) break;
    sent += n;
  }
  return sent;
}

Status RawLink::SendFrame(ByteView body) { return Send(RawFrame(body)); }

StatusOr<Bytes> RawLink::ReceiveFrame(Duration patience) {
  Bytes& in = impl_->received;
  for (;;) {
    if (in.size() >= 4) {
      const size_t length =
          size_t{in[0]} << 24 | size_t{in[1]} << 16 | size_t{in[2]} << 8 | size_t{in[3]};
      if (in.size() >= 4 + length) {
        const auto body = in.begin() + 4;
        const auto end = body + static_cast<std::ptrdiff_t>(length);
        Bytes out(body, end);
        in.erase(in.begin(), end);
        return out;
      }
    }
    uint8_t buffer[16 * 1024];
    ASSIGN_OR_RETURN(const size_t n, impl_->ReadOnce(buffer, patience));
    if (n == 0) return Failed("the peer closed");
    in.insert(in.end(), buffer, buffer + n);
  }
}

bool RawLink::PeerCloses(Duration patience) {
  uint8_t buffer[16 * 1024];
  for (;;) {
    const auto n = impl_->ReadOnce(buffer, patience);
    if (!n.ok()) return false;
    if (*n == 0) return true;
  }
}

void RawLink::Close() {
  if (impl_->ssl != nullptr) SSL_shutdown(impl_->ssl);
  impl_->Drop();
}

void RawLink::Drop() { impl_->Drop(); }

Bytes RawHeader(uint32_t length) {
  return {static_cast<uint8_t>(length >> 24), static_cast<uint8_t>(length >> 16),
          static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
}

Bytes RawFrame(ByteView body) {
  return Concat({RawHeader(static_cast<uint32_t>(body.size())), body});
}

RawLinkServer::RawLinkServer(int fd, std::string path, RawLinkConfig config)
    : fd_(fd), path_(std::move(path)), config_(std::move(config)) {}

RawLinkServer::~RawLinkServer() {
  close(fd_);
  unlink(path_.c_str());
}

StatusOr<std::unique_ptr<RawLinkServer>> RawLinkServer::Listen(const std::string& path,
                                                               const RawLinkConfig& config) {
  const sockaddr_un address = UnixAddress(path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, 8) != 0) {
    const Status failed = FailedWithErrno("listen " + path);
    close(fd);
    return failed;
  }
  return std::unique_ptr<RawLinkServer>(new RawLinkServer(fd, path, config));
}

StatusOr<std::unique_ptr<RawLink>> RawLinkServer::Accept(Duration patience) {
  pollfd waiting{fd_, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(patience)) != 1) return Failed("nobody connected");
  auto impl = std::make_unique<RawLink::Impl>();
  impl->fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (impl->fd < 0) return FailedWithErrno("accept");
  RETURN_IF_ERROR(impl->Handshake(config_, TLS_server_method()));
  return std::unique_ptr<RawLink>(new RawLink(std::move(impl)));
}

}  // namespace intaglio::testing_support
