// Authenticators that come and go. Requirement R-QSC-4.
#include "tests/support/authenticators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
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
using testing_support::Passkey;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

class AuthenticatorsTest : public ::testing::Test {
 protected:
  AuthenticatorsTest() {
    const GeneratedKey generated = *core_.token().GenerateWrapped(KeyAlgorithm::kP256);
    record_.key_id = *DrawId<KeyId>(core_.services().rng);
    record_.version = kVersionAccepted;
    record_.spki = generated.spki;
    record_.wrapped = generated.wrapped;
    record_.origin = generated.origin;
    record_.signer_id = "signer-1";
    record_.authenticators = {{AuthenticatorKind::kEs256File, first_.spki()}};
    record_.certified_as = CertifiedAs{{{1}},
                                       {{0x41}},
                                       Sha256(AsBytes("certificate")),
                                       core_.clock().Now() - kHour,
                                       core_.clock().Now() + kDay};
    EXPECT_TRUE(core_.state()
                    .Update([&](RowTransaction& rows) -> Status {
                      KeyRow row;
                      row.version = kVersionAccepted;
                      RETURN_IF_ERROR(rows.PutKey(record_.key_id, row));
                      SerialRow serial;
                      serial.state = SerialState::kIssued;
                      serial.key_id = record_.key_id;
                      return rows.PutSerial({{1}}, {{0x41}}, serial);
                    })
                    .ok());
    sealed_ = *core_.records().Seal(record_);
  }

  AddAuthenticator Addition(const Authenticator& added) {
    return {core_.identity().instance, record_.key_id,
            record_.version,           added,
            core_.clock().Now(),       core_.clock().Now() + kMinute};
  }
  // Octets that are another statement's for each; the decoding has tests of its own.
  StatusOr<Bytes> Add(const AddAuthenticator& statement, const P256Signer& by) {
    const Bytes octets = ToBytes("addition " + std::to_string(++statements_));
    return adding_.Run({sealed_, octets, statement, by.Prove(octets)});
  }
  StatusOr<Bytes> Add(const Authenticator& added, const P256Signer& by) {
    return Add(Addition(added), by);
  }
  void Follow(const StatusOr<Bytes>& sealed) {
    ASSERT_TRUE(sealed.ok()) << sealed.status();
    sealed_ = *sealed;
    record_ = *core_.records().Open(sealed_);
  }
  RemoveAuthenticator Removal(const Digest& id) {
    return {core_.identity().instance,
            record_.key_id,
            {id},
            core_.clock().Now(),
            core_.clock().Now() + kMinute};
  }
  Status Remove(const RemoveAuthenticator& statement, const P256Signer& by) {
    const Bytes octets = ToBytes("removal " + std::to_string(++statements_));
    return removing_.BySigner({sealed_, octets, statement, by.Prove(octets)});
  }
  Status RemoveByOrder(const RemoveAuthenticator& statement, const P256Signer& officer) {
    Signed<RemoveAuthenticator> order;
    order.statement = statement;
    order.octets = ToBytes("order " + std::to_string(++statements_));
    order.approvals = {officer.Approve(order.octets)};
    return removing_.ByOfficer(sealed_, order);
  }
  // Whether a proof by `prove` signs with the newest record.
  template <class Prover>
  Status Sign(const Prover& prover) {
    const auto payload =
        signing_.Begin({sealed_, "session", {MessageDigest::Sha256(Sha256(AsBytes("one")))}});
    if (!payload.ok()) return payload.status();
    return signing_.Finish({sealed_, *payload, *DecodeSadPayload(*payload), prover.Prove(*payload)})
        .status();
  }
  static Authenticator File(const P256Signer& signer) {
    return {AuthenticatorKind::kEs256File, signer.spki()};
  }

  CoreFixture core_;
  P256Signer first_, second_, stranger_;
  Passkey passkey_;
  KeyRecord record_;
  Bytes sealed_;
  int statements_ = 0;
  ProofCheck proofs_{core_.services()};
  BindAuthenticator adding_{core_.services(), proofs_};
  UnbindAuthenticator removing_{core_.services(), proofs_};
  SignDocument signing_{core_.services(), proofs_};
};

TEST_F(AuthenticatorsTest, OneBoundAlreadyAddsAnother) {
  const Bytes before = sealed_;
  const uint64_t line = core_.journal().Head().sequence;
  EXPECT_REASON(Sign(passkey_), kAuthenticatorUnknown);
  Follow(Add(passkey_.Binding(), first_));
  EXPECT_EQ(record_.version, kVersionAccepted + 1);
  EXPECT_EQ(record_.authenticators.size(), 2u);
  EXPECT_TRUE(Sign(passkey_).ok());
  EXPECT_TRUE(Sign(first_).ok());
  EXPECT_EQ(core_.EventsAfter(line)[1], EventType::kAuthenticatorAdded);
  // The version before is stale.
  EXPECT_REASON(signing_.Begin({before, "session", {MessageDigest::Sha256(Digest{})}}).status(),
                kRecordStale);
}

TEST_F(AuthenticatorsTest, NobodyElseAddsOne) {
  EXPECT_REASON(Add(File(second_), stranger_).status(), kAuthenticatorUnknown);
  EXPECT_REASON(Add(File(stranger_), stranger_).status(), kAuthenticatorUnknown);
  const Bytes octets = ToBytes("what was proven"), other = ToBytes("something else");
  EXPECT_REASON(
      adding_.Run({sealed_, octets, Addition(File(second_)), first_.Prove(other)}).status(),
      kSignatureWrong);
}

TEST_F(AuthenticatorsTest, ALostAnswerIsGivenAgainAndNothingElse) {
  const AddAuthenticator statement = Addition(File(second_));
  const Bytes octets = ToBytes("the statement");
  const BindAuthenticator::Input input{sealed_, octets, statement, first_.Prove(octets)};
  const auto sealed = adding_.Run(input);
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  EXPECT_EQ(*adding_.Run(input), *sealed);
  // Another statement for the version before comes too late.
  EXPECT_REASON(Add(File(stranger_), first_).status(), kRecordStale);
  core_.clock().Advance(kMinute);
  EXPECT_REASON(adding_.Run(input).status(), kStatementExpired);
}

TEST_F(AuthenticatorsTest, TheStatementIsForThisCoreKeyAndVersion) {
  AddAuthenticator statement = Addition(File(second_));
  statement.core_instance.octets[0] ^= 1;
  EXPECT_REASON(Add(statement, first_).status(), kWrongCore);
  statement = Addition(File(second_));
  statement.key_id.octets[0] ^= 1;
  EXPECT_REASON(Add(statement, first_).status(), kOrderMismatch);
  statement = Addition(File(second_));
  ++statement.record_version;
  EXPECT_REASON(Add(statement, first_).status(), kOrderMismatch);
  statement = Addition(File(second_));
  statement.expires_at = core_.clock().Now();
  EXPECT_REASON(Add(statement, first_).status(), kStatementExpired);
}

TEST_F(AuthenticatorsTest, KeysThatAreNotAcceptedOrNotAPersonsTakeNone) {
  KeyRecord other = record_;
  other.version = kVersionCertified;
  const Bytes octets = ToBytes("the statement");
  AddAuthenticator statement = Addition(File(second_));
  EXPECT_REASON(
      adding_.Run({*core_.records().Seal(other), octets, statement, first_.Prove(octets)}).status(),
      kRecordStale);
  other = record_;
  other.purpose = KeyPurpose::kSeal;
  EXPECT_REASON(
      adding_.Run({*core_.records().Seal(other), octets, statement, first_.Prove(octets)}).status(),
      kKeyPurpose);
  ChangeState changes(core_.services(), proofs_);
  ASSERT_TRUE(changes.Block(record_.key_id).ok());
  EXPECT_REASON(Add(statement, first_).status(), kKeyBlocked);
}

TEST_F(AuthenticatorsTest, EightAtMostAndNoneTwice) {
  EXPECT_REASON(Add(File(first_), first_).status(), kAuthenticatorExcess);
  std::vector<P256Signer> more(kMostAuthenticators - 1);
  for (const P256Signer& each : more) Follow(Add(File(each), first_));
  EXPECT_EQ(record_.authenticators.size(), kMostAuthenticators);
  EXPECT_REASON(Add(File(second_), first_).status(), kAuthenticatorExcess);
  // A removed one makes room, and is gone from the next version.
  ASSERT_TRUE(Remove(Removal(more[0].id()), first_).ok());
  Follow(Add(File(second_), first_));
  EXPECT_EQ(record_.authenticators.size(), kMostAuthenticators);
}

TEST_F(AuthenticatorsTest, ARemovedOneProvesNothingAnywhere) {
  Follow(Add(File(second_), first_));
  const uint64_t line = core_.journal().Head().sequence;
  ASSERT_TRUE(Remove(Removal(first_.id()), second_).ok());
  EXPECT_THAT(core_.EventsAfter(line), ElementsAre(EventType::kAuthenticatorRemoved));
  EXPECT_REASON(Sign(first_), kAuthenticatorWithdrawn);
  EXPECT_REASON(Add(passkey_.Binding(), first_).status(), kAuthenticatorWithdrawn);
  EXPECT_REASON(Remove(Removal(second_.id()), first_), kAuthenticatorWithdrawn);
  ChangeState changes(core_.services(), proofs_);
  const Bytes octets = ToBytes("revoke it");
  const SignerRevocation revocation{
      core_.identity().instance, {{1}}, {{0x41}}, CrlReason::kKeyCompromise, core_.clock().Now()};
  EXPECT_REASON(changes.BySigner({sealed_, octets, revocation, first_.Prove(octets)}).status(),
                kAuthenticatorWithdrawn);
  KeyRecord certified = record_;
  certified.version = kVersionCertified;
  certified.key_id.octets[0] ^= 1;
  KeyRow row;
  row.version = kVersionCertified;
  row.removed_authenticators = {{first_.id()}};
  ASSERT_TRUE(core_.state()
                  .Update([&](RowTransaction& rows) { return rows.PutKey(certified.key_id, row); })
                  .ok());
  AcceptCertificate accepting(core_.services(), proofs_);
  const AcceptanceStatement acceptance{core_.identity().instance, certified.key_id,
                                       certified.certified_as->certificate_sha256,
                                       certified.agreement_digest, core_.clock().Now()};
  EXPECT_REASON(
      accepting.Run({*core_.records().Seal(certified), octets, acceptance, first_.Prove(octets)})
          .status(),
      kAuthenticatorWithdrawn);
  // Removed for good; and controls: the other one still signs and adds.
  EXPECT_REASON(Add(File(first_), second_).status(), kAuthenticatorWithdrawn);
  EXPECT_TRUE(Sign(second_).ok());
  Follow(Add(passkey_.Binding(), second_));
}

TEST_F(AuthenticatorsTest, ARemovedOneTakesItsStoredAnswersWithIt) {
  Follow(Add(File(second_), first_));
  const Bytes payload = *signing_.Begin({sealed_, "s", {MessageDigest::Sha256(Digest{})}});
  const SignDocument::FinishInput input{sealed_, payload, *DecodeSadPayload(payload),
                                        first_.Prove(payload)};
  ASSERT_TRUE(signing_.Finish(input).ok());
  ASSERT_TRUE(Remove(Removal(first_.id()), second_).ok());
  EXPECT_REASON(signing_.Finish(input).status(), kAuthenticatorWithdrawn);
}

TEST_F(AuthenticatorsTest, TheLastOneGoesByAnOfficersOrderAlone) {
  EXPECT_REASON(Remove(Removal(first_.id()), first_), kAuthenticatorLast);
  EXPECT_REASON(RemoveByOrder(Removal(first_.id()), core_.registration(0)), kOfficerUnknown);
  EXPECT_TRUE(RemoveByOrder(Removal(first_.id()), core_.revocation()).ok());
  EXPECT_REASON(Sign(first_), kAuthenticatorWithdrawn);
  // Again is no error, and writes the line again in case the first was never written.
  ASSERT_TRUE(core_.journal().Flush().ok());
  const uint64_t line = core_.journal().Head().sequence;
  EXPECT_TRUE(RemoveByOrder(Removal(first_.id()), core_.revocation()).ok());
  EXPECT_THAT(core_.EventsAfter(line), ElementsAre(EventType::kAuthenticatorRemoved));
}

TEST_F(AuthenticatorsTest, OneMayRemoveItselfWhileAnotherStands) {
  Follow(Add(File(second_), first_));
  ASSERT_TRUE(Remove(Removal(first_.id()), first_).ok());
  EXPECT_REASON(Remove(Removal(second_.id()), second_), kAuthenticatorLast);
}

TEST_F(AuthenticatorsTest, RemovalsAreForWhatIsBoundHere) {
  EXPECT_REASON(Remove(Removal(stranger_.id()), first_), kAuthenticatorUnknown);
  RemoveAuthenticator statement = Removal(first_.id());
  statement.core_instance.octets[0] ^= 1;
  EXPECT_REASON(Remove(statement, first_), kWrongCore);
  statement = Removal(first_.id());
  statement.key_id.octets[0] ^= 1;
  EXPECT_REASON(Remove(statement, first_), kOrderMismatch);
  statement = Removal(first_.id());
  statement.expires_at = core_.clock().Now();
  EXPECT_REASON(Remove(statement, first_), kStatementExpired);
}

TEST_F(AuthenticatorsTest, WhatARowRemembersIsBounded) {
  KeyRow row = **core_.state().FindKey(record_.key_id);
  row.removed_authenticators.resize(BindAuthenticator::kMostRemoved);
  for (size_t i = 0; i < row.removed_authenticators.size(); ++i) {
    row.removed_authenticators[i].octets[0] = static_cast<uint8_t>(i + 1);
  }
  ASSERT_TRUE(core_.state()
                  .Update([&](RowTransaction& rows) { return rows.PutKey(record_.key_id, row); })
                  .ok());
  EXPECT_REASON(Add(File(second_), first_).status(), kAuthenticatorExcess);
}

}  // namespace
}  // namespace intaglio::appliance
