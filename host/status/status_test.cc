#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/policy/status_reasons.h"
#include "host/core_link/reasons.h"
#include "host/domain/usecase_reasons.h"
#include "host/status/status_service.h"
#include "host/x509/openssl_ptr.h"
#include "tests/support/host_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

using testing_support::FailsWith;
using testing_support::HostFixture;
using testing_support::IsOk;
using testing_support::Must;

struct Reading {
  int response_status = -1;
  std::vector<int> answers;
  bool nonce = false;
  bool verified = false;
  bool archive_cutoff = false;
  int64_t seconds_valid = 0;
};

class StatusTest : public testing::Test, protected HostFixture {
 protected:
  StatusTest() {
    ActivateCa();
    ca_ = *Must(store().ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  }
  StatusService& status() { return host().status; }

  OcspCertIdPtr CertId(const Bytes& issuer, const std::string& serial, const EVP_MD* hash) {
    const unsigned char* at = issuer.data();
    const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(issuer.size())));
    const Bytes octets = Must(FromHex(serial));
    const std::unique_ptr<BIGNUM, CFree<BN_free>> big(
        BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    const std::unique_ptr<ASN1_INTEGER, CFree<ASN1_INTEGER_free>> number(
        BN_to_ASN1_INTEGER(big.get(), nullptr));
    return OcspCertIdPtr(OCSP_cert_id_new(hash, X509_get_subject_name(certificate.get()),
                                          X509_get0_pubkey_bitstr(certificate.get()),
                                          number.get()));
  }
  enum class Nonce { kNo, kYes };
  Bytes Request(const std::vector<std::string>& serials, Nonce nonce,
                const EVP_MD* hash = EVP_sha1()) {
    const OcspRequestPtr request(OCSP_REQUEST_new());
    for (const std::string& serial : serials) {
      OCSP_request_add0_id(request.get(), CertId(ca_.certificate, serial, hash).release());
    }
    if (nonce == Nonce::kYes) {
      unsigned char octets[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
      OCSP_request_add1_nonce(request.get(), octets, sizeof octets);
    }
    return Encode(request.get());
  }
  static Bytes Encode(OCSP_REQUEST* request) {
    unsigned char* out = nullptr;
    const int size = i2d_OCSP_REQUEST(request, &out);
    const OpensslOctetsPtr owner(out);
    return Bytes(out, out + size);
  }
  // What OpenSSL makes of the answer; verified against the CA as of now.
  Reading Read(const Bytes& der) {
    Reading out;
    const unsigned char* at = der.data();
    const OcspResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
    if (!response) return out;
    out.response_status = OCSP_response_status(response.get());
    const OcspBasicPtr basic(OCSP_response_get1_basic(response.get()));
    if (!basic) return out;
    out.nonce = OCSP_BASICRESP_get_ext_by_NID(basic.get(), NID_id_pkix_OCSP_Nonce, -1) >= 0;
    const X509StorePtr trusted(X509_STORE_new());
    for (const Bytes& each : {ca_.certificate, ca_.chain[0]}) {
      const unsigned char* from = each.data();
      const X509Ptr certificate(d2i_X509(nullptr, &from, static_cast<long>(each.size())));
      X509_STORE_add_cert(trusted.get(), certificate.get());
    }
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trusted.get()), clock.Now().ms / 1000);
    out.verified = OCSP_basic_verify(basic.get(), nullptr, trusted.get(), 0) == 1;
    for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
      OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), i);
      ASN1_GENERALIZEDTIME *from = nullptr, *to = nullptr;
      out.answers.push_back(OCSP_single_get0_status(single, nullptr, nullptr, &from, &to));
      int days = 0, seconds = 0;
      ASN1_TIME_diff(&days, &seconds, from, to);
      out.seconds_valid = days * 86400 + seconds;
      out.archive_cutoff =
          OCSP_SINGLERESP_get_ext_by_NID(single, NID_id_pkix_OCSP_archiveCutoff, -1) >= 0;
    }
    return out;
  }
  Reading Ask(const std::string& serial, Nonce nonce = Nonce::kNo) {
    return Read(status().AnswerOcsp(Request({serial}, nonce)).der);
  }

  ServiceKey ca_;
};

TEST_F(StatusTest, AnswersGoodForWhatWasIssued) {
  const Credential issued = Issued();
  for (const Nonce nonce : {Nonce::kNo, Nonce::kYes}) {
    const Reading reading = Ask(issued.serial, nonce);
    EXPECT_EQ(reading.response_status, OCSP_RESPONSE_STATUS_SUCCESSFUL);
    EXPECT_THAT(reading.answers, testing::ElementsAre(V_OCSP_CERTSTATUS_GOOD));
    EXPECT_TRUE(reading.verified);
    EXPECT_TRUE(reading.archive_cutoff);
    EXPECT_EQ(reading.nonce, nonce == Nonce::kYes);
    EXPECT_EQ(reading.seconds_valid, 86400);
  }
}

TEST_F(StatusTest, NeverGoodForASerialNotIssued) {
  const Reading reading = Ask("4d00000000000000000000000000beef");
  EXPECT_THAT(reading.answers, testing::ElementsAre(V_OCSP_CERTSTATUS_UNKNOWN));
  EXPECT_TRUE(reading.verified);
  EXPECT_FALSE(reading.archive_cutoff);
}

TEST_F(StatusTest, AnswersSeveralQuestionsAndSha256) {
  const Credential good = Issued();
  const Credential revoked = Issued();
  Must(Change(revoked.serial, StateAction::kRevoke, RevocationReason::kKeyCompromise));
  const Reading reading =
      Read(status()
               .AnswerOcsp(Request({good.serial, revoked.serial, "4d0a"}, Nonce::kNo, EVP_sha256()))
               .der);
  EXPECT_TRUE(reading.verified);
  EXPECT_THAT(reading.answers,
              testing::ElementsAre(V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED,
                                   V_OCSP_CERTSTATUS_UNKNOWN));
}

TEST_F(StatusTest, ServesPresignedAnswersWithoutTheCore) {
  const Credential issued = Issued();
  EXPECT_EQ(Must(status().PresignOcsp()), 1u);
  EXPECT_EQ(Must(status().PresignOcsp()), 0u);
  const int before = core.calls("SignOcsp");
  core.GoAway();
  const OcspReply reply = status().AnswerOcsp(Request({issued.serial}, Nonce::kNo));
  ASSERT_TRUE(reply.cacheable.has_value());
  EXPECT_EQ(reply.cacheable->next_update - reply.cacheable->this_update, terms.ocsp_life);
  EXPECT_TRUE(Read(reply.der).verified);
  EXPECT_EQ(core.calls("SignOcsp"), before);
  // The nonce goes unanswered, the status does not.
  const Reading with_nonce = Ask(issued.serial, Nonce::kYes);
  EXPECT_THAT(with_nonce.answers, testing::ElementsAre(V_OCSP_CERTSTATUS_GOOD));
  EXPECT_FALSE(with_nonce.nonce);
}

TEST_F(StatusTest, SaysTryLaterWhenOnlyTheCoreCouldAnswer) {
  const Credential issued = Issued();
  core.GoAway();
  EXPECT_EQ(Ask(issued.serial).response_status, OCSP_RESPONSE_STATUS_TRYLATER);
  EXPECT_EQ(Ask("4d0b").response_status, OCSP_RESPONSE_STATUS_TRYLATER);
}

TEST_F(StatusTest, AnExpiredPresignedAnswerIsNotServed) {
  const Credential issued = Issued();
  Must(status().PresignOcsp());
  clock.Advance(terms.ocsp_life);
  core.GoAway();
  EXPECT_EQ(Ask(issued.serial).response_status, OCSP_RESPONSE_STATUS_TRYLATER);
  core.Return();
  EXPECT_TRUE(Ask(issued.serial).verified);
}

TEST_F(StatusTest, ARefusalOfTheCoreIsAnInternalError) {
  const Credential issued = Issued();
  core.RefuseNext("SignOcsp", FailRemote(appliance::kOcspTime.code, appliance::kOcspTime.id,
                                         appliance::kOcspTime.name, ""));
  EXPECT_EQ(Ask(issued.serial).response_status, OCSP_RESPONSE_STATUS_INTERNALERROR);
}

TEST_F(StatusTest, RefusesOtherIssuersAndNonsense) {
  const Bytes root = ca_.chain[0];
  const OcspRequestPtr request(OCSP_REQUEST_new());
  OCSP_request_add0_id(request.get(), CertId(root, "01", EVP_sha1()).release());
  EXPECT_EQ(Read(status().AnswerOcsp(Encode(request.get())).der).response_status,
            OCSP_RESPONSE_STATUS_UNAUTHORIZED);
  EXPECT_EQ(Read(status().AnswerOcsp(Bytes{0x30, 0x00, 0x01}).der).response_status,
            OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
  EXPECT_EQ(Read(status().AnswerOcsp(Bytes{}).der).response_status,
            OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
  EXPECT_EQ(Read(status().AnswerOcsp(Bytes(20'000, 0x30)).der).response_status,
            OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

TEST_F(StatusTest, AnswersFollowAStateAtOnce) {
  const Credential active = Active();
  Must(status().PresignOcsp());
  const auto codes = [&] { return Ask(active.serial).answers; };
  EXPECT_THAT(codes(), testing::ElementsAre(V_OCSP_CERTSTATUS_GOOD));
  Must(Change(active.serial, StateAction::kSuspend));
  EXPECT_THAT(codes(), testing::ElementsAre(V_OCSP_CERTSTATUS_REVOKED));
  Must(Change(active.serial, StateAction::kReinstate));
  EXPECT_THAT(codes(), testing::ElementsAre(V_OCSP_CERTSTATUS_GOOD));
  Must(Change(active.serial, StateAction::kRevoke, RevocationReason::kUnspecified));
  EXPECT_THAT(codes(), testing::ElementsAre(V_OCSP_CERTSTATUS_REVOKED));
}

TEST_F(StatusTest, RefreshesAfterAQuarterOfTheLife) {
  Issued();
  EXPECT_EQ(Must(status().PresignOcsp()), 1u);
  clock.Advance(terms.ocsp_life / 4);
  EXPECT_EQ(Must(status().PresignOcsp()), 0u);
  clock.Advance(2 * kSecond);
  EXPECT_EQ(Must(status().PresignOcsp()), 1u);
}

TEST_F(StatusTest, ExpiredCertificatesAreAnsweredOnDemand) {
  const Credential issued = Issued();
  Must(status().PresignOcsp());
  clock.Advance(731 * kDay);
  EXPECT_THAT(host().administration.KeepResponderFresh(), IsOk());
  EXPECT_EQ(Must(status().PresignOcsp()), 0u);
  EXPECT_FALSE(Must(store().FindOcsp(issued.serial)).has_value());
  // Status is available beyond validity. [R-STS-1]
  const Reading reading = Ask(issued.serial);
  EXPECT_THAT(reading.answers, testing::ElementsAre(V_OCSP_CERTSTATUS_GOOD));
  EXPECT_TRUE(reading.verified);
}

TEST_F(StatusTest, OneRefusedAnswerDoesNotStopTheOthers) {
  Issued();
  const Credential apart = Issued();
  Issued();
  // Core and status log disagree on one: its revocation's answer was lost.
  core.LoseNextAnswer("ChangeState");
  EXPECT_FALSE(Change(apart.serial, StateAction::kSuspend).ok());
  EXPECT_EQ(Must(status().PresignOcsp()), 2u);
  EXPECT_THAT(status().PresignOcsp(), FailsWith(appliance::kOcspHidesRevocation));
  EXPECT_FALSE(Must(store().FindOcsp(apart.serial)).has_value());
  core.GoAway();
  EXPECT_THAT(status().PresignOcsp(), FailsWith(kCoreUnavailable));
}

TEST_F(StatusTest, ManyAnswersComeInBatches) {
  std::vector<std::string> serials;
  for (int i = 0; i < 3; ++i) serials.push_back(Issued().serial);
  const int before = core.calls("SignOcsp");
  EXPECT_EQ(Must(status().PresignOcsp()), 3u);
  EXPECT_EQ(core.calls("SignOcsp"), before + 1);
}

TEST_F(StatusTest, CrlsAreRenewedThoughNobodyRevokes) {
  const auto number = [&] { return Must(store().LatestCrlFacts())->number; };
  EXPECT_EQ(number(), 1u);
  clock.Advance(terms.crl_life / 2 - kSecond);
  EXPECT_THAT(status().KeepCrlFresh(), IsOk());
  EXPECT_EQ(number(), 1u);
  clock.Advance(2 * kSecond);
  EXPECT_THAT(status().KeepCrlFresh(), IsOk());
  EXPECT_EQ(number(), 2u);
  const auto crl = Must(store().LatestCrlFacts());
  EXPECT_EQ(crl->this_update.ms, clock.Now().ms / 1000 * 1000);
}

TEST_F(StatusTest, IssuingAndAcceptingNeedNoNewCrl) {
  Active();
  EXPECT_THAT(status().KeepCrlFresh(), IsOk());
  EXPECT_EQ(Must(store().LatestCrlFacts())->number, 1u);
}

TEST_F(StatusTest, ANumberWhoseCrlWasLostIsPassedOver) {
  core.LoseNextAnswer("SignCrl");
  EXPECT_THAT(status().PublishCrl(), FailsWith(kCoreLinkLost));
  EXPECT_EQ(core.last_crl_number(), 2u);
  EXPECT_EQ(Must(status().PublishCrl()).number, 3u);
}

TEST_F(StatusTest, AnOldDatabaseCatchesUpWithTheCoresNumbers) {
  core.set_last_crl_number(2500);
  const uint64_t number = Must(status().PublishCrl()).number;
  EXPECT_GT(number, 2500u);
  EXPECT_LE(number, 3500u);
  core.set_last_crl_number(1'000'000);
  EXPECT_THAT(status().PublishCrl(), FailsWith(appliance::kCrlNumberOrder));
}

TEST_F(StatusTest, ACrlThatTheCoreRefusesIsNotPublished) {
  core.RefuseNext("SignCrl",
                  FailRemote(appliance::kCrlThisUpdate.code, appliance::kCrlThisUpdate.id,
                             appliance::kCrlThisUpdate.name, ""));
  EXPECT_THAT(status().PublishCrl(), FailsWith(appliance::kCrlThisUpdate));
  EXPECT_EQ(Must(store().LatestCrlFacts())->number, 1u);
}

TEST_F(StatusTest, AResponderRenewedElsewhereIsNoticed) {
  const Credential issued = Issued();
  EXPECT_TRUE(Ask(issued.serial).verified);
  clock.Advance(61 * kDay);
  EXPECT_THAT(host().administration.KeepResponderFresh(), IsOk());
  clock.Advance(40 * kDay);  // past the first one's end
  EXPECT_TRUE(Ask(issued.serial).verified);
}

TEST_F(StatusTest, RefreshesOnlyOurOwn) {
  EXPECT_THAT(status().RefreshOcsp("4d0c"), FailsWith(kSerialNotOurs));
}

TEST(CoreClockTest, NeverShowsATimeThatTheCoreHasNotReached) {
  const FakeClock core_clock(WallTime{1'795'000'000'000});
  testing_support::FakeCore core(core_clock);
  for (const Duration ahead : {-3 * kSecond, Duration{0}, 3 * kSecond, 90 * kSecond}) {
    const FakeClock host_clock(core_clock.Now() + ahead);
    CoreClock dated(core, host_clock);
    const auto now = dated.Now();
    ASSERT_THAT(now, IsOk());
    EXPECT_LE(now->ms, core_clock.Now().ms) << ahead;
    EXPECT_GE(*now, core_clock.Now() - 4 * kSecond) << ahead;
    EXPECT_EQ(now->ms % 1000, 0);
  }
}

TEST(CoreClockTest, AsksAgainSoonAndFailsWithTheCore) {
  FakeClock core_clock(WallTime{1'795'000'000'000});
  testing_support::FakeCore core(core_clock);
  FakeClock host_clock(core_clock.Now());
  CoreClock dated(core, host_clock);
  ASSERT_THAT(dated.Now(), IsOk());
  // The host's clock is set ahead; for a few seconds nobody knows.
  host_clock.SetWall(host_clock.Now() + kMinute);
  EXPECT_GT(*dated.Now(), core_clock.Now());
  host_clock.Advance(CoreClock::kAge);
  core_clock.Advance(CoreClock::kAge);
  EXPECT_LE(*dated.Now(), core_clock.Now());
  core.GoAway();
  EXPECT_THAT(dated.Now(), IsOk());
  host_clock.Advance(CoreClock::kAge);
  EXPECT_FALSE(dated.Now().ok());
}

TEST(StatusWithoutCa, SaysTryLater) {
  HostFixture fixture;
  EXPECT_THAT(fixture.host().status.KeepCrlFresh(), FailsWith(kServiceNotReady));
  EXPECT_THAT(fixture.host().status.PresignOcsp(), FailsWith(kServiceNotReady));
  const Bytes request = *FromHex(
      "3042304030"
      "3e303c303a300906052b0e03021a05000414"
      "0000000000000000000000000000000000000000"
      "0414"
      "0000000000000000000000000000000000000000"
      "0201"
      "01");
  const OcspReply reply = fixture.host().status.AnswerOcsp(request);
  EXPECT_EQ(reply.der, (Bytes{0x30, 0x03, 0x0a, 0x01, 0x03}));  // tryLater
}

}  // namespace
}  // namespace intaglio::host
