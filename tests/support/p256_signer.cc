#include "tests/support/p256_signer.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdlib>

#include "appliance/crypto/hash.h"

namespace intaglio::testing_support {
namespace {

void Must(bool ok) {
  if (!ok) abort();
}

EVP_PKEY* Raw(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

}  // namespace

P256Signer::P256Signer() {
  key_.reset(EVP_EC_gen("P-256"), [](void* key) { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); });
  Must(key_ != nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(Raw(key_), &der);
  Must(size > 0);
  spki_.assign(der, der + size);
  OPENSSL_free(der);
}

Digest P256Signer::id() const { return appliance::Sha256(spki_); }

Bytes P256Signer::Sign(ByteView message) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  Must(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, Raw(key_)) == 1);
  Bytes out(80);
  size_t size = out.size();
  Must(EVP_DigestSign(context, out.data(), &size, message.data(), message.size()) == 1);
  EVP_MD_CTX_free(context);
  out.resize(size);
  return out;
}

std::string P256Signer::PrivateKeyPem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  Must(PEM_write_bio_PKCS8PrivateKey(out.get(), Raw(key_), nullptr, nullptr, 0, nullptr, nullptr) ==
       1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

appliance::Approval P256Signer::Approve(ByteView statement) const {
  return {{id()}, Sign(statement)};
}

appliance::Proof P256Signer::Prove(ByteView statement) const {
  return {{id()}, appliance::Es256Proof{Sign(statement)}};
}

}  // namespace intaglio::testing_support
