#include "appliance/crypto/sha256_stream.h"

#include <cstdlib>

#include "appliance/crypto/mbedtls_sha.h"

namespace intaglio::appliance {

struct Sha256Stream::Impl {
  mbedtls_sha256_context context;
  Impl() {
    mbedtls_sha256_init(&context);
    if (Sha256Starts(&context) != 0) abort();
  }
  ~Impl() { mbedtls_sha256_free(&context); }
};

Sha256Stream::Sha256Stream() : impl_(std::make_unique<Impl>()) {}
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Update(ByteView octets) {
  if (Sha256Update(&impl_->context, octets.data(), octets.size()) != 0) abort();
}

Digest Sha256Stream::Finish() {
  Digest out;
  if (Sha256Finish(&impl_->context, out.data()) != 0) abort();
  return out;
}

}  // namespace intaglio::appliance
