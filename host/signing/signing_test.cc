#include "host/signing/signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/domain/reasons.h"
#include "host/core_link/reasons.h"
#include "host/domain/usecase_reasons.h"
#include "host/x509/public_key.h"
#include "tests/support/host_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

using testing_support::FailsWith;
using testing_support::HostFixture;
using testing_support::IsOk;
using testing_support::Must;
using testing_support::Person;
using testing_support::WaitingSigning;

class SigningTest : public testing::Test, protected HostFixture {
 protected:
  SigningTest() { ActivateCa(); }
  WaitingSigning& signing() { return host().signing; }
  const Bytes first_ = ToBytes("the first document");
  const Bytes second_ = ToBytes("the second document");
};

TEST_F(SigningTest, SignsTheHashesInOrder) {
  const Credential active = Active();
  const Bytes payload =
      Must(signing().Begin(active.id, "session", {Sha256(first_), Sha256(second_)}));
  const Bytes head = Must(store().AuditHead());
  const auto signatures = Must(signing().Finish(active.id, payload, applicant.Prove(payload)));
  ASSERT_EQ(signatures.size(), 2u);
  EXPECT_TRUE(VerifyEs256(active.spki, first_, signatures[0]));
  EXPECT_TRUE(VerifyEs256(active.spki, second_, signatures[1]));
  ASSERT_THAT(store().FlushAudit(), IsOk());
  EXPECT_NE(Must(store().AuditHead()), head);
}

TEST_F(SigningTest, ALostAnswerIsGivenAgain) {
  const Credential active = Active();
  const Bytes payload = Must(signing().Begin(active.id, "session", {Sha256(first_)}));
  const AuthenticatorProof proof = applicant.Prove(payload);
  core.LoseNextAnswer("Sign");
  EXPECT_THAT(signing().Finish(active.id, payload, proof), FailsWith(kCoreLinkLost));
  const auto signatures = Must(signing().Finish(active.id, payload, proof));
  EXPECT_EQ(Must(signing().Finish(active.id, payload, proof)), signatures);
}

TEST_F(SigningTest, TheCoreJudges) {
  const Credential active = Active();
  const Bytes payload = Must(signing().Begin(active.id, "session", {Sha256(first_)}));
  const Person stranger;
  EXPECT_THAT(signing().Finish(active.id, payload, stranger.Prove(payload)),
              FailsWith(appliance::kAuthenticatorUnknown));
  EXPECT_THAT(signing().Finish(active.id, payload, applicant.Prove(ToBytes("other"))),
              FailsWith(appliance::kSignatureWrong));
  EXPECT_THAT(Change(active.serial, StateAction::kSuspend), IsOk());
  EXPECT_THAT(signing().Begin(active.id, "session", {Sha256(first_)}),
              FailsWith(appliance::kKeySuspended));
  EXPECT_THAT(Change(active.serial, StateAction::kRevoke, RevocationReason::kSuperseded), IsOk());
  EXPECT_FALSE(signing().Begin(active.id, "session", {Sha256(first_)}).ok());
}

TEST_F(SigningTest, OneNotAcceptedSignsNoDocument) {
  EXPECT_THAT(signing().Begin(Agreed().id, "session", {Sha256(first_)}),
              FailsWith(appliance::kAgreementOnly));
  EXPECT_THAT(signing().Begin(Attested().id, "session", {Sha256(first_)}),
              FailsWith(appliance::kRecordVersion));
}

TEST_F(SigningTest, KnowsNoOtherCredentials) {
  EXPECT_THAT(signing().Begin("x", "session", {Sha256(first_)}), FailsWith(kCredentialUnknown));
  EXPECT_THAT(signing().Finish("x", Bytes{1}, {}), FailsWith(kCredentialUnknown));
}

}  // namespace
}  // namespace intaglio::host
