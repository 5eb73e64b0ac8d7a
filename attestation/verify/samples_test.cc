// The working group's own samples: their signatures verify, and a strict verifier still refuses
// them, because their attestation key's certificate does not carry the configured EKU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstdlib>

#include "attestation/verify/openssl_handles.h"
#include "attestation/verify/reasons.h"
#include "attestation/verify/test_device.h"
#include "attestation/verify/verified_evidence.h"
#include "base/file.h"

namespace intaglio::attestation {
namespace {

// The samples stand under id-pkix-mechanisms.999 and not under the text's 1.2.3.999.
constexpr char kSampleRoot[] = "1.3.6.1.5.5.999";
constexpr char kSampleEku[] = "1.3.6.1.5.5.7.3.999";

class SamplesTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* vectors = std::getenv("INTAGLIO_VECTORS");
    if (vectors == nullptr || *vectors == '\0') {
      GTEST_SKIP() << "INTAGLIO_VECTORS is not set: the samples of rats-evidence were not tried";
    }
    folder_ = std::string(vectors) + "/rats-evidence/";
  }

  std::string Text(const std::string& name) const {
    const StatusOr<Bytes> file = ReadFile(folder_ + name, FileTrust::kAnyMode, 1 << 20);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? AsString(*file) : "";
  }

  // The sample certificates are PEM or DER.
  Bytes Certificate(const std::string& name) const {
    const std::string text = Text(name);
    const verify_internal::CPtr<BIO, BIO_free_all> bio(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const verify_internal::X509Ptr certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    return certificate ? verify_internal::DerOf(certificate.get()) : ToBytes(text);
  }

  ParsedEvidence Evidence(const std::string& name) const {
    const StatusOr<Bytes> der = EvidenceFromPem(Text(name));
    EXPECT_TRUE(der.ok()) << der.status();
    StatusOr<ParsedEvidence> parsed = ParseEvidence(*der, Profile());
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return *std::move(parsed);
  }

  static EvidenceProfile Profile() {
    return *EvidenceProfile::Create(kSampleRoot, kDraftAttestationEku);
  }

  std::string folder_;
};

TEST_F(SamplesTest, FirstIsReadAndItsSignatureVerifies) {
  const ParsedEvidence evidence = Evidence("evidence1.pem");
  EXPECT_EQ(evidence.unknown_claims() + evidence.unknown_elements(), 0u);
  EXPECT_EQ(evidence.content().transaction.nonce, *FromHex("deadbeefcafebabe"));
  EXPECT_EQ(evidence.content().platform.vendor, "Acme Corp");
  EXPECT_EQ(evidence.content().platform.hwmodel, ToBytes("HSM-9000"));
  EXPECT_EQ(evidence.content().platform.fipsboot, true);
  EXPECT_EQ(evidence.content().platform.fipslevel, 3);
  EXPECT_EQ(evidence.content().platform.uptime, 86400);
  EXPECT_EQ(*VerifySignaturesOnly(evidence, {Certificate("ak.crt")}), 1u);
  // Named by its key identifier alone.
  EXPECT_TRUE(Is(VerifySignaturesOnly(evidence, {}).status(), kSignerUnknown));
  EXPECT_TRUE(
      Is(VerifySignaturesOnly(evidence, {Certificate("int.crt")}).status(), kSignerUnknown));
}

TEST_F(SamplesTest, SecondIsReadAndItsSignatureVerifies) {
  const ParsedEvidence evidence = Evidence("evidence2.pem");
  ASSERT_EQ(evidence.content().keys.size(), 2u);
  EXPECT_EQ(evidence.content().keys[0].purposes, std::vector{KeyPurpose::kSign});
  EXPECT_EQ(evidence.content().keys[0].extractable, false);
  EXPECT_EQ(evidence.content().keys[1].extractable, true);
  EXPECT_EQ(evidence.intermediates(), std::vector<Bytes>{Certificate("int.crt")});
  EXPECT_EQ(*VerifySignaturesOnly(evidence, {}), 1u);
}

TEST_F(SamplesTest, AChangedOctetBreaksTheSignature) {
  Bytes der = *EvidenceFromPem(Text("evidence2.pem"));
  const Bytes nonce = *FromHex("beefcafebabedead");
  const auto at = std::search(der.begin(), der.end(), nonce.begin(), nonce.end());
  ASSERT_NE(at, der.end());
  *at ^= 1;
  const StatusOr<ParsedEvidence> parsed = ParseEvidence(der, Profile());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(Is(VerifySignaturesOnly(*parsed, {}).status(), kSignatureInvalid));
}

TEST_F(SamplesTest, BothAreRefusedAsEvidence) {
  const TrustStore roots = *TrustStore::Create({Certificate("ca.crt")}, {});
  const ParsedEvidence first = Evidence("evidence1.pem");
  EXPECT_TRUE(Is(VerifyEvidence(first, roots, kTestNow, Profile()).status(), kSignerUnknown));
  const ParsedEvidence second = Evidence("evidence2.pem");
  EXPECT_TRUE(Is(VerifyEvidence(second, roots, kTestNow, Profile()).status(), kAkExtendedKeyUsage));
  // With the samples' own EKU configured, trust hangs on the pinned root alone.
  const EvidenceProfile own = *EvidenceProfile::Create(kSampleRoot, kSampleEku);
  const TrustStore others = *TrustStore::Create({TestDevice::Create().root}, {});
  EXPECT_TRUE(Is(VerifyEvidence(second, others, kTestNow, own).status(), kAkChainUntrusted));
  EXPECT_TRUE(VerifyEvidence(second, roots, kTestNow, own).ok());
}

TEST_F(SamplesTest, UnderAnotherRootOidNothingIsKnown) {
  const Bytes der = *EvidenceFromPem(Text("evidence2.pem"));
  const StatusOr<ParsedEvidence> parsed = ParseEvidence(der, EvidenceProfile::Draft());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->unknown_elements(), 4u);
  EXPECT_EQ(parsed->content(), EvidenceContent{});
}

}  // namespace
}  // namespace intaglio::attestation
