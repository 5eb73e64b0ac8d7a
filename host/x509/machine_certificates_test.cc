#include "host/x509/machine_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/domain/oids.h"
#include "host/x509/certificate.h"
#include "host/x509/reasons.h"
#include "host/x509/test_pki.h"

namespace intaglio::host {
namespace {

using ::testing::ElementsAre;

class MachineCertificatesTest : public ::testing::Test {
 protected:
  IssuingKey Root() const { return {pki_.root().key.get(), *pki_.root().ca}; }
  TlsRequest Tls(TlsPurpose purpose) const {
    return {.serial = TestSerial(9),
            .common_name = "officer 1",
            .role = "registration",
            .spki = spki_,
            .alt_names = {{AltNameKind::kDns, "host.example"}, {AltNameKind::kIp, "127.0.0.1"}},
            .purpose = purpose,
            .validity = TestValidity(365 * kDay)};
  }

  TestPki pki_;
  PkeyPtr key_ = NewTestKey();
  Bytes spki_ = SpkiOfTestKey(key_.get());
};

TEST_F(MachineCertificatesTest, AttestationKeysChainToTheirDeviceRoot) {
  const PkeyPtr root_key = NewTestKey();
  const StatusOr<Bytes> root =
      MakeDeviceRoot(root_key.get(), {"Intaglio Lab", "device root"},
                     {kTestNow - kDay, kTestNow + 7300 * kDay}, TestSerial(1));
  ASSERT_TRUE(root.ok()) << root.status();
  const StatusOr<CaDescription> ca = CaDescription::Create(*root);
  ASSERT_TRUE(ca.ok()) << ca.status();
  AttestationRequest request{.serial = TestSerial(2),
                             .device = {"Intaglio Lab", "core 1"},
                             .attestation_spki = spki_,
                             .key_purpose_oid = "1.2.3.999.3",
                             .validity = TestValidity(3650 * kDay)};
  const StatusOr<Bytes> certificate = MakeAttestationCertificate({root_key.get(), *ca}, request);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_TRUE(VerifyCertificate(*certificate, *root).ok());
  const auto facts = DescribeCertificate(*certificate);
  EXPECT_THAT(facts->extended_key_usage_oids, ElementsAre("1.2.3.999.3"));
  EXPECT_EQ(facts->key_usage, kKeyUsageDigitalSignature);
  EXPECT_FALSE(facts->basic_constraints->ca);

  request.key_purpose_oid = "attestation";
  EXPECT_TRUE(Is(MakeAttestationCertificate({root_key.get(), *ca}, request).status(), kOidInvalid));
  request.key_purpose_oid = "1.2.3.999.3";
  EXPECT_TRUE(
      Is(MakeAttestationCertificate({key_.get(), *ca}, request).status(), kSigningKeyUnacceptable));
  request.attestation_spki = ByteView();
  EXPECT_TRUE(
      Is(MakeAttestationCertificate({root_key.get(), *ca}, request).status(), kSpkiUnacceptable));
}

TEST_F(MachineCertificatesTest, TlsCertificatesCarryRolePurposeAndNames) {
  const StatusOr<Bytes> server = MakeTlsCertificate(Root(), Tls(TlsPurpose::kServer));
  ASSERT_TRUE(server.ok()) << server.status();
  const auto facts = DescribeCertificate(*server);
  EXPECT_THAT(facts->extended_key_usage_oids, ElementsAre(oid::kServerAuth));
  EXPECT_EQ(facts->subject_text, "CN=officer 1,OU=registration");
  const X509Ptr parsed = *ParseCertificate(*server);
  EXPECT_EQ(X509_check_host(parsed.get(), "host.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(parsed.get(), "127.0.0.1", 0), 1);
  EXPECT_NE(X509_check_host(parsed.get(), "other.example", 0, 0, nullptr), 1);

  TlsRequest client = Tls(TlsPurpose::kClient);
  client.alt_names.clear();
  const StatusOr<Bytes> certificate = MakeTlsCertificate(Root(), client);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_THAT(DescribeCertificate(*certificate)->extended_key_usage_oids,
              ElementsAre(oid::kClientAuth));
}

TEST_F(MachineCertificatesTest, TlsRequestsWithoutSenseAreRefused) {
  TlsRequest request = Tls(TlsPurpose::kServer);
  request.alt_names.clear();
  EXPECT_TRUE(Is(MakeTlsCertificate(Root(), request).status(), kAltNameInvalid));
  for (const AltName& bad :
       {AltName{AltNameKind::kDns, "a b"}, AltName{AltNameKind::kDns, ""},
        AltName{AltNameKind::kIp, "host.example"}, AltName{AltNameKind::kIp, "1.2.3"}}) {
    request.alt_names = {bad};
    EXPECT_TRUE(Is(MakeTlsCertificate(Root(), request).status(), kAltNameInvalid)) << bad.text;
  }
  request = Tls(TlsPurpose::kClient);
  request.role.clear();
  EXPECT_TRUE(Is(MakeTlsCertificate(Root(), request).status(), kNameInvalid));
  request = Tls(TlsPurpose::kClient);
  EXPECT_TRUE(Is(MakeTlsCertificate({key_.get(), *pki_.root().ca}, request).status(),
                 kSigningKeyUnacceptable));
  request.validity = TestValidity(8000 * kDay);
  EXPECT_TRUE(Is(MakeTlsCertificate(Root(), request).status(), kValidityInvalid));
}

TEST_F(MachineCertificatesTest, LinkCertificatesSignThemselvesAndNothingElse) {
  const StatusOr<Bytes> certificate =
      MakeLinkCertificate(key_.get(), "core link", TestValidity(3650 * kDay), TestSerial(4));
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  const X509Ptr parsed = *ParseCertificate(*certificate);
  EXPECT_EQ(X509_verify(parsed.get(), key_.get()), 1);
  const auto facts = DescribeCertificate(*certificate);
  EXPECT_FALSE(facts->basic_constraints->ca);
  EXPECT_THAT(facts->extended_key_usage_oids, ElementsAre(oid::kServerAuth, oid::kClientAuth));

  const PkeyPtr p384(EVP_EC_gen("P-384"));
  EXPECT_TRUE(
      Is(MakeLinkCertificate(p384.get(), "core link", TestValidity(kDay), TestSerial(4)).status(),
         kSigningKeyUnacceptable));
  EXPECT_TRUE(Is(MakeLinkCertificate(key_.get(), "", TestValidity(kDay), TestSerial(4)).status(),
                 kNameInvalid));
  EXPECT_TRUE(Is(MakeLinkCertificate(key_.get(), "x", TestValidity(0), TestSerial(4)).status(),
                 kValidityInvalid));
}

}  // namespace
}  // namespace intaglio::host
