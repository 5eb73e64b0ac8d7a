// CacheCounters: how the handle caches of a module did, for its whole life.
#ifndef INTAGLIO_TOKENS_PKCS11_CACHE_COUNTERS_H_
#define INTAGLIO_TOKENS_PKCS11_CACHE_COUNTERS_H_

#include <atomic>
#include <cstdint>

namespace intaglio::tokens {

struct CacheCounters {
  std::atomic<uint64_t> hits{0};
  std::atomic<uint64_t> misses{0};
  std::atomic<uint64_t> evictions{0};  // given up for want of room
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_CACHE_COUNTERS_H_
