#include "hardware-sim/ctl/replay.h"

#include <gmock/gmock.h>

#include <fstream>

#include "base/file.h"
#include "hardware-sim/ctl/commands.h"
#include "hardware-sim/faults/reasons.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::sim {
namespace {

using testing::HasSubstr;
using testing_support::FailsNaming;
using testing_support::IsOk;

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() {
    Write("seed: 9\nhit_log: \"" + hits_ + "\"\n" +
          "fault { id: \"a\" percent: 5 crash {} }\nfault { id: \"b\" crash {} }\n");
  }
  void Write(const std::string& text) {
    ASSERT_THAT(WriteFile(conf_, AsBytes(text), 0600), IsOk());
  }
  // One line of the record.
  static std::string Line(int pid, int seen, const std::string& plan) {
    return "{\"pid\":" + std::to_string(pid) + ",\"seen\":" + std::to_string(seen) +
           ",\"plan\":\"" + plan + "\"}\n";
  }
  StatusOr<std::string> Run(const std::string& record, std::vector<std::string> more = {}) {
    std::ofstream(hits_) << record;
    std::vector<std::string> arguments = {"replay", conf_, "--out", out_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCommand(arguments);
  }

  testing_support::TemporaryFolder folder_;
  const std::string conf_ = folder_.path() + "/conf";
  const std::string hits_ = folder_.path() + "/hits";
  const std::string out_ = folder_.path() + "/out";
};

constexpr char kA[] = "id: \\\"a\\\" percent: 5 crash { }";
constexpr char kB[] = "id: \\\"b\\\" crash { }";

TEST_F(ReplayTest, ListsTheCallsInThePlacesOfTheFaults) {
  const auto told =
      Run(Line(4, 8, kB) + Line(7, 9, kB) + Line(7, 3, kA) + Line(7, 2, kA) + "{\"pi");
  ASSERT_THAT(told, IsOk());
  EXPECT_THAT(*told, HasSubstr("3 hits of process 7"));
  const auto made = ReadSettings(out_);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->config.seed(), 9u);
  ASSERT_EQ(made->config.fault_size(), 2);
  EXPECT_EQ(made->config.fault(0).id(), "a");
  EXPECT_THAT(made->config.fault(0).at_call(), testing::ElementsAre(2, 3));
  EXPECT_EQ(made->config.fault(0).percent(), 0u);
  EXPECT_EQ(made->config.hit_log(), out_ + ".hits") << "the record itself stays as it is";
}

TEST_F(ReplayTest, OfAnEarlierProcess) {
  ASSERT_THAT(Run(Line(4, 8, kB) + Line(7, 9, kB), {"--pid", "4"}), IsOk());
  EXPECT_THAT(ReadSettings(out_)->config.fault(0).at_call(), testing::ElementsAre(8));
  EXPECT_THAT(Run(Line(4, 8, kB), {"--pid", "5"}),
              FailsNaming(kRecordUnusable.id, "nothing of process 5"));
}

TEST_F(ReplayTest, SaysWhichFaultsWereInjected) {
  const auto told = Run(Line(7, 1, "id: \\\"live-1\\\" serial: 1 crash { }") + Line(7, 2, kB));
  ASSERT_THAT(told, IsOk());
  EXPECT_THAT(*told, HasSubstr("1 faults were injected"));
  EXPECT_EQ(ReadSettings(out_)->config.fault(1).id(), "live-1");
}

TEST_F(ReplayTest, RefusesWhatIsNoRecord) {
  EXPECT_THAT(Run(""), FailsNaming(kRecordUnusable.id, "nothing to do"));
  EXPECT_THAT(Run("hello\n"), FailsNaming(kRecordUnusable.id, "line 1"));
  EXPECT_THAT(Run("{\"fault\":\"a\",\"pid\":7}\n"), FailsNaming(kRecordUnusable.id, "line 1"));
  EXPECT_THAT(Run(Line(7, 0, kA)), FailsNaming(kRecordUnusable.id, "no count"));
  EXPECT_THAT(Run(Line(7, 1, "crash {")), FailsNaming(kRecordUnusable.id, "line 1"));
  EXPECT_THAT(Run(Line(7, 1, "crash {}")), FailsNaming(kRecordUnusable.id, "no id"));
  EXPECT_THAT(Run(Line(7, 1, "id: \\\"x\\\"")), FailsNaming(kRecordUnusable.id, "no action"));
  EXPECT_THAT(Run(Line(7, 1, kA) + Line(7, 1, kA)),
              FailsNaming(kRecordUnusable.id, "does not ascend"));
  EXPECT_THAT(Run(Line(7, 1, kA) + Line(7, 2, "id: \\\"a\\\" pass { }")),
              FailsNaming(kRecordUnusable.id, "'a' was two faults"));
  Write("seed: 9");
  EXPECT_THAT(Run(Line(7, 1, kA)), FailsNaming(kRecordUnusable.id, "names no hit_log"));
}

TEST_F(ReplayTest, CommandLine) {
  const auto run = [](std::vector<std::string> arguments) { return RunCommand(arguments); };
  EXPECT_THAT(run({"replay", conf_}), FailsNaming(kConfigurationInvalid.id, "replay CONF --out"));
  EXPECT_THAT(run({"replay", conf_, "--into", out_}),
              FailsNaming(kConfigurationInvalid.id, "--out"));
  EXPECT_THAT(run({"replay", conf_, "--out", conf_}),
              FailsNaming(kConfigurationInvalid.id, "another file"));
  EXPECT_THAT(Run(Line(7, 1, kA), {"--pid", "me"}), FailsNaming(kConfigurationInvalid.id, "'me'"));
}

}  // namespace
}  // namespace intaglio::sim
