#include "appliance/journal/file_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "appliance/journal/journal_test_files.h"
#include "appliance/journal/reasons.h"
#include "appliance/journal/verify.h"
#include "appliance/state/reasons.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsNaming;
using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FileJournalTest : public ::testing::Test {
 protected:
  std::string path() const { return dir_.Sub("journal"); }
  void Open(SegmentLimit limit = kUsualSegmentLimit) {
    journal_.reset();
    auto opened = OpenTestJournal(path(), std::nullopt, limit);
    ASSERT_THAT(opened, IsOk());
    journal_ = std::move(*opened);
  }
  void AppendMany(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_THAT(journal_->Append(TestEvent("n" + std::to_string(i))), IsOk());
    }
  }
  // From many threads, so that they share syncs.
  void AppendFast(int threads, int each) {
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) running.emplace_back([&] { AppendMany(each); });
    for (std::thread& thread : running) thread.join();
  }
  size_t SegmentCount() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      if (entry.path().extension() == ".ijl") ++count;
    }
    return count;
  }

  TempDir dir_;
  std::unique_ptr<FileJournal> journal_;
};

TEST_F(FileJournalTest, ReasonIdsAreUniqueInTheirRange) {
  std::set<std::string_view> ids;
  for (const Reason* reason : kJournalReasons) {
    EXPECT_TRUE(ids.insert(reason->id).second);
    EXPECT_GE(reason->id, "APL-0550");
    EXPECT_LT(reason->id, "APL-0600");
  }
}

TEST_F(FileJournalTest, ANewJournalIsEmpty) {
  Open();
  EXPECT_EQ(journal_->Head().sequence, 0u);
  EXPECT_THAT(*journal_->Read(1, 10, 1000), IsEmpty());
  EXPECT_EQ(VerifyJournal(path())->entries, 0u);
  EXPECT_EQ(SegmentCount(), 0u);
}

TEST_F(FileJournalTest, EntriesAreNumberedChainedAndKept) {
  Open();
  AppendMany(3);
  const JournalHead head = journal_->Head();
  EXPECT_EQ(head.sequence, 3u);
  journal_.reset();
  auto reopened = OpenTestJournal(path(), head);
  ASSERT_THAT(reopened, IsOk());
  journal_ = std::move(*reopened);
  EXPECT_EQ(journal_->Head().sequence, 3u);
  EXPECT_EQ(journal_->Head().chain_hash, head.chain_hash);
  ASSERT_THAT(journal_->Append(TestEvent("after")), IsOk());

  const std::vector<Bytes> entries = *journal_->Read(1, 10, 100'000);
  ASSERT_EQ(entries.size(), 4u);
  ChainVerifier chain(JournalHead{});
  for (const Bytes& entry : entries) {
    const auto facts = chain.Accept(entry);
    ASSERT_THAT(facts, IsOk());
    EXPECT_EQ(facts->place.wall, TestClock().Now());
    EXPECT_EQ(facts->place.boot, TestClock().SinceBoot());
    EXPECT_EQ(facts->place.boot_count, 7u);
    EXPECT_EQ(facts->type, EventType::kSigned);
  }
  EXPECT_EQ(chain.head().chain_hash, journal_->Head().chain_hash);

  const JournalSummary summary = *VerifyJournal(path());
  EXPECT_EQ(summary.entries, 4u);
  EXPECT_EQ(summary.head.chain_hash, journal_->Head().chain_hash);
  EXPECT_EQ(summary.first, TestClock().Now());
  EXPECT_EQ(summary.last, TestClock().Now());
  EXPECT_EQ(summary.by_type.at(EventType::kSigned), 4u);
  EXPECT_EQ(summary.torn_octets, 0u);
}

TEST_F(FileJournalTest, ReadsWhatWasAskedAndNoMore) {
  Open();
  AppendFast(30, 100);
  const std::vector<Bytes> all = *journal_->Read(0, 10'000, 10'000'000);
  ASSERT_EQ(all.size(), 3000u);
  for (const uint64_t from : {1, 2, 1023, 1024, 1025, 2047, 2048, 2999, 3000}) {
    const std::vector<Bytes> some = *journal_->Read(from, 3, 100'000);
    ASSERT_EQ(some.size(), std::min<size_t>(3, 3000 - from + 1)) << from;
    for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i], all[from - 1 + i]);
  }
  EXPECT_THAT(*journal_->Read(3001, 3, 100'000), IsEmpty());
  EXPECT_THAT(*journal_->Read(1, 0, 100'000), IsEmpty());
  EXPECT_EQ(journal_->Read(1, 100, all[0].size() + all[1].size())->size(), 2u);
  EXPECT_EQ(journal_->Read(1, 100, all[0].size() + all[1].size() - 1)->size(), 1u);
  EXPECT_THAT(*journal_->Read(1, 100, all[0].size() - 1), IsEmpty());
}

TEST_F(FileJournalTest, WhatNeedNotBeThereYetStandsInFrontOfWhatFollows) {
  auto opened = OpenTestJournal(path());
  ASSERT_THAT(opened, IsOk());
  FileJournal& journal = **opened;
  const auto types = [&] {
    std::vector<EventType> out;
    const auto entries = journal.Read(1, 100, 1 << 20);
    for (const Bytes& entry : *entries) out.push_back(ReadEntry(entry)->type);
    return out;
  };
  const Event begun{.type = EventType::kActivationBegun};
  ASSERT_THAT(journal.AppendSoon(begun), IsOk());
  ASSERT_THAT(journal.AppendSoon(begun), IsOk());
  EXPECT_EQ(journal.Head().sequence, 0u);
  ASSERT_THAT(journal.Append({.type = EventType::kRevoked}), IsOk());
  EXPECT_THAT(types(), ElementsAre(EventType::kActivationBegun, EventType::kActivationBegun,
                                   EventType::kRevoked));
  ASSERT_THAT(journal.AppendSoon(begun), IsOk());
  ASSERT_THAT(journal.Flush(), IsOk());
  EXPECT_EQ(journal.Head().sequence, 4u);
  // A key's use is on disk at once.
  ASSERT_THAT(journal.AppendSoon(TestEvent("use")), IsOk());
  EXPECT_EQ(journal.Head().sequence, 5u);
  // Nobody else writes in a pause, and what waited comes after it.
  {
    const FileJournal::Pause pause(journal);
    ASSERT_THAT(journal.AppendSoon(begun), IsOk());
    ASSERT_THAT(journal.AppendAfter(journal.Head(), {.type = EventType::kRevoked}), IsOk());
    EXPECT_EQ(journal.Head().sequence, 6u);
  }
  ASSERT_THAT(journal.Flush(), IsOk());
  EXPECT_EQ(types().back(), EventType::kActivationBegun);
  for (size_t i = 0; i <= FileJournal::kMostSoon; ++i) {
    ASSERT_THAT(journal.AppendSoon(begun), IsOk());
  }
  EXPECT_EQ(journal.Head().sequence, 8 + FileJournal::kMostSoon)
      << "one more than may wait does not";
}

TEST_F(FileJournalTest, SixteenThreadsShareOneChain) {
  Open(SegmentLimit{100'000});
  std::mutex mutex;
  std::map<uint64_t, Digest> acknowledged;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const auto head = journal_->Append(TestEvent(std::to_string(t) + "/" + std::to_string(i)));
        ASSERT_THAT(head, IsOk());
        EXPECT_LE(head->sequence, journal_->Head().sequence);
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(acknowledged.emplace(head->sequence, head->chain_hash).second);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(acknowledged.size(), 8000u);
  EXPECT_GT(SegmentCount(), 3u);
  const uint64_t all = 8000 + SegmentCount() - 1;  // each segment but the first begins with a line
  ChainVerifier chain(JournalHead{});
  const std::vector<Bytes> entries = *journal_->Read(1, 10'000, 100'000'000);
  for (const Bytes& entry : entries) {
    const auto facts = chain.Accept(entry);
    ASSERT_THAT(facts, IsOk());
    if (facts->type == EventType::kSegmentRotated) continue;
    EXPECT_EQ(chain.head().chain_hash, acknowledged.at(chain.head().sequence));
  }
  EXPECT_EQ(chain.head().sequence, all);
  EXPECT_EQ(VerifyJournal(path())->entries, all);
}

TEST_F(FileJournalTest, SegmentsRotateAndReadAsOne) {
  Open(SegmentLimit{1000});
  AppendMany(50);
  EXPECT_GT(SegmentCount(), 3u);
  for (const auto& entry : std::filesystem::directory_iterator(path())) {
    EXPECT_LE(entry.file_size(), 1000u);
  }
  const uint64_t all = 50 + SegmentCount() - 1;
  const auto read_all = [&] {
    for (uint64_t from = 1; from <= all; ++from) {
      EXPECT_EQ(journal_->Read(from, 100, 100'000)->size(), all + 1 - from) << from;
    }
  };
  read_all();
  Open(SegmentLimit{1000});
  EXPECT_EQ(journal_->Head().sequence, all);
  read_all();
  EXPECT_EQ(VerifyJournal(path())->by_type.at(EventType::kSegmentRotated), SegmentCount() - 1);
}

TEST_F(FileJournalTest, AnEntryLargerThanASegmentGetsOneOfItsOwn) {
  Open(SegmentLimit{100});
  AppendMany(3);
  EXPECT_EQ(SegmentCount(), 3u);
  EXPECT_EQ(VerifyJournal(path())->entries, 5u) << "two of them name the segment before";
}

TEST_F(FileJournalTest, AnEventTooLargeIsRefusedAndTheJournalGoesOn) {
  Open();
  Event event = TestEvent("");
  event.statement.resize(kMaxEntryOctets - kMaxPlaceOctets);
  EXPECT_THAT(journal_->Append(event), FailsWith(kEntryTooLarge));
  event.statement.resize(kMaxEntryOctets - kMaxPlaceOctets - 64);
  EXPECT_THAT(journal_->Append(event), IsOk());
  Open();
  EXPECT_EQ(journal_->Head().sequence, 1u);
}

TEST_F(FileJournalTest, TextThatIsNotAsciiCannotMakeAnEntryUnreadable) {
  Open();
  Event event = TestEvent(
      "Stra\xdf"
      "e\n\x80\xff");
  event.reason_id = "APL-\xc3";
  ASSERT_THAT(journal_->Append(event), IsOk());
  Open();
  EXPECT_THAT(DescribeEntry(journal_->Read(1, 1, 10'000)->at(0)),
              HasSubstr("Stra\\xdfe\\x0a\\x80\\xff"));
}

TEST_F(FileJournalTest, OnlyOneOwnerAtATime) {
  Open();
  EXPECT_THAT(OpenTestJournal(path()), FailsWith(kDirectoryInUse));
}

TEST_F(FileJournalTest, FilesAreForTheOwnerAlone) {
  Open();
  AppendMany(1);
  struct stat found {};
  ASSERT_EQ(stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  ASSERT_EQ(stat((path() + "/" + SegmentName(1)).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  journal_.reset();
  ASSERT_EQ(chmod(path().c_str(), 0755), 0);
  EXPECT_THAT(OpenTestJournal(path()), FailsWith(kDirectoryUnusable));
}

TEST_F(FileJournalTest, ASegmentThatCannotBeReadIsNamed) {
  Open();
  journal_.reset();
  ASSERT_EQ(mkdir((path() + "/" + SegmentName(1)).c_str(), 0700), 0);
  EXPECT_THAT(OpenTestJournal(path()), FailsWith(kJournalUnreadable));
  EXPECT_THAT(VerifyJournal(path()), FailsWith(kJournalUnreadable));
  EXPECT_THAT(VerifyJournal(dir_.Sub("none")), FailsWith(kJournalUnreadable));
}

// Forbids files above a size, as a full disk would, until it goes out of scope.
class FullDisk final {
 public:
  explicit FullDisk(uint64_t octets) {
    previous_ = signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    const struct rlimit now { octets, before_.rlim_max };
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &now), 0);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, previous_);
  }

 private:
  struct rlimit before_ {};
  sighandler_t previous_;
};

TEST_F(FileJournalTest, AFullDiskAtAnyOctetLosesNothingAndTheJournalGoesOn) {
  Open();
  AppendMany(5);
  const uint64_t frame = ReadSegment(path(), 1).size() / 5;
  uint64_t sequence = 5;
  for (uint64_t room = 0; room < frame; ++room) {
    const JournalHead head = journal_->Head();
    const uint64_t size = ReadSegment(path(), 1).size();
    {
      const FullDisk full(size + room);
      ASSERT_THAT(journal_->Append(TestEvent("xx")), FailsWith(kJournalUnwritable)) << room;
      EXPECT_EQ(ReadSegment(path(), 1).size(), size) << "the part that fitted was cut off";
      EXPECT_EQ(journal_->Read(1, 10, 10'000)->size(), std::min<uint64_t>(sequence, 10));
    }
    EXPECT_EQ(journal_->Head().chain_hash, head.chain_hash);
    ASSERT_THAT(journal_->Append(TestEvent("xx")), IsOk()) << room;
    ASSERT_EQ(journal_->Head().sequence, ++sequence);
  }
  const JournalHead head = journal_->Head();
  EXPECT_EQ(VerifyJournal(path())->entries, sequence);
  journal_.reset();
  auto reopened = OpenTestJournal(path(), head);
  ASSERT_THAT(reopened, IsOk());
  EXPECT_EQ((*reopened)->Head().chain_hash, head.chain_hash);
}

TEST_F(FileJournalTest, EveryoneWaitingHearsOfTheFullDiskAndGoesOnAfterIt) {
  Open();
  AppendMany(1);
  const uint64_t size = ReadSegment(path(), 1).size();
  std::vector<std::thread> threads;
  {
    const FullDisk full(size + 1);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
          EXPECT_THAT(journal_->Append(TestEvent("more")), FailsWith(kJournalUnwritable));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  AppendFast(8, 20);
  const JournalHead head = journal_->Head();
  EXPECT_EQ(head.sequence, 161u);
  journal_.reset();
  auto reopened = OpenTestJournal(path(), head);
  ASSERT_THAT(reopened, IsOk());
  EXPECT_EQ((*reopened)->Head().chain_hash, head.chain_hash);
}

TEST_F(FileJournalTest, ASegmentThatCannotBeMadeIsMadeOnceItCan) {
  Open(SegmentLimit{100});
  AppendMany(1);
  ASSERT_EQ(mkdir((path() + "/" + SegmentName(2)).c_str(), 0700), 0);
  EXPECT_THAT(journal_->Append(TestEvent("x")), FailsNaming(kJournalUnwritable.id, SegmentName(2)));
  ASSERT_EQ(rmdir((path() + "/" + SegmentName(2)).c_str()), 0);
  EXPECT_THAT(journal_->Append(TestEvent("x")), IsOk());
  {
    const FullDisk full(3);  // the segment is made, and nothing fits into it
    EXPECT_THAT(journal_->Append(TestEvent("y")), FailsWith(kJournalUnwritable));
    EXPECT_THAT(journal_->Append(TestEvent("y")), FailsWith(kJournalUnwritable));
  }
  EXPECT_THAT(journal_->Append(TestEvent("y")), IsOk());
  Open(SegmentLimit{100});
  EXPECT_EQ(journal_->Head().sequence, 5u);
}

TEST_F(FileJournalTest, ASegmentThatHoldsSomethingAlreadyIsNotOverwritten) {
  Open(SegmentLimit{100});
  AppendMany(1);
  WriteSegment(path(), 2, AsBytes("somebody's"));
  EXPECT_THAT(journal_->Append(TestEvent("x")), FailsNaming(kJournalUnwritable.id, "File exists"));
}

// Appends from four threads for ever; says each sequence once Append has returned.
[[noreturn]] void AppendForever(const std::string& dir, int acknowledgements) {
  auto journal = OpenTestJournal(dir, std::nullopt, SegmentLimit{10'000});
  if (!journal.ok()) _exit(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (;;) {
        const auto head = (*journal)->Append(TestEvent("until killed"));
        if (!head.ok()) _exit(2);
        const uint64_t sequence = head->sequence;
        if (write(acknowledgements, &sequence, sizeof sequence) != sizeof sequence) _exit(3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  _exit(4);
}

TEST_F(FileJournalTest, KilledWhileAppendingItHasEverythingAcknowledged) {
  uint64_t newest = 0;
  for (int round = 1; round <= 5; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      AppendForever(path(), ends[1]);
    }
    close(ends[1]);
    const uint64_t before = newest;
    uint64_t sequence = 0;
    for (int i = 0; i < 100 * round; ++i) {
      ASSERT_EQ(read(ends[0], &sequence, sizeof sequence), static_cast<ssize_t>(sizeof sequence));
      newest = std::max(newest, sequence);
    }
    ASSERT_EQ(kill(child, SIGKILL), 0);
    while (read(ends[0], &sequence, sizeof sequence) == sizeof sequence) {
      newest = std::max(newest, sequence);
    }
    close(ends[0]);
    int result = 0;
    ASSERT_EQ(waitpid(child, &result, 0), child);
    ASSERT_TRUE(WIFSIGNALED(result));
    EXPECT_GT(newest, before);

    auto reopened = OpenTestJournal(path());
    ASSERT_THAT(reopened, IsOk());
    EXPECT_GE((*reopened)->Head().sequence, newest);
    EXPECT_EQ(VerifyJournal(path())->entries, (*reopened)->Head().sequence);
  }
}

}  // namespace
}  // namespace intaglio::appliance
