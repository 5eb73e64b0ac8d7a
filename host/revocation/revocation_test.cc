#include "host/revocation/revocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "appliance/domain/reasons.h"
#include "host/core_link/reasons.h"
#include "host/domain/usecase_reasons.h"
#include "host/x509/openssl_ptr.h"
#include "tests/support/host_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::HostFixture;
using testing_support::IsOk;
using testing_support::Must;
using testing_support::Person;

class RevocationTest : public testing::Test, protected HostFixture {
 protected:
  RevocationTest() { ActivateCa(); }
  Revocation& revocation() { return host().revocation; }

  // Number of entries in the published CRL.
  int CrlEntries() {
    const auto crl = Must(store().LatestCrl());
    const unsigned char* at = crl->der.data();
    const X509CrlPtr parsed(d2i_X509_CRL(nullptr, &at, static_cast<long>(crl->der.size())));
    const auto* entries = X509_CRL_get_REVOKED(parsed.get());
    return entries ? sk_X509_REVOKED_num(entries) : 0;
  }
  SerialStatus StatusOf(const std::string& serial) { return *Must(store().FindStatus(serial)); }
  uint64_t CrlNumber() { return Must(store().LatestCrlFacts())->number; }
};

TEST_F(RevocationTest, RevokesAndPublishes) {
  const Credential active = Active();
  const uint64_t before = CrlNumber();
  clock.Advance(kHour);
  const Credential revoked =
      Must(Change(active.serial, StateAction::kRevoke, RevocationReason::kKeyCompromise));
  EXPECT_EQ(revoked.state, CertificateState::kRevoked);
  EXPECT_EQ(revoked.reason, RevocationReason::kKeyCompromise);
  EXPECT_EQ(revoked.changed_at.ms, clock.Now().ms / 1000 * 1000);
  EXPECT_EQ(StatusOf(active.serial).state, CertificateState::kRevoked);
  EXPECT_EQ(CrlEntries(), 1);
  EXPECT_EQ(CrlNumber(), before + 1);
  EXPECT_TRUE(Must(store().FindOcsp(active.serial)).has_value());
}

TEST_F(RevocationTest, AnOrderCountsOnce) {
  const Credential active = Active();
  const Bytes suspend = StateOrder(active.serial, StateAction::kSuspend);
  EXPECT_EQ(Must(CarryOut(suspend)).state, CertificateState::kSuspended);
  const uint64_t sequence = StatusOf(active.serial).sequence;
  const uint64_t number = CrlNumber();
  EXPECT_EQ(Must(CarryOut(suspend)).state, CertificateState::kSuspended);
  EXPECT_EQ(StatusOf(active.serial).sequence, sequence);
  EXPECT_EQ(CrlNumber(), number);
  EXPECT_EQ(Must(Change(active.serial, StateAction::kReinstate)).state, CertificateState::kActive);
  EXPECT_EQ(CrlEntries(), 0);
  // The old order again does not undo what came after it.
  EXPECT_EQ(Must(CarryOut(suspend)).state, CertificateState::kActive);
  EXPECT_EQ(CrlEntries(), 0);
}

TEST_F(RevocationTest, AHoldThatBecomesFinalKeepsItsStart) {
  const Credential active = Active();
  const WallTime held = Must(Change(active.serial, StateAction::kSuspend)).changed_at;
  clock.Advance(2 * kHour);
  const Credential revoked =
      Must(Change(active.serial, StateAction::kRevoke, RevocationReason::kSuperseded));
  EXPECT_EQ(revoked.changed_at, held);
  EXPECT_EQ(revoked.reason, RevocationReason::kSuperseded);
  EXPECT_EQ(CrlEntries(), 1);
}

TEST_F(RevocationTest, ARevokedCertificateNeverComesBack) {
  const Credential active = Active();
  Must(Change(active.serial, StateAction::kRevoke, RevocationReason::kUnspecified));
  EXPECT_THAT(Change(active.serial, StateAction::kReinstate),
              FailsWith(appliance::kCertificateRevoked));
  EXPECT_THAT(Change(active.serial, StateAction::kSuspend),
              FailsWith(appliance::kCertificateRevoked));
  EXPECT_TRUE(Must(store().PendingChanges("")).empty());
  // Revoking again is no error; first reason and date stand.
  clock.Advance(kHour);
  const Credential again =
      Must(Change(active.serial, StateAction::kRevoke, RevocationReason::kKeyCompromise));
  EXPECT_EQ(again.reason, RevocationReason::kUnspecified);
  EXPECT_EQ(CrlEntries(), 1);
}

TEST_F(RevocationTest, ReinstatedBeforeAcceptanceIsIssuedNotActive) {
  const Credential issued = Issued();
  Must(Change(issued.serial, StateAction::kSuspend));
  EXPECT_EQ(Must(Change(issued.serial, StateAction::kReinstate)).state, CertificateState::kIssued);
}

TEST_F(RevocationTest, ACrashBetweenCoreAndLogIsHealedByTheSameOrder) {
  const Credential active = Active();
  const Bytes order =
      StateOrder(active.serial, StateAction::kRevoke, RevocationReason::kKeyCompromise);
  core.LoseNextAnswer("ChangeState");
  EXPECT_THAT(CarryOut(order), FailsWith(kCoreLinkLost));
  const WallTime effective{clock.Now().ms / 1000 * 1000};
  EXPECT_NE(StatusOf(active.serial).state, CertificateState::kRevoked);
  clock.Advance(kHour);
  Restart();
  const Credential revoked = Must(CarryOut(order));
  EXPECT_EQ(revoked.changed_at, effective);
  EXPECT_EQ(CrlEntries(), 1);
  EXPECT_TRUE(Must(store().PendingChanges("")).empty());
}

TEST_F(RevocationTest, ACrashBetweenCoreAndLogIsHealedAtStartUp) {
  const Credential active = Active();
  core.LoseNextAnswer("ChangeState");
  EXPECT_FALSE(Change(active.serial, StateAction::kSuspend).ok());
  // Until then the core refuses a CRL without it.
  clock.Advance(kDay);
  EXPECT_EQ(ReasonIdOf(host().status.KeepCrlFresh()), "APL-0350");
  Restart();
  EXPECT_THAT(revocation().FinishPending(), IsOk());
  EXPECT_EQ(StatusOf(active.serial).state, CertificateState::kSuspended);
  EXPECT_EQ(CrlEntries(), 1);
  EXPECT_THAT(revocation().FinishPending(), IsOk());
}

TEST_F(RevocationTest, ASignersRevocationIsHealedToo) {
  const Credential active = Active();
  const Bytes statement = Must(
      revocation().PrepareSignerRevocation(active.id, RevocationReason::kCessationOfOperation));
  core.LoseNextAnswer("RevokeBySigner");
  EXPECT_THAT(revocation().RevokeBySigner(active.id, statement, applicant.Prove(statement)),
              FailsWith(kCoreLinkLost));
  Restart();
  EXPECT_THAT(revocation().FinishPending(), IsOk());
  EXPECT_EQ(StatusOf(active.serial).reason, RevocationReason::kCessationOfOperation);
  EXPECT_EQ(CrlEntries(), 1);
}

TEST_F(RevocationTest, WhatIsOpenComesBeforeTheNextChange) {
  const Credential active = Active();
  core.LoseNextAnswer("ChangeState");
  EXPECT_FALSE(Change(active.serial, StateAction::kSuspend).ok());
  EXPECT_EQ(Must(Change(active.serial, StateAction::kReinstate)).state, CertificateState::kActive);
  EXPECT_EQ(CrlEntries(), 0);
  EXPECT_TRUE(Must(store().PendingChanges("")).empty());
}

TEST_F(RevocationTest, AnAbsentCoreLeavesItPending) {
  const Credential active = Active();
  const Bytes order = StateOrder(active.serial, StateAction::kSuspend);
  core.GoAway();
  EXPECT_THAT(CarryOut(order), FailsWith(kCoreUnavailable));
  EXPECT_EQ(Must(store().PendingChanges("")).size(), 1u);
  EXPECT_THAT(revocation().FinishPending(), FailsWith(kCoreUnavailable));
  EXPECT_THAT(CarryOut(order), FailsWith(kCoreUnavailable));
  core.Return();
  EXPECT_THAT(revocation().FinishPending(), IsOk());
  EXPECT_EQ(StatusOf(active.serial).state, CertificateState::kSuspended);
}

TEST_F(RevocationTest, ARefusalIsForgotten) {
  const Credential active = Active();
  const Bytes order = StateOrder(active.serial, StateAction::kSuspend);
  EXPECT_THAT(revocation().Change({order, {}}), FailsWith(appliance::kApprovalsMissing));
  EXPECT_TRUE(Must(store().PendingChanges("")).empty());
  EXPECT_EQ(StatusOf(active.serial).state, CertificateState::kActive);
  EXPECT_THAT(CarryOut(order), IsOk());
}

TEST_F(RevocationTest, TheSignerRevokesTheOwnCertificateOnly) {
  const Credential active = Active();
  const Credential other = Active();
  const Bytes statement =
      Must(revocation().PrepareSignerRevocation(active.id, RevocationReason::kUnspecified));
  const Person stranger;
  EXPECT_THAT(revocation().RevokeBySigner(active.id, statement, stranger.Prove(statement)),
              FailsWith(appliance::kAuthenticatorUnknown));
  EXPECT_THAT(revocation().RevokeBySigner(other.id, statement, applicant.Prove(statement)),
              FailsNaming(kFieldInvalid.id, "field statement"));
  EXPECT_EQ(
      Must(revocation().RevokeBySigner(active.id, statement, applicant.Prove(statement))).state,
      CertificateState::kRevoked);
  EXPECT_THAT(revocation().RevokeBySigner(active.id, statement, applicant.Prove(statement)),
              IsOk());
  EXPECT_EQ(CrlEntries(), 1);
}

TEST_F(RevocationTest, RefusesWhatItCannotRead) {
  const Credential active = Active();
  EXPECT_THAT(revocation().Change({Bytes{1, 2, 3}, {}}),
              FailsNaming(kFieldInvalid.id, "field order"));
  Bytes order = StateOrder(active.serial, StateAction::kSuspend);
  order.push_back(0x7a);  // an unknown field
  order.push_back(0x00);
  EXPECT_THAT(CarryOut(order), FailsNaming(kFieldInvalid.id, "field order"));
  EXPECT_THAT(revocation().RevokeBySigner(active.id, Bytes{9}, {}),
              FailsNaming(kFieldInvalid.id, "field statement"));
}

TEST_F(RevocationTest, KnowsNoOtherCertificates) {
  EXPECT_THAT(revocation().FindBySerial("4d0102"), FailsWith(kSerialNotOurs));
  EXPECT_THAT(
      revocation().PrepareOrder("4d0102", StateAction::kRevoke, RevocationReason::kUnspecified),
      FailsWith(kSerialNotOurs));
  EXPECT_THAT(revocation().PrepareSignerRevocation("x", RevocationReason::kUnspecified),
              FailsWith(kCredentialUnknown));
  EXPECT_THAT(revocation().RevokeBySigner("x", Bytes{1}, {}), FailsWith(kCredentialUnknown));
  EXPECT_THAT(revocation().Block("x"), FailsWith(kCredentialUnknown));
  // A serial that was drawn but never signed is nobody's certificate.
  const Credential attested = Attested();
  core.RefuseNext("IssueCertificate", Fail(kCoreUnavailable, "the test"));
  EXPECT_FALSE(host().issuance.IssueCertificate(attested.application_id).ok());
  const std::string drawn = Must(host().issuance.Find(attested.id)).serial;
  EXPECT_FALSE(drawn.empty());
  EXPECT_THAT(revocation().FindBySerial(drawn), FailsWith(kSerialNotOurs));
  EXPECT_THAT(revocation().PrepareSignerRevocation(attested.id, RevocationReason::kUnspecified),
              FailsWith(kCredentialState));
}

TEST_F(RevocationTest, BlockingStopsTheKeyAndLeavesTheStatus) {
  const Credential active = Active();
  EXPECT_THAT(revocation().Block(active.id), IsOk());
  EXPECT_THAT(host().signing.Begin(active.id, "s", {Digest{}}), FailsWith(appliance::kKeyBlocked));
  EXPECT_EQ(StatusOf(active.serial).state, CertificateState::kActive);
}

TEST_F(RevocationTest, AChangeStandsThoughPublishingFails) {
  const Credential active = Active();
  core.RefuseNext("SignCrl", Fail(kCoreLinkLost, "the test"));
  core.RefuseNext("SignOcsp", Fail(kCoreLinkLost, "the test"));
  EXPECT_THAT(Change(active.serial, StateAction::kSuspend), IsOk());
  EXPECT_EQ(CrlEntries(), 0);
  // The periodic tasks notice, hours before the CRL would have been due.
  EXPECT_THAT(host().status.KeepCrlFresh(), IsOk());
  EXPECT_EQ(CrlEntries(), 1);
  EXPECT_EQ(Must(host().status.PresignOcsp()), 1u);
  EXPECT_EQ(Must(host().status.PresignOcsp()), 0u);
}

TEST_F(RevocationTest, ManyChangesAtOnceEndOnOneCrl) {
  std::vector<std::string> serials;
  for (int i = 0; i < 8; ++i) serials.push_back(Issued().serial);
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (const std::string& serial : serials) {
    threads.emplace_back([&, serial] {
      if (Change(serial, StateAction::kRevoke, RevocationReason::kSuperseded).ok()) ++done;
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(done, 8);
  EXPECT_EQ(CrlEntries(), 8);
}

TEST(RevocationWithoutCa, IsNotReady) {
  HostFixture fixture;
  EXPECT_THAT(fixture.host().status.PublishCrl(), FailsWith(kServiceNotReady));
}

}  // namespace
}  // namespace intaglio::host
