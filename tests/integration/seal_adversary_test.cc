// A host that wants seals nobody authorised. Raw frames with the host's own TLS key; each attack
// has its control, the same frame with the one thing made right. Requirements R-SYS-6, R-QSC-4.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/records/canonical.h"
#include "appliance/records/seal_codec.h"
#include "host/x509/public_key.h"
#include "tests/integration/adversary_fixture.h"
#include "tests/support/seal_test_key.h"

namespace intaglio::testing_support {
namespace {

using appliance::KeyAlgorithm;
using appliance::SealAuthorisationId;
using appliance::SerializeCanonical;
using Controllers = std::vector<const P256Signer*>;

class SealAdversaryTest : public AdversaryTest {
 protected:
  pb::SealAuthorisation Draft(const SealTestKey& key) {
    pb::CoreRequest begin;
    begin.mutable_begin_seal_authorisation()->set_record(AsString(key.Sealed()));
    const auto begun = host_.Ask(begin);
    ExpectDone(begun);
    appliance::Nonce nonce;
    EXPECT_TRUE(appliance::Assign(AsBytes(begun.begin_seal_authorisation().nonce()), nonce));
    return key.Authorisation(nonce);
  }
  pb::CoreRequest AuthoriseRequest(const SealTestKey& key, const pb::SealAuthorisation& statement,
                                   const Controllers& by) {
    pb::CoreRequest request;
    auto& act = *request.mutable_authorise_seal();
    act.set_record(AsString(key.Sealed()));
    const Bytes octets = SerializeCanonical(statement);
    act.set_authorisation(AsString(octets));
    for (const P256Signer* each : by) {
      auto& proof = *act.add_proofs();
      proof.set_authenticator_id(AsString(each->id()));
      proof.set_es256(AsString(each->Sign(octets)));
    }
    return request;
  }
  Controllers Two(const SealTestKey& key) { return {&key.controller(0), &key.controller(1)}; }
  SealAuthorisationId Authorised(const SealTestKey& key,
                                 const std::function<void(pb::SealAuthorisation&)>& change) {
    pb::SealAuthorisation statement = Draft(key);
    change(statement);
    const auto response = host_.Ask(AuthoriseRequest(key, statement, Two(key)));
    ExpectDone(response);
    SealAuthorisationId id;
    EXPECT_TRUE(appliance::Assign(AsBytes(response.authorise_seal().authorisation_id()), id));
    return id;
  }
  SealAuthorisationId Authorised() {
    return Authorised(key_, [](pb::SealAuthorisation&) {});
  }
  pb::CoreRequest SealRequest(const pb::SealBatch& batch, const P256Signer& client) {
    pb::CoreRequest request;
    auto& act = *request.mutable_seal();
    act.set_record(AsString(key_.Sealed()));
    const Bytes octets = SerializeCanonical(batch);
    act.set_batch(AsString(octets));
    act.set_client_signature(AsString(client.Sign(octets)));
    return request;
  }
  pb::CoreRequest SealRequest(const pb::SealBatch& batch) {
    return SealRequest(batch, key_.client());
  }
  size_t Sealed() { return Lines(pb::EVENT_TYPE_SEAL_INTENT).size(); }

  SealTestKey key_{host_.core(), KeyAlgorithm::kP256};
};

TEST_F(SealAdversaryTest, NoSealWithoutAnAuthorisation) {
  const pb::SealAuthorisation unsigned_draft = Draft(key_);
  const SealAuthorisationId draft{appliance::Sha256(SerializeCanonical(unsigned_draft))};
  ExpectRefused(SealRequest(key_.Batch(draft, 1, 1)), "SEAL_UNAUTHORISED");
  ExpectRefused(SealRequest(key_.Batch(SealAuthorisationId{}, 1, 1)), "SEAL_UNAUTHORISED");
  EXPECT_EQ(Sealed(), 0u);
  // A seal's key answers to no activation, and a signer's to no batch.
  ExpectRefused(host_.BeginRequest(key_.Sealed(), {wanted_}), "KEY_PURPOSE");
  pb::CoreRequest begin;
  begin.mutable_begin_seal_authorisation()->set_record(
      AsString(host_.NewAccepted(mari_).record[2]));
  ExpectRefused(begin, "KEY_PURPOSE");
  // Control.
  ExpectDone(AuthoriseRequest(key_, unsigned_draft, Two(key_)));
  const auto sealed = host_.Ask(SealRequest(key_.Batch(draft, 1, 1)));
  ExpectDone(sealed);
  ASSERT_EQ(sealed.seal().results_size(), 1);
  EXPECT_TRUE(host_.core()
                  .token()
                  .VerifyEs256(key_.record().spki, *ToDigest(AsBytes(key_.Hash(1, 0))),
                               AsBytes(sealed.seal().results(0).signature()))
                  .ok());
  EXPECT_EQ(Sealed(), 1u);
}

TEST_F(SealAdversaryTest, OneControllerTooFewIsTooFew) {
  const pb::SealAuthorisation statement = Draft(key_);
  const P256Signer &one = key_.controller(0), &two = key_.controller(1);
  ExpectRefused(AuthoriseRequest(key_, statement, {&one}), "CONTROLLERS_MISSING");
  ExpectRefused(AuthoriseRequest(key_, statement, {&one, &one}), "CONTROLLERS_MISSING");
  ExpectRefused(AuthoriseRequest(key_, statement, {&one, &thief_}), "AUTHENTICATOR_UNKNOWN");
  ExpectRefused(AuthoriseRequest(key_, statement, {&one, &key_.client()}), "AUTHENTICATOR_UNKNOWN");
  // The second's signature, but over other bounds.
  pb::SealAuthorisation larger = statement;
  larger.set_most_signatures(1'000'000);
  pb::CoreRequest request = AuthoriseRequest(key_, larger, {&one});
  *request.mutable_authorise_seal()->add_proofs() =
      AuthoriseRequest(key_, statement, {&two}).authorise_seal().proofs(0);
  ExpectRefused(request, "SIGNATURE_WRONG");
  // No proof at all, or nine.
  ExpectRefused(AuthoriseRequest(key_, statement, {}), "REQUEST_INVALID");
  ExpectRefused(AuthoriseRequest(key_, statement, Controllers(9, &one)), "REQUEST_INVALID");
  ExpectDone(AuthoriseRequest(key_, statement, {&one, &two}));  // Control.
  EXPECT_EQ(Lines(pb::EVENT_TYPE_SEAL_AUTHORISED).size(), 1u);
  const auto line = Lines(pb::EVENT_TYPE_SEAL_AUTHORISED).front();
  EXPECT_EQ(line.statement(), AsString(SerializeCanonical(statement)));
  EXPECT_FALSE(line.proofs().empty());
}

TEST_F(SealAdversaryTest, OnlyTheAuthorisedClientsSignatureOverThisVeryBatchCounts) {
  const auto id = Authorised();
  ExpectRefused(SealRequest(key_.Batch(id, 1, 1), thief_), "SEAL_CLIENT");
  ExpectRefused(SealRequest(key_.Batch(id, 1, 1), key_.controller(0)), "SEAL_CLIENT");
  pb::CoreRequest other = SealRequest(key_.Batch(id, 1, 2));
  const pb::CoreRequest honest = SealRequest(key_.Batch(id, 1, 1));
  other.mutable_seal()->set_client_signature(honest.seal().client_signature());
  ExpectRefused(other, "SEAL_CLIENT");
  pb::CoreRequest none = honest;
  none.mutable_seal()->clear_client_signature();
  ExpectRefused(none, "SEAL_CLIENT");
  // A statement of another act, signed by this very client.
  pb::CoreRequest act = honest;
  const Bytes acceptance = ToBytes("intaglio/acceptance/v1");
  act.mutable_seal()->set_batch(AsString(acceptance));
  act.mutable_seal()->set_client_signature(AsString(key_.client().Sign(acceptance)));
  ExpectRefused(act, "STATEMENT_INVALID");
  EXPECT_EQ(Sealed(), 0u);
  ExpectDone(honest);  // Control.
}

TEST_F(SealAdversaryTest, TheQuotaIsNotExceededByOne) {
  const auto id = Authorised(key_, [](auto& each) { each.set_most_signatures(5); });
  ExpectRefused(SealRequest(key_.Batch(id, 1, 6)), "SEAL_QUOTA_SPENT");
  const auto four = host_.Ask(SealRequest(key_.Batch(id, 1, 4)));
  ExpectDone(four);
  EXPECT_EQ(four.seal().remaining(), 1u);
  EXPECT_TRUE(four.seal().nearly_spent());
  ExpectRefused(SealRequest(key_.Batch(id, 2, 2)), "SEAL_QUOTA_SPENT");
  ExpectDone(SealRequest(key_.Batch(id, 2, 1)));  // Control.
  ExpectRefused(SealRequest(key_.Batch(id, 3, 1)), "SEAL_QUOTA_SPENT");
  EXPECT_EQ(Lines(pb::EVENT_TYPE_SEAL_QUOTA_WARNING).size(), 1u);
  // The same authorisation once more brings no fresh quota.
  pb::CoreRequest status;
  status.mutable_seal_status()->set_key_id(AsString(key_.record().key_id.view()));
  const auto standing = host_.Ask(status);
  ASSERT_EQ(standing.seal_status().entries_size(), 1);
  EXPECT_EQ(standing.seal_status().entries(0).used_or_reserved(), 5u);
}

TEST_F(SealAdversaryTest, AWithdrawnAuthorisationIsWorthless) {
  const auto id = Authorised();
  ExpectDone(SealRequest(key_.Batch(id, 1, 1)));  // Control.
  pb::CoreRequest withdraw;
  auto& act = *withdraw.mutable_withdraw_seal();
  act.set_key_id(AsString(key_.record().key_id.view()));
  act.set_authorisation_id("short");
  ExpectRefused(withdraw, "REQUEST_INVALID");
  act.set_authorisation_id(AsString(id.view()));
  ExpectDone(withdraw);
  ExpectRefused(SealRequest(key_.Batch(id, 2, 1)), "SEAL_WITHDRAWN");
  EXPECT_EQ(Lines(pb::EVENT_TYPE_SEAL_WITHDRAWN).size(), 1u);
}

TEST_F(SealAdversaryTest, AReplayedBatchMakesNoSecondSignatureAlsoAfterARestart) {
  const auto id = Authorised();
  const pb::CoreRequest frame = SealRequest(key_.Batch(id, 1, 2));
  const auto first = host_.Ask(frame);
  ExpectDone(first);
  EXPECT_EQ(host_.Ask(frame).seal().SerializeAsString(), first.seal().SerializeAsString());
  EXPECT_EQ(Sealed(), 1u);
  ExpectRefused(SealRequest(key_.Batch(id, 1, 3)), "SEAL_SEQUENCE");
  // As after a restart: the rows are there, the memory is not.
  const auto& services = host_.core().services();
  appliance::SealLedger ledger(host_.core().state(), host_.core().clock(),
                               appliance::DecodeSealAuthorisation);
  appliance::SealBatches batches(services, ledger, 0);
  const auto seal = [&](const pb::CoreRequest& request) {
    appliance::SealBatches::Input input;
    input.record = ToBytes(request.seal().record());
    input.octets = ToBytes(request.seal().batch());
    input.batch = *appliance::DecodeSealBatch(input.octets);
    input.client_signature = ToBytes(request.seal().client_signature());
    return ReasonNameOf(batches.Run(input).status());
  };
  EXPECT_EQ(seal(frame), "SEAL_SEQUENCE");
  EXPECT_EQ(seal(SealRequest(key_.Batch(id, 2, 1))), "SEAL_SEQUENCE") << "may have been begun";
  EXPECT_EQ(seal(SealRequest(key_.Batch(id, 65, 1))), "");  // Control: the next free one.
}

TEST_F(SealAdversaryTest, AChunkThatTheClientDidNotSignForIsRefused) {
  const auto id = Authorised();
  const pb::SealBatch tree = key_.Tree(id, 1, 20, 8);
  const auto with_chunk = [&](uint32_t index, uint64_t hashes_of) {
    pb::CoreRequest request = SealRequest(tree);
    auto& chunk = *request.mutable_seal()->mutable_chunk();
    chunk.set_index(index);
    for (const auto& each : key_.ChunkHashes(hashes_of, 20, 8, index)) chunk.add_dtbsr(each);
    for (const auto& each : key_.Path(1, 20, 8, index)) chunk.add_path(AsString(each));
    return request;
  };
  ExpectRefused(with_chunk(1, 9), "SEAL_CHUNK");
  ExpectRefused(SealRequest(tree), "REQUEST_INVALID");
  ExpectDone(with_chunk(1, 1));  // Control.
  // With the batch under way, too.
  ExpectRefused(with_chunk(2, 9), "SEAL_CHUNK");
  ExpectDone(with_chunk(2, 1));
}

TEST_F(SealAdversaryTest, AnAuthorisationOfAnotherKeyCoreOrEpochIsWorthless) {
  SealTestKey other(host_.core(), KeyAlgorithm::kP256);
  const auto foreign = Authorised(other, [](auto&) {});
  ExpectRefused(SealRequest(key_.Batch(foreign, 1, 1), other.client()), "SEAL_UNAUTHORISED");
  ExpectRefused(AuthoriseRequest(key_, Draft(other), Two(key_)), "SEAL_UNAUTHORISED");
  pb::SealAuthorisation statement = Draft(key_);
  statement.set_core_instance(std::string(16, 'c'));
  ExpectRefused(AuthoriseRequest(key_, statement, Two(key_)), "WRONG_CORE");
  statement = Draft(key_);
  statement.set_instance_epoch(2);
  ExpectRefused(AuthoriseRequest(key_, statement, Two(key_)), "SEAL_EPOCH");
  const auto id = Authorised();
  ExpectDone(SealRequest(key_.Batch(id, 1, 1)));  // Control.
  host_.core().ChangeIdentity([](auto& identity) { ++identity.instance_epoch; });
  ExpectRefused(SealRequest(key_.Batch(id, 2, 1)), "SEAL_EPOCH");
}

TEST_F(SealAdversaryTest, OutsideItsWindowAnAuthorisationIsWorthless) {
  const int64_t now = host_.core().clock().Now().ms;
  const auto id = Authorised(key_, [&](auto& each) {
    each.set_not_before_ms(now + kHour);
    each.set_not_after_ms(now + 2 * kHour);
  });
  ExpectRefused(SealRequest(key_.Batch(id, 1, 1)), "SEAL_WINDOW");
  host_.core().clock().Advance(kHour);
  ExpectDone(SealRequest(key_.Batch(id, 1, 1)));  // Control.
  host_.core().clock().Advance(kHour);
  ExpectRefused(SealRequest(key_.Batch(id, 2, 1)), "SEAL_WINDOW");
}

TEST_F(SealAdversaryTest, ASuspendedOrBlockedKeySealsNothing) {
  const auto id = Authorised();
  key_.Row([](auto& row) { row.state = appliance::KeyState::kSuspended; });
  ExpectRefused(SealRequest(key_.Batch(id, 1, 1)), "KEY_SUSPENDED");
  ExpectRefused(AuthoriseRequest(key_, key_.Authorisation({}), Two(key_)), "SEAL_NONCE");
  key_.Row([](auto& row) { row.state = appliance::KeyState::kUsable; });
  ExpectDone(SealRequest(key_.Batch(id, 1, 1)));  // Control.
  pb::CoreRequest block;
  block.mutable_block_key()->set_key_id(AsString(key_.record().key_id.view()));
  ExpectDone(block);
  ExpectRefused(SealRequest(key_.Batch(id, 2, 1)), "KEY_BLOCKED");
}

TEST_F(SealAdversaryTest, APartlyBadFrameSaysWhichHashFailed) {
  const auto id = Authorised();
  pb::SealBatch batch = key_.Batch(id, 1, 3);
  batch.set_dtbsr(1, "short");
  const auto response = host_.Ask(SealRequest(batch));
  ExpectDone(response);
  ASSERT_EQ(response.seal().results_size(), 3);
  EXPECT_FALSE(response.seal().results(0).has_failure());
  EXPECT_EQ(response.seal().results(1).failure().reason_name(), "SEAL_HASH_LENGTH");
  EXPECT_FALSE(response.seal().results(2).signature().empty());
  pb::CoreRequest status;
  status.mutable_seal_status()->set_key_id("short");
  ExpectRefused(status, "REQUEST_INVALID");
}

TEST_F(SealAdversaryTest, AFullFrameFitsTheLink) {
  const auto id = Authorised();
  const auto response = host_.Ask(SealRequest(key_.Batch(id, 1, 10'000)));
  ExpectDone(response);
  EXPECT_EQ(response.seal().results_size(), 10'000);
  EXPECT_EQ(response.seal().remaining(), 0u);
}

}  // namespace
}  // namespace intaglio::testing_support
