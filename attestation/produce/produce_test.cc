#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "attestation/model/reasons.h"
#include "attestation/produce/certificate_request.h"
#include "attestation/produce/element_writer.h"
#include "attestation/produce/evidence_producer.h"
#include "attestation/produce/golden_evidence.h"
#include "attestation/produce/p256_key.h"
#include "attestation/produce/reasons.h"
#include "attestation/produce/test_certificates.h"
#include "mbedtls/ecdsa.h"

namespace intaglio::attestation {
namespace {

// ECDSA with the nonce of RFC 6979, so that a signature is the same in every run.
StatusOr<Bytes> SignDeterministically(const Digest& digest, const std::string& scalar_hex) {
  const Bytes scalar = *FromHex(scalar_hex);
  mbedtls_ecdsa_context ecdsa;
  mbedtls_ecdsa_init(&ecdsa);
  Bytes signature(MBEDTLS_ECDSA_MAX_LEN);
  size_t length = signature.size();
  mbedtls_ecp_keypair* pair = &ecdsa;
  int rc = mbedtls_ecp_group_load(&pair->grp, MBEDTLS_ECP_DP_SECP256R1);
  if (rc == 0) rc = mbedtls_mpi_read_binary(&pair->d, scalar.data(), scalar.size());
  if (rc == 0) {
    const auto no_blinding = [](void*, unsigned char* out, size_t size) {
      for (size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(i + 1);
      return 0;
    };
    rc = mbedtls_ecdsa_write_signature(&ecdsa, MBEDTLS_MD_SHA256, digest.data(), digest.size(),
                                       signature.data(), &length, no_blinding, nullptr);
  }
  mbedtls_ecdsa_free(&ecdsa);
  if (rc != 0) return absl::InternalError("test signer failed");
  signature.resize(length);
  return signature;
}

StatusOr<Bytes> SignWithAk(const Digest& digest) {
  return SignDeterministically(digest, kAkScalar);
}

Bytes Der(const char* hex) { return *FromHex(hex); }

EvidenceProducer Producer() {
  return *EvidenceProducer::Create(EvidenceProfile::Draft(), Der(kAkCertificate), {});
}

KeyClaims Key(std::string identifier) {
  KeyClaims key;
  key.identifiers = {std::move(identifier)};
  return key;
}

EvidenceContent SmallContent() {
  EvidenceContent content;
  content.transaction.nonce = Bytes(32, 7);
  content.keys = {Key("key-1")};
  return content;
}

EvidenceContent GoldenContent() {
  EvidenceContent content;
  content.transaction.nonce = Bytes(32, 0xa5);
  content.transaction.timestamp = WallTime{1795415400123};
  PlatformClaims& platform = content.platform;
  platform.vendor = "Golden Vendor";
  platform.oemid = Bytes{1, 2, 3};
  platform.hwmodel = ToBytes("GM-1");
  platform.hwversion = "1.0";
  platform.hwserial = "GM-0001";
  platform.swname = "firmware";
  platform.swversion = "2.3.4";
  platform.debugstat = kDebugDisabledPermanently;
  platform.uptime = 86400;
  platform.bootcount = 300;
  platform.fipsboot = false;
  platform.fipsver = "FIPS 140-3";
  platform.fipslevel = 3;
  platform.fipsmodule = "GM";
  platform.boot_id = Bytes(16, 0xb0);
  platform.core_instance = Bytes(16, 0xc0);
  platform.self_reported_measurement = Bytes(32, 0x3e);
  platform.simulated = true;
  platform.journal_head = Bytes(32, 0x1d);
  KeyClaims key = Key("key-1");
  key.spki = Producer().ak_spki();
  key.extractable = true;
  key.sensitive = true;
  key.never_extractable = false;
  key.local = true;
  key.expiry = WallTime{1795415400000 + kDay};
  key.purposes = {KeyPurpose::kSign};
  key.wrap_with_trusted = true;
  key.residency = Residency::kWrapped;
  KeyClaims storage = Key("storage-1");
  storage.extractable = false;
  storage.sensitive = true;
  storage.never_extractable = true;
  storage.local = true;
  storage.purposes = {KeyPurpose::kWrap, KeyPurpose::kUnwrap};
  storage.residency = Residency::kResident;
  storage.key_class = KeyClass::kStorage;
  storage.trusted = true;
  content.keys = {key, storage};
  return content;
}

TEST(EvidenceProducerTest, WritesTheGoldenBytes) {
  const EvidenceProducer producer = *EvidenceProducer::Create(
      EvidenceProfile::Draft(), Der(kAkCertificate), {Der(kRootCertificate)});
  const StatusOr<Bytes> evidence = producer.Produce(GoldenContent(), SignWithAk);
  ASSERT_TRUE(evidence.ok()) << evidence.status();
  EXPECT_EQ(ToHex(*evidence), kGoldenEvidence);
}

TEST(EvidenceProducerTest, NamesItsKeyWhereTheContentDoesNot) {
  const EvidenceProducer producer = Producer();
  const Bytes evidence = *producer.Produce(SmallContent(), SignWithAk);
  EvidenceContent named = SmallContent();
  named.transaction.ak_spki = {producer.ak_spki()};
  EXPECT_EQ(evidence, *producer.Produce(named, SignWithAk));
  named.transaction.ak_spki = {Bytes(91, 1)};
  EXPECT_TRUE(Is(producer.Produce(named, SignWithAk).status(), kContentAkSpki));
  named.transaction.ak_spki.assign(9, producer.ak_spki());
  EXPECT_TRUE(Is(producer.Produce(named, SignWithAk).status(), kContentAkSpki));
}

TEST(EvidenceProducerTest, RefusesACertificateThatNoVerifierWouldAccept) {
  const auto create = [](Bytes der) {
    return EvidenceProducer::Create(EvidenceProfile::Draft(), std::move(der), {}).status();
  };
  for (const char* hex :
       {kNoEku, kOtherEku, kNoKeyUsage, kCertSignKeyUsage, kP384, kRootCertificate}) {
    EXPECT_TRUE(Is(create(Der(hex)), kProducerAkCertificate)) << hex;
  }
  EXPECT_TRUE(Is(create(Bytes{}), kProducerAkCertificate));
  EXPECT_TRUE(Is(create(Concat({Der(kAkCertificate), Bytes{0}})), kProducerAkCertificate));
  EXPECT_TRUE(Is(create(Bytes(20000)), kProducerAkCertificate));
  EXPECT_TRUE(Is(EvidenceProducer::Create(*EvidenceProfile::Create("1.2.3.999", "1.2.3.4"),
                                          Der(kAkCertificate), {})
                     .status(),
                 kProducerAkCertificate));
}

TEST(EvidenceProducerTest, RefusesIntermediatesThatDoNotParse) {
  const auto create = [](std::vector<Bytes> chain) {
    return EvidenceProducer::Create(EvidenceProfile::Draft(), Der(kAkCertificate), std::move(chain))
        .status();
  };
  EXPECT_TRUE(Is(create({Bytes{0x30, 0}}), kProducerIntermediates));
  EXPECT_TRUE(Is(create({Concat({Der(kRootCertificate), Bytes{0}})}), kProducerIntermediates));
  EXPECT_TRUE(Is(create({Bytes(20000)}), kProducerIntermediates));
  EXPECT_TRUE(Is(create(std::vector<Bytes>(9, Der(kRootCertificate))), kProducerIntermediates));
}

TEST(EvidenceProducerTest, RefusesContentNoVerifierWouldAccept) {
  const EvidenceProducer producer = Producer();
  const auto reason_for = [&](const auto& change) {
    EvidenceContent content = SmallContent();
    change(content);
    return ReasonIdOf(producer.Produce(content, SignWithAk).status());
  };
  using C = EvidenceContent;
  EXPECT_EQ(reason_for([](C& c) { c.transaction.nonce.reset(); }), kContentNonce.id);
  EXPECT_EQ(reason_for([](C& c) { c.transaction.nonce = Bytes(15); }), kContentNonce.id);
  EXPECT_EQ(reason_for([](C& c) { c.transaction.nonce = Bytes(65); }), kContentNonce.id);
  EXPECT_EQ(reason_for([](C& c) { c.keys.clear(); }), kContentKeys.id);
  EXPECT_EQ(reason_for([](C& c) { c.keys.push_back(Key("key-1")); }), kContentKeys.id);
  EXPECT_EQ(reason_for([](C& c) { c.keys.push_back(KeyClaims{}); }), kContentKeys.id);
  EXPECT_EQ(reason_for([](C& c) { c.keys.push_back(Key("")); }), kContentKeys.id);
  EXPECT_EQ(reason_for([](C& c) { c.keys[0].identifiers.assign(33, "x"); }), kContentKeys.id);
  EXPECT_EQ(reason_for([](C& c) {
              for (int i = 0; i < 62; ++i) c.keys.push_back(Key("k" + std::to_string(i)));
            }),
            kContentKeys.id);
  EXPECT_EQ(reason_for([](C& c) { c.platform.vendor = "\xff"; }), kContentText.id);
  EXPECT_EQ(reason_for([](C& c) { c.keys[0].identifiers = {"\xc0\x80"}; }), kContentText.id);
  EXPECT_EQ(reason_for([](C& c) { c.keys[0].purposes = {KeyPurpose::kOther}; }),
            kContentPurpose.id);
  EXPECT_EQ(reason_for([](C& c) {
              c.keys[0].purposes = {KeyPurpose::kSign, KeyPurpose::kSign};
            }),
            kContentPurpose.id);
  EXPECT_EQ(reason_for([](C& c) { c.transaction.timestamp = WallTime{INT64_MAX}; }),
            kTimeOutOfRange.id);
  EXPECT_EQ(reason_for([](C& c) { c.platform.oemid = Bytes(65536); }), kContentTooLarge.id);
  EXPECT_EQ(reason_for([](C& c) { c.platform.oemid = Bytes(65000); }), kContentTooLarge.id);
}

TEST(EvidenceProducerTest, GivesOutNoSignatureThatDoesNotVerify) {
  const EvidenceProducer producer = Producer();
  const auto other_key = [](const Digest& digest) {
    return SignDeterministically(
        digest, "0000000000000000000000000000000000000000000000000000000000000001");
  };
  EXPECT_TRUE(Is(producer.Produce(SmallContent(), other_key).status(), kSignatureNotOurs));
  const auto raw = [](const Digest&) -> StatusOr<Bytes> { return Bytes(64, 1); };
  EXPECT_TRUE(Is(producer.Produce(SmallContent(), raw).status(), kSignatureNotOurs));
  const auto fails = [](const Digest&) -> StatusOr<Bytes> { return absl::UnavailableError("x"); };
  EXPECT_EQ(producer.Produce(SmallContent(), fails).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(CertificateRequestTest, SignsWithTheKeyItNames) {
  const Bytes spki = Producer().ak_spki();
  const StatusOr<Bytes> request = BuildCertificateRequest("AK of core 1", spki, SignWithAk);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(ToHex(*request), kGoldenRequest);
}

TEST(CertificateRequestTest, RefusesBadSubjectsAndKeys) {
  const Bytes spki = Producer().ak_spki();
  const auto build = [&](std::string name, const Bytes& key) {
    return BuildCertificateRequest(name, key, SignWithAk).status();
  };
  EXPECT_TRUE(Is(build("", spki), kRequestSubject));
  EXPECT_TRUE(Is(build(std::string(65, 'x'), spki), kRequestSubject));
  EXPECT_TRUE(Is(build("\x80", spki), kRequestSubject));
  EXPECT_TRUE(Is(build("x", Bytes{}), kRequestKey));
  EXPECT_TRUE(Is(build("x", Concat({spki, Bytes{0}})), kRequestKey));
  Bytes off_curve = spki;
  off_curve.back() ^= 1;
  EXPECT_TRUE(Is(build("x", off_curve), kRequestKey));
  const auto raw = [](const Digest&) -> StatusOr<Bytes> { return Bytes(64, 1); };
  EXPECT_TRUE(Is(BuildCertificateRequest("x", spki, raw).status(), kSignatureNotOurs));
}

TEST(Utf8Test, AcceptsOnlyShortestFormsOfScalarValues) {
  for (const char* good : {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x91"}) {
    EXPECT_TRUE(produce_internal::IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3\x28"}) {
    EXPECT_FALSE(produce_internal::IsUtf8(bad));
  }
}

TEST(ProduceReasonsTest, IdsAreUnique) {
  std::set<std::string_view> ids;
  for (const Reason* reason : kAttestationProduceReasons) {
    EXPECT_TRUE(ids.insert(reason->id).second) << reason->id;
  }
}

}  // namespace
}  // namespace intaglio::attestation
