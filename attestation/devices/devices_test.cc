// Attestations of other vendors' devices: read, verified, and appraised as our own evidence is.
// Requirements R-QSC-2, R-ISS-4. The certificates are made here, in the forms the vendor documents;
// the vendor's own roots are tried where the test data are at hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <map>

#include "attestation/devices/device_attestation.h"
#include "attestation/devices/reasons.h"
#include "attestation/model/der_writer.h"
#include "attestation/verify/appraisal.h"
#include "attestation/verify/openssl_handles.h"
#include "attestation/verify/reasons.h"
#include "attestation/verify/test_device.h"
#include "base/file.h"

namespace intaglio::attestation {
namespace {

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

constexpr char kHsmArc[] = "1.3.6.1.4.1.41482.4.";
constexpr char kPivArc[] = "1.3.6.1.4.1.41482.3.";

Extensions HsmExtensions() {
  return {
      {std::string(kHsmArc) + "1", {0x04, 0x03, 2, 4, 1}},                       // firmware 2.4.1
      {std::string(kHsmArc) + "2", {0x02, 0x04, 0x02, 0x0b, 0xd9, 0xfd}},        // serial 34331133
      {std::string(kHsmArc) + "3", {0x03, 0x02, 0x00, 0x01}},                    // generated
      {std::string(kHsmArc) + "4", {0x03, 0x03, 0x00, 0x00, 0x01}},              // domain 1
      {std::string(kHsmArc) + "5", {0x03, 0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}},  // sign-ecdsa
      {std::string(kHsmArc) + "6", {0x02, 0x02, 0x12, 0x34}},                    // object 4660
      {std::string(kHsmArc) + "9", {0x0c, 0x04, 's', 'i', 'g', 'n'}},
  };
}

Extensions PivExtensions() {
  return {{std::string(kPivArc) + "3", {5, 4, 3}},
          {std::string(kPivArc) + "7", {0x02, 0x02, 0x04, 0xd2}},
          {std::string(kPivArc) + "8", {2, 1}},
          {std::string(kPivArc) + "9", {3}}};
}

Bytes With(Extensions& extensions, const std::string& oid, Bytes value) {
  extensions.erase(oid);
  extensions.emplace(oid, value);
  return value;
}

class DevicesTest : public ::testing::Test {
 protected:
  // Root, the vendor's CA, the device, and a key in it.
  DevicesTest() : device_(TestDevice::Create(DeviceSpec())) {}
  static CertificateSpec DeviceSpec() {
    return {"Test device 34331133", "critical,CA:TRUE", "critical,keyCertSign", std::nullopt};
  }
  static CertificateSpec KeySpec() {
    return {"attestation of 0x1234", std::nullopt, std::nullopt, std::nullopt};
  }
  DeviceAttestation Of(const Extensions& extensions, const CertificateSpec& spec = KeySpec()) {
    const Bytes plain = Issue(spec, key_, device_.ak, device_.ak_certificate);
    return {WithExtensions(plain, extensions, device_.ak),
            {device_.ak_certificate, device_.intermediate}};
  }
  StatusOr<VerifiedEvidence> Verify(const DeviceAttestation& attestation, WallTime at = kTestNow) {
    const auto roots = TrustStore::Create({device_.root}, {});
    EXPECT_TRUE(roots.ok());
    return VerifyDeviceAttestation(attestation, *roots, at);
  }
  Status Failure(const DeviceAttestation& attestation) { return Verify(attestation).status(); }
  static QscdEntry Entry() {
    QscdEntry entry;
    entry.id = "yubihsm2-2.4.1";
    entry.vendor = "Yubico";
    entry.hw_model = ToBytes("YubiHSM 2");
    entry.sw_name = "YubiHSM 2 firmware";
    entry.sw_version = "2.4.1";
    entry.kind = QscdKind::kCertified;
    entry.valid_from = DateOf(kTestNow - 100 * kDay);
    entry.valid_until = DateOf(kTestNow + 1000 * kDay);
    entry.source_status = QscdSourceStatus::kListed;
    return entry;
  }
  // What an issuance under an order that names this attestation gets.
  Status Appraise(const DeviceAttestation& attestation, const QscdEntry& entry,
                  std::optional<Digest> named = std::nullopt) {
    const auto verified = Verify(attestation);
    if (!verified.ok()) return verified.status();
    AppraisalRequest request{.expected_nonce = {},
                             .expected_spki = key_.Spki(),
                             .entry = entry,
                             .boundary = ServiceBoundary::kProduction,
                             .today = DateOf(kTestNow)};
    request.named_digest = named ? *named : verified->evidence_digest();
    return AppraiseKey(*verified, request).status();
  }

  TestDevice device_;
  TestKey key_ = TestKey::Generate();
};

TEST_F(DevicesTest, AYubiHsmSaysWhatOurOwnEvidenceWould) {
  const auto verified = Verify(Of(HsmExtensions()));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->format(), EvidenceFormat::kDeviceCertificate);
  const PlatformClaims& platform = verified->content().platform;
  EXPECT_EQ(platform.vendor, "Yubico");
  EXPECT_EQ(platform.hwserial, "34331133");
  EXPECT_EQ(platform.swversion, "2.4.1");
  EXPECT_FALSE(platform.hwversion) << "not attested, so not filled in";
  ASSERT_EQ(verified->content().keys.size(), 1u);
  const KeyClaims& key = verified->content().keys[0];
  EXPECT_EQ(key.spki, key_.Spki());
  EXPECT_EQ(key.local, true);
  EXPECT_EQ(key.extractable, false);
  EXPECT_EQ(key.never_extractable, true);
  EXPECT_EQ(key.purposes, std::vector{KeyPurpose::kSign});
  EXPECT_EQ(key.identifiers, std::vector<std::string>{"yubihsm2:34331133:4660"});
  EXPECT_EQ(verified->device_root(), verify_internal::Sha256(device_.root));
  EXPECT_EQ(verified->ak_certificate(), device_.ak_certificate);
  EXPECT_EQ(*FormatOf(Of(HsmExtensions())), "yubihsm2");
}

TEST_F(DevicesTest, AppraisalTakesItOnlyAsTheOrderNamesIt) {
  const auto attestation = Of(HsmExtensions());
  EXPECT_TRUE(Appraise(attestation, Entry()).ok()) << Appraise(attestation, Entry());
  EXPECT_REASON(Appraise(attestation, Entry(), Digest{}), kEvidenceNotNamed);
  QscdEntry entry = Entry();
  entry.sw_version = "2.4.0";
  EXPECT_REASON(Appraise(attestation, entry), kPlatformSwVersion);
  entry = Entry();
  entry.serials = {"1"};
  EXPECT_REASON(Appraise(attestation, entry), kPlatformSerial);
  entry.serials = {"34331133"};
  EXPECT_TRUE(Appraise(attestation, entry).ok());
  entry = Entry();
  entry.hw_version = "2";
  EXPECT_REASON(Appraise(attestation, entry), kPlatformHwVersion);
  entry = Entry();
  entry.valid_until = DateOf(kTestNow - 10 * kDay);
  EXPECT_REASON(Appraise(attestation, entry), kEntryLapsed);
  // Another key than the one that is to be certified.
  key_ = TestKey::Generate();
  EXPECT_REASON(Appraise(attestation, Entry()), kKeyNotAttested);
}

TEST_F(DevicesTest, WhatAKeyMayBeIsWhatItsOriginAndCapabilitiesSay) {
  const std::string origin = std::string(kHsmArc) + "3", rights = std::string(kHsmArc) + "5";
  const auto with = [&](const std::string& oid, Bytes value) {
    Extensions extensions = HsmExtensions();
    With(extensions, oid, std::move(value));
    return Appraise(Of(extensions), Entry());
  };
  EXPECT_REASON(with(origin, {0x03, 0x02, 0x00, 0x02}), kKeyNotLocal);
  // Generated, wrapped out, and back.
  EXPECT_REASON(with(origin, {0x03, 0x02, 0x00, 0x11}), kKeyNotLocal);
  EXPECT_REASON(with(origin, {0x03, 0x02, 0x00, 0x00}), kDeviceExtensionInvalid);
  EXPECT_REASON(with(origin, {0x03, 0x02, 0x00, 0x21}), kDeviceExtensionInvalid);
  EXPECT_REASON(with(rights, {0x03, 0x09, 0, 0, 0, 0, 0, 0, 0x01, 0x00, 0x80}), kKeyExtractable);
  EXPECT_REASON(with(rights, {0x03, 0x09, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x80}), kKeyPurpose);  // ECDH
  EXPECT_REASON(with(rights, {0x03, 0x09, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x20}), kKeyPurpose);
  // Attests other keys: bit 0x22.
  EXPECT_REASON(with(rights, {0x03, 0x09, 0, 0, 0, 0, 0x04, 0, 0, 0, 0x80}), kDeviceCapability);
  EXPECT_REASON(with(rights, {0x03, 0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0}), kKeyPurpose);
  // Control: each way of signing, and all of them.
  EXPECT_TRUE(with(rights, {0x03, 0x09, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xe0}).ok());
}

TEST_F(DevicesTest, EveryFactIsThereOnceAndInItsForm) {
  for (const char* number : {"1", "2", "3", "5", "6"}) {
    Extensions extensions = HsmExtensions();
    extensions.erase(std::string(kHsmArc) + number);
    EXPECT_REASON(Failure(Of(extensions)), kDeviceExtensionMissing) << number;
    extensions = HsmExtensions();
    extensions.emplace(*extensions.find(std::string(kHsmArc) + number));
    EXPECT_REASON(Failure(Of(extensions)), kDeviceExtensionRepeated) << number;
  }
  for (const char* number : {"7", "11", "99999", "1.1", "4294967297"}) {
    Extensions extensions = HsmExtensions();
    extensions.emplace(std::string(kHsmArc) + number, Bytes{0x05, 0x00});
    EXPECT_REASON(Failure(Of(extensions)), kDeviceExtensionUnknown) << number;
  }
  const std::pair<const char*, Bytes> kWrong[] = {
      {"1", {2, 4, 1}},                 // not DER
      {"1", {0x04, 0x02, 2, 4}},        // two octets
      {"1", {0x04, 0x03, 2, 4, 1, 0}},  // something behind
      {"2", {0x02, 0x01, 0xff}},        // negative
      {"2", {0x02, 0x02, 0x00, 0x01}},  // not minimal
      {"2", {0x02, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
      {"3", {0x03, 0x02, 0x01, 0x01}},        // unused bits
      {"3", {0x03, 0x01, 0x00}},              // no octet
      {"3", {0x03, 0x03, 0x00, 0x01, 0x00}},  // two
      {"3", {0x04, 0x01, 0x01}},              // another type
      {"5", {0x03, 0x08, 0, 0, 0, 0, 0, 0, 0, 0x80}},
      {"6", {0x02, 0x01}},
      {"6", {}},
      {"6", {0x02, 0x03, 0x01, 0x11, 0x70}},  // 70000
      {"4", {0x03, 0x02, 0x00, 0x01}},
      {"4", {0xff}},
      {"9", {0x0c, 0x01, 0xff}},
      {"9", {0x04, 0x01, 'x'}},
  };
  for (const auto& [number, value] : kWrong) {
    Extensions extensions = HsmExtensions();
    With(extensions, std::string(kHsmArc) + number, value);
    EXPECT_REASON(Failure(Of(extensions)), kDeviceExtensionInvalid)
        << number << " " << ToHex(value);
  }
  Extensions both = HsmExtensions();
  both.merge(PivExtensions());
  EXPECT_REASON(Failure(Of(both)), kDeviceExtensionRepeated) << "as two devices";
  EXPECT_REASON(Failure(Of({})), kDeviceUnrecognised);
}

TEST_F(DevicesTest, AYubiKeySaysThatTheKeyWasBornThereAndNotWhatItIsFor) {
  const auto verified = Verify(Of(PivExtensions()));
  ASSERT_TRUE(verified.ok()) << verified.status();
  const KeyClaims& key = verified->content().keys[0];
  EXPECT_EQ(key.local, true);
  EXPECT_EQ(key.never_extractable, true);
  EXPECT_FALSE(key.purposes);
  EXPECT_EQ(verified->content().platform.swversion, "5.4.3");
  EXPECT_EQ(verified->content().platform.hwserial, "1234");
  QscdEntry entry = Entry();
  entry.hw_model = ToBytes("YubiKey");
  entry.sw_name = "YubiKey firmware";
  entry.sw_version = "5.4.3";
  EXPECT_REASON(Appraise(Of(PivExtensions()), entry), kKeyPurpose);
  for (const char* number : {"3", "7", "8"}) {
    Extensions extensions = PivExtensions();
    extensions.erase(std::string(kPivArc) + number);
    EXPECT_REASON(Failure(Of(extensions)), kDeviceExtensionMissing) << number;
    extensions = PivExtensions();
    extensions.emplace(*extensions.find(std::string(kPivArc) + number));
    EXPECT_REASON(Failure(Of(extensions)), kDeviceExtensionRepeated) << number;
  }
  // On the device's own certificate, and on no key's.
  for (const char* number : {"1", "10", "11"}) {
    Extensions extensions = PivExtensions();
    extensions.emplace(std::string(kPivArc) + number, Bytes{1});
    EXPECT_REASON(Failure(Of(extensions)), kDeviceExtensionUnknown) << number;
  }
  const std::pair<const char*, Bytes> kWrong[] = {{"3", {5, 4}}, {"7", {0x04, 0xd2}}, {"8", {0, 1}},
                                                  {"8", {4, 1}}, {"8", {2, 1, 1}},    {"9", {}},
                                                  {"9", {3, 3}}};
  for (const auto& [number, value] : kWrong) {
    Extensions extensions = PivExtensions();
    With(extensions, std::string(kPivArc) + number, value);
    EXPECT_REASON(Failure(Of(extensions)), kDeviceExtensionInvalid) << number << ToHex(value);
  }
}

TEST_F(DevicesTest, OnlyTheDeviceUnderAPinnedRootVouches) {
  const DeviceAttestation good = Of(HsmExtensions());
  ASSERT_TRUE(Verify(good).ok());
  // Signed by somebody else in the device's name.
  DeviceAttestation forged = good;
  const TestKey thief = TestKey::Generate();
  forged.certificate =
      WithExtensions(Issue(KeySpec(), key_, thief, device_.ak_certificate), HsmExtensions(), thief);
  EXPECT_REASON(Failure(forged), kAkChainUntrusted);
  // Another vendor's root, and a device without its CA.
  const TestDevice other = TestDevice::Create(DeviceSpec());
  const auto roots = TrustStore::Create({other.root}, {});
  EXPECT_REASON(VerifyDeviceAttestation(good, *roots, kTestNow).status(), kAkChainUntrusted);
  DeviceAttestation cut = good;
  cut.chain.pop_back();
  EXPECT_REASON(Failure(cut), kAkChainUntrusted);
  cut.chain = {device_.intermediate};
  EXPECT_REASON(Failure(cut), kAkChainUntrusted);
  cut.chain = {};
  EXPECT_REASON(Failure(cut), kDeviceChainLength);
  cut.chain.assign(9, device_.intermediate);
  EXPECT_REASON(Failure(cut), kDeviceChainLength);
  cut = good;
  cut.chain.push_back(Bytes(100, 0x30));
  EXPECT_FALSE(Failure(cut).ok());
  // One octet of a fact.
  forged = good;
  forged.certificate[forged.certificate.size() - 90] ^= 1;
  EXPECT_FALSE(Failure(forged).ok());
  // Too early, too late, withdrawn.
  EXPECT_REASON(Verify(good, kTestNow - 60 * kDay).status(), kAkNotYetValid);
  EXPECT_REASON(Verify(good, kTestNow + 366 * kDay).status(), kAkExpired);
  const auto withdrawn =
      TrustStore::Create({device_.root}, {verify_internal::Sha256(device_.ak.Spki())});
  EXPECT_REASON(VerifyDeviceAttestation(good, *withdrawn, kTestNow).status(), kAkDistrusted);
}

// Whoever owns a signing key in the device can sign any certificate with it, also one that looks
// like an attestation.
TEST_F(DevicesTest, AnAttestedKeyDoesNotAttest) {
  const TestKey users = TestKey::Generate();
  const Bytes attested = WithExtensions(Issue(KeySpec(), users, device_.ak, device_.ak_certificate),
                                        HsmExtensions(), device_.ak);
  const DeviceAttestation forged{
      WithExtensions(Issue(KeySpec(), key_, users, attested), HsmExtensions(), users),
      {attested, device_.ak_certificate, device_.intermediate}};
  EXPECT_REASON(Failure(forged), kAkChainUntrusted);
  // Nor one that was made a CA, where the vendor's CA allows the device alone below itself.
  CertificateSpec vendor = IntermediateSpec();
  vendor.basic_constraints = "critical,CA:TRUE,pathlen:1";
  const TestDevice bounded = TestDevice::Create(DeviceSpec(), vendor);
  const auto roots = TrustStore::Create({bounded.root}, {});
  const auto under = [&](const CertificateSpec& spec) {
    const Bytes middle = WithExtensions(Issue(spec, users, bounded.ak, bounded.ak_certificate),
                                        HsmExtensions(), bounded.ak);
    return VerifyDeviceAttestation(
               {WithExtensions(Issue(KeySpec(), key_, users, middle), HsmExtensions(), users),
                {middle, bounded.ak_certificate, bounded.intermediate}},
               *roots, kTestNow)
        .status();
  };
  EXPECT_REASON(under(DeviceSpec()), kAkChainUntrusted);
  EXPECT_TRUE(VerifyDeviceAttestation(
                  {WithExtensions(Issue(KeySpec(), key_, bounded.ak, bounded.ak_certificate),
                                  HsmExtensions(), bounded.ak),
                   {bounded.ak_certificate, bounded.intermediate}},
                  *roots, kTestNow)
                  .ok())
      << "control";
}

// The device's own certificate says the same things of the device.
TEST_F(DevicesTest, TheDevicesOwnCertificateIsNoKeys) {
  const Bytes own =
      WithExtensions(device_.ak_certificate, HsmExtensions(), device_.intermediate_key);
  EXPECT_REASON(Failure({own, {device_.intermediate}}), kDeviceUnrecognised);
}

std::string Pem(const Bytes& der) {
  const unsigned char* at = der.data();
  const verify_internal::X509Ptr x(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const verify_internal::CPtr<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), x.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

TEST_F(DevicesTest, FilesAreDerOrPemWithTheKeyFirst) {
  const DeviceAttestation good = Of(HsmExtensions());
  std::string file = Pem(good.certificate);
  for (const Bytes& each : good.chain) file += Pem(each);
  const auto read = ReadDeviceAttestation(AsBytes(file));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->certificate, good.certificate);
  EXPECT_EQ(read->chain, good.chain);
  EXPECT_EQ(ReadDeviceAttestation(good.certificate)->certificate, good.certificate);
  EXPECT_REASON(ReadDeviceAttestation({}).status(), kDeviceChainLength);
  EXPECT_REASON(ReadDeviceAttestation(AsBytes("no certificate")).status(), kDeviceUnrecognised);
  EXPECT_REASON(ReadDeviceAttestation(AsBytes(file.substr(0, file.size() - 40))).status(),
                kDeviceUnrecognised);
  std::string many;
  for (int i = 0; i < 10; ++i) many += Pem(good.certificate);
  EXPECT_REASON(ReadDeviceAttestation(AsBytes(many)).status(), kDeviceChainLength);
}

// The vendor's own certificates: the roots are roots, and the intermediate chains to its root.
TEST_F(DevicesTest, TheVendorsOwnRootsArePinnable) {
  const char* vectors = std::getenv("INTAGLIO_VECTORS");
  if (vectors == nullptr || *vectors == '\0') {
    GTEST_SKIP() << "INTAGLIO_VECTORS is not set: the vendor's roots were not tried";
  }
  const auto read = [&](const std::string& name) {
    const auto file =
        ReadFile(std::string(vectors) + "/yubico/" + name, FileTrust::kAnyMode, 1 << 20);
    EXPECT_TRUE(file.ok()) << file.status();
    return *ReadDeviceAttestation(*file);
  };
  const Bytes hsm_root = read("yubihsm2-attest-ca-crt.pem").certificate;
  const Bytes hsm_ca = read("E45DA5F361B091B30D8F2C6FA040DB6FEF57918E.pem").certificate;
  const auto roots = TrustStore::Create({hsm_root}, {});
  ASSERT_TRUE(roots.ok()) << roots.status();
  for (const char* piv : {"piv-attestation-ca-old.pem", "yubico-ca-1.pem"}) {
    EXPECT_TRUE(TrustStore::Create({read(piv).certificate}, {}).ok()) << piv;
  }
  const auto parsed = [](const Bytes& der) {
    const unsigned char* at = der.data();
    return verify_internal::X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  };
  EXPECT_EQ(X509_verify(parsed(hsm_ca).get(), X509_get0_pubkey(parsed(hsm_root).get())), 1);
  // A CA's certificate is no attestation of a key.
  EXPECT_REASON(VerifyDeviceAttestation({hsm_ca, {hsm_root}}, *roots, kTestNow).status(),
                kDeviceUnrecognised);
}

}  // namespace
}  // namespace intaglio::attestation
