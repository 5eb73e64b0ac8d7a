#include "hardware-sim/ctl/run.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/file.h"
#include "hardware-sim/ctl/commands.h"
#include "hardware-sim/faults/reasons.h"
#include "tests/support/sim_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::sim {
namespace {

using testing::HasSubstr;
using testing_support::FailsNaming;
using testing_support::IsOk;

class RunTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { hsm_ = testing_support::SimulatedHsm::Create().value(); }
  static void TearDownTestSuite() { hsm_.reset(); }
  StatusOr<std::string> Run(const std::string& scenario) {
    const std::vector<std::string> command = {"run",        scenario,
                                              "--conf",     hsm_->configuration_path(),
                                              "--module",   hsm_->module_path(),
                                              "--pin-file", hsm_->softhsm().pin_path(),
                                              "--junit",    junit_,
                                              "--html",     html_};
    return RunCommand(command);
  }
  StatusOr<std::string> RunText(const std::string& text) {
    const std::string path = folder_.path() + "/scenario";
    EXPECT_THAT(WriteFile(path, AsBytes(text), 0600), IsOk());
    return Run(path);
  }
  static std::string Text(const std::string& path) {
    return AsString(ReadFile(path, FileTrust::kNotWritable, 64 << 20).value());
  }

  static inline std::unique_ptr<testing_support::SimulatedHsm> hsm_;
  testing_support::TemporaryFolder folder_;
  const std::string junit_ = folder_.path() + "/junit.xml";
  const std::string html_ = folder_.path() + "/report.html";
};

TEST_F(RunTest, EveryScenarioOfTheLibraryIsMet) {
  for (const auto& file : std::filesystem::directory_iterator(INTAGLIO_SCENARIOS)) {
    EXPECT_THAT(Run(file.path()), IsOk()) << file.path();
    EXPECT_THAT(Text(junit_), HasSubstr("failures=\"0\""));
    EXPECT_THAT(Text(html_), HasSubstr("<svg"));
  }
}

TEST_F(RunTest, ExpectationsThatAreNotMetAreNamedAndReported) {
  EXPECT_THAT(RunText("name: \"a<b\" duration_milliseconds: 100 "
                      "expect { least_errors: 5 most_errors: 0 }"),
              FailsNaming(kScenarioFailed.id, "at least 5 errors"));
  EXPECT_THAT(Text(junit_), HasSubstr("name=\"a&lt;b\" tests=\"2\" failures=\"1\""));
  EXPECT_THAT(Text(html_), HasSubstr("<b>not met</b>: at least 5 errors"));
}

TEST_F(RunTest, WrongScenariosAreRefusedByField) {
  for (const auto& [text, names] : std::vector<std::pair<std::string, std::string>>{
           {"nonsense", "line 1"},
           {"duration_milliseconds: 5", "name"},
           {"name: \"x\"", "duration_milliseconds"},
           {"name: \"x\" duration_milliseconds: 5 threads: 65", "threads"},
           {"name: \"x\" duration_milliseconds: 5 event {}", "event[0]"},
           {"name: \"x\" duration_milliseconds: 5 event { at_milliseconds: 5 clear: \"a\" }",
            "event[0].at_milliseconds"}}) {
    EXPECT_THAT(RunText(text), FailsNaming(kScenarioInvalid.id, names)) << text;
  }
  EXPECT_THAT(RunText("name: \"x\" duration_milliseconds: 50 event { clear: \"none\" }"),
              FailsNaming(kFaultUnknown.id, "none"));
  const std::vector<std::string> bare = {"run", "scenario"};
  EXPECT_THAT(RunCommand(bare), FailsNaming(kConfigurationInvalid.id, "run SCENARIO"));
}

}  // namespace
}  // namespace intaglio::sim
