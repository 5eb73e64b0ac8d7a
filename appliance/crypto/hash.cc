#include "appliance/crypto/hash.h"

#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>

#include <cstdlib>

#include "appliance/crypto/mbedtls_sha.h"

namespace intaglio::appliance {
namespace {

// These fail only on a broken build or out of memory: there is no safe way on without a digest.
void Must(int mbedtls_result) {
  if (mbedtls_result != 0) abort();
}

const mbedtls_md_info_t* Sha256Md() { return mbedtls_md_info_from_type(MBEDTLS_MD_SHA256); }

}  // namespace

Digest Sha256(std::initializer_list<ByteView> parts) {
  Digest out;
  mbedtls_sha256_context context;
  mbedtls_sha256_init(&context);
  Must(Sha256Starts(&context));
  for (ByteView part : parts) Must(Sha256Update(&context, part.data(), part.size()));
  Must(Sha256Finish(&context, out.data()));
  mbedtls_sha256_free(&context);
  return out;
}

Digest Sha256(ByteView message) { return Sha256({message}); }

std::array<uint8_t, 20> Sha1(ByteView message) {
  std::array<uint8_t, 20> out;
  Must(Sha1Whole(message.data(), message.size(), out.data()));
  return out;
}

Digest HmacSha256(ByteView key, ByteView message) {
  Digest out;
  Must(mbedtls_md_hmac(Sha256Md(), key.data(), key.size(), message.data(), message.size(),
                       out.data()));
  return out;
}

SecretBytes HkdfSha256(ByteView key, ByteView salt, ByteView info, size_t length) {
  SecretBytes out(length);
  Must(mbedtls_hkdf(Sha256Md(), salt.data(), salt.size(), key.data(), key.size(), info.data(),
                    info.size(), out.ExposeMutable().data(), length));
  return out;
}

}  // namespace intaglio::appliance
