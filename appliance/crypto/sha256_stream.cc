#include "appliance/crypto/sha256_stream.h"

#include <mbedtls/sha256.h>

#include <cstdlib>

namespace intaglio::appliance {

struct Sha256Stream::Impl {
  mbedtls_sha256_context context;
  Impl() {
    mbedtls_sha256_init(&context);
    if (mbedtls_sha256_starts_ret(&context, 0) != 0) abort();
  }
  ~Impl() { mbedtls_sha256_free(&context); }
};

Sha256Stream::Sha256Stream() : impl_(std::make_unique<Impl>()) {}
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Update(ByteView octets) {
  if (mbedtls_sha256_update_ret(&impl_->context, octets.data(), octets.size()) != 0) abort();
}

Digest Sha256Stream::Finish() {
  Digest out;
  if (mbedtls_sha256_finish_ret(&impl_->context, out.data()) != 0) abort();
  return out;
}

}  // namespace intaglio::appliance
