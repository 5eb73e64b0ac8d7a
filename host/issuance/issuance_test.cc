#include "host/issuance/issuance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "appliance/domain/reasons.h"
#include "appliance/policy/gate_reasons.h"
#include "attestation/verify/reasons.h"
#include "host/core_link/reasons.h"
#include "host/domain/usecase_reasons.h"
#include "host/policy/reasons.h"
#include "host/store/reasons.h"
#include "host/x509/certificate.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"
#include "tests/support/host_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

using testing_support::FailsWith;
using testing_support::FakeCore;
using testing_support::HostFixture;
using testing_support::IsOk;
using testing_support::Must;
using testing_support::Person;

class IssuanceTest : public testing::Test, protected HostFixture {
 protected:
  IssuanceTest() { ActivateCa(); }
  Issuance& issuance() { return host().issuance; }
  Application Find(const std::string& id) { return Must(host().enrolment.Find(id)); }
};

TEST_F(IssuanceTest, AttestsTheKeyOnce) {
  const std::string id = Approved();
  const Credential credential = Must(issuance().GenerateKey(id));
  EXPECT_EQ(credential.state, CertificateState::kNone);
  EXPECT_FALSE(credential.evidence.empty());
  EXPECT_TRUE(credential.certificate.empty());
  EXPECT_EQ(Find(id).state, ApplicationState::kKeyAttested);
  EXPECT_EQ(Find(id).credential_id, credential.id);
  const Credential again = Must(issuance().GenerateKey(id));
  EXPECT_EQ(again.id, credential.id);
  EXPECT_EQ(core.calls("GenerateSignerKey"), 1);
}

TEST_F(IssuanceTest, KeepsAnApplicationWhoseEvidenceFails) {
  const std::string id = Approved();
  core.set_claims(FakeCore::Claims::kExtractable);
  EXPECT_THAT(issuance().GenerateKey(id), FailsWith(attestation::kWrapWithTrustedMissing));
  EXPECT_EQ(Find(id).state, ApplicationState::kApproved);
  EXPECT_EQ(Find(id).refusal.substr(0, 8), attestation::kWrapWithTrustedMissing.id);
  EXPECT_TRUE(Find(id).credential_id.empty());
  core.set_claims(FakeCore::Claims::kOtherNonce);
  EXPECT_THAT(issuance().GenerateKey(id), FailsWith(attestation::kNonceMismatch));
  core.set_claims(FakeCore::Claims::kWrapped);
  EXPECT_THAT(issuance().GenerateKey(id), IsOk());
  EXPECT_TRUE(Find(id).refusal.empty());
}

TEST_F(IssuanceTest, GeneratesTheSameKeyAfterALostAnswer) {
  const std::string id = Approved();
  core.LoseNextAnswer("GenerateSignerKey");
  EXPECT_THAT(issuance().GenerateKey(id), FailsWith(kCoreLinkLost));
  EXPECT_EQ(Find(id).state, ApplicationState::kApproved);
  Restart();
  EXPECT_THAT(issuance().GenerateKey(id), IsOk());
}

TEST_F(IssuanceTest, KeepsTheCoresRefusal) {
  const std::string id = Approved();
  core.RefuseNext("GenerateSignerKey",
                  FailRemote(appliance::kOfficerUnknown.code, appliance::kOfficerUnknown.id,
                             appliance::kOfficerUnknown.name, ""));
  EXPECT_THAT(issuance().GenerateKey(id), FailsWith(appliance::kOfficerUnknown));
  EXPECT_EQ(Find(id).refusal, "APL-0007 OFFICER_UNKNOWN");
}

TEST_F(IssuanceTest, EachStepNeedsItsState) {
  const std::string verified = Verified();
  EXPECT_THAT(issuance().GenerateKey(verified), FailsWith(kApplicationState));
  EXPECT_THAT(issuance().IssueCertificate(verified), FailsWith(kApplicationState));
  EXPECT_THAT(issuance().GenerateKey("x"), FailsWith(kApplicationUnknown));
  EXPECT_THAT(issuance().IssueCertificate("x"), FailsWith(kApplicationUnknown));
  EXPECT_THAT(issuance().Find("x"), FailsWith(kCredentialUnknown));
  EXPECT_THAT(issuance().BeginAgreement("x"), FailsWith(kCredentialUnknown));
  const std::string key = Attested().id;
  EXPECT_THAT(issuance().BeginAgreement(key), FailsWith(kCredentialState));
  EXPECT_THAT(issuance().FinishAgreement(key, Bytes{1}, {}), FailsWith(kCredentialState));
  EXPECT_THAT(issuance().PrepareAcceptance(key), FailsWith(kCredentialState));
  EXPECT_THAT(issuance().Accept(key, Bytes{1}, {}), FailsWith(kCredentialState));
}

TEST_F(IssuanceTest, IssuesWhatTheProfileSays) {
  const Credential credential = Issued();
  EXPECT_EQ(credential.state, CertificateState::kIssued);
  const auto facts = Must(DescribeCertificate(credential.certificate));
  EXPECT_EQ(ToHex(facts.serial), credential.serial);
  EXPECT_EQ(facts.spki, credential.spki);
  EXPECT_EQ(facts.validity.not_after, credential.not_after);
  EXPECT_LE(facts.validity.not_before, clock.Now());
  const auto ca = Must(store().ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  EXPECT_THAT(VerifyCertificate(credential.certificate, ca->certificate), IsOk());
  EXPECT_EQ(Find(credential.application_id).state, ApplicationState::kIssued);
  const auto status = Must(store().FindStatus(credential.serial));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->state, CertificateState::kIssued);
  // Again: the same one.
  EXPECT_EQ(Must(issuance().IssueCertificate(credential.application_id)).serial, credential.serial);
  EXPECT_EQ(core.certificates_signed(), 1u);
}

TEST_F(IssuanceTest, SendsTheSameOctetsAfterACrash) {
  const std::string id = Attested().application_id;
  core.LoseNextAnswer("IssueCertificate");
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(kCoreLinkLost));
  const Credential begun = Must(issuance().Find(Find(id).credential_id));
  EXPECT_FALSE(begun.intended_tbs.empty());
  EXPECT_EQ(begun.state, CertificateState::kNone);
  EXPECT_FALSE(Must(store().FindStatus(begun.serial)).has_value());
  Restart();
  clock.Advance(3 * kHour);
  const Credential issued = Must(issuance().IssueCertificate(id));
  EXPECT_EQ(issued.serial, begun.serial);
  EXPECT_THAT(CompareTbs(issued.certificate, begun.intended_tbs), IsOk());
  EXPECT_EQ(core.calls("DrawSerial"), 2);  // one for the responder, one for this
  EXPECT_EQ(core.certificates_signed(), 1u);
}

TEST_F(IssuanceTest, ACrashBeforeTheIntentDrawsAnew) {
  const std::string id = Attested().application_id;
  core.LoseNextAnswer("DrawSerial");
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(kCoreLinkLost));
  EXPECT_TRUE(Must(issuance().Find(Find(id).credential_id)).intended_tbs.empty());
  EXPECT_THAT(issuance().IssueCertificate(id), IsOk());
}

TEST_F(IssuanceTest, AnIntentThatHasGrownTooOldIsDropped) {
  const std::string id = Attested().application_id;
  core.GoAway();
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(kCoreUnavailable));
  core.Return();
  core.RefuseNext("IssueCertificate", Fail(kCoreUnavailable, "the test"));
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(kCoreUnavailable));
  const std::string old = Must(issuance().Find(Find(id).credential_id)).serial;
  EXPECT_FALSE(old.empty());
  clock.Advance(5 * kHour);
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(appliance::kGateNotBefore));
  const Credential issued = Must(issuance().IssueCertificate(id));
  EXPECT_NE(issued.serial, old);
}

TEST_F(IssuanceTest, RefusesASerialUsedBefore) {
  const Credential first = Issued();
  const std::string id = Attested().application_id;
  core.set_next_serial(Must(FromHex(first.serial)));
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(kStoreConflict));
  EXPECT_EQ(core.certificates_signed(), 1u);
  EXPECT_NE(Must(issuance().IssueCertificate(id)).serial, first.serial);
}

TEST_F(IssuanceTest, RefusesACertificateThatWasNotAskedFor) {
  const std::string id = Attested().application_id;
  core.SignOtherTbs();
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(kCertificateNotVerified));
  EXPECT_EQ(Find(id).state, ApplicationState::kKeyAttested);
  EXPECT_TRUE(Must(issuance().Find(Find(id).credential_id)).certificate.empty());
}

TEST_F(IssuanceTest, ALapsedDeviceStopsIssuanceAtOnce) {
  const std::string id = Attested().application_id;
  Restart(RegistryText("QSCD_STATUS_CANCELLED"));
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(attestation::kEntryCancelled));
  EXPECT_EQ(core.certificates_signed(), 0u);
  EXPECT_EQ(core.calls("DrawSerial"), 1);
}

TEST_F(IssuanceTest, ALapsedDeviceStopsAnIntentToo) {
  const std::string id = Attested().application_id;
  core.RefuseNext("IssueCertificate", Fail(kCoreUnavailable, "the test"));
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(kCoreUnavailable));
  const int attested = core.calls("Attest");
  Restart(RegistryText("QSCD_STATUS_CANCELLED"));
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(attestation::kEntryCancelled));
  Restart(RegistryText("QSCD_STATUS_LISTED"));
  EXPECT_THAT(issuance().IssueCertificate(id), IsOk());
  EXPECT_EQ(core.calls("Attest"), attested);
}

TEST_F(IssuanceTest, ALintFindingStopsItBeforeTheCore) {
  const std::string id = Attested().application_id;
  terms.subscriber_days = 1500;
  EXPECT_THAT(issuance().IssueCertificate(id), FailsWith(kLintValidity));
  EXPECT_EQ(core.calls("IssueCertificate"), 0);
}

TEST_F(IssuanceTest, TheAgreementIsSignedByTheNewKey) {
  const Credential credential = Agreed();
  const unsigned char* at = credential.agreement_cms.data();
  const CmsPtr cms(
      d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(credential.agreement_cms.size())));
  ASSERT_NE(cms, nullptr);
  const BioPtr content(
      BIO_new_mem_buf(terms.agreement.data(), static_cast<int>(terms.agreement.size())));
  EXPECT_EQ(CMS_verify(cms.get(), nullptr, nullptr, content.get(), nullptr,
                       CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY | CMS_DETACHED),
            1);
  const BioPtr other(BIO_new_mem_buf("x", 1));
  EXPECT_NE(CMS_verify(cms.get(), nullptr, nullptr, other.get(), nullptr,
                       CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY | CMS_DETACHED),
            1);
}

TEST_F(IssuanceTest, AStrangerCannotSignTheAgreement) {
  const std::string id = Issued().id;
  const Bytes payload = Must(issuance().BeginAgreement(id));
  const Person stranger;
  EXPECT_THAT(issuance().FinishAgreement(id, payload, stranger.Prove(payload)),
              FailsWith(appliance::kAuthenticatorUnknown));
  AuthenticatorProof wrong = applicant.Prove(ToBytes("another payload"));
  EXPECT_THAT(issuance().FinishAgreement(id, payload, wrong),
              FailsWith(appliance::kSignatureWrong));
  EXPECT_THAT(issuance().PrepareAcceptance(id), FailsWith(kAgreementUnsigned));
  EXPECT_THAT(issuance().Accept(id, Bytes{1}, wrong), FailsWith(kAgreementUnsigned));
}

TEST_F(IssuanceTest, ASignatureOverSomethingElseIsNoAgreement) {
  const std::string id = Active().id;
  const Bytes payload = Must(host().signing.Begin(id, "s", {Sha256(ToBytes("document"))}));
  // Another application's certificate, not yet accepted, handed the payload of the active key.
  const std::string fresh = Issued().id;
  EXPECT_FALSE(issuance().FinishAgreement(fresh, payload, applicant.Prove(payload)).ok());
  EXPECT_TRUE(Must(issuance().Find(fresh)).agreement_cms.empty());
}

TEST_F(IssuanceTest, TheCoresWrongSignatureIsNoticed) {
  const std::string id = Issued().id;
  const Bytes payload = Must(
      core.BeginActivation(Must(issuance().Find(id)).sealed_record, "s", {terms.agreement_digest}));
  terms.agreement.push_back('!');
  EXPECT_THAT(issuance().FinishAgreement(id, payload, applicant.Prove(payload)),
              FailsWith(kCoreAnswerWrong));
}

TEST_F(IssuanceTest, TheAgreementsAnswerMayBeLost) {
  const std::string id = Issued().id;
  const Bytes payload = Must(issuance().BeginAgreement(id));
  const AuthenticatorProof proof = applicant.Prove(payload);
  core.LoseNextAnswer("Sign");
  EXPECT_THAT(issuance().FinishAgreement(id, payload, proof), FailsWith(kCoreLinkLost));
  Restart();
  const Bytes first = Must(issuance().FinishAgreement(id, payload, proof)).agreement_cms;
  EXPECT_EQ(Must(issuance().FinishAgreement(id, payload, proof)).agreement_cms, first);
}

TEST_F(IssuanceTest, AcceptanceMakesItActive) {
  const std::string id = Agreed().id;
  const Bytes statement = Must(issuance().PrepareAcceptance(id));
  const Person stranger;
  EXPECT_THAT(issuance().Accept(id, statement, stranger.Prove(statement)),
              FailsWith(appliance::kAuthenticatorUnknown));
  EXPECT_THAT(issuance().Accept(id, Bytes{1, 2}, applicant.Prove(Bytes{1, 2})),
              FailsWith(appliance::kStatementInvalid));
  core.LoseNextAnswer("AcceptCertificate");
  EXPECT_THAT(issuance().Accept(id, statement, applicant.Prove(statement)),
              FailsWith(kCoreLinkLost));
  EXPECT_EQ(Must(issuance().Find(id)).state, CertificateState::kIssued);
  Restart();
  const Credential active = Must(issuance().Accept(id, statement, applicant.Prove(statement)));
  EXPECT_EQ(active.state, CertificateState::kActive);
  EXPECT_EQ(Find(active.application_id).state, ApplicationState::kAccepted);
  EXPECT_EQ(Must(store().FindStatus(active.serial))->state, CertificateState::kActive);
  EXPECT_THAT(issuance().Accept(id, statement, applicant.Prove(statement)), IsOk());
}

TEST_F(IssuanceTest, ASealCertificateNamesTheLegalPerson) {
  const Credential credential = SealIssued();
  const auto facts = Must(DescribeCertificate(credential.certificate));
  EXPECT_EQ(facts.qc_types, std::vector<std::string>{"0.4.0.1862.1.6.2"});
  EXPECT_EQ(facts.semantics_oids, std::vector<std::string>{"0.4.0.194121.1.2"});
  ASSERT_EQ(facts.subject.size(), 4u);
  EXPECT_EQ(facts.subject[2].text, "VATEE-100000001");
}

TEST_F(IssuanceTest, ControllersAcceptASealCertificateWithoutAnAgreementSignature) {
  const std::string id = SealIssued().id;
  EXPECT_THAT(issuance().BeginAgreement(id), FailsWith(kCredentialState));
  const Bytes statement = Must(issuance().PrepareAcceptance(id));
  const auto first = controllers[0].Prove(statement);
  const auto second = controllers[2].Prove(statement);
  EXPECT_THAT(issuance().Accept(id, statement, first), FailsWith(appliance::kControllersMissing));
  EXPECT_THAT(issuance().Accept(id, statement, first, {first}),
              FailsWith(appliance::kControllersMissing));
  EXPECT_THAT(issuance().Accept(id, statement, first, {applicant.Prove(statement)}),
              FailsWith(appliance::kAuthenticatorUnknown));
  EXPECT_THAT(store().FindSealCredentials("VATEE-100000001"), IsOk());
  EXPECT_TRUE(Must(store().FindSealCredentials("VATEE-100000001")).empty());
  const Credential active = Must(issuance().Accept(id, statement, first, {second}));
  EXPECT_EQ(active.state, CertificateState::kActive);
  const auto found = Must(store().FindSealCredentials("VATEE-100000001"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, id);
  EXPECT_EQ(found[0].sealed_record, active.sealed_record);
  EXPECT_TRUE(Must(store().FindSealCredentials("VATEE-2")).empty());
}

TEST_F(IssuanceTest, ASuspensionDuringAcceptanceIsNotUndone) {
  const Credential agreed = Agreed();
  const Bytes statement = Must(issuance().PrepareAcceptance(agreed.id));
  // The core accepts and the answer is lost; the certificate is suspended; the answer is asked
  // for again.
  core.LoseNextAnswer("AcceptCertificate");
  EXPECT_FALSE(issuance().Accept(agreed.id, statement, applicant.Prove(statement)).ok());
  EXPECT_THAT(Change(agreed.serial, StateAction::kSuspend), IsOk());
  EXPECT_THAT(issuance().Accept(agreed.id, statement, applicant.Prove(statement)),
              FailsWith(kCredentialState));
  // Reinstated it is what it was: issued, not active.
  EXPECT_EQ(Must(Change(agreed.serial, StateAction::kReinstate)).state, CertificateState::kIssued);
  EXPECT_EQ(Must(issuance().Accept(agreed.id, statement, applicant.Prove(statement))).state,
            CertificateState::kActive);
}

TEST_F(IssuanceTest, ManyApplicationsSideBySide) {
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(Approved());
  std::vector<std::thread> threads;
  std::atomic<int> issued{0};
  for (const std::string& id : ids) {
    for (int i = 0; i < 2; ++i) {  // each is asked for twice at once
      threads.emplace_back([&, id] {
        if (issuance().GenerateKey(id).ok() && issuance().IssueCertificate(id).ok()) ++issued;
      });
    }
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(issued, 12);
  EXPECT_EQ(core.certificates_signed(), ids.size());
}

}  // namespace
}  // namespace intaglio::host
