// A core that dies at any moment leaves rows that agree with each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/state/lmdb_state.h"
#include "appliance/state/state_test_rows.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::TempDir;

// Counts up in three tables at once and says each number once it is durable.
[[noreturn]] void UpdateForever(const std::string& dir, int acknowledgements) {
  auto state = OpenTestState(dir);
  if (!state.ok()) _exit(1);
  for (;;) {
    uint64_t number = 0;
    const Status updated = (*state)->Update([&](RowTransaction& rows) -> Status {
      ASSIGN_OR_RETURN(CaRow ca, rows.FindCa(TestKeyId(1)));
      number = ++ca.last_crl_number;
      RETURN_IF_ERROR(rows.PutCa(TestKeyId(1), ca));
      RETURN_IF_ERROR(rows.PutKey(TestKeyId(number), KeyRow{number, {}, {}}));
      const Serial serial{Bytes{0x40, static_cast<uint8_t>(number)}};
      const SerialState next = number % 2 == 0 ? SerialState::kIssued : SerialState::kSuspended;
      return rows.PutSerial(TestKeyId(1), serial, TestSerialRow(next));
    });
    if (!updated.ok()) _exit(2);
    if (write(acknowledgements, &number, sizeof number) != sizeof number) _exit(3);
  }
}

TEST(LmdbStateCrashTest, KilledWhileUpdatingItIsConsistentAndHasEverythingAcknowledged) {
  const TempDir dir;
  uint64_t seen = 0;
  for (int round = 1; round <= 5; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      UpdateForever(dir.Sub("state"), ends[1]);
    }
    close(ends[1]);
    uint64_t number = 0;
    for (int i = 0; i < 20 * round; ++i) {
      ASSERT_EQ(read(ends[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
    }
    ASSERT_EQ(kill(child, SIGKILL), 0);
    while (read(ends[0], &number, sizeof number) == sizeof number) {
    }
    close(ends[0]);
    int result = 0;
    ASSERT_EQ(waitpid(child, &result, 0), child);
    ASSERT_TRUE(WIFSIGNALED(result));

    auto state = OpenTestState(dir.Sub("state"));
    ASSERT_THAT(state, IsOk());
    EXPECT_THAT((*state)->CheckAllRows(), IsOk());
    EXPECT_EQ(*(*state)->StateHash(), *(*state)->RecomputeStateHash());
    const uint64_t last = (*state)->FindCa(TestKeyId(1))->last_crl_number;
    EXPECT_GE(last, number);
    EXPECT_GT(last, seen);
    EXPECT_TRUE((*state)->FindKey(TestKeyId(last))->has_value());
    EXPECT_FALSE((*state)->FindKey(TestKeyId(last + 1))->has_value());
    seen = last;
  }
}

}  // namespace
}  // namespace intaglio::appliance
