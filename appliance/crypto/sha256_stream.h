// Sha256Stream: SHA-256 over octets that pass by.
#ifndef INTAGLIO_APPLIANCE_CRYPTO_SHA256_STREAM_H_
#define INTAGLIO_APPLIANCE_CRYPTO_SHA256_STREAM_H_

#include <memory>

#include "base/bytes.h"

namespace intaglio::appliance {

class Sha256Stream final {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void Update(ByteView octets);
  // Once; the stream is useless afterwards.
  Digest Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_CRYPTO_SHA256_STREAM_H_
