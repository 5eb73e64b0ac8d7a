// What somebody with the store's file can do to it, and what the core then says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lmdb.h>

#include "appliance/crypto/hash.h"
#include "appliance/state/lmdb_state.h"
#include "appliance/state/reasons.h"
#include "appliance/state/row_keys.h"
#include "appliance/state/state_test_rows.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::TempDir;

// Raw access to one table, as an attacker has it.
class RawStore final {
 public:
  RawStore(const std::string& dir, const char* table) {
    Must(mdb_env_create(&env_));
    Must(mdb_env_set_maxdbs(env_, 16));
    Must(mdb_env_open(env_, dir.c_str(), 0, 0600));
    Must(mdb_txn_begin(env_, nullptr, 0, &txn_));
    Must(mdb_dbi_open(txn_, table, 0, &table_));
  }
  ~RawStore() {
    Must(mdb_txn_commit(txn_));
    mdb_env_close(env_);
  }
  Bytes Get(ByteView key) {
    MDB_val name = Val(key), value{};
    Must(mdb_get(txn_, table_, &name, &value));
    return ToBytes(ByteView(static_cast<const uint8_t*>(value.mv_data), value.mv_size));
  }
  void Put(ByteView key, ByteView stored) {
    MDB_val name = Val(key), value = Val(stored);
    Must(mdb_put(txn_, table_, &name, &value, 0));
  }
  void Delete(ByteView key) {
    MDB_val name = Val(key);
    Must(mdb_del(txn_, table_, &name, nullptr));
  }

 private:
  static MDB_val Val(ByteView octets) {
    return {octets.size(), const_cast<uint8_t*>(octets.data())};
  }
  static void Must(int result) { ASSERT_EQ(result, 0) << mdb_strerror(result); }

  MDB_env* env_ = nullptr;
  MDB_txn* txn_ = nullptr;
  MDB_dbi table_ = 0;
};

class LmdbStateAttackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Open();
    ASSERT_THAT(state_->Update([&](RowTransaction& rows) -> Status {
      RETURN_IF_ERROR(rows.PutKey(TestKeyId(1), KeyRow{2, KeyState::kBlocked, {}}));
      RETURN_IF_ERROR(rows.PutKey(TestKeyId(2), KeyRow{}));
      RETURN_IF_ERROR(rows.PutOrder(TestDigest(3), TestOrder(WallTime{10})));
      RETURN_IF_ERROR(rows.PutCa(TestKeyId(4), CaRow{7, WallTime{1000}}));
      return rows.PutSerial(TestKeyId(4), TestSerial("40"), TestSerialRow(SerialState::kRevoked));
    }),
                IsOk());
    ASSERT_THAT(state_->StoreTime({WallTime{50}, 1}), IsOk());
    ASSERT_THAT(state_->StoreJournalAnchor({9, TestDigest(9)}), IsOk());
    state_.reset();
  }
  Status TryOpen() {
    auto opened = OpenTestState(path());
    if (opened.ok()) state_ = std::move(*opened);
    return opened.status();
  }
  void Open() { ASSERT_THAT(TryOpen(), IsOk()); }
  std::string path() const { return dir_.Sub("state"); }
  Bytes RevokedKey() const { return *SerialKey(TestKeyId(4), TestSerial("40")); }

  TempDir dir_;
  std::unique_ptr<LmdbState> state_;
};

TEST_F(LmdbStateAttackTest, UntouchedRowsHold) {
  Open();
  EXPECT_THAT(state_->CheckAllRows(), IsOk());
}

TEST_F(LmdbStateAttackTest, AFlippedOctetAnywhereInARowIsForged) {
  const Bytes stored = RawStore(path(), "key").Get(TestKeyId(1).view());
  for (size_t i = 0; i < stored.size(); ++i) {
    Bytes changed = stored;
    changed[i] ^= 0x01;
    RawStore(path(), "key").Put(TestKeyId(1).view(), changed);
    Open();
    EXPECT_THAT(state_->FindKey(TestKeyId(1)), FailsWith(kRowForged)) << i;
    EXPECT_THAT(state_->FindKey(TestKeyId(2)), IsOk());
    EXPECT_THAT(state_->CheckAllRows(), FailsWith(kRowForged));
    EXPECT_THAT(state_->RecomputeStateHash(), FailsWith(kRowForged));
    state_.reset();
  }
}

TEST_F(LmdbStateAttackTest, AForgedRowIsNotWashedCleanByOverwritingIt) {
  RawStore(path(), "key").Put(TestKeyId(1).view(), Bytes(40, 1));
  Open();
  EXPECT_THAT(
      state_->Update([](RowTransaction& rows) { return rows.PutKey(TestKeyId(1), KeyRow{}); }),
      FailsWith(kRowForged));
}

TEST_F(LmdbStateAttackTest, AShortenedRowIsForged) {
  RawStore(path(), "key").Put(TestKeyId(1).view(), Bytes(31, 1));
  Open();
  EXPECT_THAT(state_->FindKey(TestKeyId(1)), FailsWith(kRowForged));
}

TEST_F(LmdbStateAttackTest, ARowUnderAnotherKeyIsForged) {
  // Key 2 is usable; give its row to the blocked key 1.
  const Bytes usable = RawStore(path(), "key").Get(TestKeyId(2).view());
  RawStore(path(), "key").Put(TestKeyId(1).view(), usable);
  Open();
  EXPECT_THAT(state_->FindKey(TestKeyId(1)), FailsWith(kRowForged));
}

TEST_F(LmdbStateAttackTest, ARowInAnotherTableIsForged) {
  const Bytes row = RawStore(path(), "ca").Get(TestKeyId(4).view());
  RawStore(path(), "key").Put(TestKeyId(4).view(), row);
  Open();
  EXPECT_THAT(state_->FindKey(TestKeyId(4)), FailsWith(kRowForged));
}

TEST_F(LmdbStateAttackTest, AForgedRevokedEntryStopsTheWalk) {
  Bytes stored = RawStore(path(), "revoked").Get(RevokedKey());
  stored[0] ^= 1;
  RawStore(path(), "revoked").Put(RevokedKey(), stored);
  Open();
  EXPECT_THAT(state_->RevokedAfter(TestKeyId(4), {}, 10), FailsWith(kRowForged));
}

TEST_F(LmdbStateAttackTest, ARemovedRowIsFoundByTheSums) {
  Open();
  const Digest hash = *state_->StateHash();
  state_.reset();
  RawStore(path(), "revoked").Delete(RevokedKey());
  Open();
  EXPECT_THAT(state_->CheckAllRows(), FailsWith(kRowsMissing));
  EXPECT_EQ(*state_->StateHash(), hash);
  EXPECT_NE(*state_->RecomputeStateHash(), hash);
}

TEST_F(LmdbStateAttackTest, AnOlderCopyOfARowIsFoundByTheSums) {
  const Bytes before = RawStore(path(), "key").Get(TestKeyId(2).view());
  Open();
  ASSERT_THAT(state_->Update([](RowTransaction& rows) {
    return rows.PutKey(TestKeyId(2), KeyRow{0, KeyState::kDestroyed, {}});
  }),
              IsOk());
  state_.reset();
  RawStore(path(), "key").Put(TestKeyId(2).view(), before);
  Open();
  EXPECT_THAT(state_->FindKey(TestKeyId(2)), IsOk());
  EXPECT_THAT(state_->CheckAllRows(), FailsWith(kRowsMissing));
}

TEST_F(LmdbStateAttackTest, ARemovedMarkStopsOpening) {
  RawStore(path(), "mark").Delete(AsBytes("journal"));
  EXPECT_THAT(TryOpen(), FailsWith(kRowsMissing));
}

TEST_F(LmdbStateAttackTest, AnOlderMarkStopsOpening) {
  const Bytes before = RawStore(path(), "mark").Get(AsBytes("time"));
  Open();
  ASSERT_THAT(state_->StoreTime({WallTime{60}, 2}), IsOk());
  state_.reset();
  RawStore(path(), "mark").Put(AsBytes("time"), before);
  EXPECT_THAT(TryOpen(), FailsWith(kRowsMissing));
}

TEST_F(LmdbStateAttackTest, RemovedOrForgedSumsStopOpening) {
  const Bytes sums = RawStore(path(), "head").Get(AsBytes("sums"));
  Bytes changed = sums;
  changed[0] ^= 1;
  RawStore(path(), "head").Put(AsBytes("sums"), changed);
  EXPECT_THAT(TryOpen(), FailsWith(kRowForged));
  RawStore(path(), "head").Delete(AsBytes("sums"));
  EXPECT_THAT(TryOpen(), FailsWith(kRowForged));
  RawStore(path(), "head").Put(AsBytes("other"), sums);
  EXPECT_THAT(TryOpen(), FailsWith(kRowForged));
}

TEST_F(LmdbStateAttackTest, AnotherMacKeyOpensNothing) {
  EXPECT_THAT(LmdbState::Open(path(), SecretBytes(32), kTestMapSize), FailsWith(kRowForged));
}

TEST_F(LmdbStateAttackTest, AnOrderThatVanishedBeforeItExpiredStopsThePurge) {
  RawStore(path(), "order").Delete(TestDigest(3));
  Open();
  EXPECT_THAT(state_->PurgeExpiredOrders(WallTime{1000}, 10), FailsWith(kRowsMissing));
}

TEST_F(LmdbStateAttackTest, ARowOfANewerVersionIsUnreadableNotDefaulted) {
  auto mac = RowMac::Create(TestMacKey());
  ASSERT_THAT(mac, IsOk());
  const auto put = [&](const char* name, Table table, ByteView key, ByteView value) {
    RawStore(path(), name).Put(key, Concat({value, mac->Of(table, key, value)}));
  };
  const Bytes id = ToBytes(TestKeyId(1).view());
  const Bytes digest = Concat({*FromHex("2220"), TestDigest(1)});
  put("key", Table::kKey, id, Concat({*FromHex("1009"), digest}));  // key state 9
  put("ca", Table::kCa, id, *FromHex("ff"));                        // not a message
  put("serial", Table::kSerial, RevokedKey(), *FromHex("0809"));    // serial state 9
  put("revoked", Table::kRevoked, RevokedKey(), *FromHex("1063"));  // CRL reason 99
  put("order", Table::kOrder, TestDigest(3), *FromHex("1201aa"));   // a key id of one octet
  put("expiry", Table::kExpiry, *FromHex("01"), {});
  put("meta", Table::kMeta, AsBytes("core"), *FromHex("0a01aa"));
  Open();
  EXPECT_THAT(state_->FindKey(TestKeyId(1)), FailsWith(kRowUnreadable));
  EXPECT_THAT(state_->FindCa(TestKeyId(1)), FailsWith(kRowUnreadable));
  EXPECT_THAT(state_->FindSerial(TestKeyId(4), TestSerial("40")), FailsWith(kRowUnreadable));
  EXPECT_THAT(state_->RevokedAfter(TestKeyId(4), {}, 1), FailsWith(kRowUnreadable));
  EXPECT_THAT(state_->FindOrder(TestDigest(3)), FailsWith(kRowUnreadable));
  EXPECT_THAT(state_->PurgeExpiredOrders(WallTime{1}, 1), FailsWith(kRowUnreadable));
  EXPECT_THAT(state_->LoadInstance(), FailsWith(kRowUnreadable));
}

}  // namespace
}  // namespace intaglio::appliance
