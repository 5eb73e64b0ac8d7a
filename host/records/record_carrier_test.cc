// Carrying records to a new record key, over the real store. The core is played by a port that
// follows the rule of ResealPort and can fail.
#include "host/records/record_carrier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "host/domain/usecase_reasons.h"
#include "host/store/sql_store.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

// Records are "key:version@epoch"; the core counts what it was shown under the present epoch.
class RecordingCore final : public ResealPort {
 public:
  StatusOr<uint32_t> RecordEpoch() override { return epoch; }
  StatusOr<std::vector<StatusOr<Bytes>>> Reseal(const std::vector<Bytes>& records) override {
    EXPECT_LE(records.size(), 100u);
    if (calls_until_gone-- == 0) return Fail(kServiceNotReady, "gone");
    std::vector<StatusOr<Bytes>> out;
    for (const Bytes& each : records) {
      const std::string text(AsString(each));
      const std::string name = text.substr(0, text.find('@'));
      const std::string sealed = name + "@" + std::to_string(epoch);
      if (refused.contains(name)) {
        out.push_back(refused_why);
        continue;
      }
      if (sealed == text) shown.insert(name);
      out.push_back(ToBytes(sealed));
    }
    return out;
  }
  uint32_t epoch = 2;
  int calls_until_gone = -1;
  std::set<std::string> shown, refused;
  Status refused_why;
};

class RecordCarrierTest : public ::testing::Test {
 protected:
  void Put(const std::string& id, const std::string& record) {
    Credential credential;
    credential.id = id;
    credential.sealed_record = ToBytes(record);
    ASSERT_TRUE(
        store_->Update([&](StoreTransaction& rows) { return rows.PutCredential(credential); })
            .ok());
  }
  std::string Kept(const std::string& id) {
    return std::string(AsString((*store_->FindCredential(id))->sealed_record));
  }
  size_t Run() {
    const auto carried = carrier_.Run([] { return false; });
    EXPECT_TRUE(carried.ok()) << carried.status();
    return carried.value_or(0);
  }

  testing_support::TempDir folder_;
  std::unique_ptr<SqlStore> store_ = *SqlStore::Open(folder_.path() + "/host.db");
  RecordingCore core_;
  RecordCarrier carrier_{core_, *store_};
};

TEST_F(RecordCarrierTest, CarriesEveryRecordAndShowsTheCoreThatItHasIt) {
  for (int i = 0; i < 250; ++i) Put("key" + std::to_string(i), std::to_string(i) + "@1");
  ServiceKey ca;
  ca.id = "ca";
  ca.sealed_record = ToBytes("ca@1");
  ASSERT_TRUE(store_->Update([&](StoreTransaction& rows) { return rows.PutServiceKey(ca); }).ok());
  EXPECT_EQ(Run(), 251u);
  EXPECT_EQ(core_.shown.size(), 251u);
  EXPECT_EQ(Kept("key17"), "17@2");
  EXPECT_EQ(AsString((*store_->FindServiceKey("ca"))->sealed_record), "ca@2");
  EXPECT_EQ(Run(), 0u);
}

TEST_F(RecordCarrierTest, ACoreThatGoesAwayBetweenStoringAndShowingIsShownLater) {
  Put("one", "one@1");
  core_.calls_until_gone = 1;
  EXPECT_FALSE(carrier_.Run([] { return false; }).ok());
  EXPECT_EQ(Kept("one"), "one@2");
  EXPECT_TRUE(core_.shown.empty());
  core_.calls_until_gone = -1;
  EXPECT_EQ(Run(), 1u);
  EXPECT_EQ(core_.shown.count("one"), 1u);
}

TEST_F(RecordCarrierTest, ARefusedRecordIsTriedAgainAndADestroyedOneIsNot) {
  Put("one", "one@1");
  Put("two", "two@1");
  core_.refused = {"one"};
  core_.refused_why = Fail(kServiceNotReady, "no");
  EXPECT_EQ(Run(), 1u);
  EXPECT_EQ(Kept("two"), "two@2");
  core_.refused_why =
      FailRemote(absl::StatusCode::kFailedPrecondition, "APL-0014", "KEY_DESTROYED", "");
  EXPECT_EQ(Run(), 1u);
  EXPECT_EQ(Run(), 0u);
  EXPECT_EQ(Kept("one"), "one@1");
}

TEST_F(RecordCarrierTest, ANewerVersionIsNeverOverwritten) {
  Put("one", "one@1");
  const KeptRecord old{RecordHome::kCredential, "one", ToBytes("one@1"), 0};
  Put("one", "newer@2");
  ASSERT_TRUE(store_->ReplaceRecords({{old, ToBytes("one@2")}}).ok());
  EXPECT_EQ(Kept("one"), "newer@2");
  // Nor is it taken for carried because its predecessor was.
  ASSERT_TRUE(store_->SettleRecords({old}, 2).ok());
  EXPECT_EQ(store_->RecordsToCarry(RecordHome::kCredential, 2, {}, 10)->size(), 1u);
}

TEST_F(RecordCarrierTest, StopsWhenAsked) {
  Put("one", "one@1");
  EXPECT_EQ(*carrier_.Run([] { return true; }), 0u);
}

}  // namespace
}  // namespace intaglio::host
