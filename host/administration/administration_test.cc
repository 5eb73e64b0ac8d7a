#include "host/administration/administration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/domain/reasons.h"
#include "host/core_link/reasons.h"
#include "host/domain/usecase_reasons.h"
#include "host/x509/certificate.h"
#include "host/x509/crl_builder.h"
#include "host/x509/reasons.h"
#include "tests/support/host_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::HostFixture;
using testing_support::IsOk;
using testing_support::Must;

class AdministrationTest : public testing::Test, protected HostFixture {
 protected:
  Administration& administration() { return host().administration; }
};

TEST_F(AdministrationTest, ActivatesACa) {
  const auto activation = PrepareCa();
  const auto activated = Must(administration().ActivateCa(activation));
  EXPECT_EQ(activated.crl_number, 1u);
  EXPECT_THAT(VerifyCertificate(activated.responder_certificate, activation.ca_certificate),
              IsOk());
  const auto ca = Must(store().ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  EXPECT_EQ(ca->chain, activation.chain);
  const auto crl = Must(store().LatestCrl());
  EXPECT_THAT(VerifyCrl(crl->der, activation.ca_certificate), IsOk());
  EXPECT_EQ(crl->next_update - crl->this_update, terms.crl_life);
  // Again, after a lost answer.
  EXPECT_EQ(Must(administration().ActivateCa(activation)).crl_number, 2u);
}

TEST_F(AdministrationTest, FindsTheRightKeys) {
  auto activation = PrepareCa();
  auto swapped = activation;
  std::swap(swapped.ca_key_id, swapped.status_key_id);
  EXPECT_THAT(administration().ActivateCa(swapped), FailsWith(kServiceNotReady));
  swapped = activation;
  swapped.status_key_id = std::string(32, '0');
  EXPECT_THAT(administration().ActivateCa(swapped), FailsWith(kServiceNotReady));
  EXPECT_THAT(administration().Attest(std::string(32, '0'), Bytes(32, 1)),
              FailsWith(kServiceNotReady));
  EXPECT_THAT(administration().Execute({Bytes{1}, {}}, {std::nullopt, std::string(32, '0')}),
              FailsWith(kServiceNotReady));
}

TEST_F(AdministrationTest, RefusesAnotherKeysCertificate) {
  auto first = PrepareCa();
  auto second = PrepareCa();
  first.ca_certificate = second.ca_certificate;
  EXPECT_THAT(administration().ActivateCa(first), FailsWith(kEvidenceMismatch));
}

TEST_F(AdministrationTest, RefusesAChainThatDoesNotHold) {
  auto activation = PrepareCa();
  activation.chain.clear();
  EXPECT_THAT(administration().ActivateCa(activation), FailsWith(kEvidenceMismatch));
  activation.chain = {activation.ca_certificate};
  EXPECT_FALSE(administration().ActivateCa(activation).ok());
  HostFixture other;  // another root of the same name
  activation.chain = other.PrepareCa().chain;
  EXPECT_THAT(administration().ActivateCa(activation), FailsWith(kCertificateNotVerified));
  activation.ca_certificate = Bytes{0x30, 0x00};
  EXPECT_THAT(administration().ActivateCa(activation), FailsWith(kCertificateMalformed));
  EXPECT_FALSE(Must(store().ActiveServiceKey(ServiceKeyPurpose::kCaIssuing)).has_value());
}

TEST_F(AdministrationTest, RefusesACaThatIsNotValidNow) {
  const auto activation = PrepareCa();
  clock.Advance(3651 * kDay);
  EXPECT_THAT(administration().ActivateCa(activation), FailsNaming(kEvidenceMismatch.id, "until"));
}

TEST_F(AdministrationTest, TheIssuersNameFitsTheBoundary) {
  const auto activation = PrepareCa();
  terms.boundary = Boundary::kProduction;
  EXPECT_THAT(administration().ActivateCa(activation), FailsNaming(kHostConfig.id, "LAB"));
}

TEST_F(AdministrationTest, InstallingAgainKeepsAnActiveCa) {
  const auto activation = PrepareCa();
  Must(administration().ActivateCa(activation));
  core.RefuseNext("ExecuteCommand", Fail(kCoreLinkLost, "the test"));
  EXPECT_FALSE(administration().Execute({Bytes{1}, {}}, {std::nullopt, activation.ca_key_id}).ok());
  EXPECT_EQ(Must(store().ActiveServiceKey(ServiceKeyPurpose::kCaIssuing))->certificate,
            activation.ca_certificate);
}

TEST_F(AdministrationTest, AttestsServiceKeys) {
  const std::string id = MakeServiceKey(ServiceKeyPurpose::kCaIssuing);
  const auto attested = Must(administration().Attest(id, Bytes(32, 1)));
  EXPECT_FALSE(attested.evidence.empty());
  EXPECT_EQ(attested.spki, Must(store().FindServiceKey(id))->spki);
}

TEST_F(AdministrationTest, RenewsTheResponderInTime) {
  EXPECT_THAT(administration().KeepResponderFresh(), IsOk());  // nothing to renew yet
  ActivateCa();
  auto responder = [&] {
    return Must(store().ActiveServiceKey(ServiceKeyPurpose::kStatus))->certificate;
  };
  const Bytes first = responder();
  clock.Advance(59 * kDay);
  EXPECT_THAT(administration().KeepResponderFresh(), IsOk());
  EXPECT_EQ(responder(), first);
  clock.Advance(kDay);
  core.GoAway();
  EXPECT_THAT(administration().KeepResponderFresh(), FailsWith(kCoreUnavailable));
  core.Return();
  EXPECT_THAT(administration().KeepResponderFresh(), IsOk());
  const Bytes second = responder();
  EXPECT_NE(second, first);
  EXPECT_THAT(administration().KeepResponderFresh(), IsOk());
  EXPECT_EQ(responder(), second);
  const auto facts = Must(DescribeCertificate(second));
  EXPECT_GT(facts.validity.not_after, clock.Now() + 80 * kDay);
}

TEST_F(AdministrationTest, TheCoresRefusalChangesNothing) {
  core.RefuseNext("ExecuteCommand",
                  FailRemote(appliance::kCommandNonce.code, appliance::kCommandNonce.id,
                             appliance::kCommandNonce.name, ""));
  EXPECT_THAT(administration().Execute({Bytes{1}, {}}, {ServiceKeyPurpose::kStatus, ""}),
              FailsWith(appliance::kCommandNonce));
  EXPECT_EQ(Must(store().AuditHead()), Bytes(32, 0));
}

}  // namespace
}  // namespace intaglio::host
