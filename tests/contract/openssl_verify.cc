#include "tests/contract/openssl_verify.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

namespace intaglio::testing_support {
namespace {

using tokens::KeyAlgorithm;

template <class T, auto Free>
struct Freer {
  void operator()(T* object) const { Free(object); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using EcdsaPtr = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG, ECDSA_SIG_free>>;

const EVP_MD* HashOf(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::kSha256   ? EVP_sha256()
         : algorithm == HashAlgorithm::kSha384 ? EVP_sha384()
                                               : EVP_sha512();
}

bool IsEc(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::kP256 || algorithm == KeyAlgorithm::kP384;
}

bool IsPss(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::kRsa3072Pss || algorithm == KeyAlgorithm::kRsa4096Pss;
}

Bytes EcdsaToDer(ByteView raw) {
  const EcdsaPtr signature(ECDSA_SIG_new());
  const int half = static_cast<int>(raw.size() / 2);
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(raw.data(), half, nullptr),
                 BN_bin2bn(raw.data() + half, half, nullptr));
  uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

bool SetScheme(EVP_PKEY_CTX* context, KeyAlgorithm algorithm, const EVP_MD* hash) {
  if (EVP_PKEY_CTX_set_signature_md(context, hash) != 1) return false;
  if (IsEc(algorithm)) return true;
  if (!IsPss(algorithm)) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

bool OpensslVerifies(ByteView spki, KeyAlgorithm algorithm, const MessageDigest& digest,
                     ByteView signature) {
  const uint8_t* cursor = spki.data();
  const KeyPtr key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(spki.size())));
  if (!key) return false;
  const ContextPtr context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (EVP_PKEY_verify_init(context.get()) != 1 ||
      !SetScheme(context.get(), algorithm, HashOf(digest.algorithm()))) {
    return false;
  }
  const Bytes form = IsEc(algorithm) ? EcdsaToDer(signature) : ToBytes(signature);
  return EVP_PKEY_verify(context.get(), form.data(), form.size(), digest.view().data(),
                         digest.view().size()) == 1;
}

}  // namespace intaglio::testing_support
