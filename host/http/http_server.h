// HttpServer: what relying parties fetch: OCSP answers, CRL, CA certificates, documents. Plain
// HTTP, as their clients expect: everything served is signed or public. [EN 319 411-1 DIS-6.1]
#ifndef INTAGLIO_HOST_HTTP_HTTP_SERVER_H_
#define INTAGLIO_HOST_HTTP_HTTP_SERVER_H_

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

namespace intaglio::host {

// Octets and until when a cache may keep them.
struct PublicOctets {
  Bytes octets;
  std::optional<WallTime> produced_at;  // absent: not cacheable
  std::optional<WallTime> expires_at;
};

// Where the content comes from. Called on the server's threads, many at once.
class PublicContent {
 public:
  virtual ~PublicContent() = default;
  // Always an OCSP answer; failures are OCSP errors.
  virtual PublicOctets AnswerOcsp(ByteView request) = 0;
  // Nothing while there is none.
  virtual std::optional<PublicOctets> LatestCrl() = 0;
  virtual std::optional<PublicOctets> CaCertificate() = 0;
  virtual std::optional<PublicOctets> RootCertificate() = 0;
  virtual std::optional<PublicOctets> Agreement() = 0;
};

struct HttpServerConfig {
  std::string listen;  // "127.0.0.1:7580"; port 0 lets the system choose
  size_t max_connections = 512;
  size_t threads = 2;
  Duration timeout = 30 * kSecond;  // for a request to arrive and for an answer to be taken
};

class HttpServer final {
 public:
  // Serves from now on; `content` outlives it. kHttpListen.
  static StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerConfig& config,
                                                     PublicContent& content, const Clock& clock);
  ~HttpServer();
  int port() const;
  void Stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_HTTP_HTTP_SERVER_H_
