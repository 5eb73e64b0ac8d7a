#include "host/x509/cms.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "host/x509/ceremony.h"
#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"
#include "host/x509/test_pki.h"

namespace intaglio::host {
namespace {

class CmsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/intaglio-cms-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Bytes Attributes(std::optional<WallTime> signing_time) {
    return *BuildSignedAttributes({.document = Sha256(document_),
                                   .signer_certificate = signer_,
                                   .signing_time = signing_time});
  }
  Bytes SignedWith(const std::optional<Bytes>& attributes) {
    const ByteView signed_octets = attributes ? ByteView(*attributes) : ByteView(document_);
    const Bytes signature = *SignTbs(signed_octets, key_.get());
    const StatusOr<Bytes> cms = AssembleCms({.signer_certificate = signer_,
                                             .chain = {pki_.ca().certificate},
                                             .signed_attributes = attributes,
                                             .signature_der = signature});
    EXPECT_TRUE(cms.ok()) << cms.status();
    return *cms;
  }
  // CMS_verify up to the root, signing certificate attribute included.
  int Verify(const Bytes& octets, const Bytes& content, unsigned flags) {
    const uint8_t* at = octets.data();
    CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(octets.size())));
    if (!cms || at != octets.data() + octets.size()) return -1;
    X509StorePtr store(X509_STORE_new());
    const X509Ptr root = *ParseCertificate(pki_.root().certificate);
    X509_STORE_add_cert(store.get(), root.get());
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), kTestNow.ms / kSecond + 60);
    X509_STORE_set_purpose(store.get(), X509_PURPOSE_ANY);
    BioPtr in(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    return CMS_verify(cms.get(), nullptr, store.get(), in.get(), nullptr, CMS_BINARY | flags);
  }
  std::string Write(const std::string& name, ByteView octets) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(WriteFile(path, octets, 0600).ok());
    return path;
  }
  std::string WritePem(const std::string& name, ByteView certificate) {
    const X509Ptr parsed = *ParseCertificate(certificate);
    BioPtr out(BIO_new(BIO_s_mem()));
    EXPECT_EQ(PEM_write_bio_X509(out.get(), parsed.get()), 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return Write(name, AsBytes({text, static_cast<size_t>(size)}));
  }
  // Exit code and output of a stock command.
  std::pair<int, std::string> Run(const std::string& command) {
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::string output;
    char piece[4096];
    while (const size_t size = fread(piece, 1, sizeof(piece), pipe)) output.append(piece, size);
    const int status = pclose(pipe);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
  }

  TestPki pki_;
  PkeyPtr key_ = NewTestKey();
  Bytes signer_ = pki_.SubscriberCertificate(key_.get());
  Bytes document_ = ToBytes("A contract.\r\nSecond line.\n");
  std::string folder_;
};

TEST_F(CmsTest, VerifiesWithItsSigningCertificateAttribute) {
  EXPECT_EQ(Verify(SignedWith(Attributes(std::nullopt)), document_, CMS_CADES), 1);
  EXPECT_EQ(Verify(SignedWith(Attributes(kTestNow)), document_, CMS_CADES), 1);
}

TEST_F(CmsTest, VerifiesWithoutSignedAttributes) {
  const Bytes cms = SignedWith(std::nullopt);
  EXPECT_EQ(Verify(cms, document_, 0), 1);
}

TEST_F(CmsTest, AnotherDocumentOrSignatureDoesNotVerify) {
  const Bytes cms = SignedWith(Attributes(kTestNow));
  EXPECT_NE(Verify(cms, ToBytes("Another contract."), 0), 1);
  const Bytes stranger = *SignTbs(Attributes(kTestNow), NewTestKey().get());
  const Bytes forged = *AssembleCms({.signer_certificate = signer_,
                                     .chain = {pki_.ca().certificate},
                                     .signed_attributes = Attributes(kTestNow),
                                     .signature_der = stranger});
  EXPECT_NE(Verify(forged, document_, 0), 1);
}

TEST_F(CmsTest, AttributesOfAnotherCertificateAreNoticed) {
  const PkeyPtr other = NewTestKey();
  const Bytes other_certificate = pki_.SubscriberCertificate(other.get());
  const Bytes attributes = *BuildSignedAttributes({.document = Sha256(document_),
                                                   .signer_certificate = other_certificate,
                                                   .signing_time = std::nullopt});
  EXPECT_NE(Verify(SignedWith(attributes), document_, CMS_CADES), 1);
}

TEST_F(CmsTest, StockCommandVerifies) {
  const std::string content = Write("document", document_);
  const std::string root = WritePem("root.pem", pki_.root().certificate);
  for (const std::optional<Bytes>& attributes :
       {std::optional<Bytes>(Attributes(kTestNow)), std::optional<Bytes>()}) {
    const std::string cms = Write("signature.p7s", SignedWith(attributes));
    const std::string command = "openssl cms -verify -binary -purpose any -inform DER -in " + cms +
                                " -content " + content + " -CAfile " + root + " -attime " +
                                std::to_string(kTestNow.ms / kSecond + 60) + " -out /dev/null";
    const auto [exit_code, output] = Run(command);
    EXPECT_EQ(exit_code, 0) << output;
  }
}

TEST_F(CmsTest, StockCommandReadsTheCertificate) {
  const std::string path = Write("signer.cer", signer_);
  const auto [exit_code, output] = Run("openssl x509 -inform DER -noout -text -in " + path);
  EXPECT_EQ(exit_code, 0) << output;
  for (const char* expected :
       {"Version: 3", "ecdsa-with-SHA256", "X509v3 Key Usage: critical", "Non Repudiation",
        "Policy: 0.4.0.194112.1.2", "CPS: https://ca.example/doc/cps.pdf",
        "URI:http://ca.example/crl/1.crl", "OCSP - URI:http://ca.example/ocsp",
        "CA Issuers - URI:http://ca.example/ca/issuing.cer", "qcStatements"}) {
    EXPECT_NE(output.find(expected), std::string::npos) << expected << "\n" << output;
  }
}

TEST_F(CmsTest, BrokenPartsAreRefused) {
  const Bytes attributes = Attributes(kTestNow);
  const Bytes signature = *SignTbs(attributes, key_.get());
  const auto assemble = [&](auto breakage) {
    CmsParts parts{.signer_certificate = signer_,
                   .chain = {pki_.ca().certificate},
                   .signed_attributes = attributes,
                   .signature_der = signature};
    breakage(parts);
    return AssembleCms(parts).status();
  };
  const Bytes garbage = ToBytes("garbage");
  EXPECT_TRUE(
      Is(assemble([&](auto& p) { p.signer_certificate = garbage; }), kCertificateMalformed));
  EXPECT_TRUE(Is(assemble([&](auto& p) { p.chain = {garbage}; }), kCertificateMalformed));
  EXPECT_TRUE(Is(assemble([&](auto& p) { p.chain = {signer_}; }), kCmsPartsInvalid));
  EXPECT_TRUE(Is(assemble([&](auto& p) { p.signature_der = garbage; }), kSignatureMalformed));
  EXPECT_TRUE(Is(assemble([&](auto& p) { p.signed_attributes = garbage; }), kCmsPartsInvalid));
  EXPECT_TRUE(Is(assemble([&](auto& p) { p.signed_attributes = der::Tlv(der::kSet, ByteView()); }),
                 kCmsPartsInvalid));
  EXPECT_TRUE(Is(assemble([&](auto& p) { p.signed_attributes->push_back(0); }), kCmsPartsInvalid));
  EXPECT_TRUE(Is(BuildSignedAttributes({.document = Sha256(document_),
                                        .signer_certificate = garbage,
                                        .signing_time = std::nullopt})
                     .status(),
                 kCertificateMalformed));
  EXPECT_TRUE(Is(BuildSignedAttributes({.document = Sha256(document_),
                                        .signer_certificate = signer_,
                                        .signing_time = kNoWellDefinedEnd + kDay})
                     .status(),
                 kCmsPartsInvalid));
}

}  // namespace
}  // namespace intaglio::host
