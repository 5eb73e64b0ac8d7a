// A disk that fails at any call: the journal refuses that line, keeps what it had, and goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "appliance/journal/journal_test_files.h"
#include "appliance/journal/reasons.h"
#include "appliance/journal/storage.h"
#include "appliance/journal/verify.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace {

// Calls until one fails, and how many fail then. Negative: none.
std::atomic<int> calls_left{-1};
std::atomic<int> failures_left{0};

bool FailsNow() {
  if (calls_left.load() < 0) return false;
  if (calls_left.load() > 0) {
    --calls_left;
    return false;
  }
  if (failures_left.load() <= 0) return false;
  --failures_left;
  errno = EIO;
  return true;
}

}  // namespace

// This program's own, instead of the C library's.
extern "C" int fdatasync(int fd) {
  return FailsNow() ? -1 : static_cast<int>(syscall(SYS_fdatasync, fd));
}
extern "C" int ftruncate(int fd, off_t size) noexcept {
  return FailsNow() ? -1 : static_cast<int>(syscall(SYS_ftruncate, fd, size));
}
extern "C" ssize_t pwrite(int fd, const void* octets, size_t size, off_t at) {
  if (!FailsNow()) return syscall(SYS_pwrite64, fd, octets, size, at);
  // Half of it went out before.
  (void)syscall(SYS_pwrite64, fd, octets, size / 2, at);
  return -1;
}

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::TempDir;

class JournalFaultTest : public ::testing::Test {
 protected:
  ~JournalFaultTest() override { calls_left = -1; }
  std::string path() const { return dir_.Sub("journal"); }
  TempDir dir_;
};

TEST_F(JournalFaultTest, EachCallMayFailOnceOrTwiceOrThrice) {
  for (const uint64_t limit : {uint64_t{100}, kUsualSegmentLimit.octets}) {
    for (int call = 0; call < 2; ++call) {
      for (int failures = 1; failures <= 5; ++failures) {
        const std::string dir = dir_.Sub(std::to_string(limit) + "-" + std::to_string(call) + "-" +
                                         std::to_string(failures));
        auto opened = OpenTestJournal(dir, std::nullopt, SegmentLimit{limit});
        ASSERT_THAT(opened, IsOk());
        FileJournal& journal = **opened;
        ASSERT_THAT(journal.Append(TestEvent("a")), IsOk());
        const JournalHead before = journal.Head();
        calls_left = call;
        failures_left = failures;
        int refused = 0;
        while (failures_left.load() > 0) {
          ASSERT_THAT(journal.Append(TestEvent("b")), FailsWith(kJournalUnwritable));
          calls_left = 0;
          ++refused;
        }
        calls_left = -1;
        EXPECT_GT(refused, 0);
        EXPECT_EQ(journal.Head().chain_hash, before.chain_hash);
        ASSERT_THAT(journal.Append(TestEvent("c")), IsOk());
        const JournalHead head = journal.Head();
        opened->reset();
        ASSERT_THAT(OpenTestJournal(dir, head, SegmentLimit{limit}), IsOk());
        EXPECT_EQ(VerifyJournal(dir)->by_type.at(EventType::kSigned), 2u);
      }
    }
  }
}

TEST_F(JournalFaultTest, WhatNeedNotBeThereYetWaitsForADiskThatFails) {
  auto opened = OpenTestJournal(path());
  ASSERT_THAT(opened, IsOk());
  FileJournal& journal = **opened;
  ASSERT_THAT(journal.Append(TestEvent("a")), IsOk());
  calls_left = 0;
  failures_left = 1000;
  ASSERT_THAT(journal.AppendSoon({.type = EventType::kActivationBegun}), IsOk());
  EXPECT_THAT(journal.Append(TestEvent("b")), FailsWith(kJournalUnwritable));
  EXPECT_THAT(journal.AppendSoon({.type = EventType::kActivationBegun}),
              FailsWith(kJournalUnwritable));
  EXPECT_THAT(journal.Flush(), FailsWith(kJournalUnwritable));
  calls_left = -1;
  ASSERT_THAT(journal.Append(TestEvent("c")), IsOk());
  EXPECT_EQ(journal.Head().sequence, 3u) << "the first, the one that waited, and the last";
  EXPECT_THAT(journal.AppendSoon({.type = EventType::kActivationBegun}), IsOk());
  opened->reset();
  EXPECT_EQ(VerifyJournal(path())->by_type.at(EventType::kActivationBegun), 2u);
}

TEST_F(JournalFaultTest, AProcessThatEndsWithOctetsUncutStartsAgain) {
  auto opened = OpenTestJournal(path());
  ASSERT_THAT(opened, IsOk());
  ASSERT_THAT((*opened)->Append(TestEvent("a")), IsOk());
  const JournalHead head = (*opened)->Head();
  calls_left = 0;
  failures_left = 1000;
  EXPECT_THAT((*opened)->Append(TestEvent("b")), FailsWith(kJournalUnwritable));
  opened->reset();
  calls_left = -1;
  EXPECT_GT(VerifyJournal(path())->torn_octets, 0u);
  auto again = OpenTestJournal(path(), head);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)->Head().sequence, 2u) << "the repair has its line";
}

TEST(StorageTest, WhatBeginsASignatureWaitsForSpaceAndNothingElse) {
  TempDir dir;
  auto journal = FileJournal::Open(dir.Sub("journal"), TestClock(), 1, {}, {{}, uint64_t{1} << 62});
  ASSERT_THAT(journal, IsOk());
  for (const EventType type :
       {EventType::kSignIntent, EventType::kSealIntent, EventType::kCertificateIntent,
        EventType::kCrlIntent, EventType::kOcspSigned, EventType::kActivationBegun}) {
    EXPECT_THAT((*journal)->Append({.type = type}), FailsWith(kStorageFull));
  }
  for (const EventType type : {EventType::kSigned, EventType::kRevoked, EventType::kRefused,
                               EventType::kStopped, EventType::kStorageAlarm}) {
    EXPECT_THAT((*journal)->Append({.type = type}), IsOk());
  }
  auto roomy = FileJournal::Open(dir.Sub("roomy"), TestClock(), 1, {}, {{}, 1});
  EXPECT_THAT((*roomy)->Append({.type = EventType::kSignIntent}), IsOk());
}

TEST(StorageTest, TheAlarmIsToldOnceUntilTheLevelFalls) {
  StorageAlarm alarm;
  EXPECT_FALSE(alarm.Take({1000, 79}));
  const auto event = alarm.Take({uint64_t{500} << 20, 80});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kStorageAlarm);
  EXPECT_EQ(event->note, "80 % used, 500 MiB free");
  EXPECT_TRUE(alarm.Take({0, 81})) << "it was not written";
  alarm.Told();
  EXPECT_FALSE(alarm.Take({0, 99}));
  EXPECT_FALSE(alarm.Take({0, 79})) << "too near";
  EXPECT_FALSE(alarm.Take({0, 80}));
  EXPECT_FALSE(alarm.Take({0, 77}));
  EXPECT_TRUE(alarm.Take({0, 80}));
}

}  // namespace
}  // namespace intaglio::appliance
