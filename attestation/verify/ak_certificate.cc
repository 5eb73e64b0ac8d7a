#include "attestation/verify/ak_certificate.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>

#include <new>

#include "attestation/verify/reasons.h"

namespace intaglio::attestation::verify_internal {
namespace {

// 112 bits of security and no SHA-1 in the chain.
constexpr int kAuthLevel = 2;
constexpr int kMaxChainDepth = 5;

struct Suite {
  std::string_view algorithm;
  std::string_view curve;
  const EVP_MD* (*digest)();
};
// The suites of 2026; never edited, only followed by another table.
constexpr Suite kSuites2026[] = {
    {"1.2.840.10045.4.3.2", SN_X9_62_prime256v1, EVP_sha256},
    {"1.2.840.10045.4.3.3", SN_secp384r1, EVP_sha384},
};

StatusOr<const Suite*> SuiteOf(const SignatureBlock& block, EVP_PKEY* key) {
  const std::string oid = block.algorithm.ToDotted();
  char curve[64] = "";
  size_t length = 0;
  const bool named = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
                     EVP_PKEY_get_group_name(key, curve, sizeof curve, &length) == 1;
  for (const Suite& suite : kSuites2026) {
    if (oid != suite.algorithm) continue;
    if (block.parameters) return Fail(kSignatureAlgorithm, oid + " has no parameters");
    if (named && suite.curve == curve) return &suite;
    return Fail(kSignatureAlgorithm,
                oid + " with a key on '" + curve + "', expected " + std::string(suite.curve));
  }
  return Fail(kSignatureAlgorithm, "found " + oid);
}

Status ChainFailure(X509_STORE_CTX* ctx) {
  const int error = X509_STORE_CTX_get_error(ctx);
  const std::string detail = std::string(X509_verify_cert_error_string(error)) + " at depth " +
                             std::to_string(X509_STORE_CTX_get_error_depth(ctx));
  ERR_clear_error();
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Fail(kAkExpired, detail);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Fail(kAkNotYetValid, detail);
    default:
      return Fail(kAkChainUntrusted, detail);
  }
}

}  // namespace

Status CheckSignature(const SignatureBlock& block, ByteView tbs, X509* signer) {
  ERR_clear_error();
  EVP_PKEY* key = X509_get0_pubkey(signer);
  if (key == nullptr) return Fail(kSignatureAlgorithm, "public key: " + DrainErrors());
  ASSIGN_OR_RETURN(const Suite* suite, SuiteOf(block, key));
  const DigestCtxPtr ctx(EVP_MD_CTX_new());
  if (!ctx || EVP_DigestVerifyInit(ctx.get(), nullptr, suite->digest(), nullptr, key) != 1) {
    return Fail(kSignatureAlgorithm, DrainErrors());
  }
  const int rc = EVP_DigestVerify(ctx.get(), block.signature.data(), block.signature.size(),
                                  tbs.data(), tbs.size());
  if (rc != 1) {
    ERR_clear_error();
    return Fail(kSignatureInvalid, "over " + std::to_string(tbs.size()) + " octets of tbs");
  }
  return OkStatus();
}

Status CheckUsages(X509* signer, const Oid& eku) {
  const uint32_t flags = X509_get_extension_flags(signer);
  if ((flags & EXFLAG_INVALID) != 0) return Fail(kAkKeyUsage, "an extension is malformed");
  if ((flags & EXFLAG_CA) != 0) return Fail(kAkKeyUsage, "it is a CA's");
  if ((flags & EXFLAG_KUSAGE) == 0) return Fail(kAkKeyUsage, "key usage is missing");
  const uint32_t usage = X509_get_key_usage(signer);
  if ((usage & KU_DIGITAL_SIGNATURE) == 0) return Fail(kAkKeyUsage, "digitalSignature is missing");
  if ((usage & KU_KEY_CERT_SIGN) != 0) return Fail(kAkKeyUsage, "keyCertSign is set");
  const EkuPtr usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(signer, NID_ext_key_usage, nullptr, nullptr)));
  std::string found;
  for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    const ASN1_OBJECT* usage_oid = sk_ASN1_OBJECT_value(usages.get(), i);
    if (Equal(ByteView(OBJ_get0_data(usage_oid), OBJ_length(usage_oid)), eku.content())) {
      return OkStatus();
    }
    char text[80];
    OBJ_obj2txt(text, sizeof text, usage_oid, 1);
    found += " " + std::string(text);
  }
  ERR_clear_error();
  return Fail(kAkExtendedKeyUsage,
              "expected " + eku.ToDotted() + ", found" + (found.empty() ? " none" : found));
}

StatusOr<Digest> CheckChain(X509* signer, const std::vector<Bytes>& intermediates,
                            const TrustStore& device_roots, WallTime at) {
  const X509StorePtr store(X509_STORE_new());
  const X509StackPtr untrusted(sk_X509_new_null());
  const X509StoreCtxPtr ctx(X509_STORE_CTX_new());
  if (!store || !untrusted || !ctx) throw std::bad_alloc();
  for (const Bytes& der : device_roots.roots()) {
    ASSIGN_OR_RETURN(const X509Ptr root, ParseCertificate(der, kTrustStoreInvalid));
    if (X509_STORE_add_cert(store.get(), root.get()) != 1) {
      return Fail(kTrustStoreInvalid, DrainErrors());
    }
  }
  for (const Bytes& der : intermediates) {
    ASSIGN_OR_RETURN(X509Ptr certificate, ParseCertificate(der, kAkCertificateInvalid));
    if (sk_X509_push(untrusted.get(), certificate.get()) == 0) throw std::bad_alloc();
    certificate.release();
  }
  if (X509_STORE_CTX_init(ctx.get(), store.get(), signer, untrusted.get()) != 1) {
    return Fail(kAkChainUntrusted, DrainErrors());
  }
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(ctx.get());
  X509_VERIFY_PARAM_set_time(param, static_cast<time_t>(at.ms / kSecond));
  X509_VERIFY_PARAM_set_depth(param, kMaxChainDepth);
  X509_VERIFY_PARAM_set_auth_level(param, kAuthLevel);
  if (X509_verify_cert(ctx.get()) != 1) return ChainFailure(ctx.get());
  STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(ctx.get());
  return Sha256(DerOf(sk_X509_value(chain, sk_X509_num(chain) - 1)));
}

}  // namespace intaglio::attestation::verify_internal
