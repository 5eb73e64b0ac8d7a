#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attestation/model/der_writer.h"
#include "attestation/verify/openssl_handles.h"
#include "attestation/verify/reasons.h"
#include "attestation/verify/test_device.h"
#include "attestation/verify/verified_evidence.h"

namespace intaglio::attestation {
namespace {

constexpr char kEcdsaSha256[] = "1.2.840.10045.4.3.2";
constexpr char kEcdsaSha384[] = "1.2.840.10045.4.3.3";

Bytes Tbs() {
  return TbsDer(1, {ElementDer(ElementType::kKey,
                               {ClaimDer(ClaimType::kIdentifier, DerUtf8String("key-1"))})});
}

TrustStore Trusting(const TestDevice& device) { return *TrustStore::Create({device.root}, {}); }

StatusOr<VerifiedEvidence> Verify(ByteView der, const TrustStore& roots, WallTime at = kTestNow) {
  const StatusOr<ParsedEvidence> parsed = ParseEvidence(der, EvidenceProfile::Draft());
  if (!parsed.ok()) return parsed.status();
  return VerifyEvidence(*parsed, roots, at, EvidenceProfile::Draft());
}
std::string ReasonFor(ByteView der, const TrustStore& roots, WallTime at = kTestNow) {
  return ReasonNameOf(Verify(der, roots, at).status());
}
// The Reason for a device whose attestation certificate is made after `ak`.
std::string ReasonForAk(const CertificateSpec& ak) {
  const TestDevice device = TestDevice::Create(ak);
  return ReasonFor(SignedBy(device, Tbs()), Trusting(device));
}

class VerifyTest : public testing::Test {
 protected:
  const TestDevice device_ = TestDevice::Create();
  const TrustStore roots_ = Trusting(device_);
  const Bytes tbs_ = Tbs();
  const Bytes signature_ = device_.ak.SignMessage(tbs_);
  const Bytes block_ = BlockDer(SidDer({}, {}, device_.ak_certificate), kEcdsaSha256, signature_);
};

TEST_F(VerifyTest, AGenuineDeviceIsVerified) {
  const Bytes der = SignedBy(device_, tbs_);
  const StatusOr<VerifiedEvidence> verified = Verify(der, roots_);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->ak_spki(), device_.ak.Spki());
  EXPECT_EQ(verified->ak_certificate(), device_.ak_certificate);
  EXPECT_EQ(verified->device_root(), verify_internal::Sha256(device_.root));
  EXPECT_EQ(verified->evidence_digest(), verify_internal::Sha256(der));
  EXPECT_EQ(verified->content().keys.size(), 1u);
}

TEST_F(VerifyTest, StrippedSignaturesProveNothing) {
  EXPECT_EQ(ReasonFor(EvidenceDer(tbs_, {}, {device_.intermediate}), roots_), "EVIDENCE_UNSIGNED");
  const ParsedEvidence parsed = *ParseEvidence(EvidenceDer(tbs_, {}, {}), EvidenceProfile::Draft());
  EXPECT_TRUE(Is(VerifySignaturesOnly(parsed, {}).status(), kEvidenceUnsigned));
}

TEST_F(VerifyTest, TheSignatureIsOverTheseOctets) {
  const Bytes other = TbsDer(
      1,
      {ElementDer(ElementType::kKey, {ClaimDer(ClaimType::kIdentifier, DerUtf8String("key-2"))})});
  EXPECT_EQ(ReasonFor(EvidenceDer(other, {block_}, {device_.intermediate}), roots_),
            "SIGNATURE_INVALID");
  for (const Bytes& bad : {Bytes{}, Bytes(64, 1), Concat({signature_, Bytes{0}})}) {
    const Bytes block = BlockDer(SidDer({}, {}, device_.ak_certificate), kEcdsaSha256, bad);
    EXPECT_EQ(ReasonFor(EvidenceDer(tbs_, {block}, {device_.intermediate}), roots_),
              "SIGNATURE_INVALID");
  }
}

TEST_F(VerifyTest, OtherAlgorithmsAreRefused) {
  const Bytes sid = SidDer({}, {}, device_.ak_certificate);
  const auto reason = [&](const Bytes& block) {
    return ReasonFor(EvidenceDer(tbs_, {block}, {device_.intermediate}), roots_);
  };
  EXPECT_EQ(reason(BlockDer(sid, "1.2.840.10045.4.1", signature_)), "SIGNATURE_ALGORITHM");
  EXPECT_EQ(reason(BlockDer(sid, "1.2.840.113549.1.1.11", signature_)), "SIGNATURE_ALGORITHM");
  EXPECT_EQ(reason(BlockDer(sid, kEcdsaSha384, device_.ak.SignMessage(tbs_, "SHA384"))),
            "SIGNATURE_ALGORITHM");
  EXPECT_EQ(reason(BlockDer(sid, kEcdsaSha256, signature_, Bytes{5, 0})), "SIGNATURE_ALGORITHM");
}

TEST_F(VerifyTest, P384WithSha384IsASuiteOfItsOwn) {
  const TestKey ak = TestKey::Generate("P-384");
  const Bytes certificate = Issue(AkSpec(), ak, device_.intermediate_key, device_.intermediate);
  const Bytes sid = SidDer({}, {}, certificate);
  const auto reason = [&](const char* algorithm, const char* hash) {
    const Bytes block = BlockDer(sid, algorithm, ak.SignMessage(tbs_, hash));
    return ReasonFor(EvidenceDer(tbs_, {block}, {device_.intermediate}), roots_);
  };
  EXPECT_EQ(reason(kEcdsaSha384, "SHA384"), "");
  EXPECT_EQ(reason(kEcdsaSha256, "SHA256"), "SIGNATURE_ALGORITHM");
}

TEST_F(VerifyTest, TheSignerMayBeNamedInThreeWays) {
  const Digest key_id = verify_internal::Sha256(device_.ak.Spki());
  const std::vector<Bytes> chain = {device_.intermediate, device_.ak_certificate};
  const auto reason = [&](const Bytes& sid) {
    return ReasonFor(EvidenceDer(tbs_, {BlockDer(sid, kEcdsaSha256, signature_)}, chain), roots_);
  };
  EXPECT_EQ(reason(SidDer(ToBytes(key_id), {}, {})), "");
  EXPECT_EQ(reason(SidDer({}, device_.ak.Spki(), {})), "");
  EXPECT_EQ(reason(SidDer(ToBytes(key_id), device_.ak.Spki(), device_.ak_certificate)), "");
  EXPECT_EQ(reason(SidDer(Bytes(20, 1), {}, {})), "SIGNER_UNKNOWN");
  EXPECT_EQ(reason(SidDer(Bytes{}, {}, {})), "SIGNER_UNKNOWN");
  EXPECT_EQ(reason(SidDer({}, TestKey::Generate().Spki(), {})), "SIGNER_UNKNOWN");
  EXPECT_EQ(reason(SidDer({}, TestKey::Generate().Spki(), device_.ak_certificate)),
            "SIGNER_CONTRADICTION");
}

TEST_F(VerifyTest, OneTrustedSignatureAmongOthersIsEnough) {
  const TestDevice other = TestDevice::Create();
  const Bytes foreign =
      BlockDer(SidDer({}, {}, other.ak_certificate), kEcdsaSha256, other.ak.SignMessage(tbs_));
  EXPECT_EQ(ReasonFor(EvidenceDer(tbs_, {foreign, block_}, {device_.intermediate}), roots_), "");
  EXPECT_EQ(ReasonFor(EvidenceDer(tbs_, {block_, foreign}, {device_.intermediate}), roots_), "");
  EXPECT_EQ(ReasonFor(EvidenceDer(tbs_, {foreign}, {device_.intermediate}), roots_),
            "AK_CHAIN_UNTRUSTED");
  // A key id that nobody knows leaves the evidence unverifiable. [draft §6]
  const Bytes unknown = BlockDer(SidDer(Bytes(20, 1), {}, {}), kEcdsaSha256, signature_);
  EXPECT_EQ(ReasonFor(EvidenceDer(tbs_, {block_, unknown}, {device_.intermediate}), roots_),
            "SIGNER_UNKNOWN");
}

TEST_F(VerifyTest, CertificatesAreStrictDer) {
  const Bytes not_x509 = DerSequence({DerSequence({DerInteger(1)}), DerSequence({})});
  EXPECT_EQ(
      ReasonFor(EvidenceDer(tbs_, {BlockDer(SidDer({}, {}, not_x509), kEcdsaSha256, signature_)},
                            {device_.intermediate}),
                roots_),
      "AK_CERTIFICATE_INVALID");
  EXPECT_EQ(ReasonFor(EvidenceDer(tbs_, {block_}, {not_x509}), roots_), "AK_CERTIFICATE_INVALID");
}

TEST(AkCertificateTest, NeedsTheAttestationKeyPurpose) {
  CertificateSpec ak = AkSpec();
  ak.extended_key_usage = std::nullopt;
  EXPECT_EQ(ReasonForAk(ak), "AK_EXTENDED_KEY_USAGE");
  ak.extended_key_usage = "clientAuth,anyExtendedKeyUsage";
  EXPECT_EQ(ReasonForAk(ak), "AK_EXTENDED_KEY_USAGE");
  ak.extended_key_usage = "clientAuth," + std::string(kDraftAttestationEku);
  EXPECT_EQ(ReasonForAk(ak), "");
}

TEST(AkCertificateTest, NeedsTheKeyUsageOfAnEndEntity) {
  CertificateSpec ak = AkSpec();
  ak.key_usage = std::nullopt;
  EXPECT_EQ(ReasonForAk(ak), "AK_KEY_USAGE");
  ak.key_usage = "critical,keyAgreement";
  EXPECT_EQ(ReasonForAk(ak), "AK_KEY_USAGE");
  ak.key_usage = "critical,digitalSignature,keyCertSign";
  EXPECT_EQ(ReasonForAk(ak), "AK_KEY_USAGE");
  ak = AkSpec();
  ak.basic_constraints = "critical,CA:TRUE";
  EXPECT_EQ(ReasonForAk(ak), "AK_KEY_USAGE");
}

TEST(AkCertificateTest, IsValidAtTheTimeAsked) {
  CertificateSpec ak = AkSpec();
  ak.from = kTestNow - kDay;
  ak.until = kTestNow + kDay;
  const TestDevice device = TestDevice::Create(ak);
  const TrustStore roots = Trusting(device);
  const Bytes der = SignedBy(device, Tbs());
  EXPECT_EQ(ReasonFor(der, roots, kTestNow), "");
  EXPECT_EQ(ReasonFor(der, roots, kTestNow + 2 * kDay), "AK_EXPIRED");
  EXPECT_EQ(ReasonFor(der, roots, kTestNow - 2 * kDay), "AK_NOT_YET_VALID");
}

TEST(AkCertificateTest, SoIsItsChain) {
  CertificateSpec intermediate = IntermediateSpec();
  intermediate.until = kTestNow - kDay;
  const TestDevice device = TestDevice::Create(AkSpec(), intermediate);
  EXPECT_EQ(ReasonFor(SignedBy(device, Tbs()), Trusting(device)), "AK_EXPIRED");
}

TEST(AkCertificateTest, ChainsOverCasToAPinnedRoot) {
  const TestDevice device = TestDevice::Create();
  const TestDevice stranger = TestDevice::Create();
  const Bytes der = SignedBy(device, Tbs());
  EXPECT_EQ(ReasonFor(der, Trusting(stranger)), "AK_CHAIN_UNTRUSTED");
  const Bytes block =
      BlockDer(SidDer({}, {}, device.ak_certificate), kEcdsaSha256, device.ak.SignMessage(Tbs()));
  EXPECT_EQ(ReasonFor(EvidenceDer(Tbs(), {block}, {}), Trusting(device)), "AK_CHAIN_UNTRUSTED");
  // A root sent along is not a pinned root.
  EXPECT_EQ(ReasonFor(EvidenceDer(Tbs(), {block}, {device.intermediate, device.root}),
                      Trusting(stranger)),
            "AK_CHAIN_UNTRUSTED");
  CertificateSpec not_a_ca = IntermediateSpec();
  not_a_ca.basic_constraints = "critical,CA:FALSE";
  const TestDevice forged = TestDevice::Create(AkSpec(), not_a_ca);
  EXPECT_EQ(ReasonFor(SignedBy(forged, Tbs()), Trusting(forged)), "AK_CHAIN_UNTRUSTED");
}

TEST(AkCertificateTest, AWithdrawnKeyIsRefused) {
  const TestDevice device = TestDevice::Create();
  const TrustStore roots =
      *TrustStore::Create({device.root}, {verify_internal::Sha256(device.ak.Spki())});
  EXPECT_EQ(ReasonFor(SignedBy(device, Tbs()), roots), "AK_DISTRUSTED");
}

TEST(AkCertificateTest, AkSpkiBindsTheSigner) {
  const TestDevice device = TestDevice::Create();
  const auto tbs_for = [](std::vector<Bytes> spkis) {
    std::vector<Bytes> claims;
    for (const Bytes& spki : spkis) {
      claims.push_back(ClaimDer(ClaimType::kAkSpki, DerOctetString(spki)));
    }
    return TbsDer(1, {ElementDer(ElementType::kTransaction, claims)});
  };
  const Bytes other = TestKey::Generate().Spki();
  const TrustStore roots = Trusting(device);
  EXPECT_EQ(ReasonFor(SignedBy(device, tbs_for({device.ak.Spki()})), roots), "");
  EXPECT_EQ(ReasonFor(SignedBy(device, tbs_for({other, device.ak.Spki()})), roots), "");
  EXPECT_EQ(ReasonFor(SignedBy(device, tbs_for({other})), roots), "AK_SPKI_MISMATCH");
}

TEST(TrustStoreTest, TakesSelfSignedCasOnly) {
  const TestDevice device = TestDevice::Create();
  const auto reason = [](std::vector<Bytes> roots) {
    return ReasonNameOf(TrustStore::Create(std::move(roots), {}).status());
  };
  EXPECT_EQ(reason({device.root}), "");
  EXPECT_EQ(reason({}), "TRUST_STORE_INVALID");
  EXPECT_EQ(reason({device.root, device.intermediate}), "TRUST_STORE_INVALID");
  EXPECT_EQ(reason({device.ak_certificate}), "TRUST_STORE_INVALID");
  EXPECT_EQ(reason({Concat({device.root, Bytes{0}})}), "TRUST_STORE_INVALID");
  EXPECT_EQ(reason({Bytes{}}), "TRUST_STORE_INVALID");
}

}  // namespace
}  // namespace intaglio::attestation
