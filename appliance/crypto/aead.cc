#include "appliance/crypto/aead.h"

#include <mbedtls/gcm.h>

#include <cstdlib>

namespace intaglio::appliance {
namespace {

constexpr size_t kTagSize = 16;

class Gcm final {
 public:
  explicit Gcm(const SecretBytes& key) {
    mbedtls_gcm_init(&context_);
    if (key.size() != 32 ||
        mbedtls_gcm_setkey(&context_, MBEDTLS_CIPHER_ID_AES, key.Expose().data(), 256) != 0) {
      abort();
    }
  }
  ~Gcm() { mbedtls_gcm_free(&context_); }
  Gcm(const Gcm&) = delete;
  Gcm& operator=(const Gcm&) = delete;
  mbedtls_gcm_context* get() { return &context_; }

 private:
  mbedtls_gcm_context context_;
};

}  // namespace

Bytes GcmSeal(const SecretBytes& key, const GcmIv& iv, ByteView aad, ByteView plaintext) {
  Bytes out(plaintext.size() + kTagSize);
  Gcm gcm(key);
  if (mbedtls_gcm_crypt_and_tag(gcm.get(), MBEDTLS_GCM_ENCRYPT, plaintext.size(), iv.data(),
                                iv.size(), aad.data(), aad.size(), plaintext.data(), out.data(),
                                kTagSize, out.data() + plaintext.size()) != 0) {
    abort();
  }
  return out;
}

std::optional<Bytes> GcmOpen(const SecretBytes& key, const GcmIv& iv, ByteView aad,
                             ByteView sealed) {
  if (sealed.size() < kTagSize) return std::nullopt;
  const size_t size = sealed.size() - kTagSize;
  Bytes out(size);
  Gcm gcm(key);
  if (mbedtls_gcm_auth_decrypt(gcm.get(), size, iv.data(), iv.size(), aad.data(), aad.size(),
                               sealed.data() + size, kTagSize, sealed.data(), out.data()) != 0) {
    return std::nullopt;
  }
  return out;
}

}  // namespace intaglio::appliance
