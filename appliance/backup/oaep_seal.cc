#include "appliance/backup/oaep_seal.h"

#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>

#include "appliance/backup/reasons.h"
#include "appliance/crypto/rsa.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kModulusOctets = 384;

class PublicKey final {
 public:
  PublicKey() { mbedtls_pk_init(&context_); }
  ~PublicKey() { mbedtls_pk_free(&context_); }
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;
  mbedtls_pk_context* get() { return &context_; }

 private:
  mbedtls_pk_context context_;
};

int Draw(void* rng, unsigned char* out, size_t size) {
  return static_cast<Rng*>(rng)->Fill({out, size}).ok() ? 0 : -1;
}

}  // namespace

StatusOr<Bytes> OaepSeal(ByteView spki, const SecretBytes& secret, Rng& rng) {
  const auto sound = RsaKeyOfSpki(spki);
  if (!sound || sound->modulus.size() != kModulusOctets) {
    return Fail(kTargetKeyWeak, "the target's key is not RSA of 3072 bit");
  }
  PublicKey key;
  if (mbedtls_pk_parse_public_key(key.get(), spki.data(), spki.size()) != 0) {
    return Fail(kTargetKeyWeak, "the target's key does not parse");
  }
  mbedtls_rsa_set_padding(mbedtls_pk_rsa(*key.get()), MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA1);
  Bytes out(kModulusOctets);
  size_t size = 0;
  const ByteView octets = secret.Expose();
  if (mbedtls_pk_encrypt(key.get(), octets.data(), octets.size(), out.data(), &size, out.size(),
                         Draw, &rng) != 0 ||
      size != out.size()) {
    return Fail(kTargetKeyWeak, "nothing can be sealed to the target's key");
  }
  return out;
}

}  // namespace intaglio::appliance
