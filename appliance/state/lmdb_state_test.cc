#include "appliance/state/lmdb_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <thread>

#include "appliance/domain/reasons.h"
#include "appliance/state/reasons.h"
#include "appliance/state/row_codec.h"
#include "appliance/state/state_test_rows.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::TempDir;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LmdbStateTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    state_.reset();
    auto opened = OpenTestState(dir_.Sub("state"));
    ASSERT_THAT(opened, IsOk());
    state_ = std::move(*opened);
  }
  void ExpectSumsHold() {
    EXPECT_THAT(state_->CheckAllRows(), IsOk());
    EXPECT_EQ(*state_->StateHash(), *state_->RecomputeStateHash());
  }
  std::vector<std::string> RevokedSerials(const KeyId& issuer, const Serial& after, size_t limit) {
    std::vector<std::string> hex;
    auto rows = state_->RevokedAfter(issuer, after, limit);
    EXPECT_THAT(rows, IsOk());
    for (const RevokedRow& row : *rows) hex.push_back(ToHex(row.serial.octets));
    return hex;
  }

  TempDir dir_;
  std::unique_ptr<LmdbState> state_;
};

TEST_F(LmdbStateTest, ReasonIdsAreUniqueInTheirRange) {
  std::set<std::string_view> ids;
  for (const Reason* reason : kStateReasons) {
    EXPECT_TRUE(ids.insert(reason->id).second);
    EXPECT_GE(reason->id, "APL-0500");
    EXPECT_LT(reason->id, "APL-0550");
  }
}

TEST_F(LmdbStateTest, ANewStoreHasNothing) {
  EXPECT_EQ(*state_->FindKey(TestKeyId(1)), std::nullopt);
  EXPECT_EQ(*state_->FindSerial(TestKeyId(1), TestSerial("01")), std::nullopt);
  EXPECT_EQ(*state_->FindOrder(TestDigest(1)), std::nullopt);
  EXPECT_EQ(state_->FindCa(TestKeyId(1))->last_crl_number, 0u);
  EXPECT_THAT(RevokedSerials(TestKeyId(1), {}, 10), IsEmpty());
  EXPECT_EQ(*state_->StateHash(), Digest{});
  EXPECT_EQ(*state_->LoadInstance(), std::nullopt);
  EXPECT_EQ(*state_->LoadEpoch(1), std::nullopt);
  EXPECT_EQ(*state_->LoadLatestEpoch(), std::nullopt);
  EXPECT_EQ(*state_->LoadTime(), std::nullopt);
  EXPECT_EQ(*state_->LoadJournalAnchor(), std::nullopt);
}

TEST_F(LmdbStateTest, EveryFieldOfEveryRowSurvivesReopening) {
  const KeyRow key{3, KeyState::kBlocked, Bytes{1, 0, 2}};
  const CaRow ca{41, WallTime{1'700'000'000'000}};
  ASSERT_THAT(state_->Update([&](RowTransaction& rows) -> Status {
    RETURN_IF_ERROR(rows.PutKey(TestKeyId(1), key));
    RETURN_IF_ERROR(
        rows.PutSerial(TestKeyId(2), TestSerial("40aa"), TestSerialRow(SerialState::kSuspended)));
    RETURN_IF_ERROR(rows.PutOrder(TestDigest(3), TestOrder(WallTime{9})));
    return rows.PutCa(TestKeyId(2), ca);
  }),
              IsOk());
  const Digest hash = *state_->StateHash();
  Reopen();
  EXPECT_EQ(*state_->StateHash(), hash);
  ExpectSumsHold();

  const KeyRow key_back = **state_->FindKey(TestKeyId(1));
  EXPECT_EQ(key_back.version, 3u);
  EXPECT_EQ(key_back.state, KeyState::kBlocked);
  EXPECT_EQ(key_back.agreement_signature, (Bytes{1, 0, 2}));

  const SerialRow serial = **state_->FindSerial(TestKeyId(2), TestSerial("40aa"));
  EXPECT_EQ(serial.state, SerialState::kSuspended);
  EXPECT_EQ(serial.tbs_sha256, TestDigest(1));
  EXPECT_EQ(serial.certificate_sha256, TestDigest(2));
  EXPECT_EQ(serial.key_id, TestKeyId(77));
  EXPECT_EQ(serial.not_after.ms, 2'000'000'000'000);
  EXPECT_EQ(serial.changed_at.ms, 1'700'000'000'000);
  EXPECT_EQ(serial.reason, CrlReason::kCertificateHold);

  const std::vector<RevokedRow> revoked = *state_->RevokedAfter(TestKeyId(2), {}, 10);
  ASSERT_EQ(revoked.size(), 1u);
  EXPECT_EQ(revoked[0].serial, TestSerial("40aa"));
  EXPECT_EQ(revoked[0].revoked_at.ms, 1'700'000'000'000);
  EXPECT_EQ(revoked[0].reason, CrlReason::kCertificateHold);
  EXPECT_EQ(revoked[0].not_after.ms, 2'000'000'000'000);

  const OrderRow order = **state_->FindOrder(TestDigest(3));
  const OrderRow expected = TestOrder(WallTime{9});
  EXPECT_EQ(order.expires_at, expected.expires_at);
  EXPECT_EQ(order.key_id, expected.key_id);
  EXPECT_EQ(order.sealed_record, expected.sealed_record);
  EXPECT_EQ(order.spki, expected.spki);
  EXPECT_EQ(order.serial, expected.serial);
  EXPECT_EQ(order.certificate, expected.certificate);
  EXPECT_EQ(order.certified_record, expected.certified_record);
  EXPECT_EQ(order.issue_intent_tbs_sha256, expected.issue_intent_tbs_sha256);

  EXPECT_EQ(state_->FindCa(TestKeyId(2))->last_crl_number, 41u);
  EXPECT_EQ(state_->FindCa(TestKeyId(2))->last_this_update.ms, 1'700'000'000'000);
}

TEST_F(LmdbStateTest, EveryStateOfKeysAndSerialsIsKept) {
  for (const KeyState key_state :
       {KeyState::kUsable, KeyState::kSuspended, KeyState::kBlocked, KeyState::kDestroyed}) {
    EXPECT_EQ(DecodeKeyRow(EncodeRow(KeyRow{0, key_state, {}}))->state, key_state);
  }
  for (const SerialState serial_state :
       {SerialState::kDrawn, SerialState::kIntent, SerialState::kIssued, SerialState::kSuspended,
        SerialState::kRevoked}) {
    EXPECT_EQ(DecodeSerialRow(EncodeRow(TestSerialRow(serial_state)))->state, serial_state);
  }
}

TEST_F(LmdbStateTest, APendingChangeOfTheIdentityLastsUntilItIsMade) {
  StoredInstance instance;
  instance.attestation_spki = {1};
  EXPECT_THAT(state_->Update([&](RowTransaction& rows) { return rows.PutIdentity({}); }),
              FailsWith(kRowsMissing));
  ASSERT_THAT(state_->StoreInstance(instance), IsOk());
  PendingIdentity pending{instance.identity, TestDigest(9), 41};
  pending.identity.roster_version = 2;
  ASSERT_THAT(
      state_->Update([&](RowTransaction& rows) { return rows.PutPendingIdentity(pending); }),
      IsOk());
  Reopen();
  const auto back = *state_->FindPendingIdentity();
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->identity.roster_version, 2u);
  EXPECT_EQ(back->statement_digest, TestDigest(9));
  EXPECT_EQ(back->journal_sequence, 41u);
  EXPECT_EQ((*state_->LoadInstance())->identity.roster_version, 1u);
  ASSERT_THAT(
      state_->Update([&](RowTransaction& rows) { return rows.PutIdentity(back->identity); }),
      IsOk());
  EXPECT_FALSE((*state_->FindPendingIdentity()).has_value());
  EXPECT_EQ((*state_->LoadInstance())->identity.roster_version, 2u);
  EXPECT_EQ((*state_->LoadInstance())->attestation_spki, Bytes{1});
  ExpectSumsHold();
  EXPECT_THAT(DecodePendingIdentity(Bytes(39)), FailsWith(kRowUnreadable));
}

TEST_F(LmdbStateTest, TheDaemonsRowsSurviveReopening) {
  StoredInstance instance;
  instance.identity.instance.octets[0] = 7;
  instance.identity.commands_need = 3;
  for (const Role role : {Role::kSecurityOfficer, Role::kRegistrationOfficer,
                          Role::kRevocationOfficer, Role::kAuditor}) {
    Officer officer;
    officer.id.octets[0] = static_cast<uint8_t>(role);
    officer.role = role;
    officer.name = "officer";
    officer.spki = {0x30};
    instance.identity.roster.push_back(officer);
  }
  instance.identity.qscd_entry = {"LAB-1", WallTime{5}};
  instance.identity.roster[0].until = WallTime{6};
  instance.identity.instance_epoch = 2;
  instance.identity.roster_version = 9;
  instance.identity.configuration_sha256 = TestDigest(3);
  instance.identity.device_roots = {{6}, {7}};
  instance.identity.pinned_hosts = {{TestDigest(4), WallTime{0}}, {TestDigest(5), WallTime{8}}};
  instance.identity.upgrade = {"1.0.0", "1.1.0", TestDigest(6)};
  instance.format = 1;
  instance.written_by = "1.0.0";
  instance.program_sha256 = TestDigest(7);
  instance.attestation_spki = {1};
  instance.attestation_certificate = {2};
  instance.attestation_chain = {{3}, {4}};
  instance.attestation_cka_id = {5};
  ASSERT_THAT(state_->StoreInstance(instance), IsOk());
  ASSERT_THAT(state_->StoreEpoch({300, {1, 2}, WallTime{10}}), IsOk());
  ASSERT_THAT(state_->StoreEpoch({2, {3}, WallTime{11}}), IsOk());
  const Digest hash = *state_->StateHash();
  ASSERT_THAT(state_->StoreTime({WallTime{99}, 12}), IsOk());
  ASSERT_THAT(state_->StoreJournalAnchor({77, TestDigest(8)}), IsOk());
  EXPECT_EQ(*state_->StateHash(), hash) << "marks move without an event";
  Reopen();
  ExpectSumsHold();

  const StoredInstance back = **state_->LoadInstance();
  EXPECT_EQ(back.identity.instance, instance.identity.instance);
  EXPECT_EQ(back.identity.commands_need, 3u);
  ASSERT_EQ(back.identity.roster.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(back.identity.roster[i].id, instance.identity.roster[i].id);
    EXPECT_EQ(back.identity.roster[i].role, instance.identity.roster[i].role);
    EXPECT_EQ(back.identity.roster[i].name, "officer");
    EXPECT_EQ(back.identity.roster[i].spki, Bytes{0x30});
  }
  EXPECT_EQ(back.identity.qscd_entry.entry_id, "LAB-1");
  EXPECT_EQ(back.identity.qscd_entry.valid_until.ms, 5);
  EXPECT_EQ(back.identity.roster[0].until.ms, 6);
  EXPECT_EQ(back.identity.roster[1].until.ms, 0);
  EXPECT_EQ(back.identity.instance_epoch, 2u);
  EXPECT_EQ(back.identity.roster_version, 9u);
  EXPECT_EQ(back.identity.configuration_sha256, TestDigest(3));
  EXPECT_EQ(back.identity.device_roots, instance.identity.device_roots);
  ASSERT_EQ(back.identity.pinned_hosts.size(), 2u);
  EXPECT_EQ(back.identity.pinned_hosts[1].certificate_sha256, TestDigest(5));
  EXPECT_EQ(back.identity.pinned_hosts[1].until.ms, 8);
  ASSERT_TRUE(back.identity.upgrade.has_value());
  EXPECT_EQ(back.identity.upgrade->from_version, "1.0.0");
  EXPECT_EQ(back.identity.upgrade->to_version, "1.1.0");
  EXPECT_EQ(back.identity.upgrade->program_sha256, TestDigest(6));
  EXPECT_EQ(back.format, 1u);
  EXPECT_EQ(back.written_by, "1.0.0");
  EXPECT_EQ(back.program_sha256, TestDigest(7));
  EXPECT_EQ(back.attestation_spki, instance.attestation_spki);
  EXPECT_EQ(back.attestation_certificate, instance.attestation_certificate);
  EXPECT_EQ(back.attestation_chain, instance.attestation_chain);
  EXPECT_EQ(back.attestation_cka_id, instance.attestation_cka_id);

  EXPECT_EQ((*state_->LoadEpoch(2))->sealed_record_key, Bytes{3});
  EXPECT_EQ((*state_->LoadEpoch(2))->created_at.ms, 11);
  EXPECT_EQ(*state_->LoadEpoch(3), std::nullopt);
  EXPECT_EQ((*state_->LoadLatestEpoch())->epoch, 300u);
  EXPECT_EQ((*state_->LoadTime())->high_water.ms, 99);
  EXPECT_EQ((*state_->LoadTime())->boot_count, 12u);
  EXPECT_EQ((*state_->LoadJournalAnchor())->sequence, 77u);
  EXPECT_EQ((*state_->LoadJournalAnchor())->chain_hash, TestDigest(8));
  EXPECT_THAT(state_->StoreEpoch({0, {}, {}}), FailsWith(kRowInvalid));
}

TEST_F(LmdbStateTest, RevokedSerialsComeShorterFirstThenOctetByOctet) {
  const KeyId issuer = TestKeyId(10);
  for (const char* serial : {"40000000000000000000000000000001", "ff", "0100", "01", "0101",
                             "40000000000000000000000000000000", "7f"}) {
    ASSERT_THAT(PutTestSerial(*state_, issuer, serial, SerialState::kRevoked), IsOk());
  }
  // Neighbours in the key space that must not show.
  ASSERT_THAT(PutTestSerial(*state_, TestKeyId(9), "7f", SerialState::kRevoked), IsOk());
  ASSERT_THAT(PutTestSerial(*state_, TestKeyId(11), "01", SerialState::kRevoked), IsOk());
  ASSERT_THAT(PutTestSerial(*state_, issuer, "02", SerialState::kIssued), IsOk());

  EXPECT_THAT(RevokedSerials(issuer, {}, 100),
              ElementsAre("01", "7f", "ff", "0100", "0101", "40000000000000000000000000000000",
                          "40000000000000000000000000000001"));
  EXPECT_THAT(RevokedSerials(issuer, {}, 2), ElementsAre("01", "7f"));
  EXPECT_THAT(RevokedSerials(issuer, TestSerial("7f"), 2), ElementsAre("ff", "0100"));
  EXPECT_THAT(RevokedSerials(issuer, TestSerial("80"), 1), ElementsAre("ff"));
  EXPECT_THAT(RevokedSerials(issuer, TestSerial("ff"), 1), ElementsAre("0100"));
  EXPECT_THAT(RevokedSerials(issuer, TestSerial("40000000000000000000000000000001"), 9), IsEmpty());
  EXPECT_THAT(RevokedSerials(issuer, {}, 0), IsEmpty());
  ExpectSumsHold();
}

TEST_F(LmdbStateTest, TheRevokedEntryFollowsTheSerialsState) {
  const KeyId issuer = TestKeyId(1);
  for (const auto& [state, listed] :
       std::vector<std::pair<SerialState, size_t>>{{SerialState::kDrawn, 0},
                                                   {SerialState::kIntent, 0},
                                                   {SerialState::kIssued, 0},
                                                   {SerialState::kSuspended, 1},
                                                   {SerialState::kIssued, 0},
                                                   {SerialState::kRevoked, 1}}) {
    ASSERT_THAT(PutTestSerial(*state_, issuer, "40", state), IsOk());
    EXPECT_EQ(state_->RevokedAfter(issuer, {}, 10)->size(), listed);
    ExpectSumsHold();
  }
}

TEST_F(LmdbStateTest, SerialsOutOfBoundsAreRefused) {
  const std::string too_long(42, '1');
  for (const std::string& serial : {std::string(), too_long}) {
    EXPECT_THAT(PutTestSerial(*state_, TestKeyId(1), serial, SerialState::kDrawn),
                FailsWith(kRowInvalid));
    EXPECT_THAT(state_->FindSerial(TestKeyId(1), TestSerial(serial)), FailsWith(kRowInvalid));
  }
  EXPECT_THAT(state_->RevokedAfter(TestKeyId(1), TestSerial(too_long), 1), FailsWith(kRowInvalid));
}

TEST_F(LmdbStateTest, NothingIsChangedWhenTheChangeFails) {
  ASSERT_THAT(PutTestSerial(*state_, TestKeyId(1), "40", SerialState::kIssued), IsOk());
  const Digest hash = *state_->StateHash();
  EXPECT_THAT(state_->Update([&](RowTransaction& rows) -> Status {
    RETURN_IF_ERROR(rows.PutKey(TestKeyId(1), KeyRow{}));
    RETURN_IF_ERROR(
        rows.PutSerial(TestKeyId(1), TestSerial("40"), TestSerialRow(SerialState::kRevoked)));
    EXPECT_TRUE(rows.FindKey(TestKeyId(1))->has_value()) << "a change sees its own writes";
    EXPECT_EQ((*rows.FindSerial(TestKeyId(1), TestSerial("40")))->state, SerialState::kRevoked);
    EXPECT_EQ(*state_->FindKey(TestKeyId(1)), std::nullopt) << "others see them once committed";
    return Fail(kKeyBlocked, "second thoughts");
  }),
              FailsWith(kKeyBlocked));
  EXPECT_EQ(*state_->FindKey(TestKeyId(1)), std::nullopt);
  EXPECT_EQ((*state_->FindSerial(TestKeyId(1), TestSerial("40")))->state, SerialState::kIssued);
  EXPECT_THAT(RevokedSerials(TestKeyId(1), {}, 10), IsEmpty());
  EXPECT_EQ(*state_->StateHash(), hash);
  ExpectSumsHold();
}

TEST_F(LmdbStateTest, TheStateHashDependsOnRowsNotOnTheirHistory) {
  const auto put = [&](uint64_t key, uint64_t version) {
    ASSERT_THAT(state_->Update([&](RowTransaction& rows) {
      return rows.PutKey(TestKeyId(key), KeyRow{version, KeyState::kUsable, {}});
    }),
                IsOk());
  };
  put(1, 1);
  put(2, 1);
  const Digest two_rows = *state_->StateHash();
  put(1, 2);
  EXPECT_NE(*state_->StateHash(), two_rows);
  put(1, 1);
  EXPECT_EQ(*state_->StateHash(), two_rows);
}

TEST_F(LmdbStateTest, ExpiredOrdersArePurgedOldestFirstAndBounded) {
  const WallTime expiries[] = {WallTime{-5}, WallTime{10}, WallTime{20}, WallTime{30}};
  for (uint8_t i = 0; i < 4; ++i) {
    ASSERT_THAT(state_->Update([&](RowTransaction& rows) {
      return rows.PutOrder(TestDigest(i), TestOrder(expiries[i]));
    }),
                IsOk());
  }
  // An order that is stored again with a later expiry is found by that one alone.
  ASSERT_THAT(state_->Update([&](RowTransaction& rows) {
    return rows.PutOrder(TestDigest(1), TestOrder(WallTime{25}));
  }),
              IsOk());
  EXPECT_EQ(*state_->PurgeExpiredOrders(WallTime{25}, 0), 0u);
  EXPECT_EQ(*state_->PurgedUntil(), WallTime{});
  EXPECT_EQ(*state_->PurgeExpiredOrders(WallTime{25}, 1), 1u);
  EXPECT_EQ(*state_->FindOrder(TestDigest(0)), std::nullopt);
  EXPECT_TRUE(state_->FindOrder(TestDigest(2))->has_value());
  EXPECT_EQ(*state_->PurgeExpiredOrders(WallTime{25}, 10), 1u);
  EXPECT_EQ(*state_->FindOrder(TestDigest(2)), std::nullopt);
  EXPECT_TRUE(state_->FindOrder(TestDigest(1))->has_value()) << "it expires now, not before";
  EXPECT_EQ(*state_->PurgeExpiredOrders(WallTime{1000}, 10), 2u);
  EXPECT_EQ(*state_->PurgeExpiredOrders(WallTime{1000}, 10), 0u);
  // What is forgotten is remembered by its latest end, not by the clock that forgot it.
  EXPECT_EQ(*state_->PurgedUntil(), WallTime{30});
  ExpectSumsHold();
}

TEST_F(LmdbStateTest, WritersFromManyThreadsLoseNothing) {
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < 20; ++i) {
        EXPECT_THAT(state_->Update([&](RowTransaction& rows) -> Status {
          ASSIGN_OR_RETURN(CaRow ca, rows.FindCa(TestKeyId(1)));
          ++ca.last_crl_number;
          RETURN_IF_ERROR(rows.PutCa(TestKeyId(1), ca));
          return rows.PutKey(TestKeyId(100 * t + i), KeyRow{});
        }),
                    IsOk());
        EXPECT_THAT(state_->FindCa(TestKeyId(1)), IsOk());
        EXPECT_THAT(state_->StateHash(), IsOk());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(state_->FindCa(TestKeyId(1))->last_crl_number, 160u);
  ExpectSumsHold();
}

TEST_F(LmdbStateTest, OneThreadMayHoldManyReadTransactions) {
  auto env = LmdbEnv::Open(dir_.Sub("env"), kTestMapSize);
  ASSERT_THAT(env, IsOk());
  std::vector<LmdbTxn> open;
  for (int i = 0; i < 300; ++i) {
    auto txn = LmdbTxn::BeginRead(**env);
    ASSERT_THAT(txn, IsOk()) << i;
    open.push_back(std::move(*txn));
  }
}

TEST_F(LmdbStateTest, AFullMapIsNamedAndHarmsNothing) {
  state_.reset();
  auto small = LmdbState::Open(dir_.Sub("small"), TestMacKey(), MapSize{1 << 20});
  ASSERT_THAT(small, IsOk());
  Status last;
  uint8_t stored = 0;
  for (; stored < 100; ++stored) {
    OrderRow order = TestOrder(WallTime{1000});
    order.sealed_record.assign(32 * 1024, stored);
    last = (*small)->Update(
        [&](RowTransaction& rows) { return rows.PutOrder(TestDigest(stored), order); });
    if (!last.ok()) break;
  }
  EXPECT_THAT(last, FailsWith(kStateFull));
  EXPECT_GT(stored, 3);
  EXPECT_TRUE((*small)->FindOrder(TestDigest(stored - 1))->has_value());
  EXPECT_EQ(*(*small)->FindOrder(TestDigest(stored)), std::nullopt);
  EXPECT_THAT((*small)->CheckAllRows(), IsOk());

  small->reset();
  auto larger = LmdbState::Open(dir_.Sub("small"), TestMacKey(), MapSize{4 << 20});
  ASSERT_THAT(larger, IsOk());
  OrderRow order = TestOrder(WallTime{1000});
  order.sealed_record.assign(32 * 1024, stored);
  EXPECT_THAT((*larger)->Update(
                  [&](RowTransaction& rows) { return rows.PutOrder(TestDigest(stored), order); }),
              IsOk());
  EXPECT_THAT((*larger)->CheckAllRows(), IsOk());
}

TEST_F(LmdbStateTest, OnlyOneOwnerAtATime) {
  EXPECT_THAT(OpenTestState(dir_.Sub("state")), FailsWith(kDirectoryInUse));
}

TEST_F(LmdbStateTest, ADirectoryOpenToOthersIsRefused) {
  state_.reset();
  ASSERT_EQ(chmod(dir_.Sub("state").c_str(), 0750), 0);
  EXPECT_THAT(OpenTestState(dir_.Sub("state")), FailsWith(kDirectoryUnusable));
  EXPECT_THAT(OpenTestState(dir_.Sub("no/such/parent")), FailsWith(kDirectoryUnusable));
  ASSERT_EQ(symlink(dir_.path().c_str(), dir_.Sub("link").c_str()), 0);
  EXPECT_THAT(OpenTestState(dir_.Sub("link")), FailsWith(kDirectoryUnusable));
}

TEST_F(LmdbStateTest, FilesAreForTheOwnerAlone) {
  struct stat found {};
  ASSERT_EQ(stat(dir_.Sub("state").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  ASSERT_EQ(stat(dir_.Sub("state/data.mdb").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0077, 0u);
}

TEST_F(LmdbStateTest, AShortMacKeyIsRefused) {
  EXPECT_THAT(LmdbState::Open(dir_.Sub("other"), SecretBytes(16), kTestMapSize),
              FailsWith(kMacKeyInvalid));
}

TEST_F(LmdbStateTest, AFileThatIsNoStoreIsUnavailable) {
  ASSERT_EQ(mkdir(dir_.Sub("junk").c_str(), 0700), 0);
  FILE* file = fopen(dir_.Sub("junk/data.mdb").c_str(), "w");
  ASSERT_NE(file, nullptr);
  for (int i = 0; i < 10'000; ++i) fputc('x', file);
  fclose(file);
  EXPECT_THAT(OpenTestState(dir_.Sub("junk")), FailsWith(kStateUnavailable));
}

}  // namespace
}  // namespace intaglio::appliance
