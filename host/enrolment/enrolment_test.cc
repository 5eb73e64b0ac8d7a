#include "host/enrolment/enrolment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/domain/usecase_reasons.h"
#include "host/x509/public_key.h"
#include "intaglio/core/v1/statements.pb.h"
#include "intaglio/host/v1/services.pb.h"
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

class EnrolmentTest : public testing::Test, protected HostFixture {
 protected:
  EnrolmentTest() { ActivateCa(); }
  Enrolment& enrolment() { return host().enrolment; }
  // Creating with one field changed fails and names the field.
  void ExpectFieldRefused(const std::string& field,
                          const std::function<void(Enrolment::NewApplication&)>& change) {
    Enrolment::NewApplication request = NewApplication();
    change(request);
    EXPECT_THAT(enrolment().Create(request), FailsNaming(kFieldInvalid.id, "field " + field));
  }
  void ExpectEvidenceRefused(const std::string& field,
                             const std::function<void(IdentityEvidence&)>& change) {
    IdentityEvidence evidence = Evidence();
    change(evidence);
    EXPECT_THAT(enrolment().RecordEvidence("x", evidence),
                FailsNaming(kFieldInvalid.id, "field " + field));
  }
};

TEST_F(EnrolmentTest, TheStatementSaysWhatWasAppliedFor) {
  const Application application = Must(enrolment().Create(NewApplication()));
  EXPECT_EQ(application.id.size(), 32u);
  EXPECT_EQ(application.state, ApplicationState::kDraft);
  v1::ApplicationStatement statement;
  ASSERT_TRUE(ParseCanonical(application.statement, statement));
  EXPECT_EQ(statement.context(), "intaglio/application/v1");
  EXPECT_EQ(statement.application_id(), application.id);
  EXPECT_EQ(statement.policy(), v1::CERTIFICATE_POLICY_QCP_N_QSCD);
  EXPECT_EQ(statement.person().surname(), "Õunapuu");
  EXPECT_EQ(ToBytes(statement.authenticator_spki()), applicant.spki());
  EXPECT_EQ(ToBytes(statement.agreement_digest()), ToBytes(terms.agreement_digest));
  EXPECT_EQ(statement.created_at_ms(), clock.Now().ms);
}

TEST_F(EnrolmentTest, RefusesEachFieldThatCannotStand) {
  using New = Enrolment::NewApplication;
  ExpectFieldRefused("person.country", [](New& n) { n.person.country = "ee"; });
  ExpectFieldRefused("person.country", [](New& n) { n.person.country = ""; });
  ExpectFieldRefused("person.given_name", [](New& n) { n.person.given_name = ""; });
  ExpectFieldRefused("person.given_name",
                     [](New& n) { n.person.given_name = std::string(129, 'a'); });
  ExpectFieldRefused("person.surname", [](New& n) { n.person.surname = "a\nb"; });
  ExpectFieldRefused("person.common_name",
                     [](New& n) { n.person.common_name = std::string(257, 'a'); });
  ExpectFieldRefused("person.serial_number", [](New& n) { n.person.serial_number = "38001"; });
  ExpectFieldRefused("person.serial_number",
                     [](New& n) { n.person.serial_number = "XXXEE-38001"; });
  ExpectFieldRefused("person", [](New& n) { n.person.serial_number = "PNOEE-38*"; });
  ExpectFieldRefused("person", [](New& n) { n.person.surname = "\xff\xfe"; });
  ExpectFieldRefused("person.pseudonym", [](New& n) { n.person.pseudonym = "P"; });
  ExpectFieldRefused("authenticator_spki", [](New& n) { n.authenticator_spki.pop_back(); });
  ExpectFieldRefused("authenticator_spki", [](New& n) { n.authenticator_spki[60] ^= 1; });
  ExpectFieldRefused("authenticator_kind",
                     [](New& n) { n.authenticator_kind = static_cast<AuthenticatorKind>(9); });
}

TEST_F(EnrolmentTest, RefusesAPolicyThatIsNotOffered) {
  Enrolment::NewApplication request = NewApplication();
  request.policy = CertificatePolicy::kQcpN;
  EXPECT_THAT(enrolment().Create(request), FailsWith(kPolicyNotOffered));
}

class SealEnrolmentTest : public EnrolmentTest {
 protected:
  void ExpectSealRefused(const std::string& field,
                         const std::function<void(Enrolment::NewApplication&)>& change) {
    Enrolment::NewApplication request = NewSealApplication();
    change(request);
    EXPECT_THAT(enrolment().Create(request), FailsNaming(kFieldInvalid.id, "field " + field));
  }
  std::string SealSubmitted() {
    const auto application = Must(enrolment().Create(NewSealApplication()));
    return Must(enrolment().Submit(application.id, applicant.Sign(application.statement))).id;
  }
};

TEST_F(SealEnrolmentTest, TheStatementNamesOrganisationAndControllers) {
  const Application application = Must(enrolment().Create(NewSealApplication()));
  v1::ApplicationStatement statement;
  ASSERT_TRUE(ParseCanonical(application.statement, statement));
  EXPECT_EQ(statement.organization().organization_identifier(), "VATEE-100000001");
  ASSERT_EQ(statement.controllers_size(), 3);
  EXPECT_EQ(ToBytes(statement.controllers(1).spki()), controllers[1].spki());
  EXPECT_EQ(statement.controllers_need(), 2u);
  EXPECT_EQ(statement.person().surname(), "Õunapuu");
}

TEST_F(SealEnrolmentTest, RefusesEachFieldThatCannotStand) {
  using New = Enrolment::NewApplication;
  ExpectSealRefused("organization", [](New& n) { n.seal.reset(); });
  ExpectSealRefused("organization", [](New& n) { n.policy = CertificatePolicy::kQcpNQscd; });
  ExpectSealRefused("organization.country", [](New& n) { n.seal->organization.country = "ee"; });
  ExpectSealRefused("organization.organization_name",
                    [](New& n) { n.seal->organization.organization_name.clear(); });
  ExpectSealRefused("organization.organization_identifier",
                    [](New& n) { n.seal->organization.organization_identifier = "100000001"; });
  ExpectSealRefused("organization.common_name",
                    [](New& n) { n.seal->organization.common_name = "a\nb"; });
  ExpectSealRefused("organization",
                    [](New& n) { n.seal->organization.organization_name = "\xc3("; });
  ExpectSealRefused("controllers", [](New& n) { n.seal->controllers.clear(); });
  ExpectSealRefused("controllers",
                    [](New& n) { n.seal->controllers.resize(9, n.seal->controllers[0]); });
  ExpectSealRefused("controllers", [](New& n) { n.seal->controllers[1] = n.seal->controllers[0]; });
  ExpectSealRefused("controllers.spki", [](New& n) { n.seal->controllers[1].spki.pop_back(); });
  ExpectSealRefused("controllers.kind", [](New& n) {
    n.seal->controllers[1].kind = static_cast<AuthenticatorKind>(9);
  });
  ExpectSealRefused("controllers_need", [](New& n) { n.seal->controllers_need = 0; });
  ExpectSealRefused("controllers_need", [](New& n) { n.seal->controllers_need = 4; });
  ExpectSealRefused("key_algorithm", [](New& n) { n.seal->key_algorithm = 7; });
}

TEST_F(SealEnrolmentTest, EvidenceNeedsTheProofOfAuthority) {
  const std::string id = SealSubmitted();
  const std::pair<const char*, std::string IdentityEvidence::*> kFields[] = {
      {"field authority_type", &IdentityEvidence::authority_type},
      {"field authority_reference", &IdentityEvidence::authority_reference},
      {"field organization_validation", &IdentityEvidence::organization_validation}};
  for (const auto& [name, field] : kFields) {
    IdentityEvidence evidence = SealEvidence();
    (evidence.*field).clear();
    EXPECT_THAT(enrolment().RecordEvidence(id, evidence), FailsNaming(kFieldInvalid.id, name));
  }
  EXPECT_THAT(enrolment().RecordEvidence(id, SealEvidence()), IsOk());
  EXPECT_THAT(enrolment().RecordEvidence(Submitted(), SealEvidence()),
              FailsNaming(kFieldInvalid.id, "field authority_type"));
}

TEST_F(SealEnrolmentTest, AControllerIsNoOfficer) {
  const std::string id = SealSubmitted();
  IdentityEvidence evidence = SealEvidence();
  evidence.officer_id = controllers[2].id();
  EXPECT_THAT(enrolment().RecordEvidence(id, evidence), FailsWith(kOfficerIsSubject));
  Must(enrolment().RecordEvidence(id, SealEvidence()));
  const Bytes order = Must(enrolment().PrepareOrder(id));
  EXPECT_THAT(enrolment().Approve(id, order, controllers[0].Approve(order)),
              FailsWith(kOfficerIsSubject));
}

TEST_F(SealEnrolmentTest, TheOrderIsForASealKeyOfTheOrganisation) {
  const std::string id = SealSubmitted();
  Must(enrolment().RecordEvidence(id, SealEvidence()));
  core::v1::IssuanceOrder order;
  ASSERT_TRUE(ParseCanonical(Must(enrolment().PrepareOrder(id)), order));
  EXPECT_FALSE(order.has_subject());
  EXPECT_EQ(order.legal_subject().organization_name(), "Õnne Arhiiv AS");
  EXPECT_EQ(order.policy_oid(), "0.4.0.194112.1.3");
  EXPECT_EQ(order.core_generated().use(), core::v1::SUBJECT_KEY_USE_SEAL);
  EXPECT_EQ(order.core_generated().algorithm(), core::v1::KEY_ALGORITHM_P256);
  EXPECT_EQ(order.authenticators_size(), 3);
  EXPECT_EQ(order.controllers_need(), 2u);
}

TEST_F(EnrolmentTest, OnlyTheApplicantsAuthenticatorSubmits) {
  const Application draft = Must(enrolment().Create(NewApplication()));
  const Person stranger;
  EXPECT_THAT(enrolment().Submit(draft.id, stranger.Sign(draft.statement)),
              FailsWith(kApplicantSignature));
  EXPECT_THAT(enrolment().Submit(draft.id, applicant.Sign(ToBytes("other"))),
              FailsWith(kApplicantSignature));
  EXPECT_THAT(enrolment().Submit(draft.id, Bytes{}), FailsWith(kApplicantSignature));
  EXPECT_EQ(Must(enrolment().Find(draft.id)).state, ApplicationState::kDraft);
  const Bytes signature = applicant.Sign(draft.statement);
  EXPECT_EQ(Must(enrolment().Submit(draft.id, signature)).state, ApplicationState::kSubmitted);
  // Again, after a lost answer; the first signature is the one kept.
  const Application again = Must(enrolment().Submit(draft.id, applicant.Sign(draft.statement)));
  EXPECT_EQ(again.state, ApplicationState::kSubmitted);
  EXPECT_EQ(again.signature, signature);
}

TEST_F(EnrolmentTest, KnowsNoOtherApplications) {
  const std::string unknown(32, '0');
  EXPECT_THAT(enrolment().Find(unknown), FailsWith(kApplicationUnknown));
  EXPECT_THAT(enrolment().Submit(unknown, Bytes{1}), FailsWith(kApplicationUnknown));
  EXPECT_THAT(enrolment().Withdraw(unknown), FailsWith(kApplicationUnknown));
  EXPECT_THAT(enrolment().Reject(unknown, "why"), FailsWith(kApplicationUnknown));
  EXPECT_THAT(enrolment().RecordEvidence(unknown, Evidence()), FailsWith(kApplicationUnknown));
  EXPECT_THAT(enrolment().PrepareOrder(unknown), FailsWith(kApplicationUnknown));
}

TEST_F(EnrolmentTest, TheEvidenceDocumentIsWhatTheDigestSays) {
  const std::string id = Submitted();
  IdentityEvidence evidence = Evidence();
  evidence.method = 4;
  evidence.equivalence_basis = "assessment 2026-7";
  const Application verified = Must(enrolment().RecordEvidence(id, evidence));
  EXPECT_EQ(verified.state, ApplicationState::kIdentityVerified);
  const Bytes document = host().statements.ComposeEvidence(id, evidence, clock.Now());
  EXPECT_EQ(verified.evidence_digest, ToBytes(Sha256(document)));
  EXPECT_EQ(verified.evidence_officer, registration[0].id());
  EXPECT_THAT(enrolment().RecordEvidence(id, evidence), FailsWith(kApplicationState));
}

TEST_F(EnrolmentTest, RefusesEvidenceThatProvesNothing) {
  using Evi = IdentityEvidence;
  ExpectEvidenceRefused("method", [](Evi& e) { e.method = 0; });
  ExpectEvidenceRefused("method", [](Evi& e) { e.method = 5; });
  ExpectEvidenceRefused("document_type", [](Evi& e) { e.document_type = ""; });
  ExpectEvidenceRefused("document_reference", [](Evi& e) { e.document_reference = ""; });
  ExpectEvidenceRefused("validation", [](Evi& e) { e.validation = std::string(513, 'v'); });
  ExpectEvidenceRefused("officer_id", [](Evi& e) { e.officer_id.pop_back(); });
  ExpectEvidenceRefused("equivalence_basis", [](Evi& e) { e.method = 4; });
  ExpectEvidenceRefused("place_of_birth", [](Evi& e) { e.place_of_birth = "a\tb"; });
  for (const char* date : {"1980-13-01", "1980-02-30", "80-01-08", "1980/01/08", "1980-1-008"}) {
    ExpectEvidenceRefused("date_of_birth", [&](Evi& e) { e.date_of_birth = date; });
  }
}

TEST_F(EnrolmentTest, TheApplicantIsNoOfficer) {
  const std::string id = Submitted();
  IdentityEvidence evidence = Evidence();
  evidence.officer_id = applicant.id();
  EXPECT_THAT(enrolment().RecordEvidence(id, evidence), FailsWith(kOfficerIsSubject));
  Must(enrolment().RecordEvidence(id, Evidence()));
  const Bytes order = Must(enrolment().PrepareOrder(id));
  EXPECT_THAT(enrolment().Approve(id, order, applicant.Approve(order)),
              FailsWith(kOfficerIsSubject));
}

TEST_F(EnrolmentTest, TheOrderSaysWhatIsVouchedFor) {
  const std::string id = Verified();
  const Application application = Must(enrolment().Find(id));
  core::v1::IssuanceOrder order;
  ASSERT_TRUE(ParseCanonical(Must(enrolment().PrepareOrder(id)), order));
  EXPECT_EQ(order.context(), "intaglio/issuance-order/v1");
  EXPECT_EQ(order.order_id().size(), 32u);
  EXPECT_EQ(ToBytes(order.core_instance()), core.instance());
  const auto ca = Must(store().ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  EXPECT_EQ(ToHex(AsBytes(order.issuer_key_id())), ca->id);
  EXPECT_EQ(order.policy_oid(), "0.4.0.194112.1.2");
  EXPECT_EQ(order.subject().given_name(), "Mari");
  EXPECT_EQ(order.core_generated().algorithm(), core::v1::KEY_ALGORITHM_P256);
  EXPECT_EQ(order.signer_id(), id);
  ASSERT_EQ(order.authenticators_size(), 1);
  EXPECT_EQ(ToBytes(order.authenticators(0).spki()), applicant.spki());
  EXPECT_EQ(ToBytes(order.evidence_digest()), application.evidence_digest);
  EXPECT_EQ(ToBytes(order.agreement_digest()), ToBytes(terms.agreement_digest));
  EXPECT_EQ(order.validity_days(), 730u);
  EXPECT_EQ(order.expires_at_ms() - order.issued_at_ms(), 7 * kDay);
}

TEST_F(EnrolmentTest, TheOrderStandsUntilItExpires) {
  const std::string id = Verified();
  const Bytes first = Must(enrolment().PrepareOrder(id));
  clock.Advance(7 * kDay - 1);
  core.GoAway();  // nothing need be asked for an order that stands
  EXPECT_EQ(Must(enrolment().PrepareOrder(id)), first);
  core.Return();
  Must(enrolment().Approve(id, first, registration[0].Approve(first)));
  clock.Advance(1);
  EXPECT_THAT(enrolment().Approve(id, first, registration[1].Approve(first)),
              FailsWith(kOrderChanged));
  const Bytes second = Must(enrolment().PrepareOrder(id));
  EXPECT_NE(second, first);
  EXPECT_TRUE(Must(enrolment().Find(id)).order.approvals.empty());
  EXPECT_THAT(enrolment().Approve(id, first, registration[1].Approve(first)),
              FailsWith(kOrderChanged));
}

TEST_F(EnrolmentTest, AnApprovedOrderThatExpiredIsPreparedAnew) {
  const std::string id = Approved();
  EXPECT_THAT(enrolment().PrepareOrder(id), FailsWith(kApplicationState));
  clock.Advance(8 * kDay);
  const Bytes order = Must(enrolment().PrepareOrder(id));
  EXPECT_EQ(Must(enrolment().Find(id)).state, ApplicationState::kIdentityVerified);
  for (const Person& officer : registration) {
    Must(enrolment().Approve(id, order, officer.Approve(order)));
  }
  EXPECT_THAT(host().issuance.GenerateKey(id), IsOk());
}

TEST_F(EnrolmentTest, AKeyWithoutACertificateMayGetANewOrderButNotOneWithAnIntent) {
  const std::string id = Attested().application_id;
  clock.Advance(8 * kDay);
  Must(enrolment().PrepareOrder(id));
  EXPECT_TRUE(Must(enrolment().Find(id)).credential_id.empty());

  const std::string other = Attested().application_id;
  core.LoseNextAnswer("IssueCertificate");
  EXPECT_FALSE(host().issuance.IssueCertificate(other).ok());
  clock.Advance(8 * kDay);
  EXPECT_THAT(enrolment().PrepareOrder(other), FailsWith(kApplicationState));
}

TEST_F(EnrolmentTest, NeedsACaAndACoreForAnOrder) {
  const std::string id = Verified();
  core.GoAway();
  EXPECT_EQ(ReasonNameOf(enrolment().PrepareOrder(id).status()), "CORE_UNAVAILABLE");
}

TEST_F(EnrolmentTest, TwoDifferentOfficersApprove) {
  const std::string id = Verified();
  const Bytes order = Must(enrolment().PrepareOrder(id));
  const OfficerApproval first = registration[0].Approve(order);
  EXPECT_EQ(Must(enrolment().Approve(id, order, first)).state, ApplicationState::kIdentityVerified);
  EXPECT_THAT(enrolment().Approve(id, order, registration[0].Approve(order)),
              FailsWith(kSameOfficer));
  // The very same signature again is a retry, and still one approval.
  EXPECT_EQ(Must(enrolment().Approve(id, order, first)).order.approvals.size(), 1u);
  const OfficerApproval second = registration[1].Approve(order);
  EXPECT_EQ(Must(enrolment().Approve(id, order, second)).state, ApplicationState::kApproved);
  EXPECT_EQ(Must(enrolment().Approve(id, order, second)).order.approvals.size(), 2u);
  const Person third;
  EXPECT_THAT(enrolment().Approve(id, order, third.Approve(order)), FailsWith(kApplicationState));
}

TEST_F(EnrolmentTest, RefusesApprovalsOfOtherOctetsAndShapes) {
  const std::string id = Verified();
  EXPECT_THAT(enrolment().Approve(id, Bytes{}, registration[0].Approve(Bytes{})),
              FailsWith(kOrderChanged));
  Bytes order = Must(enrolment().PrepareOrder(id));
  OfficerApproval approval = registration[0].Approve(order);
  order.push_back(0);
  EXPECT_THAT(enrolment().Approve(id, order, approval), FailsWith(kOrderChanged));
  approval.signature.clear();
  EXPECT_THAT(enrolment().Approve(id, order, approval),
              FailsNaming(kFieldInvalid.id, "approval.signature"));
  approval.signature = Bytes(81, 1);
  EXPECT_THAT(enrolment().Approve(id, order, approval),
              FailsNaming(kFieldInvalid.id, "approval.signature"));
  approval.officer_id.pop_back();
  EXPECT_THAT(enrolment().Approve(id, order, approval),
              FailsNaming(kFieldInvalid.id, "approval.officer_id"));
}

TEST_F(EnrolmentTest, EndsWithdrawnOrRejectedOnlyBeforeAKeyExists) {
  const std::string withdrawn = Verified();
  EXPECT_EQ(Must(enrolment().Withdraw(withdrawn)).state, ApplicationState::kWithdrawn);
  EXPECT_THAT(enrolment().Withdraw(withdrawn), IsOk());
  EXPECT_THAT(enrolment().Reject(withdrawn, "late"), FailsWith(kApplicationState));
  EXPECT_THAT(enrolment().PrepareOrder(withdrawn), FailsWith(kApplicationState));
  const std::string rejected = Submitted();
  EXPECT_THAT(enrolment().Reject(rejected, ""), FailsNaming(kFieldInvalid.id, "field reason"));
  const Application ended = Must(enrolment().Reject(rejected, "the photo is another person's"));
  EXPECT_EQ(ended.state, ApplicationState::kRejected);
  EXPECT_EQ(ended.refusal, "the photo is another person's");
  EXPECT_THAT(enrolment().Withdraw(rejected), FailsWith(kApplicationState));
  const std::string attested = Attested().application_id;
  EXPECT_THAT(enrolment().Withdraw(attested), FailsWith(kApplicationState));
  EXPECT_THAT(enrolment().Reject(attested, "late"), FailsWith(kApplicationState));
}

TEST_F(EnrolmentTest, ListsByState) {
  Submitted();
  const std::string id = Verified();
  const auto found = Must(enrolment().List(ApplicationState::kIdentityVerified, "", 10));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, id);
  EXPECT_EQ(Must(enrolment().List(std::nullopt, "", 10)).size(), 2u);
}

TEST(EnrolmentWithoutCa, IsNotReady) {
  HostFixture fixture;
  const std::string id = fixture.Verified();
  EXPECT_THAT(fixture.host().enrolment.PrepareOrder(id), FailsWith(kServiceNotReady));
}

}  // namespace
}  // namespace intaglio::host
