#include "host/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <thread>

#include "host/http/reasons.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::FailsNaming;
using testing_support::IsOk;
using Tcp = boost::asio::ip::tcp;

constexpr WallTime kNow{1795000000000};  // 2026-11-18T11:06:40Z

// Answers "ocsp:" and the request; a CRL and certificates once they are set.
class FakeContent final : public PublicContent {
 public:
  PublicOctets AnswerOcsp(ByteView request) override {
    PublicOctets out{Concat({AsBytes("ocsp:"), request}), {}, {}};
    if (cacheable) {
      out.produced_at = kNow - kHour;
      out.expires_at = kNow + kHour;
    }
    return out;
  }
  std::optional<PublicOctets> LatestCrl() override { return crl; }
  std::optional<PublicOctets> CaCertificate() override { return Octets("ca"); }
  std::optional<PublicOctets> RootCertificate() override { return Octets("root"); }
  std::optional<PublicOctets> Agreement() override { return Octets("agreement"); }

  std::optional<PublicOctets> crl;
  bool cacheable = false;

 private:
  static std::optional<PublicOctets> Octets(std::string_view text) {
    return PublicOctets{ToBytes(text), {}, {}};
  }
};

// One client connection, blocking.
class Client final {
 public:
  explicit Client(int port) : socket_(io_) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port)});
  }
  void Send(const std::string& text) {
    boost::system::error_code ignored;  // a server may refuse before everything was sent
    boost::asio::write(socket_, boost::asio::buffer(text), ignored);
  }
  void EndSending() { socket_.shutdown(Tcp::socket::shutdown_send); }
  // Everything until the server closes.
  std::string ReadToEnd() {
    std::string out;
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(out), error);
    return out;
  }
  std::string ReadUntil(const std::string& end) {
    boost::asio::read_until(socket_, boost::asio::dynamic_buffer(read_), end);
    return read_;
  }

 private:
  boost::asio::io_context io_;
  Tcp::socket socket_;
  std::string read_;
};

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override { Start({.listen = "127.0.0.1:0"}); }

  void Start(const HttpServerConfig& config) {
    server_.reset();
    auto server = HttpServer::Start(config, content_, clock_);
    ASSERT_THAT(server, IsOk());
    server_ = std::move(server).value();
  }

  // One request on its own connection.
  std::string Exchange(const std::string& head, const std::string& body = "") {
    Client client(server_->port());
    client.Send(head + "Host: x\r\nConnection: close\r\n" +
                (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
                "\r\n" + body);
    return client.ReadToEnd();
  }

  FakeContent content_;
  FakeClock clock_{kNow};
  std::unique_ptr<HttpServer> server_;
};

constexpr char kPost[] = "POST /ocsp HTTP/1.1\r\nContent-Type: application/ocsp-request\r\n";

TEST_F(HttpServerTest, AnswersOcspByPost) {
  const std::string answer = Exchange(kPost, "question");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/ocsp-response"));
  EXPECT_THAT(answer, HasSubstr("Cache-Control: no-store"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nocsp:question"));
}

TEST_F(HttpServerTest, AnswersOcspByGetHoweverTheBase64IsEscaped) {
  // "a?>b~~" has '+', '/' and no padding in base64.
  const Bytes question = {'a', '?', '>', 'b', '~', '~', 0xfb, 0xef, 0xff};
  const std::string base64 = ToBase64(question);
  std::string escaped;
  for (const char c : base64) {
    escaped += c == '+' ? "%2B" : c == '/' ? "%2f" : c == '=' ? "%3D" : std::string(1, c);
  }
  const std::string wanted = "\r\n\r\nocsp:" + AsString(question);
  EXPECT_THAT(Exchange("GET /ocsp/" + escaped + " HTTP/1.1\r\n"), EndsWith(wanted));
  EXPECT_THAT(Exchange("GET /ocsp/" + base64 + " HTTP/1.1\r\n"), EndsWith(wanted));
}

TEST_F(HttpServerTest, LetsTheResponderJudgeWhatIsNotBase64) {
  for (const char* path : {"%zz", "%4", "a*b", "%"}) {
    EXPECT_THAT(Exchange(std::string("GET /ocsp/") + path + " HTTP/1.1\r\n"),
                EndsWith("\r\n\r\nocsp:"))
        << path;
  }
}

TEST_F(HttpServerTest, LetsCachesKeepPresignedAnswersUntilTheirNextUpdate) {
  content_.cacheable = true;
  const std::string answer = Exchange(kPost, "q");
  EXPECT_THAT(answer, HasSubstr("Last-Modified: Wed, 18 Nov 2026 10:06:40 GMT\r\n"));
  EXPECT_THAT(answer, HasSubstr("Expires: Wed, 18 Nov 2026 12:06:40 GMT\r\n"));
  EXPECT_THAT(answer,
              HasSubstr("Cache-Control: max-age=3600, public, no-transform, must-revalidate"));
  EXPECT_THAT(answer, HasSubstr("ETag: \""));
  clock_.Advance(2 * kHour);
  EXPECT_THAT(Exchange(kPost, "q"), HasSubstr("max-age=0,"));
}

TEST_F(HttpServerTest, ServesTheRepository) {
  content_.crl = PublicOctets{ToBytes("crl"), kNow, kNow + kDay};
  const std::string crl = Exchange("GET /crl/ca.crl HTTP/1.1\r\n");
  EXPECT_THAT(crl, HasSubstr("Content-Type: application/pkix-crl"));
  EXPECT_THAT(crl, HasSubstr("max-age=86400,"));
  EXPECT_THAT(crl, EndsWith("\r\n\r\ncrl"));
  EXPECT_THAT(Exchange("GET /ca/ca.crt HTTP/1.1\r\n"), HasSubstr("application/pkix-cert"));
  EXPECT_THAT(Exchange("GET /ca/root.crt HTTP/1.1\r\n"), EndsWith("\r\n\r\nroot"));
  EXPECT_THAT(Exchange("GET /doc/agreement HTTP/1.1\r\n"), EndsWith("\r\n\r\nagreement"));
}

TEST_F(HttpServerTest, SaysWhenNothingIsPublishedYet) {
  EXPECT_THAT(Exchange("GET /crl/ca.crl HTTP/1.1\r\n"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, AnswersHeadWithTheHeaderAlone) {
  const std::string answer = Exchange("HEAD /ca/root.crt HTTP/1.1\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 4"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, RefusesWhatItDoesNotServe) {
  struct Case {
    const char* request;
    const char* body;
    const char* status;
  };
  const std::string big(16 * 1024 + 1, 'x');
  const std::string long_path = "GET /ocsp/" + std::string(40 * 1024, 'A') + " HTTP/1.1\r\n";
  const Case cases[] = {
      {"GET / HTTP/1.1\r\n", "", "404"},
      {"GET /crl/other.crl HTTP/1.1\r\n", "", "404"},
      {"GET /ocsp HTTP/1.1\r\n", "", "404"},
      {"GET /../etc/passwd HTTP/1.1\r\n", "", "404"},
      {"PUT /ocsp HTTP/1.1\r\n", "x", "405"},
      {"DELETE /ca/ca.crt HTTP/1.1\r\n", "", "405"},
      {"POST /ca/ca.crt HTTP/1.1\r\n", "x", "405"},
      {"POST /ocsp HTTP/1.1\r\nContent-Type: text/plain\r\n", "x", "415"},
      {"POST /ocsp HTTP/1.1\r\n", "x", "415"},
      {kPost, big.c_str(), "413"},
      {long_path.c_str(), "", "431"},
      {"NOT HTTP AT ALL\r\n", "", "400"},
      {"GET /ca/ca.crt HTTP/1.1\r\nContent-Length: -1\r\n", "", "400"},
  };
  for (const Case& each : cases) {
    const std::string answer = Exchange(each.request, each.body);
    EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + each.status))
        << std::string(each.request).substr(0, 60);
    EXPECT_THAT(answer, HasSubstr("text/plain"));
  }
}

TEST_F(HttpServerTest, NamesWhatIsAllowed) {
  EXPECT_THAT(Exchange("PUT /ocsp HTTP/1.1\r\n", "x"), HasSubstr("Allow: GET, HEAD, POST\r\n"));
  EXPECT_THAT(Exchange("POST /ca/ca.crt HTTP/1.1\r\n", "x"), HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Client client(server_->port());
  const std::string post = std::string(kPost) + "Host: x\r\nContent-Length: 3\r\n";
  client.Send(post + "\r\none" + post + "\r\ntwo" + post + "Connection: close\r\n\r\nend");
  const std::string answers = client.ReadToEnd();
  const size_t one = answers.find("ocsp:one");
  const size_t two = answers.find("ocsp:two");
  const size_t end = answers.find("ocsp:end");
  ASSERT_NE(end, std::string::npos) << answers;
  EXPECT_LT(one, two);
  EXPECT_LT(two, end);
}

TEST_F(HttpServerTest, KeepsAConnectionOverRequests) {
  Client client(server_->port());
  client.Send("GET /ca/ca.crt HTTP/1.1\r\nHost: x\r\n\r\n");
  client.ReadUntil("\r\n\r\nca");
  client.Send("GET /ca/root.crt HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\nroot"), EndsWith("root"));
}

TEST_F(HttpServerTest, EndsAConnectionWhoseRequestDoesNotArrive) {
  Start({.listen = "127.0.0.1:0", .timeout = 50});
  Client client(server_->port());
  client.Send("POST /ocsp HTTP/1.1\r\nContent-Le");
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, EndsAConnectionCutInsideARequest) {
  Client client(server_->port());
  client.Send(std::string(kPost) + "Content-Length: 100\r\n\r\nhalf");
  client.EndSending();
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, TakesNoMoreConnectionsThanItMay) {
  Start({.listen = "127.0.0.1:0", .max_connections = 1});
  Client first(server_->port());
  first.Send("GET /ca/ca.crt HTTP/1.1\r\nHost: x\r\n\r\n");
  first.ReadUntil("\r\n\r\nca");  // it is in
  Client second(server_->port());
  second.Send("GET /ca/ca.crt HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(second.ReadToEnd(), "");
  first.Send("GET /ca/root.crt HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.ReadUntil("\r\n\r\nroot"), EndsWith("root"));
}

TEST_F(HttpServerTest, ServesManyClientsAtOnce) {
  Start({.listen = "127.0.0.1:0", .threads = 4});
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 25; ++k) {
        const std::string body = "q" + std::to_string(i) + "." + std::to_string(k);
        const std::string answer = Exchange(kPost, body);
        if (answer.size() > body.size() && answer.find("ocsp:" + body) != std::string::npos)
          ++right;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(right, 200);
}

TEST_F(HttpServerTest, StopsWithConnectionsOpen) {
  Client client(server_->port());
  client.Send("GET /ca/ca.crt HTTP/1.1\r\nHost: x\r\n\r\n");
  client.ReadUntil("\r\n\r\nca");
  server_->Stop();
  server_.reset();
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, SaysWhereItCannotListen) {
  const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  for (const std::string& listen :
       {std::string("127.0.0.1"), std::string("127.0.0.1:"), std::string("127.0.0.1:70000"),
        std::string("127.0.0.1:80x"), std::string("localhost:1"), taken}) {
    EXPECT_THAT(HttpServer::Start({.listen = listen}, content_, clock_),
                FailsNaming(kHttpListen.id, listen));
  }
}

}  // namespace
}  // namespace intaglio::host
