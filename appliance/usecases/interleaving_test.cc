// What is taken away while an act is under way stops that act; what is cut off half way leaves
// nothing that could be used. [R-QSC-3, R-QSC-4; DESIGN 1]
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/records/statement_codec.h"
#include "appliance/state/reasons.h"
#include "appliance/usecases/accept_certificate.h"
#include "appliance/usecases/add_authenticator.h"
#include "appliance/usecases/change_state.h"
#include "appliance/usecases/remove_authenticator.h"
#include "appliance/usecases/sign_document.h"
#include "tests/support/core_fixture.h"

namespace intaglio::appliance {
namespace {

using ::testing::ElementsAre;
using testing_support::CoreFixture;
using testing_support::P256Signer;

// What a journal on a full disk says.
const Reason& kNoDisk = kStateFull;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

class InterleavingTest : public ::testing::Test {
 protected:
  InterleavingTest() { Make(kVersionAccepted); }
  // A key whose record of this version is in force.
  void Make(uint64_t version) {
    const GeneratedKey generated = *core_.token().GenerateWrapped(KeyAlgorithm::kP256);
    record_ = KeyRecord{};
    record_.key_id = *DrawId<KeyId>(core_.services().rng);
    record_.version = version;
    record_.spki = generated.spki;
    record_.wrapped = generated.wrapped;
    record_.origin = generated.origin;
    record_.signer_id = "signer-1";
    record_.authenticators = {{AuthenticatorKind::kEs256File, first_.spki()},
                              {AuthenticatorKind::kEs256File, second_.spki()}};
    record_.agreement_digest = Sha256(AsBytes("agreement"));
    record_.certified_as = CertifiedAs{issuer_, serial_, Sha256(AsBytes("certificate")),
                                       core_.clock().Now() - kHour, core_.clock().Now() + kDay};
    EXPECT_TRUE(core_.state()
                    .Update([&](RowTransaction& rows) -> Status {
                      KeyRow row;
                      row.version = version;
                      RETURN_IF_ERROR(rows.PutKey(record_.key_id, row));
                      SerialRow serial;
                      serial.state = SerialState::kIssued;
                      serial.key_id = record_.key_id;
                      return rows.PutSerial(issuer_, serial_, serial);
                    })
                    .ok());
    sealed_ = *core_.records().Seal(record_);
  }
  SignDocument::FinishInput Proven(const Digest& hash) {
    const auto payload = signing_.Begin({sealed_, "session", {MessageDigest::Sha256(hash)}});
    EXPECT_TRUE(payload.ok()) << payload.status();
    return {sealed_, *payload, *DecodeSadPayload(*payload), first_.Prove(*payload)};
  }
  Status Remove(const P256Signer& gone, const P256Signer& by) {
    const RemoveAuthenticator statement{core_.identity().instance,
                                        record_.key_id,
                                        {gone.id()},
                                        core_.clock().Now(),
                                        core_.clock().Now() + kMinute};
    const Bytes octets = ToBytes("removal " + std::to_string(++statements_));
    return removing_.BySigner({sealed_, octets, statement, by.Prove(octets)});
  }
  Signed<StateOrder> Order(StateAction action) {
    Signed<StateOrder> order;
    order.statement = {Bytes(32, static_cast<uint8_t>(++statements_)),
                       core_.identity().instance,
                       action,
                       issuer_,
                       serial_,
                       CrlReason::kKeyCompromise,
                       core_.clock().Now(),
                       core_.clock().Now() + kDay};
    order.octets = ToBytes("order " + std::to_string(statements_));
    order.approvals = {core_.revocation().Approve(order.octets)};
    return order;
  }
  Status Apply(StateAction action) { return changes_.ByOfficer(Order(action)).status(); }
  KeyState State() { return (*core_.state().FindKey(record_.key_id))->state; }
  std::vector<EventType> LinesAfter(uint64_t line) { return core_.EventsAfter(line); }
  uint64_t Head() {
    EXPECT_TRUE(core_.journal().Flush().ok());
    return core_.journal().Head().sequence;
  }

  CoreFixture core_;
  P256Signer first_, second_, third_;
  KeyId issuer_{{1}};
  Serial serial_{{0x41, 2, 3}};
  KeyRecord record_;
  Bytes sealed_;
  int statements_ = 0;
  ProofCheck proofs_{core_.services()};
  SignDocument signing_{core_.services(), proofs_};
  BindAuthenticator adding_{core_.services(), proofs_};
  UnbindAuthenticator removing_{core_.services(), proofs_};
  ChangeState changes_{core_.services(), proofs_};
  const Digest one_ = Sha256(AsBytes("one"));
};

TEST_F(InterleavingTest, ARemovalWhileAnActivationIsUnderWayStopsIt) {
  const auto input = Proven(one_);
  const uint64_t before = Head();
  core_.lines().Before(EventType::kSignIntent, [&] { return Remove(first_, second_); });
  EXPECT_REASON(signing_.Finish(input).status(), kAuthenticatorWithdrawn);
  EXPECT_THAT(LinesAfter(before),
              ElementsAre(EventType::kAuthenticatorRemoved, EventType::kSignIntent));
}

TEST_F(InterleavingTest, ANewRecordWhileAnActivationIsUnderWayStopsIt) {
  const auto input = Proven(one_);
  core_.lines().Before(EventType::kSignIntent, [&] {
    return core_.state().Update([&](RowTransaction& rows) -> Status {
      ASSIGN_OR_RETURN(auto row, rows.FindKey(record_.key_id));
      ++row->version;
      return rows.PutKey(record_.key_id, *row);
    });
  });
  EXPECT_REASON(signing_.Finish(input).status(), kRecordStale);
}

TEST_F(InterleavingTest, ARevocationWhileTheTokenSignsKeepsTheSignatureBack) {
  const auto input = Proven(one_);
  const uint64_t before = Head();
  core_.signing().AfterSigning([&] { EXPECT_TRUE(Apply(StateAction::kRevoke).ok()); });
  EXPECT_REASON(signing_.Finish(input).status(), kKeyDestroyed);
  for (const EventType type : LinesAfter(before)) EXPECT_NE(type, EventType::kSigned);
}

// Version by version: what was cut off half way is never in force, and no other has its number.
TEST_F(InterleavingTest, AnAdditionThatIsCutOffLeavesTheRecordBeforeInForce) {
  const auto addition = [&](const P256Signer& added) {
    return AddAuthenticator{
        core_.identity().instance, record_.key_id,
        record_.version,           {AuthenticatorKind::kEs256File, added.spki()},
        core_.clock().Now(),       core_.clock().Now() + kMinute};
  };
  const Bytes octets = ToBytes("addition");
  const BindAuthenticator::Input input{sealed_, octets, addition(third_), first_.Prove(octets)};
  const uint64_t before = Head();
  core_.lines().Before(EventType::kAuthenticatorAdded, [] { return Fail(kNoDisk, ""); });
  EXPECT_REASON(adding_.Run(input).status(), kNoDisk);
  EXPECT_TRUE(LinesAfter(before).empty());
  EXPECT_TRUE(signing_.Finish(Proven(one_)).ok()) << "the key goes on";
  // A crash behind the line: the record went out and its row did not.
  KeyRecord cut_off = record_;
  cut_off.version = record_.version + 1;
  cut_off.authenticators.push_back({AuthenticatorKind::kEs256File, third_.spki()});
  const Bytes leaked = *core_.records().Seal(cut_off);
  // Another statement makes a record of another version, so that the leaked one never comes into
  // force.
  P256Signer fourth;
  const Bytes other = ToBytes("another addition");
  const auto next = adding_.Run({sealed_, other, addition(fourth), first_.Prove(other)});
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ((*core_.records().Open(*next)).version, record_.version + 2);
  EXPECT_REASON(signing_.Begin({leaked, "session", {MessageDigest::Sha256(one_)}}).status(),
                kRecordStale);
  EXPECT_TRUE(signing_.Begin({*next, "session", {MessageDigest::Sha256(one_)}}).ok());
  EXPECT_REASON(signing_.Begin({sealed_, "session", {MessageDigest::Sha256(one_)}}).status(),
                kRecordStale);
  // The same statement again gives the same record.
  EXPECT_EQ(*adding_.Run({sealed_, other, addition(fourth), first_.Prove(other)}), *next);
}

TEST_F(InterleavingTest, ARecordWhoseRowACrashTookIsInForceOnceItIsShown) {
  KeyRecord next = record_;
  next.version = *ReserveVersion(core_.services(), record_.key_id);
  next.authenticators.push_back({AuthenticatorKind::kEs256File, third_.spki()});
  const Bytes out = *core_.records().Seal(next);
  const auto begin = [&](const Bytes& sealed) {
    return signing_.Begin({sealed, "session", {MessageDigest::Sha256(one_)}}).status();
  };
  EXPECT_TRUE(begin(sealed_).ok()) << "the host may have missed the line";
  EXPECT_TRUE(begin(out).ok());
  EXPECT_REASON(begin(sealed_), kRecordStale);
  EXPECT_EQ((*core_.state().FindKey(record_.key_id))->version, next.version);
}

TEST_F(InterleavingTest, ARecordAboveTheRowsVersionIsRefused) {
  KeyRecord above = record_;
  ++above.version;
  EXPECT_REASON(
      signing_.Begin({*core_.records().Seal(above), "session", {MessageDigest::Sha256(one_)}})
          .status(),
      kRecordStale);
}

TEST_F(InterleavingTest, AnAcceptanceThatIsCutOffIsMadeAgain) {
  Make(kVersionCertified);
  AcceptCertificate accepting(core_.services(), proofs_);
  const AcceptanceStatement statement{core_.identity().instance, record_.key_id,
                                      record_.certified_as->certificate_sha256,
                                      record_.agreement_digest, core_.clock().Now()};
  const Bytes octets = ToBytes("acceptance");
  const uint64_t before = Head();
  core_.lines().Before(EventType::kCertificateAccepted, [] { return Fail(kNoDisk, ""); });
  EXPECT_REASON(accepting.Run({sealed_, octets, statement, first_.Prove(octets)}).status(),
                kNoDisk);
  EXPECT_TRUE(LinesAfter(before).empty());
  // Asked again, it comes out.
  const auto record = accepting.Run({sealed_, octets, statement, first_.Prove(octets)});
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ((*core_.records().Open(*record)).version, kVersionAccepted);
}

TEST_F(InterleavingTest, AReinstatementComesBehindItsLine) {
  ASSERT_TRUE(Apply(StateAction::kSuspend).ok());
  const auto order = Order(StateAction::kReinstate);
  core_.lines().Before(EventType::kReinstated, [] { return Fail(kNoDisk, ""); });
  EXPECT_REASON(changes_.ByOfficer(order).status(), kNoDisk);
  EXPECT_EQ(State(), KeyState::kSuspended);
  EXPECT_TRUE(changes_.ByOfficer(order).ok());
  EXPECT_EQ(State(), KeyState::kUsable);
}

TEST_F(InterleavingTest, ARevocationHoldsThoughItCannotBeJournalled) {
  const auto order = Order(StateAction::kRevoke);
  core_.lines().Before(EventType::kRevoked, [] { return Fail(kNoDisk, ""); });
  EXPECT_REASON(changes_.ByOfficer(order).status(), kNoDisk);
  EXPECT_EQ(State(), KeyState::kDestroyed);
  const uint64_t before = Head();
  ASSERT_TRUE(changes_.ByOfficer(order).ok());
  EXPECT_EQ(LinesAfter(before).front(), EventType::kRevoked);
}

TEST_F(InterleavingTest, AnOrderKeptBackDoesNotUndoALaterBlock) {
  const auto kept_back = Order(StateAction::kReinstate);
  core_.clock().Advance(kSecond);
  ASSERT_TRUE(changes_.Block(record_.key_id).ok());
  EXPECT_REASON(changes_.ByOfficer(kept_back).status(), kStatementExpired);
  EXPECT_EQ(State(), KeyState::kBlocked);
  EXPECT_TRUE(Apply(StateAction::kReinstate).ok());
  EXPECT_EQ(State(), KeyState::kUsable);
}

TEST_F(InterleavingTest, AnOrderThatWasForgottenByAClockThatWasAheadIsNotCarriedOutAgain) {
  ASSERT_TRUE(Apply(StateAction::kSuspend).ok());
  const auto order = Order(StateAction::kReinstate);
  ASSERT_TRUE(changes_.ByOfficer(order).ok());
  ASSERT_TRUE(changes_.Block(record_.key_id).ok());
  // As the daemon does when its clock shows a time years ahead.
  ASSERT_GE(*core_.state().PurgeExpiredOrders(core_.clock().Now() + 900 * kDay, 100), 1u);
  EXPECT_REASON(changes_.ByOfficer(order).status(), kStatementExpired);
  EXPECT_EQ(State(), KeyState::kBlocked);
  // What is signed with a later end than anything forgotten is taken.
  auto fresh = Order(StateAction::kReinstate);
  fresh.statement.expires_at = fresh.statement.expires_at + kMinute;
  EXPECT_TRUE(changes_.ByOfficer(fresh).ok());
}

TEST_F(InterleavingTest, TheAgreementIsSignedOnceHoweverManyAskAtTheSameTime) {
  Make(kVersionCertified);
  std::vector<SignDocument::FinishInput> inputs;
  for (int i = 0; i < 8; ++i) inputs.push_back(Proven(record_.agreement_digest));
  const uint64_t before = Head();
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<Bytes> signatures;
  for (const auto& input : inputs) {
    threads.emplace_back([&] {
      const auto made = signing_.Finish(input);
      std::lock_guard lock(mutex);
      if (made.ok()) signatures.insert(made->front());
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(signatures.size(), 1u);
  const auto lines = LinesAfter(before);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), EventType::kSigned), 1);
}

}  // namespace
}  // namespace intaglio::appliance
