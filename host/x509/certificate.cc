#include "host/x509/certificate.h"

#include <openssl/err.h>

#include "host/x509/der.h"
#include "host/x509/public_key.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr size_t kMaxCertificate = 64 * 1024;
constexpr size_t kP256Octets = 32;

bool IsP256Scalar(const std::optional<der::Element>& number) {
  if (!number || number->content.empty()) return false;
  ByteView octets = number->content;
  if ((octets[0] & 0x80) != 0) return false;
  if (octets[0] == 0) {
    if (octets.size() == 1 || (octets[1] & 0x80) == 0) return false;
    octets = octets.subspan(1);
  }
  return octets.size() <= kP256Octets;
}

// The signature algorithm of a TBSCertificate must be the one the outer structure will name.
bool NamesEcdsaWithSha256(ByteView tbs) {
  const auto outer = der::Single(tbs, der::kSequence);
  if (!outer) return false;
  der::Reader reader(outer->content);
  if (!reader.Take(der::Constructed(0)) || !reader.Take(der::kInteger)) return false;
  const auto algorithm = reader.Take(der::kSequence);
  return algorithm && Equal(algorithm->whole, der::EcdsaWithSha256());
}

// Stands in where only a TBSCertificate exists, so that it can be parsed as a certificate.
Bytes PlaceholderSignature() { return der::Sequence({der::Unsigned(1), der::Unsigned(1)}); }

StatusOr<Bytes> AssembleUnparsed(ByteView tbs, ByteView signature_der) {
  if (tbs.size() > kMaxCertificate || !NamesEcdsaWithSha256(tbs)) {
    return Fail(kTbsMalformed, "not one version 3 TBSCertificate for ecdsa-with-SHA256");
  }
  return AssembleSigned(tbs, signature_der);
}

}  // namespace

Status CheckEcdsaSignature(ByteView signature_der) {
  const auto outer = der::Single(signature_der, der::kSequence);
  if (!outer) return Fail(kSignatureMalformed, "not one SEQUENCE");
  der::Reader reader(outer->content);
  const auto r = reader.Take(der::kInteger);
  const auto s = reader.Take(der::kInteger);
  if (!IsP256Scalar(r) || !IsP256Scalar(s) || !reader.AtEnd()) {
    return Fail(kSignatureMalformed, "r and s are not two positive minimal INTEGERs of 256 bits");
  }
  return OkStatus();
}

StatusOr<Bytes> AssembleSigned(ByteView tbs, ByteView signature_der) {
  if (!der::Single(tbs, der::kSequence)) return Fail(kTbsMalformed, "not one SEQUENCE");
  RETURN_IF_ERROR(CheckEcdsaSignature(signature_der));
  return der::Sequence({tbs, der::EcdsaWithSha256(), der::BitString(signature_der)});
}

StatusOr<Bytes> AssembleCertificate(ByteView tbs, ByteView signature_der) {
  ASSIGN_OR_RETURN(Bytes certificate, AssembleUnparsed(tbs, signature_der));
  const Status parsed = ParseCertificate(certificate).status();
  if (!parsed.ok()) return Fail(kTbsMalformed, DetailOf(parsed));
  return certificate;
}

StatusOr<X509Ptr> ParseCertificate(ByteView certificate_der) {
  if (certificate_der.size() > kMaxCertificate || !der::Single(certificate_der, der::kSequence)) {
    return Fail(kCertificateMalformed, "not one DER SEQUENCE of at most 64 KiB");
  }
  ERR_clear_error();
  const uint8_t* at = certificate_der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(certificate_der.size())));
  if (!certificate || at != certificate_der.data() + certificate_der.size()) {
    return OpensslFail(kCertificateMalformed, "not a certificate");
  }
  return certificate;
}

StatusOr<Bytes> TbsOf(ByteView certificate_der) {
  const auto outer = der::Single(certificate_der, der::kSequence);
  if (!outer) return Fail(kCertificateMalformed, "not one DER SEQUENCE");
  der::Reader reader(outer->content);
  const auto tbs = reader.Take(der::kSequence);
  if (!tbs || !reader.Take(der::kSequence) || !reader.Take(der::kBitString) || !reader.AtEnd()) {
    return Fail(kCertificateMalformed, "not TBS, algorithm and signature");
  }
  return ToBytes(tbs->whole);
}

StatusOr<Bytes> SubjectNameOf(ByteView certificate_der) {
  ASSIGN_OR_RETURN(const X509Ptr certificate, ParseCertificate(certificate_der));
  const unsigned char* octets = nullptr;
  size_t size = 0;
  if (X509_NAME_get0_der(X509_get_subject_name(certificate.get()), &octets, &size) != 1) {
    return OpensslFail(kCertificateMalformed, "the subject's name");
  }
  return Bytes(octets, octets + size);
}

Status VerifyCertificate(ByteView certificate_der, ByteView issuer_der) {
  ASSIGN_OR_RETURN(const X509Ptr certificate, ParseCertificate(certificate_der));
  ASSIGN_OR_RETURN(const X509Ptr issuer, ParseCertificate(issuer_der));
  ERR_clear_error();
  const int issued = X509_check_issued(issuer.get(), certificate.get());
  if (issued != X509_V_OK) {
    return OpensslFail(kCertificateNotVerified, X509_verify_cert_error_string(issued));
  }
  EVP_PKEY* key = X509_get0_pubkey(issuer.get());
  if (key == nullptr || X509_verify(certificate.get(), key) != 1) {
    return OpensslFail(kCertificateNotVerified, "the issuer's key does not verify the signature");
  }
  return OkStatus();
}

Status CompareTbs(ByteView certificate_der, ByteView tbs) {
  ASSIGN_OR_RETURN(const Bytes found, TbsOf(certificate_der));
  if (Equal(found, tbs)) return OkStatus();
  return Fail(kTbsMismatch, "SHA-256 of the signed TBS is " + ToHex(Sha256(found)) + ", of ours " +
                                ToHex(Sha256(tbs)));
}

Status VerifyIssued(ByteView certificate_der, ByteView tbs, const CaDescription& ca) {
  RETURN_IF_ERROR(CompareTbs(certificate_der, tbs));
  der::Reader reader(der::Single(certificate_der, der::kSequence)->content);
  reader.Take(der::kSequence);
  const auto algorithm = reader.Take(der::kSequence);
  const auto signature = reader.Take(der::kBitString);
  if (!Equal(algorithm->whole, der::EcdsaWithSha256()) || signature->content.empty() ||
      signature->content[0] != 0) {
    return Fail(kCertificateMalformed, "not a whole-octet ecdsa-with-SHA256 signature");
  }
  const ByteView value = signature->content.subspan(1);
  ERR_clear_error();
  DigestContextPtr context(EVP_MD_CTX_new());
  if (!context ||
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, ca.verification_key()) !=
          1 ||
      EVP_DigestVerify(context.get(), value.data(), value.size(), tbs.data(), tbs.size()) != 1) {
    return OpensslFail(kCertificateNotVerified, "the issuer's key does not verify the signature");
  }
  return OkStatus();
}

StatusOr<CertificateFacts> DescribeTbs(ByteView tbs) {
  ASSIGN_OR_RETURN(const Bytes certificate, AssembleUnparsed(tbs, PlaceholderSignature()));
  ASSIGN_OR_RETURN(CertificateFacts facts, DescribeCertificate(certificate));
  facts.sha256.clear();
  return facts;
}

StatusOr<std::vector<LintFinding>> LintCertificateTbs(ByteView tbs, const ProfileSpec& profile) {
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeTbs(tbs));
  return Lint(facts, profile);
}

}  // namespace intaglio::host
