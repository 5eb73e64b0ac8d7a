#include "appliance/anchor/anchor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "appliance/anchor/reasons.h"
#include "appliance/anchor/token_object_anchor.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/token.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::SoftHsm;

TEST(AnchorReasonsTest, AreUniqueInTheirRange) {
  std::set<std::string_view> ids;
  for (const Reason* reason : kAnchorReasons) {
    EXPECT_TRUE(ids.insert(reason->id).second);
    EXPECT_GE(reason->id, "APL-0050");
    EXPECT_LT(reason->id, "APL-0060");
  }
}

TEST(AnchorMarkTest, IsReadAsWritten) {
  const AnchorMark mark{0x0102030405060708, 7, 9, Digest{0xaa, 0xbb}};
  const Bytes octets = EncodeMark(mark);
  EXPECT_EQ(ToHex(octets), "494a413101020304050607080000000000000007" +
                               std::string("0000000000000009aabb") + std::string(60, '0'));
  EXPECT_EQ(*DecodeMark(octets), mark);
}

TEST(AnchorMarkTest, OtherOctetsAreBroken) {
  Bytes octets = EncodeMark({1, 1, 1, {}});
  EXPECT_THAT(DecodeMark(ByteView(octets).first(59)), FailsWith(kAnchorBroken));
  EXPECT_THAT(DecodeMark({}), FailsWith(kAnchorBroken));
  octets[3] = '2';
  EXPECT_THAT(DecodeMark(octets), FailsWith(kAnchorBroken));
  octets[3] = '1';
  octets.push_back(0);
  EXPECT_THAT(DecodeMark(octets), FailsWith(kAnchorBroken));
}

class CheckAnchorTest : public ::testing::Test {
 protected:
  static std::optional<Checkpoint> Last(uint64_t counter, const std::string& kind = "k") {
    Checkpoint out;
    out.anchor_counter = counter;
    out.anchor_kind = kind;
    return out;
  }
  static std::optional<AnchorMark> Mark(uint64_t counter, uint64_t boot = 3,
                                        uint64_t sequence = 100) {
    return AnchorMark{counter, boot, sequence, {}};
  }
  static Status Check(const std::optional<AnchorMark>& mark,
                      const std::optional<Checkpoint>& last) {
    return CheckAnchor({"k", mark, last, 3});
  }
};

TEST_F(CheckAnchorTest, TheJournalMayBeOneCheckpointAhead) {
  EXPECT_THAT(Check(Mark(8), Last(8)), IsOk());
  EXPECT_THAT(Check(Mark(8), Last(9)), IsOk());
}

TEST_F(CheckAnchorTest, AnythingElseIsSomebodysDoing) {
  EXPECT_THAT(Check(Mark(8), Last(7)), FailsWith(kAnchorBehind));
  EXPECT_THAT(Check(Mark(8), Last(10)), FailsWith(kAnchorBehind));
  EXPECT_THAT(Check(Mark(8, 4), Last(8)), FailsWith(kRowsRolledBack));
  EXPECT_THAT(Check(std::nullopt, Last(8)), FailsWith(kAnchorMissing));
  EXPECT_THAT(Check(Mark(0, 0, 0), Last(8)), FailsWith(kAnchorBehind));
}

TEST_F(CheckAnchorTest, ANewAnchorMayBeFoundedWhereNoneWasInUse) {
  EXPECT_THAT(Check(std::nullopt, std::nullopt), IsOk());
  EXPECT_THAT(Check(std::nullopt, Last(8, "other")), IsOk());
  EXPECT_THAT(Check(Mark(5, 0, 0), std::nullopt), IsOk());
  EXPECT_THAT(Check(Mark(5, 0, 0), Last(6)), IsOk());
}

class TokenObjectAnchorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    softhsm_ = *SoftHsm::Create();
    module_ = *tokens::Module::Load(softhsm_->module_path());
    token_ = *tokens::Token::Open(module_, *tokens::TokenSelector::Parse("core"), softhsm_->Pin(),
                                  {.max_sessions = 2, .cached_keys_per_session = 4});
  }
  std::unique_ptr<SoftHsm> softhsm_;
  std::shared_ptr<tokens::Module> module_;
  std::unique_ptr<tokens::Token> token_;
};

TEST_F(TokenObjectAnchorTest, HoldsOneMarkAndCountsUp) {
  TokenObjectAnchor anchor(*token_);
  EXPECT_EQ(*anchor.Read(), std::nullopt);
  EXPECT_THAT(anchor.Advance({1, 1, 1, {}}), FailsWith(kAnchorBroken)) << "it was never founded";
  ASSERT_THAT(anchor.Found(), IsOk());
  EXPECT_EQ(**anchor.Read(), AnchorMark{});
  for (uint64_t i = 1; i <= 5; ++i) ASSERT_THAT(anchor.Advance({i, 2, 10 * i, {}}), IsOk());
  EXPECT_EQ(**anchor.Read(), (AnchorMark{5, 2, 50, {}}));
  EXPECT_THAT(anchor.Advance({5, 2, 60, {}}), FailsWith(kAnchorBroken));
  EXPECT_THAT(anchor.Advance({7, 2, 60, {}}), FailsWith(kAnchorBroken));
  EXPECT_EQ(token_->ReadData(*tokens::KeyLabel::Create("intaglio-journal-anchor"))->size(), 1u);
}

TEST_F(TokenObjectAnchorTest, AnObjectThatIsNoMarkIsBroken) {
  TokenObjectAnchor anchor(*token_);
  ASSERT_THAT(
      token_->ReplaceData(*tokens::KeyLabel::Create("intaglio-journal-anchor"), AsBytes("junk")),
      IsOk());
  EXPECT_THAT(anchor.Read(), FailsWith(kAnchorBroken));
}

}  // namespace
}  // namespace intaglio::appliance
