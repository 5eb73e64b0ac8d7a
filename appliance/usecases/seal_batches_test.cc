// Sealing, over a real token, rows and journal. Requirements R-SYS-6, R-QSC-4.
#include "appliance/usecases/seal_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "appliance/domain/reasons.h"
#include "appliance/records/seal_codec.h"
#include "appliance/usecases/change_state.h"
#include "appliance/usecases/seal_authorisations.h"
#include "tests/support/seal_test_key.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using testing_support::CoreFixture;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::P256Signer;
using testing_support::SealTestKey;

class SealBatchesTest : public ::testing::Test {
 protected:
  Nonce NewNonce() { return authorisations_.Begin(key_.Sealed())->nonce; }
  StatusOr<SealAuthorisationId> Enter(const pb::SealAuthorisation& authorisation,
                                      const std::vector<const P256Signer*>& by) {
    SealAuthorisations::Input input;
    input.record = key_.Sealed();
    input.octets = SerializeCanonical(authorisation);
    ASSIGN_OR_RETURN(input.authorisation, DecodeSealAuthorisation(input.octets));
    for (const P256Signer* each : by) input.proofs.push_back(each->Prove(input.octets));
    return authorisations_.Enter(input);
  }
  SealAuthorisationId Authorised(const std::function<void(pb::SealAuthorisation&)>& change) {
    auto authorisation = key_.Authorisation(NewNonce());
    change(authorisation);
    const auto id = Enter(authorisation, {&key_.controller(0), &key_.controller(2)});
    EXPECT_THAT(id, IsOk());
    return *id;
  }
  SealAuthorisationId Authorised() {
    return Authorised([](pb::SealAuthorisation&) {});
  }
  StatusOr<SealBatches::Output> Seal(const pb::SealBatch& batch, const P256Signer& client) {
    SealBatches::Input input;
    input.record = key_.Sealed();
    input.octets = SerializeCanonical(batch);
    ASSIGN_OR_RETURN(input.batch, DecodeSealBatch(input.octets));
    input.client_signature = client.Sign(input.octets);
    return batches_.Run(input);
  }
  StatusOr<SealBatches::Output> Seal(const pb::SealBatch& batch) {
    return Seal(batch, key_.client());
  }
  StatusOr<SealBatches::Output> SealChunk(const pb::SealBatch& batch, const pb::SealChunk& chunk) {
    SealBatches::Input input;
    input.record = key_.Sealed();
    input.octets = SerializeCanonical(batch);
    ASSIGN_OR_RETURN(input.batch, DecodeSealBatch(input.octets));
    ASSIGN_OR_RETURN(input.chunk, TakeSealChunk(chunk, input.batch.hash));
    input.client_signature = key_.client().Sign(input.octets);
    return batches_.Run(input);
  }
  pb::SealChunk Chunk(const pb::SealBatch& batch, uint32_t index) {
    pb::SealChunk chunk;
    chunk.set_index(index);
    for (const auto& each :
         key_.ChunkHashes(batch.sequence(), batch.count(), batch.chunk_hashes(), index)) {
      chunk.add_dtbsr(each);
    }
    for (const auto& each :
         key_.Path(batch.sequence(), batch.count(), batch.chunk_hashes(), index)) {
      chunk.add_path(AsString(each));
    }
    return chunk;
  }
  bool Verifies(const std::string& hash, const StatusOr<Bytes>& signature) {
    return signature.ok() &&
           core_.token().VerifyEs256(key_.record().spki, *ToDigest(AsBytes(hash)), *signature).ok();
  }
  std::vector<EventType> EventsAfter(uint64_t after) { return core_.EventsAfter(after); }
  uint64_t Head() { return core_.journal().Head().sequence; }

  CoreFixture core_;
  SealTestKey key_{core_, KeyAlgorithm::kP256};
  P256Signer stranger_;
  ProofCheck proofs_{core_.services()};
  SealLedger ledger_{core_.state(), core_.clock(), DecodeSealAuthorisation};
  SealAuthorisations authorisations_{core_.services(), proofs_, ledger_};
  SealBatches batches_{core_.services(), ledger_, 2};
};

TEST_F(SealBatchesTest, SignsEachHashInOrderWithOneIntentAndOneOutcomeAFrame) {
  uint64_t before = Head();
  const auto id = Authorised();
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealAuthorised));
  before = Head();
  const auto output = Seal(key_.Batch(id, 1, 250));
  ASSERT_THAT(output, IsOk());
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealIntent, EventType::kSealed));
  ASSERT_THAT(*output->outcome, SizeIs(250));
  for (size_t i = 0; i < 250; ++i) {
    EXPECT_TRUE(Verifies(key_.Hash(1, i), output->outcome->at(i))) << i;
  }
  EXPECT_EQ(output->remaining, 9'750u);
  EXPECT_FALSE(output->nearly_spent);
}

TEST_F(SealBatchesTest, TheSameFrameAgainGivesTheStoredSignatures) {
  const auto id = Authorised();
  const auto first = Seal(key_.Batch(id, 1, 3));
  const uint64_t before = Head();
  const auto again = Seal(key_.Batch(id, 1, 3));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->outcome, first->outcome);
  EXPECT_EQ(again->remaining, first->remaining);
  EXPECT_EQ(Head(), before) << "nothing was signed";
  // Other hashes under the number are another batch.
  EXPECT_THAT(Seal(key_.Batch(id, 1, 4)), FailsWith(kSealSequence));
  // And only for a while.
  core_.clock().Advance(SealResults::kLife);
  EXPECT_THAT(Seal(key_.Batch(id, 1, 3)), FailsWith(kSealSequence));
}

TEST_F(SealBatchesTest, AHashOfTheWrongLengthFailsAloneAndCostsNothing) {
  const auto id = Authorised();
  pb::SealBatch batch = key_.Batch(id, 1, 5);
  batch.set_dtbsr(0, "short");
  batch.set_dtbsr(3, std::string(48, 'x'));
  const auto output = Seal(batch);
  ASSERT_THAT(output, IsOk());
  EXPECT_THAT(output->outcome->at(0), FailsWith(kSealHashLength));
  EXPECT_THAT(output->outcome->at(3), FailsWith(kSealHashLength));
  for (const size_t i : {1, 2, 4}) {
    EXPECT_TRUE(Verifies(key_.Hash(1, i), output->outcome->at(i))) << i;
  }
  EXPECT_EQ(output->remaining, 9'997u);
  batch.set_sequence(2);
  for (auto& each : *batch.mutable_dtbsr()) each = "short";
  EXPECT_THAT(Seal(batch), FailsWith(kSealHashLength));
}

TEST_F(SealBatchesTest, ChunksUnderOneRootComeInAnyOrder) {
  const auto id = Authorised();
  for (const size_t count : {7u, 41u, 50u, 64u}) {
    SCOPED_TRACE(count);
    const pb::SealBatch batch = key_.Tree(id, count, count, 8);
    for (uint32_t i = batch.chunks(); i-- > 0;) {
      const auto output = SealChunk(batch, Chunk(batch, i));
      ASSERT_THAT(output, IsOk());
      const auto hashes = key_.ChunkHashes(count, count, 8, i);
      ASSERT_THAT(*output->outcome, SizeIs(hashes.size()));
      for (size_t j = 0; j < hashes.size(); ++j) {
        EXPECT_TRUE(Verifies(hashes[j], output->outcome->at(j)));
      }
    }
  }
}

TEST_F(SealBatchesTest, AChunkThatIsNotUnderTheRootIsRefused) {
  const auto id = Authorised();
  const pb::SealBatch batch = key_.Tree(id, 1, 41, 8);
  const pb::SealChunk honest = Chunk(batch, 2);
  const auto with = [&](const std::function<void(pb::SealChunk&)>& change) {
    pb::SealChunk chunk = honest;
    change(chunk);
    return SealChunk(batch, chunk).status();
  };
  const std::string other = key_.Hash(9, 9);
  EXPECT_THAT(with([&](auto& c) { c.set_dtbsr(0, other); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.mutable_dtbsr()->SwapElements(0, 1); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.mutable_dtbsr()->RemoveLast(); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.add_dtbsr(other); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.set_index(3); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.set_index(6); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.mutable_path()->RemoveLast(); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.add_path(c.path(0)); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.set_path(0, other); }), FailsWith(kSealChunk));
  EXPECT_THAT(with([&](auto& c) { c.set_dtbsr(0, "short"); }), FailsWith(kStatementInvalid));
  EXPECT_THAT(Seal(batch), FailsWith(kRequestInvalid)) << "no chunk at all";
  EXPECT_THAT(SealChunk(key_.Batch(id, 1, 8), honest), FailsWith(kRequestInvalid));
  // Control; and once is once, though the same frame gives the stored signatures.
  const auto done = SealChunk(batch, honest);
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(SealChunk(batch, honest)->outcome, done->outcome);
  core_.clock().Advance(SealResults::kLife);
  EXPECT_THAT(SealChunk(batch, honest), FailsWith(kSealChunkBegun));
}

TEST_F(SealBatchesTest, OnlyTheAuthorisedClientOrders) {
  const auto id = Authorised();
  EXPECT_THAT(Seal(key_.Batch(id, 1, 1), stranger_), FailsWith(kSealClient));
  EXPECT_THAT(Seal(key_.Batch(id, 1, 1), key_.controller(0)), FailsWith(kSealClient));
  SealBatches::Input input;
  input.record = key_.Sealed();
  input.octets = SerializeCanonical(key_.Batch(id, 1, 1));
  input.batch = *DecodeSealBatch(input.octets);
  input.client_signature = ToBytes("no signature");
  EXPECT_THAT(batches_.Run(input), FailsWith(kSealClient));
  EXPECT_THAT(Seal(key_.Batch(SealAuthorisationId{{5}}, 1, 1)), FailsWith(kSealUnauthorised));
  EXPECT_THAT(Seal(key_.Batch(id, 1, 1)), IsOk());
}

TEST_F(SealBatchesTest, AsManyDifferentControllersAsTheRecordDemandsMustAgree) {
  const auto authorisation = [&] { return key_.Authorisation(NewNonce()); };
  const P256Signer &a = key_.controller(0), &b = key_.controller(1);
  EXPECT_THAT(Enter(authorisation(), {&a}), FailsWith(kControllersMissing));
  EXPECT_THAT(Enter(authorisation(), {&a, &a}), FailsWith(kControllersMissing));
  EXPECT_THAT(Enter(authorisation(), {&a, &stranger_}), FailsWith(kAuthenticatorUnknown));
  EXPECT_THAT(Enter(authorisation(), {&a, &b}), IsOk());
}

TEST_F(SealBatchesTest, ANonceIsForOneKeyAndOneAuthorisation) {
  const auto by = std::vector{&key_.controller(0), &key_.controller(1)};
  auto authorisation = key_.Authorisation(NewNonce());
  const auto id = Enter(authorisation, by);
  ASSERT_THAT(id, IsOk());
  // The very same again is the same authorisation, with the same quota.
  ASSERT_THAT(Seal(key_.Batch(*id, 1, 10)), IsOk());
  EXPECT_EQ(*Enter(authorisation, by), *id);
  EXPECT_EQ(authorisations_.List(key_.record().key_id)->at(0).used_or_reserved, 10u);
  authorisation.set_most_signatures(11'000);
  EXPECT_THAT(Enter(authorisation, by), FailsWith(kSealNonce));
  EXPECT_THAT(Enter(key_.Authorisation(Nonce{{1}}), by), FailsWith(kSealNonce));
  SealTestKey other(core_, KeyAlgorithm::kP256);
  const Nonce foreign = authorisations_.Begin(other.Sealed())->nonce;
  EXPECT_THAT(Enter(key_.Authorisation(foreign), by), FailsWith(kSealNonce));
  const Nonce old = NewNonce();
  core_.clock().Advance(SealAuthorisations::kNonceLife);
  EXPECT_THAT(Enter(key_.Authorisation(old), by), FailsWith(kSealNonce));
  // Whoever draws and draws ends his own oldest nonce, and no other key's.
  const Nonce of_other = authorisations_.Begin(other.Sealed())->nonce;
  const Nonce first = NewNonce();
  core_.clock().Advance(kSecond);
  const Nonce second = NewNonce();
  for (size_t i = 0; i + 1 < SealAuthorisations::kMostNoncesPerKey; ++i) NewNonce();
  EXPECT_THAT(Enter(key_.Authorisation(first), by), FailsWith(kSealNonce));
  EXPECT_THAT(Enter(key_.Authorisation(second), by), IsOk());
  EXPECT_THAT(Enter(key_.Authorisation(of_other), by), ::testing::Not(IsOk()));
}

TEST_F(SealBatchesTest, AWithdrawnAuthorisationSealsNothingAndComesNotBack) {
  auto authorisation = key_.Authorisation(NewNonce());
  const std::vector<const P256Signer*> by = {&key_.controller(0), &key_.controller(1)};
  const auto id = Enter(authorisation, by);
  ASSERT_THAT(id, IsOk());
  ASSERT_THAT(Seal(key_.Batch(*id, 1, 10)), IsOk());
  const KeyId& key_id = key_.record().key_id;
  EXPECT_THAT(authorisations_.Withdraw(key_id, SealAuthorisationId{{9}}),
              FailsWith(kSealUnauthorised));
  EXPECT_THAT(authorisations_.Withdraw(KeyId{{9}}, *id), FailsWith(kSealUnauthorised));
  ASSERT_THAT(Seal(key_.Batch(*id, 2, 10)), IsOk()) << "control";
  ASSERT_THAT(core_.journal().Flush(), IsOk());
  const uint64_t before = core_.journal().Head().sequence;
  ASSERT_THAT(authorisations_.Withdraw(key_id, *id), IsOk());
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealTakenBack));
  EXPECT_THAT(Seal(key_.Batch(*id, 3, 10)), FailsWith(kSealWithdrawn));
  EXPECT_THAT(Enter(authorisation, by), FailsWith(kSealWithdrawn)) << "the same octets again";
  EXPECT_THAT(authorisations_.Withdraw(key_id, *id), IsOk()) << "again is no error";
  EXPECT_TRUE(authorisations_.List(key_id)->at(0).withdrawn);
  // Its controllers may give another.
  const auto next = Enter(key_.Authorisation(NewNonce()), by);
  ASSERT_THAT(next, IsOk());
  EXPECT_THAT(Seal(key_.Batch(*next, 1, 10)), IsOk());
}

TEST_F(SealBatchesTest, AWithdrawalInMidFrameStopsTheRestOfIt) {
  const auto id = Authorised();
  // Between the intent and its signatures.
  core_.lines().Before(EventType::kSealIntent,
                       [&] { return authorisations_.Withdraw(key_.record().key_id, id); });
  const auto output = Seal(key_.Batch(id, 1, 100));
  ASSERT_THAT(output, IsOk());
  for (const auto& each : *output->outcome) EXPECT_THAT(each, FailsWith(kSealWithdrawn));
}

TEST_F(SealBatchesTest, AWarningThatCouldNotBeJournalledIsGivenAgain) {
  const auto id = Authorised();
  core_.clock().Advance(9 * kDay);
  core_.lines().Before(EventType::kSealQuotaWarning,
                       [] { return Fail(kSealTooMany, "as a full disk says"); });
  const KeyId& key_id = key_.record().key_id;
  ASSERT_THAT(Seal(key_.Batch(id, 1, 1)), FailsWith(kSealTooMany));
  ASSERT_THAT(core_.journal().Flush(), IsOk());
  const uint64_t before = core_.journal().Head().sequence;
  ASSERT_THAT(authorisations_.List(key_id), IsOk());
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealQuotaWarning));
  ASSERT_THAT(authorisations_.List(key_id), IsOk());
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealQuotaWarning)) << "once";
}

TEST_F(SealBatchesTest, AnAuthorisationIsForThisCoreInThisEpochAndThisKey) {
  const auto by = std::vector{&key_.controller(0), &key_.controller(1)};
  auto authorisation = key_.Authorisation(NewNonce());
  authorisation.set_core_instance(std::string(16, 'c'));
  EXPECT_THAT(Enter(authorisation, by), FailsWith(kWrongCore));
  authorisation = key_.Authorisation(NewNonce());
  authorisation.set_instance_epoch(7);
  EXPECT_THAT(Enter(authorisation, by), FailsWith(kSealEpoch));
  // Another key's authorisation beside this key's record.
  SealTestKey other(core_, KeyAlgorithm::kP256);
  const auto foreign = other.Authorisation(authorisations_.Begin(other.Sealed())->nonce);
  EXPECT_THAT(Enter(foreign, by), FailsWith(kSealUnauthorised));
  // And a restored core has another epoch: what was authorised before counts no more.
  const auto id = Authorised();
  core_.ChangeIdentity([](CoreIdentity& identity) { ++identity.instance_epoch; });
  EXPECT_THAT(Seal(key_.Batch(id, 1, 1)), FailsWith(kSealEpoch));
  auto batch = key_.Batch(id, 1, 1);
  batch.set_core_instance(std::string(16, 'c'));
  EXPECT_THAT(Seal(batch), FailsWith(kWrongCore));
}

TEST_F(SealBatchesTest, AnAuthorisationMayBeQueuedAndEnds) {
  const int64_t now = core_.clock().Now().ms;
  const auto later = Authorised([&](pb::SealAuthorisation& authorisation) {
    authorisation.set_not_before_ms(now + kDay);
    authorisation.set_not_after_ms(now + 2 * kDay);
  });
  EXPECT_THAT(Seal(key_.Batch(later, 1, 1)), FailsWith(kSealWindow));
  core_.clock().Advance(kDay);
  EXPECT_THAT(Seal(key_.Batch(later, 1, 1)), IsOk());
  core_.clock().Advance(kDay);
  EXPECT_THAT(Seal(key_.Batch(later, 2, 1)), FailsWith(kSealWindow));
  auto over = key_.Authorisation(NewNonce());
  over.set_not_before_ms(now);
  over.set_not_after_ms(now + kDay);
  EXPECT_THAT(Enter(over, {&key_.controller(0), &key_.controller(1)}), FailsWith(kSealWindow));
}

TEST_F(SealBatchesTest, WarnsOnceAtFourFifthsOfTheQuotaAndOfTheWindow) {
  const auto id = Authorised([](auto& each) { each.set_most_signatures(10); });
  EXPECT_FALSE(Seal(key_.Batch(id, 1, 7))->nearly_spent);
  uint64_t before = Head();
  EXPECT_TRUE(Seal(key_.Batch(id, 2, 1))->nearly_spent);
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealQuotaWarning, EventType::kSealIntent,
                                               EventType::kSealed));
  before = Head();
  EXPECT_TRUE(Seal(key_.Batch(id, 3, 1))->nearly_spent);
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealIntent, EventType::kSealed));
  EXPECT_THAT(Seal(key_.Batch(id, 4, 2)), FailsWith(kSealQuotaSpent));
  const auto other = Authorised();
  core_.clock().Advance(8 * kDay);
  before = Head();
  EXPECT_TRUE(Seal(key_.Batch(other, 1, 1))->nearly_spent);
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealQuotaWarning, EventType::kSealIntent,
                                               EventType::kSealed));
}

TEST_F(SealBatchesTest, TheWindowsWarningComesThoughNobodySeals) {
  Authorised();
  core_.clock().Advance(8 * kDay);
  const uint64_t before = Head();
  EXPECT_TRUE(authorisations_.List(key_.record().key_id)->at(0).nearly_spent);
  EXPECT_TRUE(authorisations_.List(key_.record().key_id)->at(0).nearly_spent);
  EXPECT_THAT(EventsAfter(before), ElementsAre(EventType::kSealQuotaWarning));
}

TEST_F(SealBatchesTest, AKeyThatIsNotUsableSealsNothing) {
  const auto id = Authorised();
  uint64_t sequence = 0;
  const auto state = [&](KeyState to) {
    key_.Row([&](KeyRow& row) { row.state = to; });
    return Seal(key_.Batch(id, ++sequence, 1)).status();
  };
  EXPECT_THAT(state(KeyState::kSuspended), FailsWith(kKeySuspended));
  EXPECT_THAT(authorisations_.Begin(key_.Sealed()), FailsWith(kKeySuspended));
  EXPECT_THAT(state(KeyState::kBlocked), FailsWith(kKeyBlocked));
  EXPECT_THAT(state(KeyState::kDestroyed), FailsWith(kKeyDestroyed));
  EXPECT_THAT(state(KeyState::kUsable), IsOk());
  const auto begin = [&](const std::function<void(KeyRecord&)>& change) {
    return authorisations_.Begin(key_.SealedAs(change)).status();
  };
  EXPECT_THAT(begin([](KeyRecord& r) { r.version = kVersionCertified; }), FailsWith(kRecordStale));
  key_.Row([](KeyRow& row) { row.version = kVersionCertified; });
  EXPECT_THAT(begin([](KeyRecord& r) { r.version = kVersionCertified; }),
              FailsWith(kRecordVersion));
  key_.Row([](KeyRow& row) { row.version = kVersionAccepted; });
  EXPECT_THAT(begin([](KeyRecord& r) { r.purpose = KeyPurpose::kSigner; }), FailsWith(kKeyPurpose));
  EXPECT_THAT(begin([&](KeyRecord& r) { r.certified_as->not_after = core_.clock().Now(); }),
              FailsWith(kCertificateExpired));
}

TEST_F(SealBatchesTest, ASuspensionInMidFrameStopsTheRestOfIt) {
  const auto id = Authorised();
  // Wherever it strikes: each hash was signed before it or names it, and the frame has its lines.
  std::atomic<bool> begun{false};
  std::thread officer([&] {
    while (!begun) std::this_thread::yield();
    while (EventsAfter(0).back() != EventType::kSealIntent) std::this_thread::yield();
    key_.Row([](KeyRow& row) { row.state = KeyState::kSuspended; });
  });
  begun = true;
  const auto output = Seal(key_.Batch(id, 1, 4'000));
  officer.join();
  ASSERT_THAT(output, IsOk());
  size_t stopped = 0;
  for (size_t i = 0; i < 4'000; ++i) {
    const auto& each = output->outcome->at(i);
    if (each.ok()) continue;
    ++stopped;
    EXPECT_THAT(each, FailsWith(kKeySuspended));
  }
  EXPECT_GT(stopped, 0u);
  EXPECT_EQ(EventsAfter(0).back(), EventType::kSealed);
}

TEST_F(SealBatchesTest, ControllersThatWereRemovedDoNotCount) {
  key_.Row([&](KeyRow& row) {
    row.removed_authenticators.push_back({Sha256(key_.controller(1).spki())});
  });
  const auto authorisation = key_.Authorisation(NewNonce());
  EXPECT_FALSE(Enter(authorisation, {&key_.controller(0), &key_.controller(1)}).ok());
  EXPECT_THAT(Enter(authorisation, {&key_.controller(0), &key_.controller(2)}), IsOk());
}

TEST_F(SealBatchesTest, ManyFramesAtOnceAreAllSignedAndCounted) {
  const auto id = Authorised();
  std::atomic<uint64_t> next{1};
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 8; ++i) {
        const auto output = Seal(key_.Batch(id, next++, 25));
        if (output.ok() && output->outcome->at(24).ok()) ++good;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(good, 32);
  EXPECT_EQ(authorisations_.List(key_.record().key_id)->at(0).used_or_reserved, 800u);
}

TEST_F(SealBatchesTest, RsaKeysSealFramesThatFitTheLinkAndHashesOfTheirSuite) {
  SealTestKey rsa(core_, KeyAlgorithm::kRsa3072);
  const auto nonce = authorisations_.Begin(rsa.Sealed())->nonce;
  SealAuthorisations::Input input;
  input.record = rsa.Sealed();
  input.octets = SerializeCanonical(rsa.Authorisation(nonce));
  input.authorisation = *DecodeSealAuthorisation(input.octets);
  for (size_t i : {0, 1}) input.proofs.push_back(rsa.controller(i).Prove(input.octets));
  const auto id = authorisations_.Enter(input);
  ASSERT_THAT(id, IsOk());
  const auto seal = [&](const pb::SealBatch& batch) {
    SealBatches::Input frame;
    frame.record = rsa.Sealed();
    frame.octets = SerializeCanonical(batch);
    frame.batch = *DecodeSealBatch(frame.octets);
    frame.client_signature = rsa.client().Sign(frame.octets);
    return batches_.Run(frame);
  };
  EXPECT_THAT(seal(rsa.Batch(*id, 1, 3'000)), FailsWith(kTooManyHashes));
  const auto output = seal(rsa.Batch(*id, 2, 3));
  ASSERT_THAT(output, IsOk());
  for (const auto& each : *output->outcome) EXPECT_THAT(*each, SizeIs(384));
  // A P-256 key signs no hash longer than itself.
  const auto p256 = Authorised();
  pb::SealBatch sha384 = key_.Batch(p256, 1, 1);
  sha384.set_hash_algorithm(pb::HASH_ALGORITHM_SHA384);
  sha384.set_dtbsr(0, std::string(48, 'h'));
  EXPECT_THAT(Seal(sha384), FailsWith(kAlgorithmUnsuitable));
}

TEST_F(SealBatchesTest, TimeThatNobodyTrustsStopsAuthorisingAndSealing) {
  const auto id = Authorised();
  core_.clock().SetWall(core_.clock().Now() + kHour);
  EXPECT_THAT(Seal(key_.Batch(id, 1, 1)), FailsWith(kTimeUnconfirmed));
  EXPECT_THAT(authorisations_.Begin(key_.Sealed()), FailsWith(kTimeUnconfirmed));
}

TEST(SealCodecTest, RefusesAuthorisationsOutOfBounds) {
  CoreFixture core;
  SealTestKey key(core, KeyAlgorithm::kP256);
  const auto decode = [&](const std::function<void(pb::SealAuthorisation&)>& change) {
    auto message = key.Authorisation(Nonce{{1}});
    change(message);
    return DecodeSealAuthorisation(SerializeCanonical(message)).status();
  };
  EXPECT_THAT(decode([](auto&) {}), IsOk());
  const auto refused = [&](const std::function<void(pb::SealAuthorisation&)>& change) {
    EXPECT_THAT(decode(change), FailsWith(kStatementInvalid));
  };
  refused([](auto& m) { m.set_context("intaglio/sad/v1"); });
  refused([](auto& m) { m.set_core_instance("short"); });
  refused([](auto& m) { m.clear_instance_epoch(); });
  refused([](auto& m) { m.set_nonce("short"); });
  refused([](auto& m) { m.set_key_id("short"); });
  refused([](auto& m) { m.set_client_spki("no key"); });
  refused([](auto& m) { m.set_not_before_ms(0); });
  refused([](auto& m) { m.set_not_after_ms(m.not_before_ms()); });
  refused([](auto& m) { m.set_not_after_ms(m.not_before_ms() + 31 * kDay + 1); });
  refused([](auto& m) { m.set_most_signatures(0); });
  refused([](auto& m) { m.set_most_signatures(100'000'001); });
  refused([](auto& m) { m.set_most_per_minute(0); });
  refused([](auto& m) { m.set_most_per_minute(10'000'001); });
  EXPECT_THAT(DecodeSealAuthorisation(ToBytes("\x0a\x01x junk")), FailsWith(kStatementInvalid));
}

TEST(SealCodecTest, RefusesBatchesThatContradictThemselves) {
  CoreFixture core;
  SealTestKey key(core, KeyAlgorithm::kP256);
  const SealAuthorisationId id{{1}};
  const auto refused = [&](pb::SealBatch message,
                           const std::function<void(pb::SealBatch&)>& change) {
    ASSERT_THAT(DecodeSealBatch(SerializeCanonical(message)), IsOk());
    change(message);
    EXPECT_THAT(DecodeSealBatch(SerializeCanonical(message)), FailsWith(kStatementInvalid));
  };
  const auto list = key.Batch(id, 1, 2), tree = key.Tree(id, 1, 41, 8);
  refused(list, [](auto& m) { m.set_context("intaglio/sad/v1"); });
  refused(list, [](auto& m) { m.set_core_instance("short"); });
  refused(list, [](auto& m) { m.set_authorisation_id("short"); });
  refused(list, [](auto& m) { m.set_sequence(0); });
  refused(list, [](auto& m) { m.set_sequence(~uint64_t{0}); });
  refused(list, [](auto& m) { m.clear_hash_algorithm(); });
  refused(list, [](auto& m) { m.clear_dtbsr(); });
  refused(list, [](auto& m) { m.set_count(3); });
  refused(list, [](auto& m) { m.set_chunks(1); });
  refused(list, [](auto& m) { m.set_chunk_hashes(1); });
  refused(list, [](auto& m) { m.set_merkle_root(std::string(32, 'r')); });
  refused(tree, [](auto& m) { m.add_dtbsr(std::string(32, 'h')); });
  refused(tree, [](auto& m) { m.set_merkle_root("short"); });
  refused(tree, [](auto& m) { m.clear_chunks(); });
  refused(tree, [](auto& m) { m.set_chunks(100'001); });
  refused(tree, [](auto& m) { m.clear_chunk_hashes(); });
  refused(tree, [](auto& m) { m.set_chunk_hashes(10'001); });
  refused(tree, [](auto& m) { m.set_count(49); });
  refused(tree, [](auto& m) { m.set_count(40); });
  refused(tree, [](auto& m) { m.clear_count(); });
}

}  // namespace
}  // namespace intaglio::appliance
