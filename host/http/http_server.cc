#include "host/http/http_server.h"

#include <time.h>

#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <thread>
#include <vector>

#include "host/http/reasons.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using Error = boost::system::error_code;
using Request = http::request<http::vector_body<uint8_t>>;
using Response = http::response<http::vector_body<uint8_t>>;

constexpr size_t kMaxBody = 16 * 1024;
constexpr size_t kMaxHeader = 8 * 1024;
constexpr size_t kMaxTarget = 24 * 1024;  // a GET of the largest OCSP request
constexpr Duration kDrainTime = 2 * kSecond;
constexpr std::string_view kOcspPath = "/ocsp";

std::string HttpDate(WallTime time) {
  const time_t seconds = static_cast<time_t>(time.ms / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<uint16_t> PortOf(const std::string& text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return port;
}

// What a client put behind /ocsp/: url-encoded base64. [RFC 6960 §A.1]
std::optional<Bytes> OcspOfPath(std::string_view text) {
  std::string base64;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      base64.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    base64.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  while (base64.size() % 4 != 0) base64.push_back('=');
  auto octets = FromBase64(base64);
  if (!octets.ok() || octets->size() > kMaxBody) return std::nullopt;
  return *std::move(octets);
}

Response Plain(const Request& request, http::status status, const std::string& text) {
  Response response{status, request.version()};
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.body() = ToBytes(text + "\n");
  return response;
}

class Router final {
 public:
  Router(PublicContent& content, const Clock& clock) : content_(content), clock_(clock) {}

  Response Answer(const Request& request) const {
    Response response = Route(request);
    response.set(http::field::server, "intaglio");
    response.set(http::field::date, HttpDate(clock_.Now()));
    response.keep_alive(request.keep_alive());
    response.content_length(response.body().size());
    // A HEAD is answered with the header alone; its Content-Length says what GET would bring.
    if (request.method() == http::verb::head) response.body().clear();
    return response;
  }

 private:
  Response Route(const Request& request) const {
    const std::string_view target(request.target().data(), request.target().size());
    if (request.method() == http::verb::post) {
      if (target != kOcspPath && target != "/ocsp/") return NotAllowed(request, "GET, HEAD");
      if (request[http::field::content_type] != "application/ocsp-request") {
        return Plain(request, http::status::unsupported_media_type,
                     "send Content-Type: application/ocsp-request");
      }
      return Octets(request, content_.AnswerOcsp(request.body()), "application/ocsp-response");
    }
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return NotAllowed(request, "GET, HEAD, POST");
    }
    if (target.rfind("/ocsp/", 0) == 0 && target.size() > 6) {
      const auto octets = OcspOfPath(target.substr(6));
      // What is not even base64 is answered like any other malformed request.
      return Octets(request, content_.AnswerOcsp(octets.value_or(Bytes())),
                    "application/ocsp-response");
    }
    if (target == "/crl/ca.crl")
      return Maybe(request, content_.LatestCrl(), "application/pkix-crl");
    if (target == "/ca/ca.crt") {
      return Maybe(request, content_.CaCertificate(), "application/pkix-cert");
    }
    if (target == "/ca/root.crt") {
      return Maybe(request, content_.RootCertificate(), "application/pkix-cert");
    }
    if (target == "/doc/agreement") {
      return Maybe(request, content_.Agreement(), "application/octet-stream");
    }
    return Plain(request, http::status::not_found,
                 "served here: /ocsp, /crl/ca.crl, /ca/ca.crt, /ca/root.crt, /doc/agreement");
  }

  static Response NotAllowed(const Request& request, std::string_view allowed) {
    Response response = Plain(request, http::status::method_not_allowed,
                              "allowed here: " + std::string(allowed) + "; POST is for /ocsp");
    response.set(http::field::allow, beast::string_view(allowed.data(), allowed.size()));
    return response;
  }

  Response Maybe(const Request& request, std::optional<PublicOctets> content,
                 std::string_view type) const {
    if (!content) {
      return Plain(request, http::status::service_unavailable,
                   "not published yet; try again later");
    }
    return Octets(request, *std::move(content), type);
  }

  Response Octets(const Request& request, PublicOctets content, std::string_view type) const {
    Response response{http::status::ok, request.version()};
    response.set(http::field::content_type, beast::string_view(type.data(), type.size()));
    if (content.produced_at && content.expires_at) {
      const Duration left = std::max<Duration>(0, *content.expires_at - clock_.Now());
      response.set(http::field::last_modified, HttpDate(*content.produced_at));
      response.set(http::field::expires, HttpDate(*content.expires_at));
      response.set(http::field::etag, "\"" + ToHex(Sha256(content.octets)) + "\"");
      response.set(http::field::cache_control, "max-age=" + std::to_string(left / kSecond) +
                                                   ", public, no-transform, must-revalidate");
    } else {
      response.set(http::field::cache_control, "no-store");
    }
    response.body() = std::move(content.octets);
    return response;
  }

  PublicContent& content_;
  const Clock& clock_;
};

class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket, const Router& router, Duration timeout, std::atomic<size_t>& open)
      : stream_(std::move(socket)), router_(router), timeout_(timeout), open_(open) {}
  ~Session() { --open_; }

  void Read() {
    parser_.emplace();
    parser_->body_limit(kMaxBody);
    parser_->header_limit(kMaxHeader + kMaxTarget);
    stream_.expires_after(std::chrono::milliseconds(timeout_));
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](Error error, size_t) { self->OnRead(error); });
  }

 private:
  void OnRead(Error error) {
    if (error == http::error::body_limit) {
      return Refuse(http::status::payload_too_large, "a request body has at most 16 KiB");
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return Refuse(http::status::request_header_fields_too_large,
                    "path and header fields have at most 32 KiB");
    }
    // The client went away between or within requests: nobody reads an answer.
    if (error == http::error::end_of_stream || error == http::error::partial_message) {
      return Close();
    }
    if (error && error.category() == http::make_error_code(http::error::bad_method).category()) {
      return Refuse(http::status::bad_request, "this is not HTTP: " + error.message());
    }
    if (error) return Close();
    Write(router_.Answer(parser_->get()));
  }

  // Answers what could not be read to its end, so the connection ends with it.
  void Refuse(http::status status, const std::string& text) {
    Request unread;
    unread.version(11);
    Response response = Plain(unread, status, text);
    response.keep_alive(false);
    Write(std::move(response));
  }

  void Write(Response response) {
    response_.emplace(std::move(response));
    if (!response_->has_content_length()) response_->prepare_payload();
    serializer_.emplace(*response_);
    stream_.expires_after(std::chrono::milliseconds(timeout_));
    auto done = [self = shared_from_this()](Error error, size_t) { self->OnWritten(error); };
    if (parser_->get().method() == http::verb::head) {
      http::async_write_header(stream_, *serializer_, std::move(done));
    } else {
      http::async_write(stream_, *serializer_, std::move(done));
    }
  }

  void OnWritten(Error error) {
    if (error) return Close();
    if (response_->keep_alive()) return Read();
    // Closing with octets unread would reset the connection and take the answer from the client.
    Error ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::milliseconds(std::min(timeout_, kDrainTime)));
    Drain();
  }

  void Drain() {
    stream_.async_read_some(asio::buffer(drained_),
                            [self = shared_from_this()](Error error, size_t) {
                              if (error) return self->Close();
                              self->Drain();
                            });
  }

  void Close() {
    Error ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_both, ignored);
  }

  beast::tcp_stream stream_;
  const Router& router_;
  const Duration timeout_;
  std::atomic<size_t>& open_;
  std::array<uint8_t, 4096> drained_{};
  beast::flat_buffer buffer_{kMaxBody + kMaxHeader + kMaxTarget};
  std::optional<http::request_parser<http::vector_body<uint8_t>>> parser_;
  std::optional<Response> response_;
  std::optional<http::response_serializer<http::vector_body<uint8_t>>> serializer_;
};

}  // namespace

struct HttpServer::Impl {
  Impl(const HttpServerConfig& from, PublicContent& content, const Clock& clock)
      : config(from), router(content, clock), acceptor(io) {}

  void Accept() {
    acceptor.async_accept(asio::make_strand(io), [this](Error error, Tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && open < config.max_connections) {
        ++open;
        Error ignored;
        socket.set_option(Tcp::no_delay(true), ignored);
        std::make_shared<Session>(std::move(socket), router, config.timeout, open)->Read();
      } else if (error) {
        // Out of descriptors, most likely: wait for some to come free instead of spinning.
        retry.emplace(io, std::chrono::milliseconds(100));
        retry->async_wait([this](Error failed) {
          if (!failed) Accept();
        });
        return;
      }
      Accept();
    });
  }

  const HttpServerConfig config;
  // Sessions die with the io_context and still use these two.
  std::atomic<size_t> open{0};
  Router router;
  asio::io_context io;
  Tcp::acceptor acceptor;
  std::optional<asio::steady_timer> retry;
  std::vector<std::thread> threads;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { Stop(); }
int HttpServer::port() const { return impl_->acceptor.local_endpoint().port(); }

StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerConfig& config,
                                                        PublicContent& content,
                                                        const Clock& clock) {
  auto impl = std::make_unique<Impl>(config, content, clock);
  const size_t colon = config.listen.rfind(':');
  if (colon == std::string::npos) {
    return Fail(kHttpListen, "'" + config.listen + "' is not like 127.0.0.1:7580");
  }
  const auto port = PortOf(config.listen.substr(colon + 1));
  if (!port) return Fail(kHttpListen, config.listen + ": a port is a number up to 65535");
  try {
    const Tcp::endpoint endpoint(asio::ip::make_address(config.listen.substr(0, colon)), *port);
    impl->acceptor.open(endpoint.protocol());
    impl->acceptor.set_option(asio::socket_base::reuse_address(true));
    impl->acceptor.bind(endpoint);
    impl->acceptor.listen();
  } catch (const std::exception& error) {
    return Fail(kHttpListen, config.listen + ": " + error.what());
  }
  impl->Accept();
  Impl* raw = impl.get();
  for (size_t i = 0; i < std::max<size_t>(1, config.threads); ++i) {
    impl->threads.emplace_back([raw] { raw->io.run(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::Stop() {
  if (impl_->threads.empty()) return;
  impl_->io.stop();
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace intaglio::host
