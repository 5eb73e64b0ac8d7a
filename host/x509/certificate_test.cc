#include "host/x509/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <functional>

#include "host/domain/oids.h"
#include "host/policy/lint.h"
#include "host/x509/ceremony.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/der.h"
#include "host/x509/distinguished_name.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"
#include "host/x509/test_pki.h"

namespace intaglio::host {
namespace {

using ::testing::ElementsAre;

class CertificateTest : public ::testing::Test {
 protected:
  TestPki pki_;
  PkeyPtr key_ = NewTestKey();
  Bytes spki_ = SpkiOfTestKey(key_.get());
  SubscriberRequest request_ = pki_.Subscriber(spki_);

  Bytes Tbs() { return *BuildSubscriberTbs(request_); }
};

NaturalPerson& PersonIn(SubscriberRequest& request) {
  return std::get<NaturalPerson>(request.subject);
}
LegalPerson TestOrganization() {
  return {"EE", "Õnne Arhiiv AS", "VATEE-100000001", "Õnne Arhiiv"};
}
Subject SubjectFor(const ProfileSpec& profile) {
  if (profile.subject.value == SubjectKind::kLegalPerson) return TestOrganization();
  return TestPerson();
}

// Both ends count.
Duration LifeUnder(const ProfileSpec& profile) {
  return std::min<Duration>(365 * kDay, profile.longest_validity.value - kSecond);
}

std::vector<std::string> ExtensionOids(const CertificateFacts& facts) {
  std::vector<std::string> oids;
  for (const ExtensionFact& fact : facts.extensions) oids.push_back(fact.oid);
  return oids;
}

TEST_F(CertificateTest, SubscriberCertificateSaysWhatTheProfileDemands) {
  const Bytes certificate = pki_.SubscriberCertificate(key_.get());
  ASSERT_TRUE(VerifyCertificate(certificate, pki_.ca().certificate).ok());
  const StatusOr<CertificateFacts> facts = DescribeCertificate(certificate);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->version, 3);
  EXPECT_EQ(facts->signature_oid, oid::kEcdsaWithSha256);
  EXPECT_TRUE(Equal(facts->serial, TestSerial(100).octets()));
  EXPECT_EQ(facts->validity, request_.validity);
  EXPECT_EQ(facts->key_algorithm, KeyAlgorithm::kEcP256);
  EXPECT_EQ(facts->spki, spki_);
  EXPECT_EQ(facts->subject_text,
            "CN=Märt Õunapuu,serialNumber=PNOEE-38001085718,SN=Õunapuu,GN=Märt,C=EE");
  EXPECT_THAT(ExtensionOids(*facts),
              ElementsAre(oid::kAuthorityKeyId, oid::kSubjectKeyId, oid::kKeyUsage,
                          oid::kCertificatePolicies, oid::kCrlDistributionPoints,
                          oid::kAuthorityInfoAccess, oid::kQcStatements));
  EXPECT_EQ(facts->key_usage, kKeyUsageNonRepudiation);
  EXPECT_THAT(facts->policy_oids, ElementsAre("0.4.0.194112.1.2"));
  EXPECT_THAT(facts->crl_urls, ElementsAre(TestUrls().crl));
  EXPECT_THAT(facts->ca_issuers_urls, ElementsAre(TestUrls().ca_issuers));
  EXPECT_THAT(facts->ocsp_urls, ElementsAre(TestUrls().ocsp));
  EXPECT_THAT(facts->qc_types, ElementsAre(oid::kQcTypeEsign));
  EXPECT_THAT(facts->semantics_oids, ElementsAre(oid::kSemanticsNatural));
  ASSERT_EQ(facts->pds.size(), 1u);
  EXPECT_EQ(facts->pds[0].language, "en");
  EXPECT_TRUE(Equal(*facts->authority_key_id, pki_.ca().ca->key_id()));
  EXPECT_EQ(*facts->subject_key_id, *KeyIdentifier(spki_));
  EXPECT_TRUE(Equal(facts->sha256, Sha256(certificate)));
}

TEST_F(CertificateTest, QcStatementsAreTheMinimalSetOctetByOctet) {
  const std::string tbs = ToHex(Tbs());
  // {QcCompliance} {QcSSCD} …, then the semantics statement at the very end.
  EXPECT_NE(tbs.find("300806060400"
                     "8e460101"
                     "300806060400"
                     "8e460104"),
            std::string::npos);
  EXPECT_TRUE(
      tbs.ends_with("301506082b06010505070b02"
                    "3009060704008bec490101"));
}

TEST_F(CertificateTest, EveryProfileLintsClean) {
  for (const ProfileSpec& profile : Profiles()) {
    const SubscriberRequest request{.profile = profile,
                                    .ca = *pki_.ca().ca,
                                    .serial = TestSerial(7),
                                    .subject = SubjectFor(profile),
                                    .spki = spki_,
                                    .validity = TestValidity(LifeUnder(profile)),
                                    .urls = TestUrls()};
    const StatusOr<Bytes> tbs = BuildSubscriberTbs(request);
    ASSERT_TRUE(tbs.ok()) << tbs.status();
    const auto findings = LintCertificateTbs(*tbs, profile);
    ASSERT_TRUE(findings.ok()) << findings.status();
    EXPECT_TRUE(RequireClean(*findings).ok()) << RequireClean(*findings);
    for (const ProfileSpec& other : Profiles()) {
      EXPECT_EQ(LintCertificateTbs(*tbs, other)->empty(), other.name == profile.name) << other.name;
    }
  }
}

TEST_F(CertificateTest, AShortTermCertificateNamesNoPlaceOfStatus) {
  RepositoryUrls urls = TestUrls();
  urls.crl.clear();
  urls.ocsp.clear();
  const SubscriberRequest request{.profile = **ShortTermProfile(CertificatePolicy::kQcpNQscd),
                                  .ca = *pki_.ca().ca,
                                  .serial = TestSerial(8),
                                  .subject = TestPerson(),
                                  .spki = spki_,
                                  .validity = TestValidity(kDay - kSecond),
                                  .urls = urls};
  const auto facts = DescribeTbs(*BuildSubscriberTbs(request));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_THAT(ExtensionOids(*facts),
              ElementsAre(oid::kAuthorityKeyId, oid::kSubjectKeyId, oid::kKeyUsage,
                          oid::kCertificatePolicies, oid::kAuthorityInfoAccess,
                          oid::kValidityAssured, oid::kNoRevAvail, oid::kQcStatements));
  EXPECT_TRUE(facts->extensions[5].holds_null);
  EXPECT_TRUE(facts->extensions[6].holds_null);
  EXPECT_THAT(facts->ca_issuers_urls, ElementsAre(TestUrls().ca_issuers));
  EXPECT_TRUE(facts->ocsp_urls.empty());
  EXPECT_THAT(facts->policy_qualifier_oids, ElementsAre(oid::kCpsQualifier));
  EXPECT_THAT(facts->cps_urls, ElementsAre(TestUrls().cps));
}

TEST_F(CertificateTest, RespondersAndCasOfOursLintClean) {
  const auto responder = DescribeCertificate(pki_.ResponderCertificate(key_.get()));
  const auto ca = DescribeCertificate(pki_.ca().certificate);
  ASSERT_TRUE(responder.ok() && ca.ok());
  EXPECT_TRUE(RequireClean(LintResponder(*responder)).ok())
      << RequireClean(LintResponder(*responder));
  EXPECT_TRUE(RequireClean(LintAuthority(*ca)).ok()) << RequireClean(LintAuthority(*ca));
}

TEST_F(CertificateTest, ALegalPersonsNameCannotMissAnAttribute) {
  std::string LegalPerson::*const kFields[] = {
      &LegalPerson::country, &LegalPerson::organization_name, &LegalPerson::organization_identifier,
      &LegalPerson::common_name};
  for (auto field : kFields) {
    LegalPerson person = TestOrganization();
    (person.*field).clear();
    EXPECT_TRUE(Is(EncodeSubject(person).status(), kNameInvalid));
  }
  EXPECT_TRUE(EncodeSubject(TestOrganization()).ok());
}

TEST_F(CertificateTest, LintSeesTheRealOctets) {
  PersonIn(request_).serial_number = "38001085718";
  request_.validity = TestValidity(1200 * kDay);
  const auto findings = LintCertificateTbs(Tbs(), request_.profile);
  ASSERT_TRUE(findings.ok());
  ASSERT_EQ(findings->size(), 2u);
  EXPECT_EQ((*findings)[0].rule, "validity-bound");
  EXPECT_EQ((*findings)[1].rule, "subject-serial-semantics");
}

TEST_F(CertificateTest, APseudonymMayReplaceTheName) {
  PersonIn(request_).given_name.clear();
  PersonIn(request_).surname.clear();
  PersonIn(request_).pseudonym = "Siil";
  EXPECT_TRUE(LintCertificateTbs(Tbs(), request_.profile)->empty());
}

TEST_F(CertificateTest, BuilderRefusesWhatCannotStandInACertificate) {
  struct Row {
    const Reason& reason;
    std::function<void(SubscriberRequest&)> breakage;
  };
  const std::vector<Row> rows = {
      {kNameInvalid, [](auto& r) { PersonIn(r).country = "ee"; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).country = ""; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).common_name = ""; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).common_name = std::string(257, 'a'); }},
      {kNameInvalid, [](auto& r) { PersonIn(r).given_name = "a\nb"; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).given_name = "\xc0\xaf"; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).given_name = "\xed\xa0\x80"; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).surname = "\xc3"; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).serial_number = "PNOEE-3_8"; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).serial_number = ""; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).pseudonym = "Siil"; }},
      {kNameInvalid, [](auto& r) { PersonIn(r).given_name = PersonIn(r).surname = ""; }},
      {kUrlInvalid, [](auto& r) { r.urls.crl = "https://ca.example/1.crl"; }},
      {kUrlInvalid, [](auto& r) { r.urls.ocsp = ""; }},
      {kUrlInvalid, [](auto& r) { r.urls.ca_issuers = "http://"; }},
      {kUrlInvalid, [](auto& r) { r.urls.ca_issuers = "http:///x"; }},
      {kUrlInvalid, [](auto& r) { r.urls.pds = "http://ca.example/pds.pdf"; }},
      {kUrlInvalid, [](auto& r) { r.urls.pds = "https://ca.example/ä"; }},
      {kUrlInvalid, [](auto& r) { r.urls.pds_language = "EN"; }},
      {kUrlInvalid, [](auto& r) { r.urls.cps = "ftp://ca.example"; }},
      {kUrlInvalid, [](auto& r) { r.urls.crl = "http://a/" + std::string(1024, 'a'); }},
      {kValidityInvalid, [](auto& r) { r.validity.not_after = r.validity.not_before; }},
      {kValidityInvalid, [](auto& r) { r.validity.not_after = kTestNow + 4000 * kDay; }},
      {kValidityInvalid, [](auto& r) { r.validity.not_before = kTestNow - 2 * kDay; }},
      {kValidityInvalid, [](auto& r) { r.validity.not_after = kNoWellDefinedEnd + kDay; }},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    SubscriberRequest request = pki_.Subscriber(spki_);
    rows[i].breakage(request);
    const Status status = BuildSubscriberTbs(request).status();
    EXPECT_TRUE(Is(status, rows[i].reason)) << i << " " << status;
  }
}

TEST_F(CertificateTest, FailuresDoNotRepeatTheSubject) {
  PersonIn(request_).serial_number = "PNOEE-38001085718_";
  const Status status = BuildSubscriberTbs(request_).status();
  EXPECT_EQ(DetailOf(status).find("38001085718"), std::string::npos);
}

PkeyPtr RsaKey(unsigned bits) { return PkeyPtr(EVP_RSA_gen(bits)); }

TEST_F(CertificateTest, OnlyAgreedKeysAreCertified) {
  const PkeyPtr p384(EVP_EC_gen("P-384"));
  const PkeyPtr rsa3072 = RsaKey(3072);
  EXPECT_TRUE(CheckCertifiable(SpkiOfTestKey(p384.get())).ok());
  EXPECT_TRUE(CheckCertifiable(SpkiOfTestKey(rsa3072.get())).ok());
  const PkeyPtr p521(EVP_EC_gen("P-521"));
  const PkeyPtr k256(EVP_EC_gen("secp256k1"));
  const PkeyPtr rsa2048 = RsaKey(2048);
  const PkeyPtr ed25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  for (EVP_PKEY* key : {p521.get(), k256.get(), rsa2048.get(), ed25519.get()}) {
    EXPECT_TRUE(Is(CheckCertifiable(SpkiOfTestKey(key)), kSpkiUnacceptable));
  }
}

TEST_F(CertificateTest, BrokenKeysAreRefused) {
  Bytes off_curve = spki_;
  off_curve.back() ^= 1;
  Bytes trailing = spki_;
  trailing.push_back(0);
  const Bytes truncated(spki_.begin(), spki_.end() - 1);
  Bytes infinity = ToBytes(ByteView(spki_).first(23));
  for (const Bytes& bad :
       {off_curve, trailing, truncated, infinity, Bytes(), ToBytes("garbage"), Bytes(5000, 0x30)}) {
    EXPECT_TRUE(Is(CheckCertifiable(bad), kSpkiUnacceptable)) << ToHex(bad).substr(0, 200);
    request_.spki = bad;
    EXPECT_TRUE(Is(BuildSubscriberTbs(request_).status(), kSpkiUnacceptable));
  }
  EXPECT_TRUE(Is(PublicKeyBits(ToBytes("0")).status(), kSpkiUnacceptable));
}

// The same frame with the point at infinity, which OpenSSL's parser takes for a key.
TEST_F(CertificateTest, TheLintSeesAKeyThatIsNone) {
  const Bytes infinity = der::Sequence(
      {der::Sequence({der::Oid("1.2.840.10045.2.1"), der::Oid("1.2.840.10045.3.1.7")}),
       der::BitString(Bytes{0})});
  const Bytes tbs = Tbs();
  const auto outer = der::Single(tbs, der::kSequence);
  ASSERT_TRUE(outer);
  Bytes content = ToBytes(outer->content);
  const auto in_content = std::search(content.begin(), content.end(), spki_.begin(), spki_.end());
  ASSERT_NE(in_content, content.end());
  const auto behind = content.erase(in_content, in_content + static_cast<long>(spki_.size()));
  content.insert(behind, infinity.begin(), infinity.end());
  const auto findings = LintCertificateTbs(der::Tlv(der::kSequence, content), request_.profile);
  ASSERT_TRUE(findings.ok()) << findings.status();
  ASSERT_EQ(findings->size(), 1u);
  EXPECT_EQ((*findings)[0].rule, "public-key");
}

TEST_F(CertificateTest, ResponderCertificateIsOneNobodyHasToCheck) {
  const Bytes certificate = pki_.ResponderCertificate(key_.get());
  ASSERT_TRUE(VerifyCertificate(certificate, pki_.ca().certificate).ok());
  const auto facts = DescribeCertificate(certificate);
  ASSERT_TRUE(facts.ok());
  EXPECT_THAT(ExtensionOids(*facts),
              ElementsAre(oid::kAuthorityKeyId, oid::kSubjectKeyId, oid::kKeyUsage,
                          oid::kExtendedKeyUsage, oid::kOcspNoCheck));
  EXPECT_THAT(facts->extended_key_usage_oids, ElementsAre(oid::kOcspSigning));
  EXPECT_EQ(facts->key_usage, kKeyUsageDigitalSignature);
  const OcspResponderRequest too_long{.ca = *pki_.ca().ca,
                                      .serial = TestSerial(51),
                                      .subject = {"EE", "Lab", "", "OCSP"},
                                      .spki = spki_,
                                      .validity = TestValidity(90 * kDay + kSecond)};
  EXPECT_TRUE(Is(BuildOcspResponderTbs(too_long).status(), kValidityInvalid));
}

TEST_F(CertificateTest, TheIssuingCaIsBoundToItsRoot) {
  const auto facts = DescribeCertificate(pki_.ca().certificate);
  ASSERT_TRUE(facts.ok());
  EXPECT_TRUE(facts->basic_constraints->ca);
  EXPECT_EQ(facts->basic_constraints->path_length, 0);
  EXPECT_EQ(facts->key_usage, kKeyUsageKeyCertSign | kKeyUsageCrlSign);
  EXPECT_THAT(facts->policy_oids, ElementsAre(oid::kAnyPolicy));
  EXPECT_TRUE(VerifyCertificate(pki_.ca().certificate, pki_.root().certificate).ok());
  EXPECT_TRUE(VerifyCertificate(pki_.root().certificate, pki_.root().certificate).ok());

  const PkeyPtr p384(EVP_EC_gen("P-384"));
  const Bytes p384_spki = SpkiOfTestKey(p384.get());
  CaRequest request{.root = *pki_.root().ca,
                    .serial = TestSerial(3),
                    .subject = {"EE", "Lab", "", "CA"},
                    .spki = p384_spki,
                    .validity = TestValidity(kDay),
                    .root_certificate_url = "",
                    .root_crl_url = ""};
  EXPECT_TRUE(Is(BuildCaTbs(request).status(), kSpkiUnacceptable));
  request.spki = spki_;
  EXPECT_TRUE(BuildCaTbs(request).ok());
  request.root_crl_url = "ldap://x";
  EXPECT_TRUE(Is(BuildCaTbs(request).status(), kUrlInvalid));
}

TEST_F(CertificateTest, StockChainBuildingAcceptsTheChain) {
  X509StorePtr store(X509_STORE_new());
  const X509Ptr root = *ParseCertificate(pki_.root().certificate);
  const X509Ptr ca = *ParseCertificate(pki_.ca().certificate);
  const X509Ptr leaf = *ParseCertificate(pki_.SubscriberCertificate(key_.get()));
  X509_STORE_add_cert(store.get(), root.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  CPtr<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  STACK_OF(X509)* others = sk_X509_new_null();
  sk_X509_push(others, ca.get());
  ASSERT_EQ(X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), others), 1);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), kTestNow.ms / kSecond + 60);
  EXPECT_EQ(X509_verify_cert(context.get()), 1)
      << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  sk_X509_free(others);
}

TEST_F(CertificateTest, OnlyTheIssuersSignatureVerifies) {
  const Bytes certificate = pki_.SubscriberCertificate(key_.get());
  EXPECT_TRUE(Is(VerifyCertificate(certificate, pki_.root().certificate), kCertificateNotVerified));
  EXPECT_TRUE(
      Is(VerifyCertificate(certificate, TestPki().ca().certificate), kCertificateNotVerified));
  EXPECT_TRUE(Is(VerifyCertificate(certificate, certificate), kCertificateNotVerified));
  const StatusOr<Bytes> foreign = SignCertificate(Tbs(), key_.get());
  ASSERT_TRUE(foreign.ok());
  EXPECT_TRUE(Is(VerifyCertificate(*foreign, pki_.ca().certificate), kCertificateNotVerified));
  EXPECT_TRUE(Is(VerifyCertificate(ToBytes("no"), *foreign), kCertificateMalformed));
  EXPECT_TRUE(Is(VerifyCertificate(*foreign, ToBytes("no")), kCertificateMalformed));
}

TEST_F(CertificateTest, AssembleKeepsEveryOctetOfTheTbs) {
  const Bytes tbs = Tbs();
  const Bytes signature = *SignTbs(tbs, pki_.ca().key.get());
  const StatusOr<Bytes> certificate = AssembleCertificate(tbs, signature);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_TRUE(CompareTbs(*certificate, tbs).ok());
  EXPECT_TRUE(VerifyCertificate(*certificate, pki_.ca().certificate).ok());
  request_.serial = TestSerial(101);
  EXPECT_TRUE(Is(CompareTbs(*certificate, Tbs()), kTbsMismatch));
  EXPECT_TRUE(Is(CompareTbs(ToBytes("x"), tbs), kCertificateMalformed));
}

TEST_F(CertificateTest, TheCasAnswerMustBeWhatWasAsked) {
  const Bytes tbs = Tbs();
  const CaDescription& ca = *pki_.ca().ca;
  const Bytes certificate = *SignCertificate(tbs, pki_.ca().key.get());
  EXPECT_TRUE(VerifyIssued(certificate, tbs, ca).ok());
  EXPECT_TRUE(
      Is(VerifyIssued(*SignCertificate(tbs, key_.get()), tbs, ca), kCertificateNotVerified));
  EXPECT_TRUE(Is(VerifyIssued(certificate, tbs, *pki_.root().ca), kCertificateNotVerified));
  request_.serial = TestSerial(101);
  EXPECT_TRUE(Is(VerifyIssued(certificate, Tbs(), ca), kTbsMismatch));
  EXPECT_TRUE(Is(VerifyIssued(Bytes(), tbs, ca), kCertificateMalformed));
  std::string other = ToHex(certificate);
  other.replace(other.rfind("2a8648ce3d040302"), 16, "2a8648ce3d040303");
  EXPECT_TRUE(Is(VerifyIssued(*FromHex(other), tbs, ca), kCertificateMalformed));
  const Bytes bits = der::Tlv(der::kBitString, ByteView());
  EXPECT_TRUE(Is(VerifyIssued(der::Sequence({tbs, der::EcdsaWithSha256(), bits}), tbs, ca),
                 kCertificateMalformed));
}

TEST_F(CertificateTest, AssembleRefusesBrokenParts) {
  const Bytes tbs = Tbs();
  const Bytes signature = *SignTbs(tbs, key_.get());
  Bytes trailing = tbs;
  trailing.push_back(0);
  const Bytes truncated(tbs.begin(), tbs.end() - 1);
  const Bytes other_algorithm = [&] {
    std::string hex = ToHex(tbs);
    hex.replace(hex.find("2a8648ce3d040302"), 16, "2a8648ce3d040303");
    return *FromHex(hex);
  }();
  for (const Bytes& bad : {trailing, truncated, Bytes(), ToBytes("tbs"), other_algorithm,
                           der::Sequence({der::Null()})}) {
    EXPECT_TRUE(Is(AssembleCertificate(bad, signature).status(), kTbsMalformed));
  }
  Bytes long_signature = signature;
  long_signature.push_back(0);
  const Bytes zero_r = *FromHex("3006020100020101");
  const Bytes negative = *FromHex("3006020180020101");
  const Bytes padded = *FromHex("300702020001020101");
  const Bytes one_number = *FromHex("3003020101");
  const Bytes wide = der::Sequence({der::Integer(Bytes(33, 0x11)), der::Unsigned(1)});
  for (const Bytes& bad :
       {long_signature, negative, padded, one_number, wide, Bytes(), zero_r, Bytes(64, 0x11)}) {
    EXPECT_TRUE(Is(AssembleCertificate(tbs, bad).status(), kSignatureMalformed)) << ToHex(bad);
  }
}

TEST_F(CertificateTest, ParsersRefuseEveryTruncationAndMostFlips) {
  const Bytes certificate = pki_.SubscriberCertificate(key_.get());
  for (size_t size = 0; size < certificate.size(); ++size) {
    const ByteView cut = ByteView(certificate).first(size);
    EXPECT_TRUE(Is(DescribeCertificate(cut).status(), kCertificateMalformed)) << size;
  }
  for (size_t at = 0; at < certificate.size(); ++at) {
    Bytes flipped = certificate;
    flipped[at] ^= 0x01;
    (void)DescribeCertificate(flipped);
    EXPECT_FALSE(VerifyCertificate(flipped, pki_.ca().certificate).ok()) << at;
  }
}

TEST_F(CertificateTest, OnlyACaCanBeDescribedAsOne) {
  const Bytes leaf = pki_.SubscriberCertificate(key_.get());
  EXPECT_TRUE(Is(CaDescription::Create(leaf).status(), kNotACa));
  EXPECT_TRUE(Is(CaDescription::Create(ToBytes("x")).status(), kCertificateMalformed));
}

TEST_F(CertificateTest, SigningNeedsAP256Key) {
  const PkeyPtr p384(EVP_EC_gen("P-384"));
  EXPECT_TRUE(Is(SignTbs(Tbs(), p384.get()).status(), kSigningKeyUnacceptable));
  EXPECT_TRUE(Is(SignTbs(Tbs(), nullptr).status(), kSigningKeyUnacceptable));
  const Validity empty{kTestNow, kTestNow};
  EXPECT_TRUE(Is(MakeRoot(key_.get(), {"EE", "Lab", "", "R"}, empty, TestSerial(1)).status(),
                 kValidityInvalid));
}

TEST(OpensslPtrTest, TheErrorQueueGoesIntoTheDetail) {
  ERR_raise(ERR_LIB_X509, X509_R_INVALID_FIELD_NAME);
  const Status status = OpensslFail(kOpensslFailed, "a step");
  EXPECT_TRUE(Is(status, kOpensslFailed));
  EXPECT_NE(DetailOf(status).find("invalid field name"), std::string::npos);
  EXPECT_EQ(ERR_peek_error(), 0u);
  EXPECT_TRUE(Is(SpkiOf(nullptr).status(), kOpensslFailed));
}

TEST(DrawSerialTest, HasSixtyFourBitsAndMoreAndStaysPositive) {
  FakeRng rng(1);
  for (int i = 0; i < 100; ++i) {
    const StatusOr<Serial> serial = DrawSerial(rng);
    ASSERT_TRUE(serial.ok());
    EXPECT_EQ(serial->bits(), 127);
  }
}

}  // namespace
}  // namespace intaglio::host
