// Who may start on a state, and how a new program takes one over: on a real core, initialised on
// its console over a real token.
#include "appliance/daemon/upgrade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/crypto/hash.h"
#include "appliance/daemon/console.h"
#include "appliance/daemon/core_process.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/file_journal.h"
#include "appliance/records/canonical.h"
#include "intaglio/core/v1/journal.pb.h"
#include "intaglio/core/v1/statements.pb.h"
#include "tests/support/p256_signer.h"
#include "tests/support/raw_link.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;
using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::P256Signer;
using ::testing::HasSubstr;

StoredInstance State(uint32_t format, const std::string& version, uint8_t program) {
  StoredInstance state;
  state.format = format;
  state.written_by = version;
  state.program_sha256 = Digest{program};
  return state;
}

TEST(ProgramTest, TheStatesOwnProgramStarts) {
  const Program program{"1.10.0", Digest{1}, 3};
  EXPECT_THAT(CheckProgram(State(3, "1.10.0", 1), program, BoundaryKind::kProduction), IsOk());
}

TEST(ProgramTest, AnOlderProgramNeverStartsOnANewerState) {
  const Program program{"1.10.0", Digest{1}, 3};
  for (const BoundaryKind boundary : {BoundaryKind::kLab, BoundaryKind::kProduction}) {
    EXPECT_THAT(CheckProgram(State(4, "1.10.0", 1), program, boundary), FailsWith(kStateNewer));
    EXPECT_THAT(CheckProgram(State(3, "1.10.1", 1), program, boundary), FailsWith(kStateNewer));
    EXPECT_THAT(CheckProgram(State(3, "2.0", 1), program, boundary), FailsWith(kStateNewer));
    EXPECT_THAT(CheckProgram(State(2, "1.11.0", 1), program, boundary), FailsWith(kStateNewer));
  }
  const Status refused = CheckProgram(State(4, "1.12.0", 1), program, BoundaryKind::kLab);
  EXPECT_THAT(DetailOf(refused), HasSubstr("written by intaglio-core 1.12.0"));
  EXPECT_THAT(DetailOf(refused), HasSubstr("this is intaglio-core 1.10.0"));
}

TEST(ProgramTest, ANewerProgramStartsOnlyOnceItHasTakenTheStateOver) {
  const Program program{"1.10.0", Digest{1}, 3};
  for (const BoundaryKind boundary : {BoundaryKind::kLab, BoundaryKind::kProduction}) {
    EXPECT_THAT(CheckProgram(State(3, "1.9.0", 1), program, boundary), FailsWith(kUpgradeNeeded));
    EXPECT_THAT(CheckProgram(State(2, "1.10.0", 1), program, boundary), FailsWith(kUpgradeNeeded));
  }
}

TEST(ProgramTest, AnotherBuildOfTheVersionStartsInALabOnly) {
  const Program program{"1.10.0", Digest{2}, 3};
  EXPECT_THAT(CheckProgram(State(3, "1.10.0", 1), program, BoundaryKind::kLab), IsOk());
  EXPECT_THAT(CheckProgram(State(3, "1.10.0", 1), program, BoundaryKind::kProduction),
              FailsWith(kUpgradeNeeded));
}

// The rows a step carries, and whether it is cut short.
bool step_fails = false;
Status CarryToTwo(LmdbState& state) {
  if (step_fails) return Fail(kNotInitialised, "cut short");
  return state.StoreTime({WallTime{1}, 77});
}
constexpr FormatStep kSteps[] = {{2, CarryToTwo}};

// What RunCore says, in a process of its own: a core confines itself for good. The Reason's name,
// or
// "" if it ran and stopped.
std::string RunOnce(const CoreSettings& settings, int signal_first = 0) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    if (signal_first != 0) kill(getpid(), signal_first);
    const std::string reason = ReasonNameOf(RunCore(settings));
    const auto written = write(ends[1], reason.data(), reason.size());
    _exit(written == static_cast<ssize_t>(reason.size()) ? 0 : 1);
  }
  close(ends[1]);
  char reason[128];
  const ssize_t size = read(ends[0], reason, sizeof reason);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || size < 0) return "the core ended otherwise";
  return std::string(reason, static_cast<size_t>(size));
}

class UpgradeTest : public ::testing::Test {
 protected:
  UpgradeTest() {
    step_fails = false;
    auto softhsm = testing_support::SoftHsm::Create();
    EXPECT_THAT(softhsm, IsOk());
    softhsm_ = *std::move(softhsm);
    settings_.state_dir = folder_.path() + "/state";
    settings_.boundary = BoundaryKind::kLab;
    settings_.token.module = softhsm_->module_path();
    settings_.token.selector = "core";
    settings_.token.pin_file = softhsm_->pin_path();
    settings_.token.storage_key = testing_support::SoftHsm::storage_key_label();
    settings_.token.softhsm_conf = softhsm_->config_path();
    settings_.link.unix_socket = folder_.path() + "/core.sock";
    settings_.link.certificate_pem = core_link_.certificate();
    settings_.link.private_key_pem = core_link_.private_key();
    settings_.link.pinned_peer_pem = host_link_.certificate();
    settings_.file_sha256 = Digest{5};
    EXPECT_THAT(InitialiseCore(settings_, WriteInit(), folder_.path() + "/ak.pem"), IsOk());
    now_ = *ThisProgram();
    next_ = {"99.0.0", Digest{9}, 2};
  }
  std::string WriteInit() {
    std::string text = "commands_need: 2 qscd_entry_id: \"lab\" qscd_valid_until: \"2099-01-01\"\n";
    const auto add = [&](const P256Signer& signer, const std::string& role,
                         const std::string& name) {
      EXPECT_THAT(WriteFile(folder_.path() + "/" + name, signer.spki(), 0600), IsOk());
      text += "officers { name: \"" + name + "\" role: \"" + role + "\" public_key: \"" + name +
              "\" }\n";
    };
    add(security_[0], "security-officer", "s1");
    add(security_[1], "security-officer", "s2");
    add(other_[0], "registration-officer", "r1");
    add(other_[1], "registration-officer", "r2");
    add(other_[2], "revocation-officer", "v1");
    const std::string path = folder_.path() + "/init.textproto";
    EXPECT_THAT(WriteFile(path, AsBytes(text), 0600), IsOk());
    return path;
  }
  StoredInstance Instance() {
    auto vault = OpenVault(settings_);
    EXPECT_THAT(vault, IsOk());
    return **vault->state->LoadInstance();
  }
  void ChangeInstance(const std::function<void(StoredInstance&)>& change) {
    auto vault = OpenVault(settings_);
    auto instance = **vault->state->LoadInstance();
    change(instance);
    EXPECT_THAT(vault->state->StoreInstance(instance), IsOk());
  }
  // As the old core leaves it once it has executed `command`.
  void Execute(const pb::Command& command) {
    ChangeInstance([&](StoredInstance& instance) {
      const auto& act = command.approve_upgrade();
      instance.identity.upgrade = {act.from_version(), act.to_version(),
                                   *ToDigest(AsBytes(act.program_sha256()))};
    });
  }
  pb::Command Command() {
    pb::Command command;
    command.set_context("intaglio/command/v1");
    command.set_core_instance(AsString(Instance().identity.instance.view()));
    command.set_nonce(std::string(32, 'n'));
    command.set_issued_at_ms(1000);
    command.set_expires_at_ms(2000);
    auto& act = *command.mutable_approve_upgrade();
    act.set_from_version(now_.version);
    act.set_to_version(next_.version);
    act.set_program_sha256(AsString(next_.sha256));
    return command;
  }
  std::string Sign(const pb::Command& command, const std::vector<const P256Signer*>& officers) {
    const Bytes octets = SerializeCanonical(command);
    pb::SignedStatement out;
    out.set_statement(AsString(octets));
    for (const P256Signer* each : officers) {
      pb::Approval& approval = *out.add_approvals();
      approval.set_officer_id(AsString(each->id()));
      approval.set_signature(AsString(each->Sign(octets)));
    }
    const std::string path = folder_.path() + "/signed.cmd";
    EXPECT_THAT(WriteFile(path, SerializeCanonical(out), 0600), IsOk());
    return path;
  }
  std::vector<const P256Signer*> both() const { return {&security_[0], &security_[1]}; }
  StatusOr<std::string> Upgrade(const std::string& file) {
    return UpgradeState(settings_, file, next_, kSteps);
  }
  std::vector<pb::JournalEntry> Lines(pb::EventType type) {
    SystemClock clock;
    auto journal = FileJournal::Open(JournalDir(settings_), clock, 0, std::nullopt);
    std::vector<pb::JournalEntry> out;
    const auto lines = (*journal)->Read(1, 1000, 1 << 20);
    EXPECT_THAT(lines, IsOk());
    for (const Bytes& each : lines.value()) {
      pb::JournalEntry line;
      EXPECT_TRUE(line.ParseFromArray(each.data(), static_cast<int>(each.size())));
      if (line.type() == type) out.push_back(line);
    }
    return out;
  }

  testing_support::TemporaryFolder folder_;
  std::unique_ptr<testing_support::SoftHsm> softhsm_;
  const testing_support::LinkIdentity core_link_ = testing_support::MakeLinkIdentity(
      "core", testing_support::LinkKeyKind::kP256, testing_support::LinkValidity::kNow);
  const testing_support::LinkIdentity host_link_ = testing_support::MakeLinkIdentity(
      "host", testing_support::LinkKeyKind::kP256, testing_support::LinkValidity::kNow);
  P256Signer security_[2], other_[3];
  CoreSettings settings_;
  Program now_, next_;
};

TEST_F(UpgradeTest, InitRemembersProgramConfigurationAndHost) {
  const StoredInstance instance = Instance();
  EXPECT_EQ(instance.written_by, now_.version);
  EXPECT_EQ(instance.program_sha256, now_.sha256);
  EXPECT_EQ(instance.format, now_.format);
  EXPECT_EQ(instance.identity.configuration_sha256, settings_.file_sha256);
  EXPECT_EQ(instance.identity.instance_epoch, 1u);
  EXPECT_EQ(instance.identity.roster_version, 1u);
  ASSERT_EQ(instance.identity.pinned_hosts.size(), 1u);
}

TEST_F(UpgradeTest, TheApprovedProgramTakesTheStateOverOnce) {
  Execute(Command());
  const std::string file = Sign(Command(), both());
  const auto answer = Upgrade(file);
  ASSERT_THAT(answer, IsOk());
  EXPECT_THAT(*answer, HasSubstr("\"upgraded\":true"));
  const StoredInstance after = Instance();
  EXPECT_EQ(after.written_by, "99.0.0");
  EXPECT_EQ(after.format, 2u);
  EXPECT_EQ(after.program_sha256, next_.sha256);
  EXPECT_FALSE(after.identity.upgrade.has_value());
  EXPECT_EQ((*OpenVault(settings_)->state->LoadTime())->boot_count, 77u) << "the step ran";
  const auto lines = Lines(pb::EVENT_TYPE_UPGRADED);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].statement(), AsString(SerializeCanonical(Command())));
  EXPECT_EQ(lines[0].officers_size(), 2);
  EXPECT_NE(lines[0].proofs(), "");
  // Again: nothing to do, and no line that says otherwise.
  EXPECT_THAT(*Upgrade(file), HasSubstr("\"upgraded\":false"));
  EXPECT_EQ(Lines(pb::EVENT_TYPE_UPGRADED).size(), 1u);
  // The old program, which is this one, has no way back.
  EXPECT_EQ(RunOnce(settings_), kStateNewer.name);
  EXPECT_THAT(UpgradeState(settings_, file, now_, FormatSteps()).status(), FailsWith(kStateNewer));
  EXPECT_THAT(InstallDeviceCertificate(settings_, "/none", "").status(), FailsWith(kStateNewer));
}

TEST_F(UpgradeTest, CutShortInAStepItIsRunAgain) {
  Execute(Command());
  const std::string file = Sign(Command(), both());
  step_fails = true;
  EXPECT_FALSE(Upgrade(file).ok());
  EXPECT_EQ(Instance().written_by, now_.version);
  step_fails = false;
  EXPECT_THAT(Upgrade(file), IsOk());
  EXPECT_EQ(Instance().written_by, "99.0.0");
  EXPECT_EQ(Lines(pb::EVENT_TYPE_UPGRADED).size(), 2u) << "each try has its line";
}

TEST_F(UpgradeTest, WithoutTheOfficersThereIsNone) {
  const auto refused = [&](const pb::Command& command,
                           const std::vector<const P256Signer*>& officers, const Reason& reason) {
    EXPECT_THAT(Upgrade(Sign(command, officers)).status(), FailsWith(reason));
  };
  refused(Command(), both(), kUpgradeMismatch);  // signed, but the core has not executed it
  Execute(Command());
  refused(Command(), {&security_[0]}, kApprovalsMissing);
  refused(Command(), {&security_[0], &security_[0]}, kApprovalsMissing);
  refused(Command(), {&security_[0], &other_[0]}, kOfficerUnknown);
  pb::Command other = Command();
  other.set_core_instance(std::string(16, 'c'));
  refused(other, both(), kWrongCore);
  other = Command();
  other.mutable_approve_upgrade()->set_program_sha256(std::string(32, 'p'));
  refused(other, both(), kUpgradeMismatch);
  other = Command();
  other.mutable_confirm_time()->set_observed_at_ms(1);
  refused(other, both(), kUpgradeMismatch);
  // A signature over something else.
  const std::string file = Sign(Command(), both());
  Bytes octets = *ReadFile(file, FileTrust::kAnyMode, 1 << 20);
  octets.back() ^= 1;
  ASSERT_THAT(WriteFile(file, octets, 0600), IsOk());
  EXPECT_THAT(Upgrade(file).status(), FailsWith(kSignatureWrong));
  ASSERT_THAT(WriteFile(file, AsBytes("no command"), 0600), IsOk());
  EXPECT_THAT(Upgrade(file).status(), FailsWith(kStatementInvalid));
  EXPECT_TRUE(Lines(pb::EVENT_TYPE_UPGRADED).empty());
  EXPECT_EQ(Instance().written_by, now_.version);
}

TEST_F(UpgradeTest, AnotherProgramThanTheApprovedOneIsRefused) {
  Execute(Command());
  const std::string file = Sign(Command(), both());
  const Program approved = next_;
  next_.sha256 = Digest{8};
  EXPECT_THAT(Upgrade(file).status(), FailsWith(kUpgradeMismatch));
  next_ = approved;
  next_.version = "99.0.1";
  EXPECT_THAT(Upgrade(file).status(), FailsWith(kUpgradeMismatch));
  next_ = approved;
  next_.format = 3;  // no step to there
  EXPECT_THAT(Upgrade(file).status(), FailsWith(kUpgradeMismatch));
  next_ = approved;
  EXPECT_THAT(Upgrade(file), IsOk());  // Control.
}

TEST_F(UpgradeTest, TheCoreStartsWithItsOwnConfigurationAndStateOnly) {
  const Digest approved = settings_.file_sha256;
  settings_.file_sha256 = Digest{6};
  EXPECT_EQ(RunOnce(settings_), kConfigurationUnapproved.name);
  settings_.file_sha256 = approved;
  ChangeInstance([](StoredInstance& instance) { instance.format = 2; });
  EXPECT_EQ(RunOnce(settings_), kStateNewer.name);
  ChangeInstance([](StoredInstance& instance) {
    instance.format = 1;
    instance.written_by = "0.0.1";
  });
  EXPECT_EQ(RunOnce(settings_), kUpgradeNeeded.name);
  ChangeInstance([&](StoredInstance& instance) { instance.written_by = now_.version; });
  // Control: it starts, and stops at once because it has been told to.
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &signals, &before), 0);
  // Pending signals are not inherited, so the child asks itself.
  EXPECT_EQ(RunOnce(settings_, SIGTERM), "");
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(Lines(pb::EVENT_TYPE_STARTED).size(), 1u);
}

}  // namespace
}  // namespace intaglio::appliance
