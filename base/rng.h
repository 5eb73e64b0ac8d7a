// Rng: where random octets come from. Injected everywhere, so a test can make runs repeat.
#ifndef INTAGLIO_BASE_RNG_H_
#define INTAGLIO_BASE_RNG_H_

#include <mutex>

#include "base/bytes.h"

namespace intaglio {

// Thread-safe.
class Rng {
 public:
  virtual ~Rng() = default;
  // Fills `out`, or kEntropyFailed and `out` must not be used.
  virtual Status Fill(std::span<uint8_t> out) = 0;
  // `size` fresh octets.
  StatusOr<Bytes> Draw(size_t size);
};

// getrandom(2).
class SystemRng final : public Rng {
 public:
  Status Fill(std::span<uint8_t> out) override;
};

// A counter stream: every octet differs from run to run only by the seed. For tests and golden
// bytes.
class FakeRng final : public Rng {
 public:
  explicit FakeRng(uint64_t seed) : state_(seed) {}
  Status Fill(std::span<uint8_t> out) override;

 private:
  std::mutex mutex_;
  uint64_t state_;
};

}  // namespace intaglio

#endif  // INTAGLIO_BASE_RNG_H_
