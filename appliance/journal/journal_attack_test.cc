// What crashes and people can do to the journal's files, and what the core then says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include "appliance/journal/frame_reader.h"
#include "appliance/journal/journal_test_files.h"
#include "appliance/journal/reasons.h"
#include "appliance/journal/verify.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsNaming;
using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::TempDir;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr int kEntries = 5;

class JournalAttackTest : public ::testing::Test {
 protected:
  // Five entries in one segment, or in as many as `limit` makes.
  void Make(SegmentLimit limit = kUsualSegmentLimit) {
    auto journal = OpenTestJournal(path(), std::nullopt, limit);
    ASSERT_THAT(journal, IsOk());
    for (int i = 0; i < kEntries; ++i) {
      ASSERT_THAT((*journal)->Append(TestEvent("n" + std::to_string(i))), IsOk());
    }
    head_ = (*journal)->Head();
    entries_ = *(*journal)->Read(1, kEntries, 100'000);
    journal->reset();
    octets_ = ReadSegment(path(), 1);
  }
  std::string path() const { return dir_.Sub("journal"); }
  std::string Segment(uint64_t first) const { return path() + "/" + SegmentName(first); }
  size_t LastFrame() const { return octets_.size() - entries_.back().size() - kFrameHeaderOctets; }

  TempDir dir_;
  JournalHead head_;
  std::vector<Bytes> entries_;
  Bytes octets_;
};

TEST_F(JournalAttackTest, ALastEntryCutAnywhereIsRemovedAndSaidSo) {
  Make();
  const JournalHead four = [&] {
    ChainVerifier chain(JournalHead{});
    for (int i = 0; i < kEntries - 1; ++i) EXPECT_THAT(chain.Accept(entries_[i]), IsOk());
    return chain.head();
  }();
  for (size_t size = LastFrame() + 1; size < octets_.size(); ++size) {
    WriteSegment(path(), 1, ByteView(octets_).first(size));
    EXPECT_EQ(VerifyJournal(path())->torn_octets, size - LastFrame());
    auto journal = OpenTestJournal(path(), four);
    ASSERT_THAT(journal, IsOk()) << size;
    ASSERT_EQ((*journal)->Head().sequence, 5u) << "four entries and the repair";
    const std::string line = DescribeEntry((*journal)->Read(5, 1, 10'000)->at(0));
    EXPECT_THAT(line, HasSubstr("TAIL_REPAIRED"));
    EXPECT_THAT(line, HasSubstr("removed " + std::to_string(size - LastFrame()) + " octets"));
    journal->reset();
    EXPECT_EQ(VerifyJournal(path())->torn_octets, 0u);
  }
}

TEST_F(JournalAttackTest, ACutBetweenEntriesNeedsNoRepair) {
  Make();
  WriteSegment(path(), 1, ByteView(octets_).first(LastFrame()));
  auto journal = OpenTestJournal(path());
  ASSERT_THAT(journal, IsOk());
  EXPECT_EQ((*journal)->Head().sequence, 4u);
}

TEST_F(JournalAttackTest, SpaceThatACrashLeftUnwrittenIsRemoved) {
  Make();
  WriteSegment(path(), 1, Concat({octets_, Bytes(1'000'000)}));
  auto journal = OpenTestJournal(path(), head_);
  ASSERT_THAT(journal, IsOk());
  EXPECT_EQ((*journal)->Head().sequence, 6u);
  EXPECT_THAT(DescribeEntry((*journal)->Read(6, 1, 10'000)->at(0)),
              HasSubstr("removed 1000000 octets"));
}

TEST_F(JournalAttackTest, AnEmptyLastSegmentIsTakenIntoUse) {
  Make();
  WriteSegment(path(), 6, {});
  auto journal = OpenTestJournal(path(), head_);
  ASSERT_THAT(journal, IsOk());
  ASSERT_THAT((*journal)->Append(TestEvent("sixth")), IsOk());
  EXPECT_EQ((*journal)->Read(1, 10, 10'000)->size(), 7u);
  journal->reset();
  EXPECT_FALSE(ReadSegment(path(), 6).empty());
  EXPECT_EQ(VerifyJournal(path())->by_type.at(EventType::kSegmentRotated), 1u);
}

TEST_F(JournalAttackTest, AFlippedBitBeforeTheLastEntryIsBroken) {
  Make();
  for (size_t at = 0; at < LastFrame(); ++at) {
    for (const uint8_t bit : {0x01, 0x02, 0x80}) {
      Bytes changed = octets_;
      changed[at] ^= bit;
      WriteSegment(path(), 1, changed);
      EXPECT_THAT(OpenTestJournal(path()), FailsNaming(kJournalBroken.id, SegmentName(1)))
          << at << "/" << int{bit};
      EXPECT_THAT(VerifyJournal(path()), FailsWith(kJournalBroken));
    }
  }
}

TEST_F(JournalAttackTest, AFlippedBitAnywhereIsFoundWithTheAnchor) {
  Make();
  for (size_t at = 0; at < octets_.size(); ++at) {
    Bytes changed = octets_;
    changed[at] ^= 0x01;
    WriteSegment(path(), 1, changed);
    EXPECT_THAT(OpenTestJournal(path(), head_),
                AnyOf(FailsWith(kJournalBroken), FailsWith(kJournalRolledBack)))
        << at;
    EXPECT_EQ(ReadSegment(path(), 1), changed) << "evidence must stay as it is";
  }
}

TEST_F(JournalAttackTest, BrokenNamesFileOffsetAndSequence) {
  Make();
  Bytes changed = octets_;
  changed[LastFrame() - 1] ^= 1;  // in the fourth entry; the fifth does not follow any more
  WriteSegment(path(), 1, changed);
  const auto opened = OpenTestJournal(path());
  EXPECT_THAT(opened, FailsNaming(kJournalBroken.id,
                                  SegmentName(1) + " at offset " + std::to_string(LastFrame())));
  EXPECT_THAT(opened, FailsNaming(kJournalBroken.id, "expected sequence 5"));
}

TEST_F(JournalAttackTest, ALengthStretchedPastTheEndDoesNotPassForACrash) {
  Make();
  Bytes changed = octets_;
  changed[1] = 0x01;  // 65,536 octets more than the first entry has
  WriteSegment(path(), 1, changed);
  EXPECT_THAT(OpenTestJournal(path()), FailsNaming(kJournalBroken.id, "length of sequence 1"));
}

TEST_F(JournalAttackTest, ImpossibleLengthsAreBroken) {
  Make();
  for (const char* tail : {"0004000108", "ffffffff", "0000000001"}) {
    WriteSegment(path(), 1, Concat({octets_, *FromHex(tail)}));
    EXPECT_THAT(OpenTestJournal(path()), FailsWith(kJournalBroken)) << tail;
  }
}

TEST_F(JournalAttackTest, EntriesSwappedRepeatedOrLeftOutAreBroken) {
  Make();
  for (const std::vector<int>& order :
       std::vector<std::vector<int>>{{0, 2, 1, 3, 4}, {0, 0, 1, 2, 3}, {0, 1, 3, 4}, {1, 2, 3}}) {
    Bytes frames;
    for (const int i : order) AppendFrame(entries_[i], frames);
    WriteSegment(path(), 1, frames);
    EXPECT_THAT(OpenTestJournal(path()), FailsWith(kJournalBroken));
  }
}

TEST_F(JournalAttackTest, AMissingSegmentIsBrokenOrRolledBack) {
  Make(SegmentLimit{100});  // one entry each, and before it the line that names the one before
  for (const uint64_t segment : {1, 2, 4, 6, 8}) {
    ASSERT_EQ(rename(Segment(segment).c_str(), dir_.Sub("away").c_str()), 0);
    if (segment < 8) {
      EXPECT_THAT(OpenTestJournal(path()), FailsNaming(kJournalBroken.id, SegmentName(segment)));
    }
    EXPECT_THAT(OpenTestJournal(path(), head_),
                AnyOf(FailsWith(kJournalBroken), FailsWith(kJournalRolledBack)));
    ASSERT_EQ(rename(dir_.Sub("away").c_str(), Segment(segment).c_str()), 0);
  }
  EXPECT_THAT(OpenTestJournal(path(), head_), IsOk());
}

TEST_F(JournalAttackTest, ACutEntryInsideTheJournalIsBroken) {
  Make(SegmentLimit{100});
  const Bytes third = ReadSegment(path(), 4);
  WriteSegment(path(), 4, ByteView(third).first(third.size() - 1));
  EXPECT_THAT(OpenTestJournal(path()), FailsNaming(kJournalBroken.id, SegmentName(4)));
}

TEST_F(JournalAttackTest, FilesWithOtherNamesAreNotSegments) {
  Make();
  for (const char* name : {"journal-1.ijl", "journal-000000006.ijl", "journal-00000000.ijl",
                           "journal-99999999999999999999999.ijl", "journal-0000000x.ijl",
                           "journal-.ijl", "journal-00000006.ijl.new"}) {
    ASSERT_THAT(WriteFile(path() + "/" + name, AsBytes("junk"), 0600), IsOk());
  }
  EXPECT_THAT(OpenTestJournal(path(), head_), IsOk());
}

TEST_F(JournalAttackTest, AJournalThatEndsBeforeTheAnchorIsRolledBack) {
  Make();
  WriteSegment(path(), 1, ByteView(octets_).first(LastFrame()));
  EXPECT_THAT(OpenTestJournal(path(), head_), FailsNaming(kJournalRolledBack.id, "sequence 4"));
  // A torn tail is no excuse, and is not touched.
  WriteSegment(path(), 1, ByteView(octets_).first(LastFrame() + 9));
  EXPECT_THAT(OpenTestJournal(path(), head_), FailsWith(kJournalRolledBack));
  EXPECT_EQ(ReadSegment(path(), 1).size(), LastFrame() + 9);
  ASSERT_EQ(unlink(Segment(1).c_str()), 0);
  EXPECT_THAT(OpenTestJournal(path(), head_), FailsWith(kJournalRolledBack));
}

TEST_F(JournalAttackTest, AnotherJournalThatIsLongerIsRolledBack) {
  Make();
  JournalHead other = head_;
  other.sequence = 3;
  EXPECT_THAT(OpenTestJournal(path(), other), FailsNaming(kJournalRolledBack.id, "sequence 3"));
}

TEST_F(JournalAttackTest, ReadingFindsAFileThatWasReplaced) {
  Make();
  auto journal = OpenTestJournal(path(), head_);
  ASSERT_THAT(journal, IsOk());
  WriteSegment(path(), 1, {});
  EXPECT_THAT((*journal)->Read(1, 10, 10'000), FailsWith(kJournalBroken));
  ASSERT_EQ(unlink(Segment(1).c_str()), 0);
  EXPECT_THAT((*journal)->Read(1, 10, 10'000), FailsWith(kJournalUnreadable));
}

TEST_F(JournalAttackTest, AnExportedCopyIsCheckedFromAnyKnownHead) {
  Make();
  ChainVerifier first(JournalHead{});
  ASSERT_THAT(first.Accept(entries_[0]), IsOk());
  ChainVerifier from_second(first.head());
  EXPECT_THAT(from_second.Accept(entries_[2]), FailsWith(kJournalBroken));
  EXPECT_THAT(from_second.Accept(entries_[1]), IsOk()) << "a refused entry changes nothing";
  ChainVerifier wrong(JournalHead{1, Digest{}});
  EXPECT_THAT(wrong.Accept(entries_[1]), FailsNaming(kJournalBroken.id, "previous hash"));
  EXPECT_THAT(wrong.Accept(AsBytes("junk")), FailsWith(kJournalBroken));
  EXPECT_THAT(wrong.Accept(*FromHex("08021201aa")), FailsNaming(kJournalBroken.id, "1 octets"));
  EXPECT_THAT(wrong.Accept(Bytes(kMaxEntryOctets + 1)), FailsWith(kJournalBroken));
}

TEST(DescribeEntryTest, SaysEverythingInOneLine) {
  Event event;
  event.type = EventType::kCertificateSigned;
  event.key_id = KeyId{{0xaa, 1}};
  event.issuer_key_id = KeyId{{0xbb}};
  event.serial = {0x40, 0x01};
  event.count = 3;
  event.reason_id = "APL-0001";
  event.statement_digest = Digest{0xcc};
  event.content_digest = Digest{0xdd};
  event.output_digest = Digest{0xee};
  event.officers = {OfficerId{{1}}, OfficerId{{2}}};
  event.state_hash = Digest{0x11};
  event.host_audit_head = Bytes(32, 0x22);
  event.sealed_record = Bytes(300);
  event.certificate = Bytes(900);
  event.statement = Bytes(40);
  event.note = "by hand";
  const Bytes entry =
      EncodeEntry({12, Digest{0x33}, WallTime{0}, BootTime{5}, 3}, *EncodeEvent(event));
  EXPECT_EQ(DescribeEntry(entry),
            "12 1970-01-01T00:00:00.000Z CERTIFICATE_SIGNED key=aa01000000000000.. "
            "issuer=bb00000000000000.. serial=4001 count=3 reason=APL-0001 "
            "statement=cc00000000000000.. content=dd00000000000000.. output=ee00000000000000.. "
            "officer=0100000000000000.. officer=0200000000000000.. state=1100000000000000.. "
            "host-audit=2222222222222222.. record=300B certificate=900B statement-octets=40B "
            "boot=3+5ms previous=3300000000000000.. note=\"by hand\"");
}

TEST(DescribeEntryTest, NeverFails) {
  EXPECT_EQ(DescribeEntry(AsBytes("\xff\xff")), "(2 octets, no entry)");
  EXPECT_THAT(DescribeEntry(*FromHex("3063")), HasSubstr("TYPE_99"));
  EXPECT_THAT(DescribeEntry({}), HasSubstr("UNSPECIFIED"));
}

TEST(DescribeEntryTest, KnowsTheNameOfEveryEvent) {
  for (int number = 1; number <= 55; ++number) {
    EXPECT_THAT(NameOf(static_cast<EventType>(number)), testing::Not(HasSubstr("TYPE_")));
  }
}

}  // namespace
}  // namespace intaglio::appliance
