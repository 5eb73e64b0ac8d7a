// Over real HTTP.
#include "host/operations/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <string>

#include "base/clock.h"
#include "host/operations/reasons.h"
#include "tests/support/fake_core.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_support::FailsWith;
using testing_support::FakeCore;
using testing_support::IsOk;

std::string Scrape(int port) {
  namespace http = boost::beast::http;
  boost::asio::io_context io;
  boost::beast::tcp_stream stream(io);
  stream.connect({boost::asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port)});
  http::request<http::empty_body> request(http::verb::get, "/metrics", 11);
  request.set(http::field::host, "127.0.0.1");
  http::write(stream, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(stream, buffer, response);
  return response.body();
}

TEST(MetricsServerTest, TellsWhatTheCoreSaysOfItselfAndNothingOldOnceItIsGone) {
  FakeClock clock{WallTime{1'795'000'000'000}};
  FakeCore core(clock);
  const auto server = MetricsServer::Start("127.0.0.1:0", core, clock);
  ASSERT_THAT(server, IsOk());
  const std::string up = Scrape((*server)->port());
  EXPECT_THAT(up, HasSubstr("intaglio_core_up 1"));
  EXPECT_THAT(up, HasSubstr("intaglio_token_state{state=\"healthy\"} 1"));
  EXPECT_THAT(up, HasSubstr("intaglio_token_state{state=\"failed\"} 0"));
  EXPECT_THAT(up, HasSubstr("# TYPE intaglio_token_recoveries_total counter"));
  EXPECT_THAT(up, HasSubstr("intaglio_journal_sequence "));
  core.GoAway();
  EXPECT_THAT(Scrape((*server)->port()), HasSubstr("intaglio_core_up 1")) << "asked a moment ago";
  clock.Advance(MetricsServer::kOldest);
  const std::string down = Scrape((*server)->port());
  EXPECT_THAT(down, HasSubstr("intaglio_core_up 0"));
  EXPECT_THAT(down, Not(HasSubstr("intaglio_token_state")));
}

TEST(MetricsServerTest, SaysWhereItCannotListen) {
  FakeClock clock{WallTime{1'795'000'000'000}};
  FakeCore core(clock);
  const auto first = MetricsServer::Start("127.0.0.1:0", core, clock);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(MetricsServer::Start("127.0.0.1:" + std::to_string((*first)->port()), core, clock),
              FailsWith(kOperationsListen));
  EXPECT_THAT(MetricsServer::Start("nowhere", core, clock), FailsWith(kOperationsListen));
}

}  // namespace
}  // namespace intaglio::host
