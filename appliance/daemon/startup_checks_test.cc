// A decision of the officers survives a core that dies at any step of it, as the journal tells it;
// and a core starts with nothing but the approved configuration.
#include "appliance/daemon/startup_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "appliance/domain/reasons.h"
#include "appliance/journal/file_journal.h"
#include "appliance/usecases/commands/identity_change.h"
#include "intaglio/core/v1/journal.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::TempDir;

enum class DiesAt { kBeforePending, kBeforeLine, kAfterLine, kNever };

[[noreturn]] void Die() {
  kill(getpid(), SIGKILL);
  _exit(9);
}

// A journal whose process dies around a line.
class DyingJournal final : public JournalPort {
 public:
  DyingJournal(JournalPort& journal, DiesAt at) : journal_(journal), at_(at) {}
  StatusOr<JournalHead> Append(const Event& event) override {
    if (at_ == DiesAt::kBeforeLine) Die();
    ASSIGN_OR_RETURN(const JournalHead head, journal_.Append(event));
    if (at_ == DiesAt::kAfterLine) Die();
    return head;
  }
  JournalHead Head() override {
    if (at_ == DiesAt::kBeforePending) Die();
    return journal_.Head();
  }
  StatusOr<std::vector<Bytes>> Read(uint64_t sequence, size_t max, size_t max_octets) override {
    return journal_.Read(sequence, max, max_octets);
  }

 private:
  JournalPort& journal_;
  const DiesAt at_;
};

class StartupChecksTest : public ::testing::Test {
 protected:
  StartupChecksTest() {
    Open();
    StoredInstance instance;
    instance.identity.roster_version = 1;
    EXPECT_THAT(state_->StoreInstance(instance), IsOk());
    Close();
  }
  void Open() {
    auto state = LmdbState::Open(dir_.Sub("rows"), SecretBytes(32), MapSize{16 << 20});
    ASSERT_THAT(state, IsOk());
    state_ = *std::move(state);
    auto journal = FileJournal::Open(dir_.Sub("journal"), clock_, 1, std::nullopt);
    ASSERT_THAT(journal, IsOk());
    journal_ = *std::move(journal);
  }
  void Close() {
    journal_.reset();
    state_.reset();
  }
  uint64_t RosterVersion() { return (*state_->LoadInstance())->identity.roster_version; }
  size_t LinesOfChange() {
    size_t count = 0;
    const auto lines = journal_->Read(1, 1000, 1 << 20);
    EXPECT_THAT(lines, IsOk());
    for (const Bytes& each : lines.value()) {
      core::v1::JournalEntry line;
      EXPECT_TRUE(line.ParseFromArray(each.data(), static_cast<int>(each.size())));
      count += line.type() == core::v1::EVENT_TYPE_ROSTER_CHANGED ? 1 : 0;
    }
    return count;
  }
  // Changes the roster in a process of its own, which may die on the way.
  void ChangeInChild(DiesAt at) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Open();
      DyingJournal dying(*journal_, at);
      LiveIdentity identity((*state_->LoadInstance())->identity);
      CoreIdentity next = *identity.Get();
      ++next.roster_version;
      IdentityChange change(*state_, dying, identity);
      const Status changed = change.BringIntoForce(
          next, {.type = EventType::kRosterChanged, .statement_digest = statement_});
      Close();
      _exit(changed.ok() ? 0 : 1);
    }
    int result = 0;
    ASSERT_EQ(waitpid(child, &result, 0), child);
    if (at == DiesAt::kNever) {
      EXPECT_EQ(result, 0);
    } else {
      EXPECT_TRUE(WIFSIGNALED(result)) << result;
    }
  }

  TempDir dir_;
  FakeClock clock_{WallTime{1'795'000'000'000}};
  Digest statement_{7};
  std::unique_ptr<LmdbState> state_;
  std::unique_ptr<FileJournal> journal_;
};

TEST_F(StartupChecksTest, AKilledCoreChangedNothingUnlessTheLineIsWritten) {
  for (const DiesAt at : {DiesAt::kBeforePending, DiesAt::kBeforeLine}) {
    ChangeInChild(at);
    Open();
    ASSERT_THAT(FinishPendingChange(*state_, *journal_), IsOk());
    EXPECT_EQ(RosterVersion(), 1u);
    EXPECT_EQ(LinesOfChange(), 0u);
    EXPECT_FALSE((*state_->FindPendingIdentity()).has_value());
    Close();
  }
}

TEST_F(StartupChecksTest, AKilledCoreChangedEverythingOnceTheLineIsWritten) {
  ChangeInChild(DiesAt::kAfterLine);
  Open();
  EXPECT_EQ(RosterVersion(), 1u) << "the row had not followed yet";
  ASSERT_THAT(FinishPendingChange(*state_, *journal_), IsOk());
  EXPECT_EQ(RosterVersion(), 2u);
  EXPECT_EQ(LinesOfChange(), 1u);
  // Again, as after a crash in the middle of that.
  ASSERT_THAT(FinishPendingChange(*state_, *journal_), IsOk());
  EXPECT_EQ(RosterVersion(), 2u);
  EXPECT_FALSE((*state_->FindPendingIdentity()).has_value());
}

TEST_F(StartupChecksTest, AFinishedChangeLeavesNothingPending) {
  ChangeInChild(DiesAt::kNever);
  Open();
  EXPECT_EQ(RosterVersion(), 2u);
  EXPECT_EQ(LinesOfChange(), 1u);
  EXPECT_FALSE((*state_->FindPendingIdentity()).has_value());
}

// A refusal names the command too; it is no sign that the command was carried out.
TEST_F(StartupChecksTest, ARefusalOfTheCommandIsNotItsLine) {
  ChangeInChild(DiesAt::kBeforeLine);
  Open();
  ASSERT_THAT(journal_->Append({.type = EventType::kRefused, .statement_digest = statement_}),
              IsOk());
  ASSERT_THAT(FinishPendingChange(*state_, *journal_), IsOk());
  EXPECT_EQ(RosterVersion(), 1u);
}

// A journal that cannot be written to.
class FullJournal final : public JournalPort {
 public:
  StatusOr<JournalHead> Append(const Event&) override { return Fail(kTimeUnconfirmed, "full"); }
  JournalHead Head() override { return {}; }
  StatusOr<std::vector<Bytes>> Read(uint64_t, size_t, size_t) override {
    return std::vector<Bytes>();
  }
};

TEST_F(StartupChecksTest, WithoutAJournalThereIsNoChange) {
  Open();
  FullJournal full;
  LiveIdentity identity((*state_->LoadInstance())->identity);
  CoreIdentity next = *identity.Get();
  next.roster_version = 2;
  IdentityChange change(*state_, full, identity);
  EXPECT_FALSE(
      change
          .BringIntoForce(next, {.type = EventType::kRosterChanged, .statement_digest = statement_})
          .ok());
  EXPECT_EQ(identity.Get()->roster_version, 1u);
  EXPECT_EQ(RosterVersion(), 1u);
  EXPECT_THAT(change.CatchUp(), IsOk());
  EXPECT_EQ(RosterVersion(), 1u);
}

TEST_F(StartupChecksTest, OnlyTheApprovedConfigurationStarts) {
  Open();
  CoreSettings settings;
  settings.file_sha256 = Digest{1};
  CoreIdentity identity;
  identity.configuration_sha256 = Digest{1};
  EXPECT_THAT(CheckConfiguration(settings, identity, *journal_), IsOk());
  EXPECT_EQ(journal_->Head().sequence, 0u);
  settings.file_sha256 = Digest{2};
  const Status refused = CheckConfiguration(settings, identity, *journal_);
  EXPECT_THAT(refused, FailsWith(kConfigurationUnapproved));
  EXPECT_NE(DetailOf(refused).find("approve-configuration"), std::string::npos) << refused;
  core::v1::JournalEntry line;
  const Bytes octets = journal_->Read(1, 1, 1 << 20)->front();
  ASSERT_TRUE(line.ParseFromArray(octets.data(), static_cast<int>(octets.size())));
  EXPECT_EQ(line.reason_id(), "APL-0095");
}

}  // namespace
}  // namespace intaglio::appliance
