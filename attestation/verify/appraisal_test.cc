// The contract between the producer (Mbed TLS) and the verifier (OpenSSL), and the appraisal of
// what passes between them.
#include "attestation/verify/appraisal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <type_traits>

#include "attestation/produce/certificate_request.h"
#include "attestation/produce/evidence_producer.h"
#include "attestation/produce/golden_evidence.h"
#include "attestation/produce/test_certificates.h"
#include "attestation/verify/openssl_handles.h"
#include "attestation/verify/reasons.h"
#include "attestation/verify/test_device.h"

namespace intaglio::attestation {
namespace {

static_assert(!std::is_copy_constructible_v<AppraisedKey>);
static_assert(!std::is_default_constructible_v<AppraisedKey>);
static_assert(!std::is_copy_constructible_v<VerifiedEvidence>);
static_assert(!std::is_default_constructible_v<VerifiedEvidence>);
static_assert(!std::is_default_constructible_v<ParsedEvidence>);

QscdEntry CertifiedEntry() {
  QscdEntry entry;
  entry.id = "tm-1";
  entry.vendor = "Test Vendor";
  entry.hw_model = ToBytes("TM-1");
  entry.hw_version = "1.0";
  entry.sw_name = "firmware";
  entry.sw_version = "2.3.4";
  entry.serials = {"TM-0000", "TM-0001"};
  entry.kind = QscdKind::kCertified;
  entry.valid_from = *ParseDate("2024-01-01");
  entry.valid_until = *ParseDate("2028-12-31");
  entry.source_status = QscdSourceStatus::kListed;
  return entry;
}

QscdEntry LabEntry() {
  QscdEntry entry = CertifiedEntry();
  entry.kind = QscdKind::kLab;
  return entry;
}

class AppraisalTest : public testing::Test {
 protected:
  StatusOr<VerifiedEvidence> ProduceAndVerify(const EvidenceContent& content) const {
    const StatusOr<EvidenceProducer> producer = EvidenceProducer::Create(
        EvidenceProfile::Draft(), device_.ak_certificate, {device_.intermediate});
    if (!producer.ok()) return producer.status();
    const StatusOr<Bytes> der = producer->Produce(
        content, [&](const Digest& digest) { return device_.ak.SignDigest(digest); });
    if (!der.ok()) return der.status();
    const StatusOr<ParsedEvidence> parsed = ParseEvidence(*der, EvidenceProfile::Draft());
    if (!parsed.ok()) return parsed.status();
    return VerifyEvidence(*parsed, roots_, kTestNow, EvidenceProfile::Draft());
  }

  StatusOr<AppraisedKey> Appraise(const EvidenceContent& content, const QscdEntry& entry,
                                  ServiceBoundary boundary) const {
    const StatusOr<VerifiedEvidence> verified = ProduceAndVerify(content);
    if (!verified.ok()) return verified.status();
    return AppraiseKey(*verified, {nonce_, spki_, entry, boundary, today_});
  }

  using Change = std::function<void(EvidenceContent&)>;
  std::string ReasonFor(EvidenceContent content, const Change& change) const {
    change(content);
    return ReasonNameOf(Appraise(content, CertifiedEntry(), ServiceBoundary::kProduction).status());
  }
  std::string Resident(const Change& change) const {
    return ReasonFor(ResidentContent(spki_), change);
  }
  std::string Wrapped(const Change& change) const {
    return ReasonFor(WrappedContent(spki_), change);
  }

  const TestDevice device_ = TestDevice::Create();
  const TrustStore roots_ = *TrustStore::Create({device_.root}, {});
  const Bytes spki_ = TestKey::Generate().Spki();
  const Bytes nonce_ = Bytes(32, 0x5a);
  const Date today_ = DateOf(kTestNow);
};

using C = EvidenceContent;

TEST_F(AppraisalTest, TheVerifierReadsWhatTheProducerWrote) {
  EvidenceContent content = WrappedContent(spki_);
  PlatformClaims& platform = content.platform;
  platform.oemid = Bytes{1, 2, 3};
  platform.uptime = 86400;
  platform.bootcount = 300;
  platform.fipsboot = false;
  platform.fipsver = "FIPS 140-3";
  platform.fipslevel = 3;
  platform.fipsmodule = "M";
  platform.boot_id = Bytes(16, 1);
  platform.core_instance = Bytes(16, 2);
  platform.self_reported_measurement = Bytes(32, 3);
  platform.simulated = true;
  platform.journal_head = Bytes(32, 4);
  content.keys[0].identifiers.push_back("sl\xc3\xbcssel");
  content.keys[0].expiry = kTestNow + kDay;
  content.keys[0].trusted = false;
  const StatusOr<VerifiedEvidence> verified = ProduceAndVerify(content);
  ASSERT_TRUE(verified.ok()) << verified.status();
  content.transaction.ak_spki = {device_.ak.Spki()};
  EXPECT_EQ(verified->content(), content);
}

TEST_F(AppraisalTest, TheVerifierReadsTheGoldenEvidence) {
  const StatusOr<ParsedEvidence> parsed =
      ParseEvidence(*FromHex(kGoldenEvidence), EvidenceProfile::Draft());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->unknown_claims() + parsed->unknown_elements(), 0u);
  const TrustStore roots = *TrustStore::Create({*FromHex(kRootCertificate)}, {});
  EXPECT_TRUE(VerifyEvidence(*parsed, roots, kTestNow + kDay, EvidenceProfile::Draft()).ok());
}

TEST_F(AppraisalTest, OpenSslReadsTheRequest) {
  const TestKey key = TestKey::Generate();
  const StatusOr<Bytes> der = BuildCertificateRequest(
      "AK", key.Spki(), [&](const Digest& digest) { return key.SignDigest(digest); });
  ASSERT_TRUE(der.ok()) << der.status();
  const unsigned char* at = der->data();
  const verify_internal::CPtr<X509_REQ, X509_REQ_free> request(
      d2i_X509_REQ(nullptr, &at, static_cast<long>(der->size())));
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())), 1);
}

TEST_F(AppraisalTest, AcceptsAResidentKey) {
  const StatusOr<AppraisedKey> key =
      Appraise(ResidentContent(spki_), CertifiedEntry(), ServiceBoundary::kProduction);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->spki(), spki_);
  EXPECT_EQ(key->identifiers(), std::vector<std::string>{"key-1"});
  EXPECT_EQ(key->residency(), Residency::kResident);
  EXPECT_EQ(key->entry_id(), "tm-1");
  EXPECT_EQ(key->kind(), QscdKind::kCertified);
  EXPECT_EQ(key->state(), QscdState::kCertified);
  EXPECT_EQ(Resident([](C& c) { c.keys[0].residency.reset(); }), "");
}

TEST_F(AppraisalTest, AcceptsAWrappedKeyWithItsStorageKey) {
  const StatusOr<AppraisedKey> key =
      Appraise(WrappedContent(spki_), CertifiedEntry(), ServiceBoundary::kProduction);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->residency(), Residency::kWrapped);
}

TEST_F(AppraisalTest, AnswersTheNonceWeGave) {
  EXPECT_EQ(Resident([](C& c) { c.transaction.nonce = Bytes(32, 0x5b); }), "NONCE_MISMATCH");
  EXPECT_EQ(Resident([](C& c) { c.transaction.nonce = Bytes(31, 0x5a); }), "NONCE_MISMATCH");
}

TEST_F(AppraisalTest, EvidenceWithoutNonceMayBeOld) {
  const Bytes der = SignedBy(
      device_, TbsDer(1, {ElementDer(ElementType::kKey,
                                     {ClaimDer(ClaimType::kIdentifier, Bytes{0x0c, 1, 'k'})})}));
  const ParsedEvidence parsed = *ParseEvidence(der, EvidenceProfile::Draft());
  const StatusOr<VerifiedEvidence> verified =
      VerifyEvidence(parsed, roots_, kTestNow, EvidenceProfile::Draft());
  ASSERT_TRUE(verified.ok()) << verified.status();
  const QscdEntry entry = CertifiedEntry();
  EXPECT_EQ(ReasonNameOf(
                AppraiseKey(*verified, {nonce_, spki_, entry, ServiceBoundary::kProduction, today_})
                    .status()),
            "NONCE_MISSING");
}

TEST_F(AppraisalTest, TheRequestHasANonceAndAKey) {
  const StatusOr<VerifiedEvidence> verified = ProduceAndVerify(ResidentContent(spki_));
  ASSERT_TRUE(verified.ok());
  const QscdEntry entry = CertifiedEntry();
  const auto reason = [&](Bytes nonce, Bytes spki) {
    return ReasonNameOf(AppraiseKey(*verified, {std::move(nonce), std::move(spki), entry,
                                                ServiceBoundary::kProduction, today_})
                            .status());
  };
  EXPECT_EQ(reason({}, spki_), "APPRAISAL_REQUEST");
  EXPECT_EQ(reason(Bytes(15), spki_), "APPRAISAL_REQUEST");
  EXPECT_EQ(reason(Bytes(65), spki_), "APPRAISAL_REQUEST");
  EXPECT_EQ(reason(nonce_, {}), "APPRAISAL_REQUEST");
  EXPECT_EQ(reason(nonce_, TestKey::Generate().Spki()), "KEY_NOT_ATTESTED");
}

TEST_F(AppraisalTest, ThePlatformIsTheListedOne) {
  EXPECT_EQ(Resident([](C& c) { c.platform.vendor = "test vendor"; }), "PLATFORM_VENDOR");
  EXPECT_EQ(Resident([](C& c) { c.platform.vendor.reset(); }), "PLATFORM_VENDOR");
  EXPECT_EQ(Resident([](C& c) { c.platform.hwmodel = ToBytes("TM-2"); }), "PLATFORM_HW_MODEL");
  EXPECT_EQ(Resident([](C& c) { c.platform.hwmodel.reset(); }), "PLATFORM_HW_MODEL");
  EXPECT_EQ(Resident([](C& c) { c.platform.hwversion = "1.0.0"; }), "PLATFORM_HW_VERSION");
  EXPECT_EQ(Resident([](C& c) { c.platform.hwversion.reset(); }), "PLATFORM_HW_VERSION");
  EXPECT_EQ(Resident([](C& c) { c.platform.swname = ""; }), "PLATFORM_SW_NAME");
  EXPECT_EQ(Resident([](C& c) { c.platform.swname.reset(); }), "PLATFORM_SW_NAME");
  EXPECT_EQ(Resident([](C& c) { c.platform.swversion = "2.3.5"; }), "PLATFORM_SW_VERSION");
  EXPECT_EQ(Resident([](C& c) { c.platform.swversion.reset(); }), "PLATFORM_SW_VERSION");
  EXPECT_EQ(Resident([](C& c) { c.platform.hwserial = "TM-9999"; }), "PLATFORM_SERIAL");
  EXPECT_EQ(Resident([](C& c) { c.platform.hwserial.reset(); }), "PLATFORM_SERIAL");
}

TEST_F(AppraisalTest, AnEntryWithoutInventoryTakesAnySerial) {
  QscdEntry entry = CertifiedEntry();
  entry.serials.clear();
  EvidenceContent content = ResidentContent(spki_);
  content.platform.hwserial.reset();
  EXPECT_TRUE(Appraise(content, entry, ServiceBoundary::kProduction).ok());
}

TEST_F(AppraisalTest, DebugIsDisabled) {
  EXPECT_EQ(Resident([](C& c) { c.platform.debugstat = kDebugEnabled; }), "PLATFORM_DEBUG");
  EXPECT_EQ(Resident([](C& c) { c.platform.debugstat = 5; }), "PLATFORM_DEBUG");
  EXPECT_EQ(Resident([](C& c) { c.platform.debugstat = -1; }), "PLATFORM_DEBUG");
  EXPECT_EQ(Resident([](C& c) { c.platform.debugstat.reset(); }), "PLATFORM_DEBUG");
  EvidenceContent silent = ResidentContent(spki_);
  silent.platform.debugstat.reset();
  EXPECT_TRUE(Appraise(silent, LabEntry(), ServiceBoundary::kLab).ok());
  silent.platform.debugstat = kDebugEnabled;
  EXPECT_TRUE(Is(Appraise(silent, LabEntry(), ServiceBoundary::kLab).status(), kPlatformDebug));
}

TEST_F(AppraisalTest, SimulatedDevicesStayInTheLab) {
  EXPECT_EQ(Resident([](C& c) { c.platform.simulated = true; }), "SIMULATED_DEVICE");
  EXPECT_EQ(Resident([](C& c) { c.platform.simulated = false; }), "");
  EvidenceContent simulated = ResidentContent(spki_);
  simulated.platform.simulated = true;
  const StatusOr<AppraisedKey> lab = Appraise(simulated, LabEntry(), ServiceBoundary::kLab);
  ASSERT_TRUE(lab.ok()) << lab.status();
  EXPECT_EQ(lab->kind(), QscdKind::kLab);
  EXPECT_TRUE(Is(Appraise(simulated, LabEntry(), ServiceBoundary::kProduction).status(),
                 kLabEntryInProduction));
  // A certified device may serve in a lab.
  EXPECT_TRUE(Appraise(ResidentContent(spki_), CertifiedEntry(), ServiceBoundary::kLab).ok());
}

TEST_F(AppraisalTest, TheCertificationHolds) {
  const EvidenceContent content = ResidentContent(spki_);
  const auto reason = [&](const QscdEntry& entry) {
    return ReasonNameOf(Appraise(content, entry, ServiceBoundary::kProduction).status());
  };
  QscdEntry entry = CertifiedEntry();
  entry.valid_until = *ParseDate("2026-11-22");
  EXPECT_EQ(reason(entry), "ENTRY_LAPSED");
  entry.valid_until = *ParseDate("2026-11-23");
  EXPECT_EQ(reason(entry), "");
  EXPECT_EQ(Appraise(content, entry, ServiceBoundary::kProduction)->state(), QscdState::kExpiring);
  entry = CertifiedEntry();
  entry.valid_from = *ParseDate("2026-11-24");
  EXPECT_EQ(reason(entry), "ENTRY_UNKNOWN");
  entry = CertifiedEntry();
  entry.source_status = QscdSourceStatus::kUnknown;
  EXPECT_EQ(reason(entry), "ENTRY_UNKNOWN");
  entry.source_status = QscdSourceStatus::kCancelled;
  EXPECT_EQ(reason(entry), "ENTRY_CANCELLED");
}

TEST_F(AppraisalTest, TheKeyWasMadeInTheDevice) {
  EXPECT_EQ(Resident([](C& c) { c.keys[0].local = false; }), "KEY_NOT_LOCAL");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].local.reset(); }), "KEY_NOT_LOCAL");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].local = false; }), "KEY_NOT_LOCAL");
}

TEST_F(AppraisalTest, TheKeyStaysInTheDevice) {
  EXPECT_EQ(Resident([](C& c) { c.keys[0].extractable = true; }), "KEY_EXTRACTABLE");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].extractable.reset(); }), "KEY_EXTRACTABLE");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].never_extractable = false; }), "KEY_WAS_EXTRACTABLE");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].never_extractable.reset(); }), "KEY_WAS_EXTRACTABLE");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].sensitive = false; }), "KEY_NOT_SENSITIVE");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].sensitive.reset(); }), "KEY_NOT_SENSITIVE");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].sensitive = false; }), "KEY_NOT_SENSITIVE");
}

TEST_F(AppraisalTest, TheKeyOnlySigns) {
  EXPECT_EQ(Resident([](C& c) { c.keys[0].purposes.reset(); }), "KEY_PURPOSE");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].purposes = std::vector<KeyPurpose>{}; }), "KEY_PURPOSE");
  EXPECT_EQ(Resident([](C& c) {
              c.keys[0].purposes = {KeyPurpose::kSign, KeyPurpose::kDecrypt};
            }),
            "KEY_PURPOSE");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].purposes = {KeyPurpose::kDerive}; }), "KEY_PURPOSE");
}

TEST_F(AppraisalTest, TheKeyHasNotExpired) {
  EXPECT_EQ(Resident([](C& c) { c.keys[0].expiry = kTestNow + kDay; }), "");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].expiry = kTestNow; }), "KEY_EXPIRED");
}

TEST_F(AppraisalTest, TheKeyIsDescribedOnceAsASigningKey) {
  EXPECT_EQ(Resident([](C& c) {
              c.keys.push_back(c.keys[0]);
              c.keys[1].identifiers = {"key-2"};
            }),
            "KEY_AMBIGUOUS");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].spki.reset(); }), "KEY_NOT_ATTESTED");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].spki = TestKey::Generate().Spki(); }),
            "KEY_NOT_ATTESTED");
  EXPECT_EQ(Resident([](C& c) { c.keys[0].key_class = KeyClass::kStorage; }), "KEY_CLASS_UNFIT");
}

TEST_F(AppraisalTest, AWrappedKeyIsDescribedAsItIs) {
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].extractable = false; }), "RESIDENCY_CONTRADICTION");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].never_extractable = true; }), "RESIDENCY_CONTRADICTION");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].never_extractable.reset(); }), "RESIDENCY_CONTRADICTION");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].wrap_with_trusted = false; }),
            "WRAP_WITH_TRUSTED_MISSING");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].wrap_with_trusted.reset(); }),
            "WRAP_WITH_TRUSTED_MISSING");
  // Without the residency claim it is judged as RESIDENT.
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].residency.reset(); }), "KEY_EXTRACTABLE");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[0].residency = Residency::kResident; }), "KEY_EXTRACTABLE");
}

TEST_F(AppraisalTest, AWrappedKeyNeedsAStorageKeyThatProtectsIt) {
  EXPECT_EQ(Wrapped([](C& c) { c.keys.pop_back(); }), "STORAGE_KEY_MISSING");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[1].key_class.reset(); }), "STORAGE_KEY_MISSING");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[1].local = false; }), "STORAGE_KEY_UNFIT");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[1].sensitive = false; }), "STORAGE_KEY_UNFIT");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[1].extractable = true; }), "STORAGE_KEY_UNFIT");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[1].extractable.reset(); }), "STORAGE_KEY_UNFIT");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[1].trusted.reset(); }), "STORAGE_KEY_UNFIT");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[1].purposes.reset(); }), "STORAGE_KEY_UNFIT");
  EXPECT_EQ(Wrapped([](C& c) { c.keys[1].purposes->push_back(KeyPurpose::kDecrypt); }),
            "STORAGE_KEY_UNFIT");
  EXPECT_EQ(Wrapped([](C& c) {
              c.keys.push_back(c.keys[1]);
              c.keys[2].identifiers = {"storage-2"};
              c.keys[2].trusted = false;
            }),
            "STORAGE_KEY_UNFIT");
}

}  // namespace
}  // namespace intaglio::attestation
