// What rebuilding refuses, and that it leaves the database as it was. The whole way, with a real
// core and real keys, is tests/e2e/recover.
#include "host/recovery/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/journal/journal_test_lines.h"
#include "host/journal/reasons.h"
#include "host/recovery/reasons.h"
#include "host/statements/statement_composer.h"
#include "host/store/sql_store.h"
#include "intaglio/core/v1/record.pb.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

std::string SealedAs(uint64_t version, uint32_t epoch) {
  pb::SealedRecord sealed;
  sealed.set_version(version);
  sealed.set_epoch(epoch);
  return sealed.SerializeAsString();
}

class RecoveryTest : public ::testing::Test {
 protected:
  // A key ordered and generated.
  void Generate(const std::string& key_id, const std::string& application, uint64_t version) {
    pb::IssuanceOrder order;
    order.set_policy_oid("0.4.0.194112.1.2");
    order.set_signer_id(application);
    order.mutable_subject()->set_common_name("Mari Maasikas");
    order.add_authenticators()->set_spki("spki");
    pb::JournalEntry entry;
    entry.set_type(pb::EVENT_TYPE_KEY_GENERATED);
    entry.set_key_id(key_id);
    entry.set_statement(AsString(SerializeCanonical(order)));
    entry.set_sealed_record(SealedAs(version, 1));
    journal_.Add(entry);
  }
  void Reseal(const std::string& key_id, uint64_t version, uint32_t epoch) {
    pb::JournalEntry entry;
    entry.set_type(pb::EVENT_TYPE_RECORD_RESEALED);
    entry.set_key_id(key_id);
    entry.set_sealed_record(SealedAs(version, epoch));
    journal_.Add(entry);
  }
  // With what stands in the journal now under a checkpoint.
  StatusOr<RecoveryFindings> Run(const Bytes& spki = {}) {
    journal_.Checkpoint();
    return RunAsItStands(spki);
  }
  StatusOr<RecoveryFindings> RunAsItStands(const Bytes& spki = {},
                                           std::optional<RecoveryInput::Head> head = {}) {
    const std::string path = folder_.path() + "/journal.bin";
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    for (const Bytes& line : journal_.lines()) {
      const Bytes framed = FrameLine(line);
      file.write(reinterpret_cast<const char*>(framed.data()),
                 static_cast<std::streamsize>(framed.size()));
    }
    file.close();
    return Recover({path, spki, head, {}}, *store_, statements_);
  }
  std::string RecordOf(const std::string& key_id) {
    const auto found = *store_->FindCredential(ToHex(AsBytes(key_id)));
    return found ? std::string(AsString(found->sealed_record)) : "none";
  }

  testing_support::TempDir folder_;
  std::unique_ptr<SqlStore> store_ = *SqlStore::Open(folder_.path() + "/host.db");
  StatementComposer statements_;
  TestJournal journal_;
  const std::string key_ = std::string(16, 'k');
};

TEST_F(RecoveryTest, MakesApplicationsAndCredentialsOnceAndSaysWhatIsUnfinished) {
  Generate(key_, "app-1", 0);
  Reseal(key_, 0, 2);
  const auto found = Run();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->applications, 1u);
  EXPECT_EQ(found->credentials, 1u);
  EXPECT_THAT(found->unfinished, ::testing::ElementsAre(ToHex(AsBytes(key_))));
  EXPECT_EQ(RecordOf(key_), SealedAs(0, 2));
  const auto application = *store_->FindApplication("app-1");
  ASSERT_TRUE(application);
  EXPECT_EQ(application->person.common_name, "Mari Maasikas");
  const auto again = Run();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->applications + again->credentials + again->records, 0u);
}

TEST_F(RecoveryTest, AnExportOlderThanTheDatabaseBringsNoRecordBack) {
  Generate(key_, "app-1", 0);
  Reseal(key_, 0, 3);
  ASSERT_TRUE(Run().ok());
  Reseal(key_, 0, 4);
  ASSERT_TRUE(Run().ok());
  journal_.lines().erase(journal_.lines().end() - 2, journal_.lines().end());
  ASSERT_TRUE(RunAsItStands().ok());
  EXPECT_EQ(RecordOf(key_), SealedAs(0, 4));
}

TEST_F(RecoveryTest, WritesNothingFromAJournalThatDoesNotHold) {
  Generate(key_, "app-1", 0);
  Generate(std::string(16, 'l'), "app-2", 0);
  journal_.lines()[0].back() ^= 1;
  EXPECT_FALSE(Run().ok());
  EXPECT_EQ(RecordOf(key_), "none");
}

TEST_F(RecoveryTest, WhatNobodySignedIsNotEntered) {
  Generate(key_, "app-1", 0);
  EXPECT_REASON(RunAsItStands().status(), kRecoveryUnsigned);
  EXPECT_EQ(RecordOf(key_), "none");
  journal_.Checkpoint();
  // A line that whoever holds the file put behind the last checkpoint.
  Reseal(key_, 0, 2);
  const auto found = RunAsItStands();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->entered_until, 1u);
  EXPECT_EQ(found->journal.last_sequence, 3u);
  EXPECT_EQ(RecordOf(key_), SealedAs(0, 1));
}

TEST_F(RecoveryTest, TheCoresWordVouchesForTheLastLines) {
  Generate(key_, "app-1", 0);
  Reseal(key_, 0, 2);
  RecoveryInput::Head head{2, journal_.head()};
  Reseal(key_, 0, 3);
  const auto found = RunAsItStands({}, head);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->entered_until, 2u);
  EXPECT_EQ(RecordOf(key_), SealedAs(0, 2));
  head.chain_hash[0] ^= 1;
  EXPECT_REASON(RunAsItStands({}, head).status(), kRecoveryHead);
  EXPECT_REASON(RunAsItStands({}, RecoveryInput::Head{9, journal_.head()}).status(), kRecoveryHead);
}

TEST_F(RecoveryTest, ARevokedCertificateDoesNotComeBack) {
  Generate(key_, "app-1", 0);
  ASSERT_TRUE(Run().ok());
  ASSERT_TRUE(store_
                  ->Update([&](StoreTransaction& rows) -> Status {
                    ASSIGN_OR_RETURN(auto credential, rows.FindCredential(ToHex(AsBytes(key_))));
                    credential->serial = "4d01";
                    credential->state = CertificateState::kRevoked;
                    return rows.PutCredential(*credential);
                  })
                  .ok());
  pb::JournalEntry entry;
  entry.set_type(pb::EVENT_TYPE_REINSTATED);
  entry.set_serial(std::string("\x4d\x01"));
  entry.set_statement_digest(std::string(32, 'd'));
  journal_.Add(entry);
  EXPECT_REASON(Run().status(), kRecoveryUnreadable);
}

TEST_F(RecoveryTest, WritesNothingUnderAnotherJournalKey) {
  Generate(key_, "app-1", 0);
  EXPECT_REASON(Run(TestJournal().journal_spki()).status(), kJournalForged);
  EXPECT_EQ(RecordOf(key_), "none");
}

TEST_F(RecoveryTest, AnEmptyDatabaseNeedsTheJournalFromItsFirstLine) {
  journal_.AddType(pb::EVENT_TYPE_INITIALISED);
  Generate(key_, "app-1", 0);
  journal_.Checkpoint();
  journal_.lines().erase(journal_.lines().begin());
  EXPECT_REASON(RunAsItStands().status(), kRecoveryIncomplete);
}

TEST_F(RecoveryTest, SaysWhichLineItCannotEnter) {
  pb::JournalEntry entry;
  entry.set_type(pb::EVENT_TYPE_KEY_GENERATED);
  entry.set_key_id(key_);
  entry.set_statement("no order");
  journal_.Add(entry);
  const auto found = Run();
  EXPECT_REASON(found.status(), kRecoveryUnreadable);
  EXPECT_THAT(DetailOf(found.status()), ::testing::HasSubstr("line 1"));
}

}  // namespace
}  // namespace intaglio::host
