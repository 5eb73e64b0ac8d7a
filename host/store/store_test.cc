// The contract of a StorePort, run over each engine, and what is particular to SQLite files.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "host/store/migrations.h"
#include "host/store/reasons.h"
#include "host/store/sql_bytes.h"
#include "host/store/sql_store.h"
#include "host/x509/public_key.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

using testing::ElementsAre;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::TempDir;

constexpr WallTime kNow{1'795'000'000'000};

// Every octet value, zeros at both ends.
Bytes AllOctets() {
  Bytes out{0, 0};
  for (int i = 0; i < 256; ++i) out.push_back(static_cast<uint8_t>(i));
  out.push_back(0);
  return out;
}

Application SomeApplication(const std::string& id) {
  Application out;
  out.id = id;
  out.state = ApplicationState::kApproved;
  out.person = {.country = "EE",
                .given_name = "Mari",
                .surname = "O'Brien \"; DROP TABLE",
                .common_name = "Õ",
                .serial_number = "PNOEE-48001085718",
                .pseudonym = ""};
  out.authenticator_spki = AllOctets();
  out.authenticator_kind = AuthenticatorKind::kEs256Device;
  out.created_at = kNow;
  out.statement = Bytes(3, 0);
  out.signature = AllOctets();
  out.evidence_digest = Bytes(32, 0);
  out.evidence_officer = Bytes(32, 9);
  out.order = {AllOctets(), {{Bytes(32, 0), Bytes{0, 1, 0}}, {Bytes(32, 7), Bytes{}}}};
  out.order_expires_at = kNow + kDay;
  out.refusal = "APL-0001 X";
  out.credential_id = "c";
  return out;
}

Credential SomeCredential(const std::string& id, const std::string& serial) {
  Credential out;
  out.id = id;
  out.application_id = "a";
  out.sealed_record = AllOctets();
  out.spki = AllOctets();
  out.evidence = Bytes(5, 0);
  out.state = CertificateState::kIssued;
  out.intended_tbs = AllOctets();
  out.serial = serial;
  out.certificate = Bytes{0};
  out.not_after = kNow + 365 * kDay;
  out.changed_at = kNow;
  out.agreement_cms = Bytes{0, 0};
  return out;
}

struct Engine {
  const char* name;
  StatusOr<std::unique_ptr<StorePort>> (*open)(const TempDir&, const Clock&);
};

StatusOr<std::unique_ptr<StorePort>> OpenSqlite(const TempDir& folder, const Clock& clock) {
  ASSIGN_OR_RETURN(auto store, SqlStore::Open(folder.Sub("host.db"), clock));
  return std::unique_ptr<StorePort>(std::move(store));
}

class StoreContract : public testing::TestWithParam<Engine> {
 protected:
  StoreContract() { Reopen(); }
  void Reopen() {
    store_.reset();
    auto store = GetParam().open(folder_, clock_);
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
  }
  Status Put(const Credential& credential) {
    return store_->Update([&](StoreTransaction& t) { return t.PutCredential(credential); });
  }
  Status Append(const std::string& serial, CertificateState state, ByteView authority = {}) {
    return store_->Update([&](StoreTransaction& t) {
      return t.AppendStatus({serial, state, kNow, RevocationReason::kSuperseded}, authority);
    });
  }
  std::vector<std::string> Listed() {
    std::vector<std::string> out;
    EXPECT_THAT(store_->WithRevoked([&](RevokedSnapshot& snapshot) -> Status {
      ASSIGN_OR_RETURN(const auto all, snapshot.After("", 1000));
      for (const SerialStatus& each : all) out.push_back(each.serial);
      return OkStatus();
    }),
                IsOk());
    return out;
  }
  uint64_t ListedSequence() {
    uint64_t out = 0;
    EXPECT_THAT(store_->WithRevoked([&](RevokedSnapshot& snapshot) -> Status {
      ASSIGN_OR_RETURN(out, snapshot.StatusSequence());
      return OkStatus();
    }),
                IsOk());
    return out;
  }

  TempDir folder_;
  FakeClock clock_{kNow};
  std::unique_ptr<StorePort> store_;
};

TEST_P(StoreContract, KeepsEveryFieldOfAnApplication) {
  const Application put = SomeApplication("a1");
  ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutApplication(put); }), IsOk());
  Reopen();
  const auto got = store_->FindApplication("a1");
  ASSERT_THAT(got, IsOk());
  ASSERT_TRUE(got->has_value());
  const Application& a = **got;
  EXPECT_EQ(a.state, put.state);
  EXPECT_EQ(a.policy, put.policy);
  EXPECT_EQ(a.person, put.person);
  EXPECT_EQ(a.authenticator_spki, put.authenticator_spki);
  EXPECT_EQ(a.authenticator_kind, put.authenticator_kind);
  EXPECT_EQ(a.created_at, put.created_at);
  EXPECT_EQ(a.statement, put.statement);
  EXPECT_EQ(a.signature, put.signature);
  EXPECT_EQ(a.evidence_digest, put.evidence_digest);
  EXPECT_EQ(a.evidence_officer, put.evidence_officer);
  EXPECT_EQ(a.order.octets, put.order.octets);
  ASSERT_EQ(a.order.approvals.size(), 2u);
  EXPECT_EQ(a.order.approvals[0].officer_id, put.order.approvals[0].officer_id);
  EXPECT_EQ(a.order.approvals[0].signature, put.order.approvals[0].signature);
  EXPECT_EQ(a.order_expires_at, put.order_expires_at);
  EXPECT_EQ(a.refusal, put.refusal);
  EXPECT_EQ(a.credential_id, put.credential_id);
  EXPECT_FALSE(a.seal.has_value());
}

TEST_P(StoreContract, KeepsWhomASealIsFor) {
  Application put = SomeApplication("a1");
  put.seal.emplace();
  put.seal->organization = {"EE", "Arhiiv AS", "VATEE-100000001", "Arhiiv"};
  put.seal->controllers = {{AuthenticatorKind::kEs256Device, Bytes(91, 1)},
                           {AuthenticatorKind::kEs256File, Bytes(91, 2)}};
  put.seal->controllers_need = 2;
  put.seal->key_algorithm = 2;
  ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutApplication(put); }), IsOk());
  Reopen();
  const auto got = store_->FindApplication("a1");
  ASSERT_THAT(got, IsOk());
  ASSERT_TRUE(got->has_value() && (*got)->seal.has_value());
  EXPECT_EQ((*got)->seal->organization, put.seal->organization);
  EXPECT_EQ((*got)->seal->controllers, put.seal->controllers);
  EXPECT_EQ((*got)->seal->controllers_need, 2u);
  EXPECT_EQ((*got)->seal->key_algorithm, 2);
}

TEST_P(StoreContract, FindsActiveSealsOfAnOrganisation) {
  Application application = SomeApplication("a1");
  application.seal.emplace();
  application.seal->organization = {"EE", "Arhiiv AS", "VATEE-100000001", "Arhiiv"};
  ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutApplication(application); }),
              IsOk());
  Credential older = SomeCredential("c1", "01");
  older.application_id = "a1";
  older.state = CertificateState::kActive;
  Credential newer = older;
  newer.id = "c2";
  newer.serial = "02";
  newer.not_after = older.not_after + kDay;
  Credential issued = older;
  issued.id = "c3";
  issued.serial = "03";
  issued.state = CertificateState::kIssued;
  Credential other = older;
  other.id = "c4";
  other.serial = "04";
  other.application_id = "a2";
  for (const Credential& each : {older, newer, issued, other}) ASSERT_THAT(Put(each), IsOk());
  const auto found = store_->FindSealCredentials("VATEE-100000001");
  ASSERT_THAT(found, IsOk());
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].id, "c2");
  EXPECT_EQ((*found)[1].id, "c1");
}

TEST_P(StoreContract, KeepsEveryFieldOfACredential) {
  const Credential put = SomeCredential("c1", "4d00ff");
  ASSERT_THAT(Put(put), IsOk());
  Reopen();
  for (const auto& got : {store_->FindCredential("c1"), store_->FindBySerial("4d00ff")}) {
    ASSERT_THAT(got, IsOk());
    ASSERT_TRUE(got->has_value());
    const Credential& c = **got;
    EXPECT_EQ(c.application_id, put.application_id);
    EXPECT_EQ(c.sealed_record, put.sealed_record);
    EXPECT_EQ(c.spki, put.spki);
    EXPECT_EQ(c.evidence, put.evidence);
    EXPECT_EQ(c.state, put.state);
    EXPECT_EQ(c.intended_tbs, put.intended_tbs);
    EXPECT_EQ(c.serial, put.serial);
    EXPECT_EQ(c.certificate, put.certificate);
    EXPECT_EQ(c.not_after, put.not_after);
    EXPECT_EQ(c.changed_at, put.changed_at);
    EXPECT_EQ(c.agreement_cms, put.agreement_cms);
  }
}

TEST_P(StoreContract, AUsableKeyIsAsNewAsItsCredential) {
  EXPECT_FALSE(store_->FindUsableKey("c1")->has_value());
  for (int i = 0; i < 12; ++i) {  // more often than there are readers
    ASSERT_THAT(store_->Update([&](StoreTransaction& t) -> Status {
      Credential credential = SomeCredential("c1", i > 0 ? "4d01" : "");
      credential.sealed_record = {static_cast<uint8_t>(i)};
      return t.PutCredential(credential);
    }),
                IsOk());
    const auto key = store_->FindUsableKey("c1");
    ASSERT_THAT(key, IsOk());
    EXPECT_EQ((*key)->sealed_record, Bytes{static_cast<uint8_t>(i)});
    EXPECT_EQ((*key)->serial, i > 0 ? "4d01" : "");
  }
}

TEST_P(StoreContract, SaysNothingOfWhatItDoesNotHave) {
  EXPECT_FALSE((*store_->FindApplication("x")).has_value());
  EXPECT_FALSE((*store_->FindCredential("x")).has_value());
  EXPECT_FALSE((*store_->FindBySerial("01")).has_value());
  EXPECT_FALSE((*store_->FindServiceKey("x")).has_value());
  EXPECT_FALSE((*store_->ActiveServiceKey(ServiceKeyPurpose::kStatus)).has_value());
  EXPECT_FALSE((*store_->FindStatus("01")).has_value());
  EXPECT_FALSE((*store_->FindOcsp("01")).has_value());
  EXPECT_FALSE((*store_->LatestCrl()).has_value());
  EXPECT_FALSE(*store_->IsCarriedOut(Bytes(32, 1)));
  EXPECT_TRUE((*store_->PendingChanges("")).empty());
  EXPECT_EQ(*store_->AuditHead(), Bytes(32, 0));
  EXPECT_EQ(ListedSequence(), 0u);
}

TEST_P(StoreContract, ListsApplicationsPageByPage) {
  for (const char* id : {"d", "a", "c", "b"}) {
    Application each = SomeApplication(id);
    if (*id == 'c') each.state = ApplicationState::kRejected;
    ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutApplication(each); }),
                IsOk());
  }
  auto ids = [&](std::optional<ApplicationState> state, const std::string& after, size_t most) {
    std::vector<std::string> out;
    const auto page = store_->ListApplications(state, after, most);
    for (const Application& each : *page) out.push_back(each.id);
    return out;
  };
  EXPECT_THAT(ids(std::nullopt, "", 3), ElementsAre("a", "b", "c"));
  EXPECT_THAT(ids(std::nullopt, "c", 3), ElementsAre("d"));
  EXPECT_THAT(ids(ApplicationState::kApproved, "a", 9), ElementsAre("b", "d"));
}

TEST_P(StoreContract, AFailedChangeLeavesNothing) {
  const Status status = store_->Update([&](StoreTransaction& t) -> Status {
    RETURN_IF_ERROR(t.PutApplication(SomeApplication("a1")));
    RETURN_IF_ERROR(t.AppendAudit({"event", "a1", ""}));
    EXPECT_TRUE((*t.FindApplication("a1")).has_value());  // reads see earlier writes
    return Fail(kStoreCorrupt, "the test says no");
  });
  EXPECT_THAT(status, FailsWith(kStoreCorrupt));
  EXPECT_FALSE((*store_->FindApplication("a1")).has_value());
  EXPECT_EQ(*store_->AuditHead(), Bytes(32, 0));
}

TEST_P(StoreContract, RefusesASerialTwice) {
  ASSERT_THAT(Put(SomeCredential("c1", "4d01")), IsOk());
  EXPECT_THAT(Put(SomeCredential("c2", "4d01")), FailsWith(kStoreConflict));
  ASSERT_THAT(Put(SomeCredential("c3", "")), IsOk());
  EXPECT_THAT(Put(SomeCredential("c4", "")), IsOk());  // without a certificate there is none
}

TEST_P(StoreContract, KeepsAPendingProofOfAnyMethod) {
  const PendingChange passkey{
      "03", {Bytes{1}, {}}, AuthenticatorProof{Bytes(32, 1), {}, Bytes{0, 1, 0}}};
  ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutPendingChange(passkey); }),
              IsOk());
  const auto kept = *store_->PendingChanges("03");
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].proof->authenticator_id, passkey.proof->authenticator_id);
  EXPECT_TRUE(kept[0].proof->es256.empty());
  EXPECT_EQ(kept[0].proof->other, passkey.proof->other);
}

TEST_P(StoreContract, ActsOnAnAuthorityOnce) {
  const Bytes order(32, 5);
  ASSERT_THAT(Append("4d01", CertificateState::kRevoked, order), IsOk());
  EXPECT_TRUE(*store_->IsCarriedOut(order));
  EXPECT_THAT(Append("4d01", CertificateState::kIssued, order), FailsWith(kStoreConflict));
  EXPECT_EQ((**store_->FindStatus("4d01")).state, CertificateState::kRevoked);
  ASSERT_THAT(Append("4d02", CertificateState::kIssued), IsOk());
  EXPECT_THAT(Append("4d03", CertificateState::kIssued), IsOk());  // issuing has no authority
}

TEST_P(StoreContract, ListsRevokedSerialsInTheOrderOfIntegers) {
  for (const char* serial : {"7f00", "01", "010000", "7f", "02ff"}) {
    ASSERT_THAT(Append(serial, CertificateState::kRevoked), IsOk());
  }
  ASSERT_THAT(Append("03", CertificateState::kSuspended), IsOk());
  ASSERT_THAT(Append("04", CertificateState::kIssued), IsOk());
  EXPECT_THAT(Listed(), ElementsAre("01", "03", "7f", "02ff", "7f00", "010000"));
  ASSERT_THAT(Append("03", CertificateState::kActive), IsOk());
  EXPECT_THAT(Listed(), ElementsAre("01", "7f", "02ff", "7f00", "010000"));
}

TEST_P(StoreContract, CountsOnlyWhatACrlTells) {
  ASSERT_THAT(Append("01", CertificateState::kIssued), IsOk());
  EXPECT_EQ(ListedSequence(), 0u);
  ASSERT_THAT(Append("01", CertificateState::kSuspended), IsOk());
  const uint64_t suspended = ListedSequence();
  EXPECT_EQ(suspended, (**store_->FindStatus("01")).sequence);
  ASSERT_THAT(Append("02", CertificateState::kActive), IsOk());
  EXPECT_EQ(ListedSequence(), suspended);
  ASSERT_THAT(Append("01", CertificateState::kActive), IsOk());  // leaves the list
  EXPECT_GT(ListedSequence(), suspended);
}

TEST_P(StoreContract, ASnapshotDoesNotSeeLaterChanges) {
  ASSERT_THAT(Append("01", CertificateState::kRevoked), IsOk());
  EXPECT_THAT(store_->WithRevoked([&](RevokedSnapshot& snapshot) -> Status {
    EXPECT_EQ(*snapshot.StatusSequence(), 1u);
    EXPECT_THAT(Append("02", CertificateState::kRevoked), IsOk());
    EXPECT_EQ((*snapshot.After("", 10)).size(), 1u);
    EXPECT_EQ(*snapshot.StatusSequence(), 1u);
    return OkStatus();
  }),
              IsOk());
  EXPECT_THAT(Listed(), ElementsAre("01", "02"));
}

TEST_P(StoreContract, KeepsPendingChangesInOrder) {
  const PendingChange first{"01", {AllOctets(), {{Bytes(32, 1), Bytes{0, 2}}}}, std::nullopt};
  const PendingChange second{"02", {Bytes{0}, {}}, AuthenticatorProof{Bytes(32, 0), Bytes{0, 9}}};
  const PendingChange third{"01", {Bytes{1}, {}}, std::nullopt};
  for (const PendingChange& each : {first, second, third}) {
    ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutPendingChange(each); }),
                IsOk());
  }
  EXPECT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutPendingChange(first); }),
              FailsWith(kStoreConflict));
  Reopen();
  const auto all = *store_->PendingChanges("");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].authority.octets, AllOctets());
  ASSERT_EQ(all[0].authority.approvals.size(), 1u);
  EXPECT_EQ(all[0].authority.approvals[0].signature, (Bytes{0, 2}));
  EXPECT_FALSE(all[0].proof.has_value());
  ASSERT_TRUE(all[1].proof.has_value());
  EXPECT_EQ(all[1].proof->es256, (Bytes{0, 9}));
  EXPECT_EQ((*store_->PendingChanges("01")).size(), 2u);
  ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.DropPendingChange(first); }),
              IsOk());
  EXPECT_EQ((*store_->PendingChanges("01")).size(), 1u);
}

TEST_P(StoreContract, ActivatesTheNewestServiceKeyWithACertificate) {
  auto put = [&](const ServiceKey& key) {
    ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutServiceKey(key); }), IsOk());
  };
  const auto ca = ServiceKeyPurpose::kCaIssuing;
  put({"k1", ca, Bytes{1}, Bytes{0}, {}, {}});
  EXPECT_FALSE((*store_->ActiveServiceKey(ca)).has_value());
  put({"k1", ca, Bytes{2}, Bytes{0}, Bytes{0, 1}, {Bytes{0}, Bytes{}}});
  EXPECT_EQ((**store_->ActiveServiceKey(ca)).id, "k1");
  put({"k2", ca, Bytes{1}, Bytes{0}, {}, {}});
  EXPECT_EQ((**store_->ActiveServiceKey(ca)).id, "k1");
  put({"k2", ca, Bytes{1}, Bytes{0}, Bytes{7}, {}});
  EXPECT_EQ((**store_->ActiveServiceKey(ca)).id, "k2");
  EXPECT_FALSE((*store_->ActiveServiceKey(ServiceKeyPurpose::kStatus)).has_value());
  const ServiceKey first = **store_->FindServiceKey("k1");
  EXPECT_EQ(first.sealed_record, Bytes{2});
  EXPECT_THAT(first.chain, ElementsAre(Bytes{0}, Bytes{}));
}

TEST_P(StoreContract, AnswersTheNewestCrl) {
  for (const uint64_t number : {2u, 10u, 9u}) {
    PublishedCrl crl;
    crl.number = number;
    crl.this_update = kNow;
    crl.next_update = kNow + kDay;
    crl.der = AllOctets();
    crl.status_sequence = number * 5'000'000'000;
    ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutCrl(crl); }), IsOk());
  }
  const PublishedCrl got = **store_->LatestCrl();
  EXPECT_EQ(got.number, 10u);
  EXPECT_EQ(got.der, AllOctets());
  EXPECT_EQ(got.status_sequence, 50'000'000'000u);
  const PublishedCrl facts = **store_->LatestCrlFacts();
  EXPECT_EQ(facts.number, 10u);
  EXPECT_TRUE(facts.der.empty());
}

TEST_P(StoreContract, NoStaleAnswerOvertakesARevocation) {
  ASSERT_THAT(Put(SomeCredential("c1", "01")), IsOk());
  ASSERT_THAT(Append("01", CertificateState::kIssued), IsOk());
  const SerialStatus good = **store_->FindStatus("01");
  const PresignedOcsp answer{AllOctets(), kNow, kNow + kDay};
  auto put = [&](const SerialStatus& from) {
    return store_->Update([&](StoreTransaction& t) { return t.PutOcsp(from, answer); });
  };
  ASSERT_THAT(put(good), IsOk());
  EXPECT_EQ((**store_->FindOcsp("01")).der, AllOctets());
  // Acceptance changes nothing an answer says.
  ASSERT_THAT(Append("01", CertificateState::kActive), IsOk());
  EXPECT_TRUE((*store_->FindOcsp("01")).has_value());
  ASSERT_THAT(Append("01", CertificateState::kRevoked), IsOk());
  EXPECT_FALSE((*store_->FindOcsp("01")).has_value());
  ASSERT_THAT(put(good), IsOk());  // signed before, arrives after
  EXPECT_FALSE((*store_->FindOcsp("01")).has_value());
  ASSERT_THAT(put(**store_->FindStatus("01")), IsOk());
  EXPECT_TRUE((*store_->FindOcsp("01")).has_value());
}

TEST_P(StoreContract, TellsWhichAnswersAreDue) {
  for (const char* serial : {"01", "02", "03"}) {
    Credential each = SomeCredential(serial, serial);
    if (std::string(serial) == "03") each.not_after = kNow + kHour;
    ASSERT_THAT(Put(each), IsOk());
    ASSERT_THAT(Append(serial, CertificateState::kIssued), IsOk());
  }
  auto due = [&](WallTime now) {
    std::vector<std::string> out;
    const auto answers = store_->OcspDue(now, now - 6 * kHour, 10);
    for (const SerialStatus& each : *answers) out.push_back(each.serial);
    std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_THAT(due(kNow), ElementsAre("01", "02", "03"));
  const SerialStatus status = **store_->FindStatus("01");
  EXPECT_GT(status.sequence, 0u);
  ASSERT_THAT(store_->Update([&](StoreTransaction& t) {
    return t.PutOcsp(status, {Bytes{1}, kNow, kNow + kDay});
  }),
              IsOk());
  EXPECT_THAT(due(kNow), ElementsAre("02", "03"));
  EXPECT_THAT(due(kNow + 2 * kHour), ElementsAre("02"));  // 03 has expired
  EXPECT_THAT(due(kNow + 7 * kHour), ElementsAre("01", "02"));
  ASSERT_THAT(
      store_->Update([&](StoreTransaction& t) { return t.DropExpiredOcsp(kNow + 400 * kDay); }),
      IsOk());
  EXPECT_THAT(due(kNow), ElementsAre());
}

TEST_P(StoreContract, EightThreadsLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kEach = 40;
  Application counted = SomeApplication("n");
  counted.refusal.clear();
  ASSERT_THAT(store_->Update([&](StoreTransaction& t) { return t.PutApplication(counted); }),
              IsOk());
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kEach; ++n) {
        const Status status = store_->Update([&](StoreTransaction& t) -> Status {
          ASSIGN_OR_RETURN(auto found, t.FindApplication("n"));
          found->refusal += "x";
          RETURN_IF_ERROR(t.PutApplication(*found));
          RETURN_IF_ERROR(t.AppendAudit({"count", "n", ""}));
          // Every fifth one is undone; its neighbours in the same commit are not.
          if (n % 5 == 4) return Fail(kStoreCorrupt, std::to_string(i));
          return OkStatus();
        });
        if (status.ok() == (n % 5 == 4)) ++failures;
        if (!store_->FindApplication("n").ok()) ++failures;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ((**store_->FindApplication("n")).refusal.size(), kThreads * kEach * 4u / 5);
  Reopen();  // checks the audit chain
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, testing::Values(Engine{"sqlite", &OpenSqlite}),
                         [](const auto& engine) { return std::string(engine.param.name); });

// ---- what is particular to SQLite files

class SqliteFile : public testing::Test {
 protected:
  std::string path() const { return folder_.Sub("host.db"); }
  void Execute(const std::string& statement) {
    soci::session sql(soci::sqlite3, "dbname=" + path());
    sql << statement;
  }
  void WriteAudit(int lines) {
    const auto store = SqlStore::Open(path(), clock_);
    ASSERT_THAT(store, IsOk());
    for (int i = 0; i < lines; ++i) {
      clock_.Advance(kSecond);
      ASSERT_THAT((*store)->Update([&](StoreTransaction& t) {
        return t.AppendAudit({"event\nwith a line", std::to_string(i), "detail"});
      }),
                  IsOk());
    }
  }

  TempDir folder_;
  FakeClock clock_{kNow};
};

TEST_F(SqliteFile, IsForItsOwnerAlone) {
  ASSERT_THAT(SqlStore::Open(path()), IsOk());
  struct stat facts {};
  ASSERT_EQ(stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(SqliteFile, SaysThatItCannotBeOpened) {
  EXPECT_THAT(SqlStore::Open(folder_.Sub("no/such/folder.db")), FailsWith(kStoreUnavailable));
  const int fd = open(path().c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(write(fd, "this is no database, whatever its name says", 43), 43);
  close(fd);
  EXPECT_THAT(SqlStore::Open(path()), FailsWith(kStoreUnavailable));
}

TEST_F(SqliteFile, RefusesANewerSchema) {
  ASSERT_THAT(SqlStore::Open(path()), IsOk());
  Execute("INSERT INTO schema_version (version) VALUES (1000)");
  EXPECT_THAT(SqlStore::Open(path()), FailsWith(kStoreTooNew));
}

TEST_F(SqliteFile, MigratesAnOldDatabase) {
  {
    soci::session sql(soci::sqlite3, "dbname=" + path());
    sql << "CREATE TABLE schema_version (version INTEGER NOT NULL)";
    sql << "INSERT INTO schema_version (version) VALUES (1)";
    std::string_view text = Migrations()[0];
    while (!text.empty()) {
      const size_t end = text.find(';');
      sql << std::string(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    sql << "INSERT INTO status_log (serial_key, state, changed_at, reason) "
           "VALUES ('0201', 4, 1795000000000, 1)";
    sql << "INSERT INTO revoked (serial_key, state, changed_at, reason) "
           "VALUES ('0201', 4, 1795000000000, 1)";
    sql << "INSERT INTO crl (number, this_update, next_update, der) VALUES (7, 1, 2, 'AA==')";
  }
  const auto store = SqlStore::Open(path());
  ASSERT_THAT(store, IsOk());
  EXPECT_EQ((**(*store)->FindStatus("01")).state, CertificateState::kRevoked);
  const PublishedCrl crl = **(*store)->LatestCrl();
  EXPECT_EQ(crl.number, 7u);
  EXPECT_EQ(crl.status_sequence, 0u);  // so the next task publishes one that covers the log
  EXPECT_THAT((*store)->WithRevoked([&](RevokedSnapshot& snapshot) -> Status {
    EXPECT_EQ(*snapshot.StatusSequence(), 1u);
    return OkStatus();
  }),
              IsOk());
}

TEST_F(SqliteFile, NoticesAColumnThatIsNotBase64) {
  const auto store = SqlStore::Open(path());
  ASSERT_THAT((*store)->Update([&](StoreTransaction& t) {
    RETURN_IF_ERROR(t.PutApplication(SomeApplication("a1")));
    return t.PutCredential(SomeCredential("c1", "01"));
  }),
              IsOk());
  Execute("UPDATE application SET approvals = 'AA=='");
  EXPECT_THAT((*store)->FindApplication("a1"), FailsWith(kStoreCorrupt));
  Execute("UPDATE application SET approvals = '', statement = '!'");
  EXPECT_THAT((*store)->FindApplication("a1"), FailsWith(kStoreCorrupt));
  Execute("UPDATE credential SET reason = 7");
  EXPECT_FALSE((*store)->FindCredential("c1").ok());
}

TEST_F(SqliteFile, TheAuditLogChains) {
  WriteAudit(3);
  const auto store = SqlStore::Open(path(), clock_);
  ASSERT_THAT(store, IsOk());
  soci::session sql(soci::sqlite3, "dbname=" + path());
  std::string first_hash, second_previous, last_hash;
  sql << "SELECT hash FROM audit_log WHERE sequence = 1", soci::into(first_hash);
  sql << "SELECT previous_hash FROM audit_log WHERE sequence = 2", soci::into(second_previous);
  sql << "SELECT hash FROM audit_log WHERE sequence = 3", soci::into(last_hash);
  EXPECT_EQ(first_hash, second_previous);
  EXPECT_EQ(ToBase64(*(*store)->AuditHead()), last_hash);
  EXPECT_NE(first_hash, last_hash);
}

TEST_F(SqliteFile, AuditLinesThatNeedNotBeThereAtOnceShareACommitAndChain) {
  {
    const auto store = SqlStore::Open(path(), clock_);
    ASSERT_THAT(store, IsOk());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          EXPECT_THAT((*store)->AppendAuditSoon({"signed", std::to_string(i), ""}), IsOk());
        }
      });
    }
    for (std::thread& each : threads) each.join();
    EXPECT_THAT((*store)->FlushAudit(), IsOk());
    EXPECT_THAT((*store)->AppendAuditSoon({"last", "", ""}), IsOk());
  }
  const auto store = SqlStore::Open(path(), clock_);  // checks the chain
  ASSERT_THAT(store, IsOk());
  soci::session sql(soci::sqlite3, "dbname=" + path());
  int lines = 0;
  std::string last;
  sql << "SELECT COUNT(*) FROM audit_log", soci::into(lines);
  sql << "SELECT event FROM audit_log ORDER BY sequence DESC LIMIT 1", soci::into(last);
  EXPECT_EQ(lines, 401);
  EXPECT_EQ(last, "last") << "the store wrote it before it went";
}

TEST_F(SqliteFile, ALogThatCannotBeKeptIsHeardOfAndGoesOnWhenItCan) {
  const auto store = SqlStore::Open(path(), clock_);
  ASSERT_THAT(store, IsOk());
  Execute("CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT RAISE(FAIL, 'full'); END");
  EXPECT_THAT((*store)->AppendAuditSoon({"first", "", ""}), IsOk());
  EXPECT_FALSE((*store)->FlushAudit().ok());
  EXPECT_FALSE((*store)->AppendAuditSoon({"refused", "", ""}).ok());
  Execute("DROP TRIGGER full");
  while (!(*store)->AppendAuditSoon({"second", "", ""}).ok()) std::this_thread::yield();
  EXPECT_THAT((*store)->FlushAudit(), IsOk());
  soci::session sql(soci::sqlite3, "dbname=" + path());
  int lines = 0;
  sql << "SELECT COUNT(*) FROM audit_log", soci::into(lines);
  EXPECT_EQ(lines, 2);
}

TEST_F(SqliteFile, NoticesAChangedAuditLine) {
  WriteAudit(3);
  Execute("UPDATE audit_log SET detail = 'nothing' WHERE sequence = 2");
  EXPECT_THAT(SqlStore::Open(path()), FailsNaming(kStoreCorrupt.id, "line 2"));
}

TEST_F(SqliteFile, NoticesAnAuditLineTakenOut) {
  WriteAudit(3);
  Execute("DELETE FROM audit_log WHERE sequence = 2");
  EXPECT_THAT(SqlStore::Open(path()), FailsNaming(kStoreCorrupt.id, "line 3"));
}

TEST_F(SqliteFile, NoticesAnotherFirstAuditLine) {
  WriteAudit(2);
  Execute("DELETE FROM audit_log WHERE sequence = 1");
  Execute("UPDATE audit_log SET sequence = 1");
  EXPECT_THAT(SqlStore::Open(path()), FailsNaming(kStoreCorrupt.id, "line 1"));
}

// Writes pairs and says so through `acknowledge` until it is killed.
[[noreturn]] void WritePairsForEver(const std::string& path, int acknowledge) {
  const auto store = SqlStore::Open(path);
  if (!store.ok()) _exit(1);
  for (uint32_t n = 1;; ++n) {
    const Status status = (*store)->Update([&](StoreTransaction& t) -> Status {
      Application application = SomeApplication("pair");
      application.refusal = std::to_string(n);
      RETURN_IF_ERROR(t.PutApplication(application));
      RETURN_IF_ERROR(
          t.AppendStatus({ToHex(Bytes{1, static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)}),
                          CertificateState::kRevoked, kNow, RevocationReason::kUnspecified},
                         {}));
      return t.AppendAudit({"pair", std::to_string(n), ""});
    });
    if (!status.ok() || write(acknowledge, &n, sizeof n) != sizeof n) _exit(1);
  }
}

TEST_F(SqliteFile, AKilledWriterLeavesAConsistentStore) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t writer = fork();
  ASSERT_GE(writer, 0);
  if (writer == 0) {
    close(pipe_ends[0]);
    WritePairsForEver(path(), pipe_ends[1]);
  }
  close(pipe_ends[1]);
  uint32_t acknowledged = 0;
  while (acknowledged < 200 &&
         read(pipe_ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
  }
  kill(writer, SIGKILL);
  // What was acknowledged before the kill arrived is still in the pipe.
  uint32_t last = 0;
  while (read(pipe_ends[0], &last, sizeof last) == sizeof last) acknowledged = last;
  int status = 0;
  waitpid(writer, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  close(pipe_ends[0]);

  const auto store = SqlStore::Open(path());  // checks the audit chain
  ASSERT_THAT(store, IsOk());
  const unsigned long written = std::stoul((**(*store)->FindApplication("pair")).refusal);
  EXPECT_GE(written, acknowledged);
  EXPECT_LE(written, acknowledged + 1);
  EXPECT_THAT((*store)->WithRevoked([&](RevokedSnapshot& snapshot) -> Status {
    EXPECT_EQ((*snapshot.After("", 100'000)).size(), written);
    EXPECT_EQ(*snapshot.StatusSequence(), written);
    return OkStatus();
  }),
              IsOk());
}

TEST(SqlBytes, KeepsEveryOctet) {
  EXPECT_EQ(*FromSql(ToSql(AllOctets())), AllOctets());
  EXPECT_EQ(*FromSql(""), Bytes{});
  EXPECT_THAT(*ListFromSql(ListToSql({Bytes{}, AllOctets(), Bytes{0}})),
              ElementsAre(Bytes{}, AllOctets(), Bytes{0}));
  EXPECT_THAT(FromSql("AA=A"), FailsWith(kStoreCorrupt));
  EXPECT_THAT(ListFromSql("AA=="), FailsWith(kStoreCorrupt));
  EXPECT_THAT(ListFromSql("AA==\n!\n"), FailsWith(kStoreCorrupt));
}

TEST(SqlBytes, OrdersSerialsAsIntegers) {
  EXPECT_LT(SerialKey("7f"), SerialKey("0100"));
  EXPECT_LT(SerialKey("0100"), SerialKey("0101"));
  EXPECT_LT(SerialKey("ffffffff"), SerialKey("0100000000"));
  EXPECT_EQ(SerialOfKey(SerialKey("4d00")), "4d00");
  EXPECT_EQ(SerialOfKey("0"), "");
}

}  // namespace
}  // namespace intaglio::host
