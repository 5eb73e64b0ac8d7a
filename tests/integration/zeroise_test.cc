// The end of a core, and its start by custodians, with the real program and a real token.
#include "appliance/daemon/zeroise.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "appliance/daemon/record_keys.h"
#include "appliance/domain/reasons.h"
#include "base/file.h"
#include "base/reasons.h"
#include "tests/integration/journal_lab.h"
#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::testing_support {
namespace {

namespace core = ::intaglio::appliance;
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ZeroiseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    lab_ = JournalLab::Create(AnchorKind::kToken);
    config_ = lab_->WriteConfig("");
    ASSERT_EQ(RunToEnd({"init", "--config", config_, "--init", lab_->WriteInit(), "--spki-out",
                        lab_->folder() + "/ak"}),
              0)
        << Output();
    const std::string answer = Output();
    const std::string name = "\"core_instance\":\"";
    const size_t at = answer.find(name) + name.size();
    instance_ = answer.substr(at, answer.find('"', at) - at);
  }
  std::string log() const { return lab_->folder() + "/log"; }
  std::string Output() const {
    std::ifstream in(log());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  pid_t Launch(const std::vector<std::string>& arguments, const std::string& output) {
    const std::string program = std::string(getenv("INTAGLIO_BIN_DIR")) + "/intaglio-core";
    std::vector<char*> raw = {const_cast<char*>(program.c_str())};
    for (const std::string& each : arguments) raw.push_back(const_cast<char*>(each.c_str()));
    raw.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(program.c_str(), raw.data());
    _exit(127);
  }
  int RunToEnd(const std::vector<std::string>& arguments) {
    int result = 0;
    waitpid(Launch(arguments, log()), &result, 0);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
  }
  int Zeroise(const std::string& confirm) {
    return RunToEnd({"zeroise", "--config", config_, "--confirm", confirm});
  }
  // A RESIDENT key with its row, and a record key beside the first.
  void GiveItKeys() {
    auto vault = core::OpenVault(lab_->settings());
    ASSERT_THAT(vault, IsOk());
    auto storage = tokens::KeyLabel::Create(lab_->settings().token.storage_key);
    core::Pkcs11Keys keys(*vault->token, *storage);
    core::KeyId id;
    id.octets.fill(7);
    ASSERT_THAT(keys.GenerateResident(core::KeyAlgorithm::kP256, id, "a seal"), IsOk());
    ASSERT_THAT(vault->state->Update([&](core::RowTransaction& rows) {
      core::KeyRow row;
      row.cka_id = ToBytes(id.view());
      return rows.PutKey(id, row);
    }),
                IsOk());
    // Stands for the key that a backup was sealed to.
    ASSERT_THAT(vault->token->GenerateResident(tokens::KeyAlgorithm::kP256,
                                               *tokens::KeyLabel::Create("intaglio-restore"),
                                               *tokens::KeyId::Create(AsBytes("intaglio-restore"))),
                IsOk());
    SystemRng rng;
    auto record_keys = core::RecordKeys::Open(*vault->token, *vault->state, rng);
    ASSERT_THAT(record_keys, IsOk());
    ASSERT_THAT((*record_keys)->Begin(SystemClock().Now()), IsOk());
  }

  std::unique_ptr<JournalLab> lab_;
  std::string config_, instance_;
};

// Plain Cryptoki in a process of its own would say the same; the folder says it without any of our
// code: SoftHSM has one file for each object.
size_t ObjectFiles(const std::string& folder) {
  size_t count = 0;
  for (const auto& each : fs::recursive_directory_iterator(folder)) {
    count += each.path().extension() == ".object" && each.path().filename() != "token.object";
  }
  return count;
}

TEST_F(ZeroiseTest, NothingOfTheCoreIsLeft) {
  // Data, no key: the journal's anchor, the place of a lost core's mark, and for each record key
  // that there was its number.
  const size_t kMarks = 4;
  GiveItKeys();
  const size_t before = ObjectFiles(lab_->token());
  EXPECT_EQ(Zeroise("00"), 1);
  EXPECT_THAT(Output(), AllOf(HasSubstr("WRONG_CORE"), HasSubstr(instance_)));
  EXPECT_EQ(ObjectFiles(lab_->token()), before);
  const std::string rows = lab_->Copy(lab_->state());

  ASSERT_EQ(Zeroise(instance_), 0) << Output();
  EXPECT_FALSE(fs::exists(lab_->state() + "/mac-key.sealed"));
  // The storage key, which nobody but the security officer made, and the marks.
  EXPECT_EQ(ObjectFiles(lab_->token()), 1 + kMarks);
  for (const char* copy : {"intaglio-record-key-1", "intaglio-record-key-2"}) {
    auto token = core::OpenToken(lab_->settings());
    ASSERT_THAT(token, IsOk());
    const auto left = token->token->ReadData(*tokens::KeyLabel::Create(copy));
    ASSERT_THAT(left, IsOk());
    EXPECT_EQ(*left, std::vector<Bytes>{Bytes{0}}) << copy;
  }
  EXPECT_EQ(RunToEnd({"--config", config_}), 1);
  EXPECT_THAT(Output(), AllOf(HasSubstr("ZEROISED"), HasSubstr(instance_)));
  EXPECT_EQ(RunToEnd({"init", "--config", config_, "--init", lab_->WriteInit(), "--spki-out",
                      lab_->folder() + "/ak2"}),
            1);
  EXPECT_THAT(Output(), HasSubstr("ZEROISED"));
  EXPECT_EQ(RunToEnd({"verify-journal", "--dir", lab_->journal()}), 0) << Output();
  EXPECT_THAT(Output(), HasSubstr("\"unsigned_entries\":0"));
  EXPECT_EQ(Zeroise(instance_), 0) << Output();  // and again
  EXPECT_EQ(Zeroise("00"), 1);

  // A copy of all its files from before opens nothing.
  JournalLab::PutBack(rows, lab_->state());
  EXPECT_TRUE(Is(core::OpenVault(lab_->settings()).status(), core::kRecordKeyUnavailable));
}

TEST_F(ZeroiseTest, WhatIsNoCoreIsNotZeroised) {
  core::CoreSettings settings;
  settings.state_dir = lab_->folder() + "/nothing";
  EXPECT_TRUE(Is(core::ZeroiseCore(settings, instance_).status(), core::kNotInitialised));
  // A plan that cannot be read stops the start all the same, and is not carried out.
  ASSERT_THAT(WriteFile(lab_->state() + "/zeroised", AsBytes("?"), 0600), IsOk());
  EXPECT_EQ(RunToEnd({"--config", config_}), 1);
  EXPECT_THAT(Output(), HasSubstr("ZEROISED"));
  EXPECT_EQ(Zeroise(instance_), 1);
  EXPECT_THAT(Output(), HasSubstr("no plan"));
}

TEST_F(ZeroiseTest, OneThatDiedRightAfterItsPlanIsFinished) {
  ASSERT_EQ(Zeroise(instance_), 0) << Output();
  const auto octets = ReadFile(lab_->state() + "/zeroised", FileTrust::kOwnerOnly, 1 << 20);
  ASSERT_THAT(octets, IsOk());
  // The same in a token and folder where nothing has been destroyed yet.
  SetUp();
  std::string plan = "begun" + AsString(*octets).substr(4);
  const size_t at = plan.find(' ') + 1;
  plan.replace(at, instance_.size(), instance_);
  ASSERT_THAT(WriteFile(lab_->state() + "/zeroised", AsBytes(plan), 0600), IsOk());
  EXPECT_EQ(RunToEnd({"--config", config_}), 1);
  EXPECT_THAT(Output(), HasSubstr("half done"));
  ASSERT_EQ(Zeroise(instance_), 0) << Output();
  EXPECT_FALSE(fs::exists(lab_->state() + "/mac-key.sealed"));
  EXPECT_TRUE(Is(core::CheckNotZeroised(lab_->settings()), core::kCoreZeroised));
}

TEST_F(ZeroiseTest, AnInterruptedOneIsFinished) {
  GiveItKeys();
  const std::string mac_key = lab_->state() + "/mac-key.sealed";
  const auto sealed = ReadFile(mac_key, FileTrust::kOwnerOnly, 4096);
  ASSERT_THAT(sealed, IsOk());
  ASSERT_EQ(Zeroise(instance_), 0) << Output();
  // As if it had died before it removed the file.
  const std::string plan = lab_->state() + "/zeroised";
  const auto octets = ReadFile(plan, FileTrust::kOwnerOnly, 1 << 20);
  ASSERT_THAT(octets, IsOk());
  ASSERT_THAT(WriteFile(plan, AsBytes("begun" + AsString(*octets).substr(4)), 0600), IsOk());
  ASSERT_THAT(WriteFile(mac_key, *sealed, 0600), IsOk());
  EXPECT_EQ(RunToEnd({"--config", config_}), 1);
  EXPECT_THAT(Output(), AllOf(HasSubstr("ZEROISED"), HasSubstr("half done")));
  ASSERT_EQ(Zeroise(instance_), 0) << Output();
  EXPECT_FALSE(fs::exists(mac_key));
  EXPECT_TRUE(Is(core::CheckNotZeroised(lab_->settings()), core::kCoreZeroised));
  EXPECT_THAT(DetailOf(core::CheckNotZeroised(lab_->settings())), HasSubstr("new core"));
}

TEST_F(ZeroiseTest, TwoOfThreeCustodiansStartTheCore) {
  const std::string& pin = lab_->settings().token.pin_file;
  const auto split = [&](const std::string& need, const std::string& dir) {
    fs::create_directory(dir);
    return RunToEnd(
        {"pin", "split", "--pin-file", pin, "--need", need, "--shares", "3", "--out-dir", dir});
  };
  const std::string good = lab_->folder() + "/good", other = lab_->folder() + "/other";
  EXPECT_EQ(split("4", good), 1);
  ASSERT_EQ(split("2", good), 0) << Output();
  ASSERT_EQ(split("2", other), 0) << Output();
  EXPECT_EQ(split("2", good), 1);
  EXPECT_THAT(Output(), AllOf(HasSubstr("PIN_SHARE_REFUSED"), HasSubstr("overwritten")));

  const auto text = ReadFile(config_, FileTrust::kNotWritable, 1 << 16);
  std::string changed = AsString(*text);
  const std::string by_file = "pin_file: \"" + pin + "\"";
  changed.replace(changed.find(by_file), by_file.size(), "pin_shares_need: 2");
  ASSERT_THAT(WriteFile(config_, AsBytes(changed), 0600), IsOk());

  const auto enter = [&](const std::string& share) {
    return RunToEnd({"pin", "enter", "--config", config_, "--share", share});
  };
  EXPECT_EQ(enter(good + "/pin-share-1"), 1);
  EXPECT_THAT(Output(), HasSubstr("PIN_UNAVAILABLE"));
  const std::string core_log = lab_->folder() + "/core-log";
  const pid_t daemon = Launch({"--config", config_}, core_log);
  while (!fs::exists(lab_->state() + "/pin.sock") && waitpid(daemon, nullptr, WNOHANG) == 0) {
    usleep(10'000);
  }
  ASSERT_EQ(enter(good + "/pin-share-1"), 0) << Output();
  EXPECT_THAT(Output(), HasSubstr("\"missing\":1"));
  EXPECT_EQ(enter(good + "/pin-share-1"), 1);
  EXPECT_EQ(enter(other + "/pin-share-2"), 1);
  EXPECT_THAT(Output(), HasSubstr("another set"));
  ASSERT_EQ(enter(good + "/pin-share-3"), 0) << Output();
  EXPECT_THAT(Output(), HasSubstr("\"missing\":0"));
  // The token opens, so what is refused now is the configuration, which nobody approved.
  int result = 0;
  waitpid(daemon, &result, 0);
  std::ifstream in(core_log);
  const std::string said{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(said, AllOf(HasSubstr("pin.share_accepted"), HasSubstr("CONFIGURATION_UNAPPROVED")));
  const auto share = ReadFile(good + "/pin-share-3", FileTrust::kOwnerOnly, 4096);
  EXPECT_THAT(said, ::testing::Not(HasSubstr(AsString(*share).substr(48, 30))));
  EXPECT_FALSE(fs::exists(lab_->state() + "/pin.sock"));

  // Zeroise opens the token more than once and asks the custodians once.
  const pid_t last = Launch({"zeroise", "--config", config_, "--confirm", instance_}, core_log);
  while (!fs::exists(lab_->state() + "/pin.sock") && waitpid(last, nullptr, WNOHANG) == 0) {
    usleep(10'000);
  }
  EXPECT_EQ(enter(good + "/pin-share-2"), 0) << Output();
  EXPECT_EQ(enter(good + "/pin-share-3"), 0) << Output();
  waitpid(last, &result, 0);
  EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0);
  EXPECT_TRUE(Is(core::CheckNotZeroised(lab_->settings()), core::kCoreZeroised));
}

}  // namespace
}  // namespace intaglio::testing_support
