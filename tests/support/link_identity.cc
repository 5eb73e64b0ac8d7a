#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdlib>

#include "tests/support/raw_link.h"

namespace intaglio::testing_support {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

// A test that cannot make its own keys makes no sense.
void Must(bool done) {
  if (!done) abort();
}

std::string TextOf(BIO* memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  return std::string(text, static_cast<size_t>(size));
}

Key NewKey(LinkKeyKind kind) {
  switch (kind) {
    case LinkKeyKind::kP256:
      return Key(EVP_EC_gen("P-256"));
    case LinkKeyKind::kP384:
      return Key(EVP_EC_gen("P-384"));
    case LinkKeyKind::kRsa3072:
      break;
  }
  return Key(EVP_RSA_gen(3072));
}

Key KeyOf(const LinkIdentity& identity) {
  const Memory in(BIO_new_mem_buf(identity.private_key_pem.data(),
                                  static_cast<int>(identity.private_key_pem.size())));
  Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  Must(key != nullptr);
  return key;
}

std::string PemOf(EVP_PKEY* key) {
  const Memory out(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return TextOf(out.get());
}

}  // namespace

LinkIdentity MakeLinkIdentity(const std::string& name, LinkKeyKind kind, LinkValidity validity) {
  const Key key = NewKey(kind);
  const Certificate certificate(X509_new());
  Must(key && certificate);
  X509* const x = certificate.get();
  const long begins = validity == LinkValidity::kNow ? -3600 : -7200;
  const long ends = validity == LinkValidity::kNow ? 86400 : -3600;
  X509_NAME* const subject = X509_get_subject_name(x);
  Must(X509_set_version(x, X509_VERSION_3) == 1 &&
       ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), 0x4711) == 1 &&
       X509_gmtime_adj(X509_getm_notBefore(x), begins) != nullptr &&
       X509_gmtime_adj(X509_getm_notAfter(x), ends) != nullptr &&
       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                  0) == 1 &&
       X509_set_issuer_name(x, subject) == 1 && X509_set_pubkey(x, key.get()) == 1 &&
       X509_sign(x, key.get(), EVP_sha256()) > 0);
  const Memory out(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509(out.get(), x) == 1);
  return {TextOf(out.get()), PemOf(key.get())};
}

LinkIdentity ForgeLinkIdentity(const LinkIdentity& victim, const LinkIdentity& thief) {
  const Key target = KeyOf(victim);
  const Key own = KeyOf(thief);
  unsigned char* point = nullptr;
  const size_t point_size = EVP_PKEY_get1_encoded_public_key(target.get(), &point);
  BIGNUM* secret = nullptr;
  Must(point_size > 0 && EVP_PKEY_get_bn_param(own.get(), OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1);
  const std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>> build(OSSL_PARAM_BLD_new());
  Must(OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
       OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point, point_size) ==
           1 &&
       OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret) == 1);
  const std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>> params(
      OSSL_PARAM_BLD_to_param(build.get()));
  const std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  Must(EVP_PKEY_fromdata_init(context.get()) == 1 &&
       EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, params.get()) == 1);
  const Key forged(made);
  BN_clear_free(secret);
  OPENSSL_free(point);
  return {victim.certificate_pem, PemOf(forged.get())};
}

}  // namespace intaglio::testing_support
