// The host's copy of the journal: crashes of both sides, a core that was rewritten, a core that let
// go of lines too early.
#include "host/journal/journal_mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "host/journal/journal_files.h"
#include "host/journal/journal_test_lines.h"
#include "host/journal/reasons.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

// Hands out a TestJournal in small parts.
class JournalOf final : public JournalPort {
 public:
  explicit JournalOf(const TestJournal& of) : journal(&of) {}
  StatusOr<Part> ReadPart(uint64_t from, uint32_t most) override {
    Part part;
    part.last_sequence = journal->lines().size();
    for (uint64_t n = from; n <= part.last_sequence && part.lines.size() < std::min(most, 7u);
         ++n) {
      if (n >= first_kept) part.lines.push_back(journal->lines()[n - 1]);
    }
    return part;
  }
  Status ConfirmExport(uint64_t sequence, const Digest& chain_hash) override {
    confirmed = sequence;
    confirmed_hash = chain_hash;
    return OkStatus();
  }
  const TestJournal* journal;
  uint64_t first_kept = 1;
  uint64_t confirmed = 0;
  Digest confirmed_hash{};
};

class JournalMirrorTest : public ::testing::Test {
 protected:
  JournalMirrorTest() { Grow(20); }
  void Grow(int lines) {
    for (int i = 0; i < lines; ++i) journal_.AddType(pb::EVENT_TYPE_REFUSED);
  }
  std::unique_ptr<JournalMirror> Open() {
    auto opened = JournalMirror::Open(folder(), core_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  Status PullAll(JournalMirror& mirror) {
    while (true) {
      ASSIGN_OR_RETURN(const size_t lines, mirror.PullOnce());
      if (lines == 0) return OkStatus();
    }
  }
  std::vector<Bytes> Kept() {
    std::vector<Bytes> lines;
    EXPECT_TRUE(ReadJournalLines(folder(), [&](ByteView line) {
                  lines.push_back(ToBytes(line));
                  return OkStatus();
                }).ok());
    return lines;
  }
  std::string folder() const { return folder_.path() + "/journal"; }
  std::string Newest() { return ListJournal(folder())->back().path; }

  testing_support::TempDir folder_;
  TestJournal journal_;
  JournalOf core_{journal_};
};

TEST_F(JournalMirrorTest, CopiesEveryLineAndTellsTheCore) {
  auto mirror = Open();
  ASSERT_TRUE(PullAll(*mirror).ok());
  EXPECT_EQ(Kept(), journal_.lines());
  EXPECT_EQ(core_.confirmed, 20u);
  EXPECT_EQ(core_.confirmed_hash, journal_.head());
}

TEST_F(JournalMirrorTest, GoesOnAfterARestartWithoutLossOrDoubling) {
  ASSERT_TRUE(Open()->PullOnce().ok());
  Grow(5);
  auto mirror = Open();
  EXPECT_EQ(mirror->last_sequence(), 7u);
  ASSERT_TRUE(PullAll(*mirror).ok());
  EXPECT_EQ(Kept(), journal_.lines());
}

TEST_F(JournalMirrorTest, FetchesALineAgainThatACrashCutOff) {
  ASSERT_TRUE(PullAll(*Open()).ok());
  std::filesystem::resize_file(Newest(), std::filesystem::file_size(Newest()) - 3);
  auto mirror = Open();
  EXPECT_EQ(mirror->last_sequence(), 19u);
  ASSERT_TRUE(PullAll(*mirror).ok());
  EXPECT_EQ(Kept(), journal_.lines());
}

TEST_F(JournalMirrorTest, RefusesACoreThatWasRewritten) {
  ASSERT_TRUE(PullAll(*Open()).ok());
  TestJournal other;
  for (int i = 0; i < 30; ++i) other.AddType(pb::EVENT_TYPE_SIGNED);
  core_.journal = &other;
  core_.confirmed = 0;
  EXPECT_REASON(Open()->PullOnce().status(), kJournalDiverged);
  EXPECT_EQ(core_.confirmed, 0u);
  EXPECT_EQ(Kept(), journal_.lines());
}

TEST_F(JournalMirrorTest, RefusesACoreThatWasPutBack) {
  ASSERT_TRUE(PullAll(*Open()).ok());
  TestJournal shorter;
  shorter.AddType(pb::EVENT_TYPE_INITIALISED);
  core_.journal = &shorter;
  EXPECT_REASON(Open()->PullOnce().status(), kJournalDiverged);
}

TEST_F(JournalMirrorTest, SaysWhenTheCoreLetGoOfLinesItNeverGot) {
  core_.first_kept = 8;
  EXPECT_REASON(Open()->PullOnce().status(), kJournalGap);
}

TEST_F(JournalMirrorTest, AFolderThatCannotBeReadIsNotTakenForAnEmptyOne) {
  auto mirror = Open();
  ASSERT_TRUE(PullAll(*mirror).ok());
  mirror.reset();
  const auto copied = std::filesystem::file_size(Newest());
  // Whoever has no more descriptors, or no right, learns nothing about the folder.
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto opened = JournalMirror::Open(folder(), core_);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_REASON(opened.status(), kJournalUnreadable);
  EXPECT_EQ(std::filesystem::file_size(Newest()), copied);
}

TEST_F(JournalMirrorTest, ACopyWithoutItsBeginningIsRefused) {
  auto mirror = Open();
  ASSERT_TRUE(PullAll(*mirror).ok());
  mirror.reset();
  std::filesystem::rename(Newest(), folder() + "/" + JournalSegmentName(21));
  EXPECT_REASON(JournalMirror::Open(folder(), core_).status(), kJournalGap);
}

TEST_F(JournalMirrorTest, RefusesAnOwnFileThatWasChanged) {
  ASSERT_TRUE(PullAll(*Open()).ok());
  {
    std::fstream file(Newest(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(30);
    file.put('\x7f');
  }
  EXPECT_FALSE(JournalMirror::Open(folder(), core_).ok());
}

}  // namespace
}  // namespace intaglio::host
