// A core whose rows are lost: every act of its keys is shut, and rows made of its journal are those
// it had. Over the real link, with everything a host may do.
#include <filesystem>
#include <map>

#include "appliance/backup/reasons.h"
#include "appliance/backup/row_replay.h"
#include "appliance/domain/reasons.h"
#include "appliance/state/row_codec.h"
#include "tests/integration/adversary_fixture.h"
#include "tests/support/seal_test_key.h"
#include "tests/support/status_matchers.h"

namespace intaglio::testing_support {
namespace {

using appliance::RowReplay;
using ::testing::HasSubstr;

class LostRowsTest : public AdversaryTest {
 protected:
  void Lose() {
    host_.core().ChangeIdentity([](appliance::CoreIdentity& each) {
      each.rows_lost = true;
      each.instance_epoch = 2;
    });
  }
  static pb::Proof ProofBy(const P256Signer& signer, const Bytes& octets) {
    pb::Proof proof;
    proof.set_authenticator_id(AsString(signer.id()));
    proof.set_es256(AsString(signer.Sign(octets)));
    return proof;
  }
  pb::CoreRequest AdditionRequest(const HostileHost::Signer& to, const P256Signer& added) {
    const int64_t now = host_.core().clock().Now().ms;
    pb::AddAuthenticator statement;
    statement.set_context("intaglio/add-authenticator/v1");
    statement.set_core_instance(AsString(host_.core().identity().instance.view()));
    statement.set_key_id(AsString(to.key_id));
    statement.set_record_version(2);
    statement.mutable_authenticator()->set_kind(pb::AUTHENTICATOR_KIND_ES256_DEVICE);
    statement.mutable_authenticator()->set_spki(AsString(added.spki()));
    statement.set_issued_at_ms(now);
    statement.set_expires_at_ms(now + kMinute);
    const Bytes octets = appliance::SerializeCanonical(statement);
    pb::CoreRequest request;
    request.mutable_add_authenticator()->set_record(AsString(to.record[2]));
    request.mutable_add_authenticator()->set_statement(AsString(octets));
    *request.mutable_add_authenticator()->mutable_proof() = ProofBy(mari_, octets);
    return request;
  }
  pb::CoreRequest RemovalRequest(const HostileHost::Signer& of, const Bytes& record,
                                 const P256Signer& removed) {
    const int64_t now = host_.core().clock().Now().ms;
    pb::RemoveAuthenticator statement;
    statement.set_context("intaglio/remove-authenticator/v1");
    statement.set_core_instance(AsString(host_.core().identity().instance.view()));
    statement.set_key_id(AsString(of.key_id));
    statement.set_authenticator_id(AsString(removed.id()));
    statement.set_issued_at_ms(now);
    statement.set_expires_at_ms(now + kDay);
    const Bytes octets = appliance::SerializeCanonical(statement);
    pb::CoreRequest request;
    request.mutable_remove_authenticator()->set_record(AsString(record));
    request.mutable_remove_authenticator()->mutable_signer()->set_statement(AsString(octets));
    *request.mutable_remove_authenticator()->mutable_signer()->mutable_proof() =
        ProofBy(mari_, octets);
    return request;
  }
  HostileHost::Signer OneTime() {
    pb::IssuanceOrder order = host_.Order(mari_);
    order.mutable_core_generated()->set_use(pb::SUBJECT_KEY_USE_ONE_TIME);
    HostileHost::Signer signer = host_.NewKeyUnder(order);
    host::SubscriberRequest request = host_.HonestRequest(signer);
    request.validity.not_after = request.validity.not_before + kHour;
    const auto response = host_.Ask(host_.IssueRequest(signer, *host::BuildSubscriberTbs(request)));
    ExpectDone(response);
    signer.record[1] = ToBytes(response.issue_certificate().record());
    signer.certificate = ToBytes(response.issue_certificate().certificate());
    signer.serial = ToBytes(request.serial.octets());
    const auto accepted = host_.Ask(host_.AcceptRequest(signer, mari_));
    ExpectDone(accepted);
    signer.record[2] = ToBytes(accepted.accept_certificate().record());
    return signer;
  }
  void Sign(const HostileHost::Signer& signer) {
    const Bytes payload = Payload(signer.record[2], {wanted_});
    ExpectDone(host_.SignRequest(signer.record[2], payload, mari_));
  }
  std::vector<pb::JournalEntry> AllLines() {
    std::vector<pb::JournalEntry> out;
    for (const Bytes& each : host_.ReadJournal(100)) {
      EXPECT_TRUE(out.emplace_back().ParseFromArray(each.data(), static_cast<int>(each.size())));
    }
    return out;
  }
  StatusOr<RowReplay> Replay(const std::vector<pb::JournalEntry>& lines) {
    RowReplay replay(host_.core().records(), host_.core().clock().Now());
    for (const auto& each : lines) RETURN_IF_ERROR(replay.Apply(each));
    return replay;
  }
  // Rows by place, without what no line tells and nothing depends on.
  static std::map<std::string, Bytes> Rows(appliance::LmdbState& state) {
    std::map<std::string, Bytes> out;
    const auto carried = state.CarryRows(size_t{1} << 26);
    EXPECT_THAT(carried, IsOk());
    for (const appliance::CarriedRow& each : *carried) {
      Bytes value = each.value;
      if (auto key = appliance::DecodeKeyRow(value); each.table == "key" && key.ok()) {
        key->agreement_signature.clear();
        value = EncodeRow(*key);
      }
      if (auto ca = appliance::DecodeCaRow(value); each.table == "ca" && ca.ok()) {
        ca->last_this_update = {};
        value = EncodeRow(*ca);
      }
      if (each.table != "seal") out[each.table + " " + ToHex(each.key)] = std::move(value);
    }
    return out;
  }
  StatusOr<std::unique_ptr<appliance::LmdbState>> Rebuild(const RowReplay& replay) {
    ASSIGN_OR_RETURN(auto state,
                     appliance::LmdbState::Open(folder_.path() + "/rebuilt", SecretBytes(32),
                                                appliance::MapSize{64 << 20}));
    RETURN_IF_ERROR(state->Update([&](appliance::RowTransaction& rows) {
      return replay.PutRows(rows, {host_.core().records().CurrentEpoch()});
    }));
    RETURN_IF_ERROR(state->CheckAllRows());
    return state;
  }

  TemporaryFolder folder_;
  SealTestKey seal_{host_.core(), appliance::KeyAlgorithm::kP256};
};

TEST_F(LostRowsTest, EveryActIsShutUntilRowsAreRebuilt) {
  const auto mari = host_.NewAccepted(mari_);
  const auto unaccepted = host_.NewCertificate(mari_);
  const auto one_time = OneTime();
  const auto uncertified = host_.NewKey(mari_);
  const Bytes tbs = *host::BuildSubscriberTbs(host_.HonestRequest(uncertified));
  const Bytes payload = Payload(mari.record[2], {wanted_});
  const auto fresh_order = host_.ApproveByTwo(host_.Order(mari_));
  const auto generate = host_.CommandRequest(
      [](pb::Command& command) {
        command.mutable_generate_service_key()->set_purpose(pb::SERVICE_KEY_PURPOSE_STATUS);
        command.mutable_generate_service_key()->set_algorithm(pb::KEY_ALGORITHM_P256);
        command.mutable_generate_service_key()->set_label("another");
      },
      {}, {&host_.core().security(0), &host_.core().security(1)});
  const auto crl = host_.CrlTbs({.number = 5});
  host::OcspCertStatus good;
  const auto ocsp = host_.OcspRequest(mari.serial, good);
  pb::CoreRequest begin_seal;
  begin_seal.mutable_begin_seal_authorisation()->set_record(AsString(seal_.Sealed()));
  pb::CoreRequest seal_status;
  seal_status.mutable_seal_status()->set_key_id(AsString(seal_.record().key_id.view()));
  pb::CoreRequest block;
  block.mutable_block_key()->set_key_id(AsString(mari.key_id));
  pb::CoreRequest draw;
  draw.mutable_draw_serial()->set_ca_record(AsString(host_.ca_record()));
  const P256Signer second;
  const std::vector<pb::CoreRequest> acts = {
      host_.BeginRequest(mari.record[2], {wanted_}),
      host_.BeginRequest(one_time.record[2], {wanted_}),
      host_.BeginRequest(unaccepted.record[1], {appliance::Sha256(AsBytes("agreement"))}),
      host_.SignRequest(mari.record[2], payload, mari_),
      host_.AcceptRequest(unaccepted, mari_),
      host_.IssueRequest(uncertified, tbs),
      GenerateRequest(fresh_order),
      HostileHost::StateRequest(host_.Approve(host_.StateOrderFor(mari, pb::STATE_ACTION_REINSTATE),
                                              {&host_.core().revocation()})),
      AdditionRequest(mari, second),
      RemovalRequest(mari, mari.record[2], second),
      generate,
      ocsp,
      begin_seal,
      seal_status,
      block,
      draw,
  };
  Lose();
  for (const pb::CoreRequest& each : acts) {
    const auto response = host_.Ask(each);
    EXPECT_EQ(HostileHost::ReasonOf(response), "ROWS_LOST") << each.ShortDebugString();
    EXPECT_THAT(response.failure().detail(), HasSubstr("rebuild-rows"));
  }
  ExpectRefused(host_.SignCrl(crl), "ROWS_LOST");
  // The first of them by itself, as often as it is asked: taking the check out signs here.
  ExpectRefused(host_.SignRequest(mari.record[2], payload, mari_), "ROWS_LOST");
  // Control: with the rows there, all but the double ones are done.
  host_.core().ChangeIdentity([](appliance::CoreIdentity& each) { each.rows_lost = false; });
  ExpectDone(host_.SignRequest(mari.record[2], payload, mari_));
  ExpectDone(host_.BeginRequest(one_time.record[2], {wanted_}));
  ExpectDone(ocsp);
  ExpectDone(host_.SignCrl(crl));
  ExpectDone(host_.AcceptRequest(unaccepted, mari_));
}

TEST_F(LostRowsTest, RecordKeysAreNotDestroyedForWantOfRows) {
  CoreFixture& core = host_.core();
  appliance::RecordEpochs epochs(core.services(), core.record_keys());
  ASSERT_THAT(epochs.Begin(), IsOk());
  Lose();
  EXPECT_THAT(epochs.Tend(), IsOk());
  EXPECT_EQ(epochs.List()->size(), 2u);
  EXPECT_THAT(epochs.MayDestroy(1), FailsWith(appliance::kRowsLost));
}

TEST_F(LostRowsTest, RowsMadeOfTheJournalAreThoseTheCoreHad) {
  const auto usable = host_.NewAccepted(mari_);
  Sign(usable);
  const auto revoked = host_.NewAccepted(mari_);
  ExpectDone(host_.Revoke(revoked, pb::STATE_ACTION_REVOKE));
  const auto suspended = host_.NewAccepted(mari_);
  ExpectDone(host_.Revoke(suspended, pb::STATE_ACTION_SUSPEND));
  const auto reinstated = host_.NewAccepted(mari_);
  const auto suspend = HostileHost::StateRequest(host_.Approve(
      host_.StateOrderFor(reinstated, pb::STATE_ACTION_SUSPEND), {&host_.core().revocation()}));
  ExpectDone(suspend);
  host_.core().clock().Advance(2 * kSecond);
  ExpectDone(host_.Revoke(reinstated, pb::STATE_ACTION_REINSTATE));
  // The same order again has a line, and undoes nothing.
  ExpectDone(suspend);
  const auto held = host_.NewAccepted(mari_);
  ExpectDone(host_.Revoke(held, pb::STATE_ACTION_SUSPEND));
  host_.core().clock().Advance(2 * kSecond);
  ExpectDone(host_.Revoke(held, pb::STATE_ACTION_REVOKE));
  const auto blocked = host_.NewAccepted(mari_);
  pb::CoreRequest block;
  block.mutable_block_key()->set_key_id(AsString(blocked.key_id));
  ExpectDone(block);
  const auto one_time = OneTime();
  Sign(one_time);
  (void)OneTime();
  const P256Signer second;
  const auto grown = host_.NewAccepted(mari_);
  const auto added = host_.Ask(AdditionRequest(grown, second));
  ExpectDone(added);
  ExpectDone(RemovalRequest(grown, ToBytes(added.add_authenticator().record()), second));
  const auto uncertified = host_.NewKey(mari_);
  (void)host_.NewCertificate(mari_);
  (void)host_.HonestRequest(uncertified);  // a serial that nothing was issued under

  // The lab put the seal's row in without a line; everything else has one.
  ASSERT_THAT(host_.core().journal().Flush(), IsOk());
  const auto replay = Replay(AllLines());
  ASSERT_THAT(replay, IsOk());
  EXPECT_EQ(replay->Count().revoked, 2u);
  EXPECT_EQ(replay->Count().suspended, 1u);
  const auto rebuilt = Rebuild(*replay);
  ASSERT_THAT(rebuilt, IsOk());
  auto had = Rows(host_.core().state());
  auto have = Rows(**rebuilt);
  const std::string seal = "key " + seal_.record().key_id.hex();
  EXPECT_EQ(had.erase(seal), 1u);
  // One live record less: the seal's.
  const std::string live = "meta " + ToHex(AsBytes("live"));
  for (auto* rows : {&had, &have}) {
    std::erase_if(*rows, [&](const auto& each) { return each.first.starts_with(live); });
  }
  for (const auto& [place, value] : had) {
    ASSERT_TRUE(have.contains(place)) << place;
    EXPECT_EQ(ToHex(have[place]), ToHex(value)) << place;
  }
  EXPECT_EQ(had.size(), have.size());
}

TEST_F(LostRowsTest, ARepeatedOrderAfterALostLineOpensNothing) {
  const auto mari = host_.NewAccepted(mari_);
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND));
  host_.core().clock().Advance(2 * kSecond);
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_REINSTATE));
  auto lines = AllLines();
  const auto find = [&](pb::EventType type) {
    return std::find_if(lines.begin(), lines.end(),
                        [&](const auto& each) { return each.type() == type; });
  };
  // The reinstatement's line was lost, a later suspension has one, and the host asked again.
  pb::JournalEntry later = *find(pb::EVENT_TYPE_SUSPENDED);
  pb::StateOrder order;
  ASSERT_TRUE(order.ParseFromString(later.statement()));
  order.set_order_id(std::string(32, 'o'));
  const Bytes octets = appliance::SerializeCanonical(order);
  later.set_statement(AsString(octets));
  later.set_statement_digest(AsString(appliance::Sha256(octets)));
  later.set_wall_ms(host_.core().clock().Now().ms + kSecond);
  lines.insert(find(pb::EVENT_TYPE_REINSTATED), later);
  const auto replay = Replay(lines);
  ASSERT_THAT(replay, IsOk());
  EXPECT_EQ(replay->Count().suspended, 1u);
}

TEST_F(LostRowsTest, AnOneTimeKeyWhoseIntentStandsIsSpent) {
  const auto key = OneTime();
  Sign(key);
  auto lines = AllLines();
  std::erase_if(lines, [](const auto& each) {
    return each.type() == pb::EVENT_TYPE_SIGNED || each.type() == pb::EVENT_TYPE_KEY_DESTROYED;
  });
  const auto replay = Replay(lines);
  ASSERT_THAT(replay, IsOk());
  const auto rebuilt = Rebuild(*replay);
  ASSERT_THAT(rebuilt, IsOk());
  appliance::KeyId id;
  ASSERT_TRUE(appliance::Assign(ByteView(key.key_id), id));
  const auto row = *(*rebuilt)->FindKey(id);
  EXPECT_TRUE(row->spent);
  EXPECT_EQ(row->state, appliance::KeyState::kDestroyed);
}

TEST_F(LostRowsTest, OrdersThatEndedAreLeftOutAndEpochsThatEndedAreRaised) {
  (void)host_.NewAccepted(mari_);
  RowReplay replay(host_.core().records(), host_.core().clock().Now() + 30 * kDay);
  for (const auto& each : AllLines()) ASSERT_THAT(replay.Apply(each), IsOk());
  EXPECT_EQ(replay.Count().orders, 0u);
  auto state = appliance::LmdbState::Open(folder_.path() + "/later", SecretBytes(32),
                                          appliance::MapSize{64 << 20});
  ASSERT_THAT(state, IsOk());
  ASSERT_THAT((*state)->Update([&](appliance::RowTransaction& rows) {
    return replay.PutRows(rows, {4, 7});
  }),
              IsOk());
  EXPECT_EQ(*(*state)->LiveRecords(4), replay.Count().keys);
  EXPECT_EQ(*(*state)->LiveRecords(7), 0u);
}

TEST_F(LostRowsTest, ALineThatCannotBeARowStopsIt) {
  const auto mari = host_.NewAccepted(mari_);
  ExpectDone(host_.Revoke(mari, pb::STATE_ACTION_SUSPEND));
  const auto lines = AllLines();
  const auto refused = [&](pb::EventType type,
                           const std::function<void(pb::JournalEntry&)>& change) {
    auto changed = lines;
    const auto found = std::find_if(changed.begin(), changed.end(),
                                    [&](const auto& each) { return each.type() == type; });
    EXPECT_NE(found, changed.end()) << type;
    if (found != changed.end()) change(*found);
    EXPECT_THAT(Replay(changed).status(), FailsWith(appliance::kLostJournalLine)) << type;
  };
  refused(pb::EVENT_TYPE_KEY_GENERATED, [](auto& line) { line.clear_statement(); });
  refused(pb::EVENT_TYPE_KEY_GENERATED, [](auto& line) { line.clear_sealed_record(); });
  refused(pb::EVENT_TYPE_KEY_GENERATED, [](auto& line) { line.set_key_id("short"); });
  // Without its key the next line speaks of nothing.
  refused(pb::EVENT_TYPE_KEY_GENERATED, [](auto& line) { line.set_type(pb::EVENT_TYPE_STARTED); });
  refused(pb::EVENT_TYPE_SERIAL_DRAWN, [](auto& line) { line.clear_serial(); });
  refused(pb::EVENT_TYPE_CERTIFICATE_INTENT, [](auto& line) { line.clear_content_digest(); });
  refused(pb::EVENT_TYPE_CERTIFICATE_SIGNED, [](auto& line) { line.clear_certificate(); });
  refused(pb::EVENT_TYPE_CERTIFICATE_ACCEPTED, [](auto& line) { line.clear_sealed_record(); });
  refused(pb::EVENT_TYPE_SUSPENDED, [](auto& line) { line.set_type(pb::EVENT_TYPE_REINSTATED); });
  refused(pb::EVENT_TYPE_SUSPENDED, [](auto& line) { line.set_statement("other"); });
  refused(pb::EVENT_TYPE_COMMAND_EXECUTED, [](auto& line) { line.clear_statement_digest(); });
  refused(pb::EVENT_TYPE_SUSPENDED, [](auto& line) { line.set_type(pb::EVENT_TYPE_ZEROISED); });
  refused(pb::EVENT_TYPE_SUSPENDED,
          [](auto& line) { line.set_type(static_cast<pb::EventType>(4711)); });
  pb::JournalEntry restored;
  restored.set_type(pb::EVENT_TYPE_RESTORED);
  EXPECT_THAT(Replay({restored}).status(), FailsWith(appliance::kLostJournalLink));
}

}  // namespace
}  // namespace intaglio::testing_support
