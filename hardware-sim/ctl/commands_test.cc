#include "hardware-sim/ctl/commands.h"

#include <gmock/gmock.h>

#include <fstream>
#include <vector>

#include "base/file.h"
#include "base/reasons.h"
#include "hardware-sim/faults/live_faults.h"
#include "hardware-sim/faults/reasons.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::sim {
namespace {

using testing::HasSubstr;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

class Commands : public testing::Test {
 protected:
  Commands() {
    Write("fault { id: \"own\" function: \"C_Sign\" delay { milliseconds: 1 } }\nhit_log: \"" +
          folder_.path() + "/hits\"\n");
  }
  void Write(const std::string& text) {
    ASSERT_THAT(WriteFile(conf_, AsBytes(text), 0600), IsOk());
  }
  StatusOr<std::string> Run(std::vector<std::string> arguments) { return RunCommand(arguments); }
  std::string Show() { return Run({"show", conf_}).value(); }

  testing_support::TemporaryFolder folder_;
  const std::string conf_ = folder_.path() + "/conf";
};

TEST_F(Commands, InjectShowClear) {
  const auto ids = Run({"inject", conf_, "crash {}", R"(id: "mine" percent: 5 lose_login {})"});
  ASSERT_THAT(ids, IsOk());
  EXPECT_EQ(*ids, "live-1\nmine\n");
  EXPECT_THAT(Show(), HasSubstr("own: function: \"C_Sign\" delay { milliseconds: 1 }"));
  EXPECT_THAT(Show(), HasSubstr("mine: percent: 5 lose_login { }"));
  EXPECT_THAT(Run({"clear", conf_, "mine", "own"}), IsOk());
  EXPECT_THAT(Show(), Not(HasSubstr("mine")));
  EXPECT_THAT(Show(), Not(HasSubstr("own")));
  EXPECT_THAT(Show(), HasSubstr("live-1: crash { }"));
  EXPECT_THAT(Run({"clear", conf_}), IsOk());
  EXPECT_THAT(Show(), HasSubstr("no faults"));
}

TEST_F(Commands, JsonCountsHits) {
  std::ofstream(folder_.path() + "/hits") << R"({"fault":"own"})"
                                          << "\n{\"fault\":\"own\"}\n{\"fau";
  const auto shown = Run({"show", conf_, "--json"});
  ASSERT_THAT(shown, IsOk());
  EXPECT_THAT(*shown, HasSubstr("\"hits\": 2"));
  EXPECT_THAT(*shown, HasSubstr("\"persona\": \"plain\""));
}

TEST_F(Commands, AdvanceAddsUp) {
  EXPECT_THAT(Run({"advance", conf_, "1000"}), IsOk());
  EXPECT_THAT(Run({"advance", conf_, "500"}), IsOk());
  EXPECT_THAT(Show(), HasSubstr("1500 ms ahead"));
  EXPECT_THAT(Run({"advance", conf_, "soon"}), FailsNaming(kConfigurationInvalid.id, "'soon'"));
}

TEST_F(Commands, StateAndClockOfTheDevice) {
  EXPECT_THAT(Run({"device", conf_, "state", "tampered"}), IsOk());
  EXPECT_THAT(Show(), HasSubstr("state   tampered"));
  EXPECT_THAT(Run({"device", conf_, "state", "tired"}),
              FailsNaming(kConfigurationInvalid.id, "there are operational"));
  EXPECT_THAT(Run({"device", conf_, "mood", "tired"}),
              FailsNaming(kConfigurationInvalid.id, "device CONF"));
  EXPECT_THAT(Run({"device", conf_, "clock", "5"}),
              FailsNaming(kConfigurationInvalid.id, "no clock"));
  Write("device { clock: true }");
  EXPECT_THAT(Run({"device", conf_, "clock", "-5"}), IsOk());
  EXPECT_THAT(Run({"show", conf_, "--json"}).value(), HasSubstr("\"clock_jump_milliseconds\": -5"));
  EXPECT_THAT(Run({"device", conf_, "clock", "soon"}),
              FailsNaming(kConfigurationInvalid.id, "'soon'"));
  EXPECT_THAT(Run({"device", conf_, "clock", "4000000000000"}),
              FailsNaming(kConfigurationInvalid.id, "century"));
}

TEST_F(Commands, WrongDevicesAreRefusedByField) {
  for (const auto& [text, names] : std::vector<std::pair<std::string, std::string>>{
           {"device { serial: \"12345678901234567\" }", "device.serial"},
           {"device { firmware_version: \"2\" }", "device.firmware_version"},
           {"device { firmware_version: \"2.256\" }", "device.firmware_version"},
           {"device { firmware_version: \"2.1b\" }", "device.firmware_version"},
           {"device { clock_drift_ppm: 5 }", "device.clock_drift_ppm"},
           {"limits { latency { mechanism: \"CKM_X\" } }", "limits.latency.mechanism"},
           {"limits { latency { mechanism: \"CKM_ECDSA\" microseconds: 60000001 } }",
            "limits.latency.microseconds"}}) {
    Write(text);
    EXPECT_THAT(Run({"check", conf_}), FailsNaming(kConfigurationInvalid.id, names)) << text;
  }
}

TEST_F(Commands, RefusesWhatTheModuleWouldRefuse) {
  EXPECT_THAT(Run({"inject", conf_, "crash {"}), FailsNaming(kConfigurationInvalid.id, "FAULT 1"));
  EXPECT_THAT(Run({"inject", conf_, "id: \"x\""}), FailsNaming(kFaultInvalid.id, "no action"));
  EXPECT_THAT(Run({"inject", conf_, "id: \"own\" crash {}"}), FailsNaming(kFaultExists.id, "own"));
  EXPECT_THAT(Run({"clear", conf_, "none"}), FailsNaming(kFaultUnknown.id, "there are own"));
  EXPECT_FALSE(StampOf(conf_ + ".live").exists) << "a refused command changes nothing";
  EXPECT_THAT(Run({"check", folder_.path() + "/none"}), FailsWith(kFileUnreadable));
  Write("persona: 1");
  EXPECT_THAT(Run({"check", conf_}), FailsNaming(kConfigurationInvalid.id, "line 1"));
}

TEST_F(Commands, CommandLine) {
  EXPECT_THAT(Run({}), FailsWith(kConfigurationInvalid));
  EXPECT_THAT(Run({"destroy", conf_}), FailsNaming(kConfigurationInvalid.id, "'destroy'"));
  for (const char* command : {"check", "inject", "clear", "advance", "show"}) {
    EXPECT_THAT(Run({command}), FailsNaming(kConfigurationInvalid.id, command));
  }
  EXPECT_THAT(Run({"--help"}).value(), HasSubstr("inject CONF"));
  EXPECT_THAT(Run({"personas"}).value(), HasSubstr("single_session:"));
  EXPECT_THAT(Run({"check", conf_}).value(), HasSubstr("1 faults"));
}

}  // namespace
}  // namespace intaglio::sim
