// The battery on real modules, held against kept results: what changes shows, and a check that
// cannot fail would stand out. Golden files say after '#' why a module fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "hardware-sim/qualify/battery.h"
#include "hardware-sim/qualify/qualify_command.h"
#include "hardware-sim/qualify/reasons.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::TempDir;

constexpr char kSoftHsm[] = "/usr/lib/softhsm/libsofthsm2.so";

// "id verdict" of each line; the rest is explanation.
std::string Golden(const std::string& name) {
  std::ifstream file(std::string(INTAGLIO_QUALIFY_GOLDEN) + "/" + name);
  std::string out, line;
  while (std::getline(file, line)) {
    line.erase(std::min(line.find('#'), line.size()));
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (!line.empty()) out += line + "\n";
  }
  return out;
}

std::string Verdicts(const std::string& json) {
  std::string out;
  const auto report = nlohmann::json::parse(json);
  for (const auto& each : report["checks"]) {
    out += each["id"].get<std::string>() + " " + each["verdict"].get<std::string>() + "\n";
  }
  return out;
}

int Shell(const std::string& command) { return system((command + " >/dev/null").c_str()); }

class QualifyTest : public ::testing::Test {
 protected:
  std::string Keep(const std::string& name, const std::string& secret) {
    const std::string path = folder_.Sub(name);
    std::ofstream(path) << secret << "\n";
    chmod(path.c_str(), 0600);
    return path;
  }
  TempDir folder_;
};

TEST_F(QualifyTest, SoftHsmIsWhatItWas) {
  const std::string folder = folder_.Sub("tokens"), conf = folder_.Sub("softhsm2.conf");
  mkdir(folder.c_str(), 0700);
  std::ofstream(conf) << "directories.tokendir = " << folder << "\nobjectstore.backend = file\n";
  setenv("SOFTHSM2_CONF", conf.c_str(), 1);
  const std::string pin = Keep("pin", "314159"), so_pin = Keep("so-pin", "271828182");
  ASSERT_EQ(Shell("softhsm2-util --init-token --free --label q --so-pin 271828182 --pin 314159"),
            0);
  const std::vector<std::string> arguments{"--module",
                                           kSoftHsm,
                                           "--token",
                                           "q",
                                           "--pin-file",
                                           pin,
                                           "--so-pin-file",
                                           so_pin,
                                           "--lock-the-pin",
                                           "--html",
                                           folder_.Sub("report.html"),
                                           "--json"};
  const auto json = QualifyCommand(arguments);
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(Verdicts(*json), Golden("softhsm.txt")) << *json;
  std::ifstream page(folder_.Sub("report.html"));
  std::stringstream html;
  html << page.rdbuf();
  EXPECT_THAT(html.str(), HasSubstr("origin.generated"));
  EXPECT_THAT(html.str(), HasSubstr("</html>"));
  EXPECT_THAT(html.str(), Not(HasSubstr("src=")));
  // And the table for people says why a failure matters.
  const auto table =
      QualifyCommand(std::vector<std::string>{"--module", kSoftHsm, "--pin-file", pin});
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(*table, HasSubstr("Whatever a service starts could sign."));
  EXPECT_THAT(*table, HasSubstr("1 fail, 1 not supported"));
}

TEST_F(QualifyTest, NssSoftoknIsWhatItWas) {
  const std::string folder = folder_.Sub("nss"), pin = Keep("pin", "314159");
  mkdir(folder.c_str(), 0700);
  ASSERT_EQ(Shell("certutil -N -d sql:" + folder + " -f " + pin), 0);
  const auto json = QualifyCommand(std::vector<std::string>{
      "--module", "libsoftokn3.so", "--init",
      "configdir='sql:" + folder + "' certPrefix='' keyPrefix='' secmod='secmod.db'", "--token",
      "NSS Certificate DB", "--pin-file", pin, "--json"});
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(Verdicts(*json), Golden("nss.txt")) << *json;
}

TEST_F(QualifyTest, TheCommandLineNamesWhatIsWrong) {
  const auto run = [](const std::vector<std::string>& arguments) {
    return QualifyCommand(arguments).status();
  };
  EXPECT_THAT(run({}), FailsWith(kQualifyArguments));
  EXPECT_THAT(run({"--module"}), FailsWith(kQualifyArguments));
  EXPECT_THAT(run({"--modul", "x"}), FailsWith(kQualifyArguments));
  const std::string pin = Keep("pin", "1234");
  EXPECT_THAT(run({"--module", "/nowhere.so", "--pin-file", pin}), FailsWith(kModuleUnusable));
  EXPECT_THAT(run({"--module", "x.so", "--pin-file", pin, "--lock-the-pin"}),
              FailsWith(kQualifyArguments));
  EXPECT_FALSE(run({"--module", "x.so", "--pin-file", folder_.Sub("none")}).ok());
  EXPECT_THAT(*QualifyCommand(std::vector<std::string>{"--help"}), HasSubstr("--so-pin-file"));
}

TEST(BatteryTest, EachCheckHasItsOwnNameClaimAndReason) {
  std::set<std::string_view> ids;
  for (const auto& group : {KeyChecks(), AccessChecks(), BehaviourChecks(), LockingChecks()}) {
    for (const Check& each : group) {
      EXPECT_TRUE(ids.insert(each.id).second) << each.id;
      EXPECT_FALSE(each.claim.empty() || each.why.empty()) << each.id;
    }
  }
  EXPECT_GE(ids.size(), 25u);
}

}  // namespace
}  // namespace intaglio::sim
