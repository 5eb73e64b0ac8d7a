// Record key epochs: re-sealing, destruction, and what a crash or a lying host can do to them.
#include "appliance/usecases/record_epochs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/domain/reasons.h"
#include "appliance/state/reasons.h"
#include "appliance/usecases/change_state.h"
#include "tests/support/core_fixture.h"

namespace intaglio::appliance {
namespace {

using ::testing::Contains;
using testing_support::CoreFixture;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

class RecordEpochsTest : public ::testing::Test {
 protected:
  // A key with a row, and its record under the epoch that seals now.
  Bytes MakeKey(const KeyId& key_id) {
    KeyRecord record;
    record.key_id = key_id;
    record.version = kVersionAccepted;
    const Bytes sealed = *core_.records().Seal(record);
    KeyRow row;
    row.version = record.version;
    row.epoch = core_.records().EpochOf(sealed);
    EXPECT_TRUE(Put(key_id, row).ok());
    return sealed;
  }
  Status Put(const KeyId& key_id, const KeyRow& row) {
    return core_.state().Update([&](RowTransaction& rows) { return rows.PutKey(key_id, row); });
  }
  uint64_t Live(uint32_t epoch) { return *core_.state().LiveRecords(epoch); }
  size_t Epochs() { return core_.record_keys().List()->size(); }

  CoreFixture core_;
  RecordEpochs epochs_{core_.services(), core_.record_keys()};
  const KeyId key_{{1}}, other_{{2}};
};

TEST_F(RecordEpochsTest, ResealsUnderTheNewKeyAndDestroysTheOldOneOnlyWhenTheHostHasTheNewRecord) {
  const Bytes old_record = MakeKey(key_);
  EXPECT_EQ(Live(1), 1u);
  ASSERT_EQ(*epochs_.Begin(), 2u);
  const auto resealed = epochs_.Reseal(old_record);
  ASSERT_TRUE(resealed.ok()) << resealed.status();
  EXPECT_EQ(core_.records().EpochOf(*resealed), 2u);
  EXPECT_EQ(core_.records().Open(*resealed)->key_id, key_);
  // Given out is not received: the host may have crashed before it stored the answer.
  EXPECT_EQ(Live(1), 1u);
  ASSERT_TRUE(epochs_.Tend().ok());
  EXPECT_TRUE(core_.records().Open(old_record).ok());

  EXPECT_EQ(*epochs_.Reseal(*resealed), *resealed);
  EXPECT_EQ(Live(1), 0u);
  EXPECT_EQ(Live(2), 1u);
  const uint64_t before = core_.journal().Head().sequence;
  ASSERT_TRUE(epochs_.Tend().ok());
  EXPECT_THAT(core_.EventsAfter(before), Contains(EventType::kEpochDestroyed));
  EXPECT_EQ(Epochs(), 1u);
  EXPECT_REASON(core_.records().Open(old_record).status(), kRecordUnreadable);
  EXPECT_TRUE(core_.records().Open(*resealed).ok());
}

// Found by killing: the host stores the record of epoch 2 in place of the old one, and epoch 3
// begins before it can show that it has it.
TEST_F(RecordEpochsTest, ARecordGivenOutAndNotShownYetKeepsItsEpochToo) {
  const Bytes first = MakeKey(key_);
  ASSERT_EQ(*epochs_.Begin(), 2u);
  const Bytes second = *epochs_.Reseal(first);
  ASSERT_EQ(*epochs_.Begin(), 3u);
  ASSERT_TRUE(epochs_.Tend().ok());
  ASSERT_TRUE(core_.records().Open(second).ok());
  const Bytes third = *epochs_.Reseal(second);
  ASSERT_TRUE(epochs_.Reseal(third).ok());
  ASSERT_TRUE(epochs_.Tend().ok());
  EXPECT_EQ(Epochs(), 1u);
  EXPECT_TRUE(core_.records().Open(third).ok());
}

TEST_F(RecordEpochsTest, AnOldRecordHandedInAgainDoesNotUndoTheMove) {
  const Bytes old_record = MakeKey(key_);
  ASSERT_TRUE(epochs_.Begin().ok());
  const Bytes resealed = *epochs_.Reseal(old_record);
  ASSERT_TRUE(epochs_.Reseal(resealed).ok());
  ASSERT_TRUE(epochs_.Reseal(old_record).ok());
  EXPECT_EQ(Live(1), 0u);
  EXPECT_EQ(Live(2), 1u);
}

TEST_F(RecordEpochsTest, AnEpochLastsNinetyDays) {
  ASSERT_TRUE(epochs_.Tend().ok());
  EXPECT_EQ(core_.records().CurrentEpoch(), 1u);
  core_.clock().Advance(RecordEpochs::kLongest - kSecond);
  ASSERT_TRUE(epochs_.Tend().ok());
  EXPECT_EQ(core_.records().CurrentEpoch(), 1u);
  core_.clock().Advance(kSecond);
  const uint64_t before = core_.journal().Head().sequence;
  ASSERT_TRUE(epochs_.Tend().ok());
  EXPECT_EQ(core_.records().CurrentEpoch(), 2u);
  EXPECT_THAT(core_.EventsAfter(before), Contains(EventType::kEpochStarted));
}

TEST_F(RecordEpochsTest, DestroyedKeysAreNotCarriedOn) {
  const Bytes old_record = MakeKey(key_);
  ASSERT_TRUE(epochs_.Begin().ok());
  KeyRow row = **core_.state().FindKey(key_);
  row.state = KeyState::kDestroyed;
  ASSERT_TRUE(Put(key_, row).ok());
  EXPECT_EQ(Live(1), 0u);
  EXPECT_REASON(epochs_.Reseal(old_record).status(), kKeyDestroyed);
  ASSERT_TRUE(epochs_.Tend().ok());
  // Whoever kept the record holds octets that nothing opens.
  EXPECT_REASON(core_.records().Open(old_record).status(), kRecordUnreadable);
}

TEST_F(RecordEpochsTest, AStaleVersionIsNotSealedAnew) {
  const Bytes old_record = MakeKey(key_);
  KeyRow row;
  row.version = kVersionAccepted + 1;
  ASSERT_TRUE(Put(key_, row).ok());
  ASSERT_TRUE(epochs_.Begin().ok());
  EXPECT_REASON(epochs_.Reseal(old_record).status(), kRecordStale);
  EXPECT_REASON(epochs_.Reseal(Bytes{1, 2, 3}).status(), kRecordUnreadable);
}

TEST_F(RecordEpochsTest, TheSealingEpochAndUnknownOnesAreNotDestroyed) {
  EXPECT_REASON(core_.record_keys().Destroy(1), kEpochInUse);
  EXPECT_REASON(core_.record_keys().Destroy(7), kEpochUnknown);
}

TEST_F(RecordEpochsTest, OpeningAgainFindsEveryEpochAndOnlyThose) {
  const Bytes first = MakeKey(key_);
  ASSERT_TRUE(epochs_.Begin().ok());
  const Bytes second = MakeKey(other_);
  auto reopened = RecordKeys::Open(core_.raw_token(), core_.state(), core_.services().rng);
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_TRUE((*reopened)->sealer().Open(first).ok());
  EXPECT_TRUE((*reopened)->sealer().Open(second).ok());
  ASSERT_TRUE(core_.record_keys().Destroy(1).ok());
  reopened = RecordKeys::Open(core_.raw_token(), core_.state(), core_.services().rng);
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_REASON((*reopened)->sealer().Open(first).status(), kRecordUnreadable);
  EXPECT_TRUE((*reopened)->sealer().Open(second).ok());
}

TEST_F(RecordEpochsTest, AStopBetweenTokenKeyAndRowLeavesNothingToDoByHand) {
  const Bytes first = MakeKey(key_);
  ASSERT_TRUE(epochs_.Begin().ok());
  ASSERT_TRUE(
      core_.raw_token().DestroySecretKey(*tokens::KeyLabel::Create("intaglio-record-1")).ok());
  const auto reopened = RecordKeys::Open(core_.raw_token(), core_.state(), core_.services().rng);
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_EQ((*reopened)->List()->size(), 1u);
  EXPECT_REASON((*reopened)->sealer().Open(first).status(), kRecordUnreadable);
}

TEST_F(RecordEpochsTest, ALostSealingKeyIsNeverTakenForADestroyedEpoch) {
  ASSERT_TRUE(
      core_.raw_token().DestroySecretKey(*tokens::KeyLabel::Create("intaglio-record-1")).ok());
  EXPECT_REASON(RecordKeys::Open(core_.raw_token(), core_.state(), core_.services().rng).status(),
                kRecordKeyUnavailable);
}

// A RESIDENT key's object goes when its certificate is revoked, also when the core stops between
// the row and the token.
TEST_F(RecordEpochsTest, TheTokenObjectOfADestroyedKeyIsDestroyedOnceMoreAfterACrash) {
  const GeneratedKey made = *core_.token().GenerateResident(KeyAlgorithm::kP256, key_, "seal-one");
  KeyRow row;
  row.cka_id = ToBytes(key_.view());
  ASSERT_TRUE(Put(key_, row).ok());
  ASSERT_TRUE(epochs_.Tend().ok());
  const auto id = *tokens::KeyId::Create(key_.view());
  const Digest digest{};
  const auto sign = [&] {
    return core_.raw_token().SignResident(id, tokens::KeyAlgorithm::kP256, {made.spki},
                                          {{MessageDigest::Sha256(digest)}});
  };
  ASSERT_TRUE(sign().ok());  // Negative control.
  row.state = KeyState::kDestroyed;
  ASSERT_TRUE(Put(key_, row).ok());  // And here the core stopped.
  const uint64_t before = core_.journal().Head().sequence;
  ASSERT_TRUE(epochs_.Tend().ok());
  EXPECT_FALSE(sign().ok());
  EXPECT_THAT(core_.EventsAfter(before), Contains(EventType::kKeyErased));
  EXPECT_TRUE(core_.state().PendingDestructions(10)->empty());
  EXPECT_TRUE((*core_.state().FindKey(key_))->cka_id.empty());
}

TEST_F(RecordEpochsTest, AnObjectThatDoesNotGoKeepsNeitherTheOthersNorTheEpochs) {
  const auto resident = [&](const std::string& label) {
    const KeyId key_id = *DrawId<KeyId>(core_.services().rng);
    EXPECT_TRUE(core_.token().GenerateResident(KeyAlgorithm::kP256, key_id, label).ok());
    KeyRow row;
    row.state = KeyState::kDestroyed;
    row.cka_id = ToBytes(key_id.view());
    EXPECT_TRUE(Put(key_id, row).ok());
    return key_id;
  };
  const KeyId one = resident("one"), two = resident("two");
  const Bytes stuck = ToBytes(std::min(one, two).view());
  core_.signing().BeforeDestroying([&](ByteView cka_id) {
    return Equal(cka_id, stuck) ? Fail(kStateFull, "as a token that is away says") : OkStatus();
  });
  core_.clock().Advance(RecordEpochs::kLongest);
  EXPECT_FALSE(epochs_.Tend().ok());
  EXPECT_TRUE((*core_.state().FindKey(std::max(one, two)))->cka_id.empty());
  EXPECT_EQ((*core_.state().FindKey(std::min(one, two)))->cka_id, stuck);
  EXPECT_EQ((*epochs_.List()).back().facts.epoch, 2u);
}

}  // namespace
}  // namespace intaglio::appliance
