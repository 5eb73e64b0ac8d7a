// The real daemon over real files, killed, robbed of lines, and given older copies of its folders.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/file.h"
#include "intaglio/core/v1/link.pb.h"
#include "tests/integration/journal_lab.h"
#include "tests/support/status_matchers.h"

namespace intaglio::testing_support {
namespace {

namespace fs = std::filesystem;
namespace pb = ::intaglio::core::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;

class JournalDaemonTest : public ::testing::TestWithParam<AnchorKind> {
 protected:
  void SetUp() override {
    lab_ = JournalLab::Create(GetParam());
    if (!lab_) GTEST_SKIP() << "swtpm is not installed";
    config_ = lab_->WriteConfig("journal { checkpoint_every_seconds: 1 }\n");
    ASSERT_EQ(RunToEnd({"init", "--config", config_, "--init", lab_->WriteInit(), "--spki-out",
                        lab_->folder() + "/ak"}),
              0)
        << Output();
  }
  void TearDown() override { Stop(SIGKILL); }

  std::string log() const { return lab_->folder() + "/log"; }
  std::string Output() const {
    std::ifstream in(log());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  pid_t Launch(const std::vector<std::string>& arguments) {
    const std::string program = std::string(getenv("INTAGLIO_BIN_DIR")) + "/intaglio-core";
    std::vector<char*> raw = {const_cast<char*>(program.c_str())};
    for (const std::string& each : arguments) raw.push_back(const_cast<char*>(each.c_str()));
    raw.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    const int out = open(log().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(program.c_str(), raw.data());
    _exit(127);
  }
  int RunToEnd(const std::vector<std::string>& arguments) {
    int result = 0;
    waitpid(Launch(arguments), &result, 0);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
  }
  int Verify() { return RunToEnd({"journal", "verify", "--config", config_}); }
  // Starts and waits until the link answers; false if the daemon ended.
  bool Start() {
    fs::remove(lab_->folder() + "/core.sock");
    daemon_ = Launch({"--config", config_});
    for (int i = 0; i < 500; ++i) {
      if (waitpid(daemon_, nullptr, WNOHANG) == daemon_) {
        daemon_ = -1;
        return false;
      }
      auto link = RawLink::Connect(lab_->folder() + "/core.sock", {.identity = lab_->host_link()});
      if (link.ok()) {
        link_ = *std::move(link);
        return true;
      }
      usleep(20'000);
    }
    return false;
  }
  void Stop(int with) {
    link_.reset();
    if (daemon_ <= 0) return;
    kill(daemon_, with);
    waitpid(daemon_, nullptr, 0);
    daemon_ = -1;
  }
  pb::CoreResponse Ask(pb::CoreRequest request) {
    request.set_id(++last_id_);
    pb::CoreResponse out;
    EXPECT_TRUE(link_->SendFrame(ToBytes(request.SerializeAsString())).ok());
    const auto frame = link_->ReceiveFrame(20 * kSecond);
    EXPECT_TRUE(frame.ok() && out.ParseFromArray(frame->data(), static_cast<int>(frame->size())));
    return out;
  }
  pb::StatusResponse AskStatus() {
    pb::CoreRequest request;
    request.mutable_status();
    return Ask(request).status();
  }
  pb::CoreResponse Confirm(uint64_t sequence, const std::string& chain_hash) {
    pb::CoreRequest request;
    request.mutable_confirm_export()->set_sequence(sequence);
    request.mutable_confirm_export()->set_chain_hash(chain_hash);
    return Ask(request);
  }

  std::unique_ptr<JournalLab> lab_;
  std::string config_;
  pid_t daemon_ = -1;
  std::unique_ptr<RawLink> link_;
  uint64_t last_id_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Anchors, JournalDaemonTest,
                         ::testing::Values(AnchorKind::kToken, AnchorKind::kTpm),
                         [](const auto& kind) {
                           return kind.param == AnchorKind::kTpm ? "Tpm" : "TokenObject";
                         });

TEST_P(JournalDaemonTest, KilledAgainAndAgainItNeverCriesWolf) {
  for (int round = 0; round < 6; ++round) {
    ASSERT_TRUE(Start()) << round << ": " << Output();
    EXPECT_GT(AskStatus().journal_sequence(), 0u);
    Stop(round % 3 == 2 ? SIGTERM : SIGKILL);
    ASSERT_EQ(Verify(), 0) << Output();
    EXPECT_THAT(Output(), HasSubstr("\"anchor\":\"checked\""));
  }
}

TEST_P(JournalDaemonTest, OlderCopiesStopTheStartAndSayWhatToDo) {
  ASSERT_TRUE(Start()) << Output();
  Stop(SIGTERM);
  const std::string state = lab_->Copy(lab_->state());
  const std::string token = lab_->Copy(lab_->token());
  ASSERT_TRUE(Start()) << Output();
  Stop(SIGTERM);
  const std::string newest = lab_->Copy(lab_->state());

  JournalLab::PutBack(state, lab_->state());
  EXPECT_EQ(RunToEnd({"--config", config_}), 1);
  EXPECT_THAT(Output(), AllOf(HasSubstr("JOURNAL_ROLLED_BACK"), HasSubstr("restore the newest")));
  EXPECT_EQ(Verify(), 1);

  if (GetParam() == AnchorKind::kTpm) {
    JournalLab::PutBack(token, lab_->token());
    EXPECT_EQ(RunToEnd({"--config", config_}), 1);
    EXPECT_THAT(Output(), HasSubstr("JOURNAL_ROLLED_BACK"));
    EXPECT_EQ(Verify(), 1);
  }
  JournalLab::PutBack(newest, lab_->state());
  EXPECT_TRUE(Start()) << Output();
}

TEST_P(JournalDaemonTest, ACutTailStopsTheStart) {
  ASSERT_TRUE(Start()) << Output();
  Stop(SIGTERM);
  const std::string file = lab_->journal() + "/journal-00000001.ijl";
  fs::resize_file(file, fs::file_size(file) - 5);
  EXPECT_EQ(RunToEnd({"--config", config_}), 1);
  EXPECT_THAT(Output(), HasSubstr("JOURNAL_ROLLED_BACK"));
  fs::remove(file);
  EXPECT_EQ(RunToEnd({"--config", config_}), 1);
  EXPECT_THAT(Output(), HasSubstr("JOURNAL_ROLLED_BACK"));
}

TEST_P(JournalDaemonTest, AHostsConfirmationOutlivesTheCore) {
  ASSERT_TRUE(Start()) << Output();
  const pb::StatusResponse status = AskStatus();
  EXPECT_EQ(status.anchor(), GetParam() == AnchorKind::kTpm ? "tpm-nv" : "token-object");
  EXPECT_EQ(status.exported_sequence(), 0u);
  EXPECT_LE(status.state_free_percent(), 100u);
  EXPECT_EQ(Confirm(status.journal_sequence(), std::string(32, 'x')).failure().reason_name(),
            "EXPORT_DIFFERS");
  EXPECT_EQ(Confirm(0, status.journal_head()).failure().reason_name(), "REQUEST_INVALID");
  EXPECT_EQ(Confirm(1, "short").failure().reason_name(), "REQUEST_INVALID");
  EXPECT_TRUE(Confirm(status.journal_sequence(), status.journal_head()).has_confirm_export());
  EXPECT_EQ(AskStatus().exported_sequence(), status.journal_sequence());
  EXPECT_EQ(Verify(), 0) << "beside the running core: " << Output();
  EXPECT_THAT(Output(), HasSubstr("a core is running"));
  Stop(SIGKILL);
  ASSERT_TRUE(Start()) << Output();
  EXPECT_EQ(AskStatus().exported_sequence(), status.journal_sequence());
}

}  // namespace
}  // namespace intaglio::testing_support
