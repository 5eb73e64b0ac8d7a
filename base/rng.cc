#include "base/rng.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/reasons.h"

namespace intaglio {

StatusOr<Bytes> Rng::Draw(size_t size) {
  Bytes out(size);
  RETURN_IF_ERROR(Fill(out));
  return out;
}

Status SystemRng::Fill(std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Fail(kEntropyFailed, strerror(errno));
    out = out.subspan(static_cast<size_t>(n));
  }
  return OkStatus();
}

Status FakeRng::Fill(std::span<uint8_t> out) {
  std::lock_guard lock(mutex_);
  for (uint8_t& octet : out) {
    // splitmix64
    state_ += 0x9e3779b97f4a7c15ull;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    octet = static_cast<uint8_t>(z ^ (z >> 31));
  }
  return OkStatus();
}

}  // namespace intaglio
