// The ledger against a model that cannot forget, with crashes at random points. [R-SYS-6]
#include "appliance/usecases/seal_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/state/lmdb_state.h"
#include "appliance/usecases/seal_crew.h"
#include "appliance/usecases/seal_results.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using ::testing::SizeIs;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::TemporaryFolder;

constexpr WallTime kNow{1'795'000'000'000};
const KeyId kKey{{7}};

// Rows on a real disk, in a process that may die before or after a commit.
class DyingState final : public StatePort {
 public:
  enum class Death { kNone, kBeforeCommit, kAfterCommit };
  explicit DyingState(LmdbState& state) : state_(state) {}
  Death next = Death::kNone;

  Status Update(const std::function<Status(RowTransaction&)>& change) override {
    const Death death = std::exchange(next, Death::kNone);
    if (death == Death::kBeforeCommit) return Dead();
    RETURN_IF_ERROR(state_.Update(change));
    return death == Death::kAfterCommit ? Dead() : OkStatus();
  }
  StatusOr<std::optional<SealLedgerRow>> FindSeal(const KeyId& key_id,
                                                  const SealAuthorisationId& id) override {
    return state_.FindSeal(key_id, id);
  }
  StatusOr<std::vector<std::pair<SealAuthorisationId, SealLedgerRow>>> ListSeals(
      const KeyId& key_id, size_t limit) override {
    return state_.ListSeals(key_id, limit);
  }
  StatusOr<std::optional<KeyRow>> FindKey(const KeyId&) override { return Dead(); }
  StatusOr<std::optional<SerialRow>> FindSerial(const KeyId&, const Serial&) override {
    return Dead();
  }
  StatusOr<std::optional<OrderRow>> FindOrder(const Digest&) override { return Dead(); }
  StatusOr<WallTime> PurgedUntil() override { return Dead(); }
  StatusOr<CaRow> FindCa(const KeyId&) override { return Dead(); }
  StatusOr<std::vector<RevokedRow>> RevokedAfter(const KeyId&, const Serial&, size_t) override {
    return Dead();
  }
  StatusOr<uint64_t> LiveRecords(uint32_t) override { return Dead(); }
  StatusOr<std::vector<KeyId>> PendingDestructions(size_t) override { return Dead(); }
  StatusOr<std::optional<PendingIdentity>> FindPendingIdentity() override { return Dead(); }
  StatusOr<Digest> StateHash() override { return Dead(); }

 private:
  static Status Dead() { return Fail(kSealTooMany, "the process died here"); }
  LmdbState& state_;
};

// An authorisation whose octets are its two numbers.
Bytes Octets(uint64_t most, uint32_t most_per_minute) {
  return ToBytes(std::to_string(most) + "/" + std::to_string(most_per_minute));
}
StatusOr<SealAuthorisation> Read(ByteView octets) {
  const std::string text = AsString(octets);
  SealAuthorisation out;
  out.most_signatures = std::stoull(text);
  out.most_per_minute = static_cast<uint32_t>(std::stoul(text.substr(text.find('/') + 1)));
  out.not_before = kNow;
  out.not_after = kNow + 10 * kDay;
  return out;
}

class SealLedgerTest : public ::testing::Test {
 protected:
  SealLedgerTest() { Restart(); }
  void Restart() {
    ledger_.reset();
    dying_.reset();
    state_.reset();
    state_ = *LmdbState::Open(dir_.path() + "/rows", SecretBytes(32), MapSize{size_t{64} << 20});
    dying_ = std::make_unique<DyingState>(*state_);
    ledger_ = std::make_unique<SealLedger>(*dying_, clock_, Read);
  }
  SealAuthorisationId Enter(uint64_t most, uint32_t most_per_minute = 10'000'000) {
    const Bytes octets = Octets(most, most_per_minute);
    const SealAuthorisationId id{Sha256(octets)};
    EXPECT_THAT(ledger_->Enter(kKey, id, octets, kNow), IsOk());
    return id;
  }
  StatusOr<SealLedger::Taken> Take(const SealAuthorisationId& id, uint64_t sequence,
                                   uint64_t signatures, WallTime now = kNow) {
    SealBatch batch;
    batch.authorisation_id = id;
    batch.sequence = sequence;
    const Digest digest = Sha256(AsBytes(std::to_string(sequence)));
    return ledger_->Take(kKey, {batch, digest, std::nullopt, signatures}, now);
  }
  StatusOr<SealLedger::Taken> TakeChunk(const SealAuthorisationId& id, uint64_t sequence,
                                        uint32_t chunk, uint32_t chunks = 4) {
    SealBatch batch;
    batch.authorisation_id = id;
    batch.sequence = sequence;
    batch.tree = SealTree{{}, chunks, 10};
    const Digest digest = Sha256(AsBytes(std::to_string(sequence)));
    return ledger_->Take(kKey, {batch, digest, chunk, 10}, kNow);
  }

  TemporaryFolder dir_;
  FakeClock clock_{kNow};
  std::unique_ptr<LmdbState> state_;
  std::unique_ptr<DyingState> dying_;
  std::unique_ptr<SealLedger> ledger_;
};

TEST_F(SealLedgerTest, NeverExceedsAQuotaNorRepeatsASequenceWhateverCrashes) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](uint64_t n) {
      return std::uniform_int_distribution<uint64_t>(0, n - 1)(random);
    };
    const uint64_t quota = 20'000 + seed;
    const SealAuthorisationId id = Enter(quota);
    uint64_t given = 0, next = 1;
    std::set<uint64_t> begun;
    for (int step = 0; step < 400; ++step) {
      if (below(12) == 0) {
        Restart();
        const auto standings = ledger_->List(kKey, kNow);
        ASSERT_THAT(standings, IsOk());
        for (const auto& each : *standings) {
          if (each.id == id) next = std::max(next, each.next_sequence);
        }
      }
      const uint64_t death = below(20);
      dying_->next = death == 0   ? DyingState::Death::kBeforeCommit
                     : death == 1 ? DyingState::Death::kAfterCommit
                                  : DyingState::Death::kNone;
      // Mostly the next number; at times an old one, one a little back, or one far ahead.
      const uint64_t kind = below(10);
      const uint64_t sequence = kind == 0 && !begun.empty() ? *begun.begin()
                                : kind == 1                 ? 1 + below(next)
                                : kind == 2                 ? next + below(100)
                                                            : next;
      const uint64_t wanted = 1 + below(400);
      const auto taken = Take(id, sequence, wanted);
      if (!taken.ok()) {
        // A process that died forgets what it had in memory.
        if (death < 2) Restart();
        if (Is(taken.status(), kSealQuotaSpent)) {
          EXPECT_LE(quota, given + wanted + 60 * SealLedger::kSignatureBlock);
        }
        continue;
      }
      EXPECT_EQ(taken->grant.count(), wanted);
      given += wanted;
      ASSERT_LE(given, quota);
      ASSERT_LE(given + taken->remaining, quota);
      ASSERT_TRUE(begun.insert(sequence).second) << "sequence " << sequence << " twice";
      next = std::max(next, sequence + 1);
    }
    EXPECT_GT(given, 0u);
  }
  EXPECT_THAT(state_->CheckAllRows(), IsOk());
}

TEST_F(SealLedgerTest, GivesOutTheWholeQuotaAndNotOneMore) {
  const auto id = Enter(2'500);
  EXPECT_EQ(Take(id, 1, 1'999)->remaining, 501u);
  EXPECT_THAT(Take(id, 2, 502), FailsWith(kSealQuotaSpent));
  // The refused one begins nothing.
  EXPECT_EQ(Take(id, 2, 501)->remaining, 0u);
  EXPECT_THAT(Take(id, 3, 1), FailsWith(kSealQuotaSpent));
  Restart();
  EXPECT_THAT(Take(id, 200, 1), FailsWith(kSealQuotaSpent));
}

TEST_F(SealLedgerTest, ARestartLosesWhatWasLeftOfABlockAndNoMore) {
  const auto id = Enter(5'000);
  EXPECT_EQ(Take(id, 1, 10)->remaining, 4'990u);
  Restart();
  const auto standing = ledger_->List(kKey, kNow)->at(0);
  EXPECT_EQ(standing.used_or_reserved, SealLedger::kSignatureBlock);
  EXPECT_EQ(standing.next_sequence, 1 + SealLedger::kSequenceBlock);
  EXPECT_THAT(Take(id, 1, 1), FailsWith(kSealSequence));
  EXPECT_THAT(Take(id, SealLedger::kSequenceBlock, 1), FailsWith(kSealSequence));
  EXPECT_EQ(Take(id, standing.next_sequence, 10)->remaining, 3'990u);
}

TEST_F(SealLedgerTest, FramesInFlightMayOvertakeEachOtherAndNoneIsBegunTwice) {
  const auto id = Enter(5'000);
  for (const uint64_t sequence : {3, 1, 2, 66, 4}) EXPECT_THAT(Take(id, sequence, 1), IsOk());
  for (const uint64_t sequence : {1, 2, 3, 4, 66}) {
    EXPECT_THAT(Take(id, sequence, 1), FailsWith(kSealSequence)) << sequence;
  }
  EXPECT_THAT(Take(id, 5, 1), IsOk());
  EXPECT_THAT(Take(id, 70, 1), IsOk());
  EXPECT_THAT(Take(id, 6, 1), FailsWith(kSealSequence)) << "too far behind";
  EXPECT_THAT(Take(id, 7, 1), IsOk());
}

TEST_F(SealLedgerTest, OverlappingAuthorisationsHaveSeparateQuotas) {
  const auto one = Enter(1'000), other = Enter(2'000);
  EXPECT_THAT(Take(one, 1, 1'000), IsOk());
  EXPECT_THAT(Take(one, 2, 1), FailsWith(kSealQuotaSpent));
  EXPECT_EQ(Take(other, 1, 1'000)->remaining, 1'000u);
  // Entered again it is the same one: no fresh quota.
  EXPECT_EQ(Enter(1'000), one);
  EXPECT_THAT(Take(one, 2, 1), FailsWith(kSealQuotaSpent));
  EXPECT_THAT(*ledger_->List(kKey, kNow), SizeIs(2));
  EXPECT_THAT(*ledger_->List(KeyId{{8}}, kNow), SizeIs(0));
}

TEST_F(SealLedgerTest, AnAuthorisationIsOneKeysAlone) {
  const auto id = Enter(1'000);
  EXPECT_THAT(ledger_->Find(kKey, id), IsOk());
  EXPECT_THAT(ledger_->Find(KeyId{{8}}, id), FailsWith(kSealUnauthorised));
}

TEST_F(SealLedgerTest, AWithdrawalOutlivesARestart) {
  const auto id = Enter(1'000), other = Enter(2'000);
  ASSERT_THAT(Take(id, 1, 10), IsOk());
  ASSERT_THAT(ledger_->Withdraw(kKey, id), IsOk());
  EXPECT_THAT(Take(id, 2, 10), FailsWith(kSealWithdrawn));
  Restart();
  EXPECT_THAT(Take(id, 2, 10), FailsWith(kSealWithdrawn));
  EXPECT_THAT(ledger_->Find(kKey, id), FailsWith(kSealWithdrawn));
  EXPECT_THAT(ledger_->Withdraw(kKey, id), IsOk());
  EXPECT_THAT(Take(other, 1, 10), IsOk());
}

TEST_F(SealLedgerTest, LookingAtOthersDoesNotEmptyAMinute) {
  const auto id = Enter(10'000, 100);
  ASSERT_THAT(Take(id, 1, 100), IsOk());
  ASSERT_THAT(Take(id, 2, 1), FailsWith(kSealRate));
  // More keys than accounts have room in memory, each looked at and used.
  for (uint32_t i = 0; i < 4'200; ++i) {
    const KeyId key{{7, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}};
    const Bytes octets = Octets(10, 10);
    const SealAuthorisationId other{Sha256(octets)};
    ASSERT_THAT(ledger_->Enter(key, other, octets, kNow), IsOk());
    ASSERT_THAT(ledger_->List(key, kNow), IsOk());
    ASSERT_THAT(ledger_->Find(key, other), IsOk());
  }
  EXPECT_THAT(Take(id, 2, 1), FailsWith(kSealRate));
}

TEST_F(SealLedgerTest, HoldsTheRateInEveryMinuteByBootTime) {
  const auto id = Enter(100'000, 100);
  EXPECT_THAT(Take(id, 1, 101), FailsWith(kTooManyHashes)) << "could never be had";
  EXPECT_THAT(Take(id, 1, 60), IsOk());
  clock_.Advance(30 * kSecond);
  EXPECT_THAT(Take(id, 2, 40), IsOk());
  EXPECT_THAT(Take(id, 3, 1), FailsWith(kSealRate));
  // The wall clock does not count.
  clock_.SetWall(kNow + kDay);
  EXPECT_THAT(Take(id, 3, 1), FailsWith(kSealRate));
  clock_.Advance(31 * kSecond);
  EXPECT_THAT(Take(id, 3, 60), IsOk());
  EXPECT_THAT(Take(id, 4, 1), FailsWith(kSealRate));
  clock_.Advance(kHour);
  EXPECT_THAT(Take(id, 4, 100), IsOk());
}

TEST_F(SealLedgerTest, EachChunkOnceInAnyOrderUnderOneSequence) {
  const auto id = Enter(5'000);
  for (const uint32_t chunk : {2u, 0u, 3u}) EXPECT_THAT(TakeChunk(id, 1, chunk), IsOk());
  EXPECT_THAT(TakeChunk(id, 1, 2), FailsWith(kSealChunkBegun));
  EXPECT_THAT(TakeChunk(id, 1, 1), IsOk());
  EXPECT_THAT(Take(id, 1, 1), FailsWith(kSealSequence));
  Restart();
  EXPECT_THAT(TakeChunk(id, 1, 1), FailsWith(kSealSequence)) << "begun before the crash";
}

TEST_F(SealLedgerTest, UnfinishedTreesAreBoundedAndAgeOut) {
  const auto id = Enter(50'000);
  uint64_t sequence = 1;
  for (; sequence <= SealLedger::kMostTrees; ++sequence) {
    EXPECT_THAT(TakeChunk(id, sequence, 0), IsOk());
  }
  EXPECT_THAT(TakeChunk(id, sequence, 0), FailsWith(kSealTooMany));
  clock_.Advance(SealLedger::kTreeLife);
  EXPECT_THAT(TakeChunk(id, sequence, 0), IsOk());
}

TEST_F(SealLedgerTest, WarnsOnceOfFourFifthsOfEither) {
  const auto id = Enter(1'000);
  EXPECT_FALSE(Take(id, 1, 799)->nearly_spent);
  const auto warned = Take(id, 2, 1);
  EXPECT_TRUE(warned->nearly_spent && warned->due.of_quota && !warned->due.of_end);
  EXPECT_THAT(ledger_->Warned(kKey, id, warned->due), IsOk());
  EXPECT_FALSE(Take(id, 3, 1)->due.any());
  const auto late = Take(id, 4, 1, kNow + 8 * kDay);
  EXPECT_TRUE(late->due.of_end && !late->due.of_quota);
  EXPECT_THAT(ledger_->Warned(kKey, id, late->due), IsOk());
  const auto row = *state_->FindSeal(kKey, id);
  EXPECT_TRUE(row->warned_of_quota && row->warned_of_end);
}

TEST_F(SealLedgerTest, AuthorisationsOfOneKeyAreBoundedAndOldOnesGo) {
  for (size_t i = 0; i < SealLedger::kMostPerKey; ++i) Enter(1'000 + i);
  const Bytes octets = Octets(5, 5);
  const SealAuthorisationId id{Sha256(octets)};
  EXPECT_THAT(ledger_->Enter(kKey, id, octets, kNow), FailsWith(kSealTooMany));
  EXPECT_THAT(ledger_->Enter(kKey, id, octets, kNow + 42 * kDay), IsOk());
  EXPECT_THAT(*ledger_->List(kKey, kNow), SizeIs(1));
  EXPECT_THAT(state_->CheckAllRows(), IsOk());
}

TEST(SealResultsTest, ForgetsByAgeAndBySize) {
  FakeClock clock(kNow);
  SealResults results(clock);
  const auto frame = [](uint32_t n) { return SealResults::Frame{Digest{}, n}; };
  const auto outcome = std::make_shared<SealOutcome>(SealOutcome{Bytes(size_t{20} << 20)});
  for (uint32_t n = 0; n < 4; ++n) results.Keep(frame(n), outcome);
  EXPECT_EQ(results.Find(frame(0)), nullptr) << "the oldest gives way";
  EXPECT_EQ(results.Find(frame(3)), outcome);
  clock.Advance(SealResults::kLife);
  EXPECT_EQ(results.Find(frame(3)), nullptr);
}

TEST(SealCrewTest, DoesEachTaskOnceWithAndWithoutHelpers) {
  for (const size_t helpers : {0u, 3u}) {
    SealCrew crew(helpers);
    std::vector<std::thread> callers;
    std::atomic<int> done{0};
    for (int caller = 0; caller < 4; ++caller) {
      callers.emplace_back([&] {
        for (int round = 0; round < 50; ++round) {
          std::vector<std::atomic<int>> times(round);
          crew.Run(times.size(), [&](size_t i) { ++times[i]; });
          for (const auto& each : times) done += each == 1 ? 1 : 1000;
        }
      });
    }
    for (std::thread& each : callers) each.join();
    EXPECT_EQ(done, 4 * 49 * 50 / 2);
  }
}

}  // namespace
}  // namespace intaglio::appliance
