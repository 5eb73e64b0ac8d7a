// The socket of a core that waits for its custodians.
#include "appliance/pin/pin_socket.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <future>
#include <thread>

#include "appliance/domain/reasons.h"
#include "tests/support/softhsm_fixture.h"

namespace intaglio::appliance {
namespace {

class PinSocketTest : public ::testing::Test {
 protected:
  // Tries until the core listens.
  StatusOr<unsigned> Enter(const SecretBytes& line) {
    while (true) {
      auto missing = EnterShare(path_, line);
      if (!Is(missing.status(), kPinUnavailable)) return missing;
      std::this_thread::yield();
    }
  }
  testing_support::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/pin.sock";
};

TEST_F(PinSocketTest, BadSharesAreAnsweredAndEnoughGoodOnesMakeThePin) {
  SystemRng rng;
  const SecretBytes pin = SecretBytes::CopyOf(AsBytes("12345678"));
  const auto shares = SplitPin(pin, {2, 3}, rng);
  ASSERT_TRUE(shares.ok());
  auto core = std::async(std::launch::async, [&] { return AwaitShares(path_, 2); });
  EXPECT_TRUE(Is(Enter(SecretBytes::CopyOf(AsBytes("nonsense"))).status(), kPinShareRefused));
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(*Enter(WriteShare((*shares)[2])), 1u);
  EXPECT_TRUE(Is(Enter(WriteShare((*shares)[2])).status(), kPinShareRefused));
  EXPECT_EQ(*Enter(WriteShare((*shares)[0])), 0u);
  const auto joined = core.get();
  ASSERT_TRUE(joined.ok()) << joined.status();
  EXPECT_TRUE(*joined == pin);
  EXPECT_NE(stat(path_.c_str(), &found), 0);  // the socket is gone
}

TEST_F(PinSocketTest, NobodyWaiting) {
  EXPECT_TRUE(Is(EnterShare(path_, SecretBytes::CopyOf(AsBytes("x"))).status(), kPinUnavailable));
  EXPECT_TRUE(Is(AwaitShares(std::string(200, 'x'), 2).status(), kPinUnavailable));
  EXPECT_TRUE(Is(AwaitShares(folder_.path() + "/no/such", 2).status(), kPinUnavailable));
}

TEST_F(PinSocketTest, AStopSignalEndsTheWait) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  raise(SIGTERM);
  EXPECT_TRUE(Is(AwaitShares(path_, 2).status(), kPinUnavailable));
}

}  // namespace
}  // namespace intaglio::appliance
