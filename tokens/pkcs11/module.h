// Module: a PKCS#11 library, loaded and initialised for as long as somebody holds it.
//
// A process initialises a module once, so the Module is shared by all that use its tokens. Calls
// into it pass a gate: Reinitialise() and the destructor first wait until none is in flight, since
// a module that is finalised under a running call takes the process with it. Thread-safe.
#ifndef INTAGLIO_TOKENS_PKCS11_MODULE_H_
#define INTAGLIO_TOKENS_PKCS11_MODULE_H_

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "tokens/pkcs11/cache_counters.h"
#include "tokens/pkcs11/key.h"

struct _CK_FUNCTION_LIST;

namespace intaglio::tokens {

class Module final {
 public:
  // Loads and initialises the library at the absolute `path`. kModuleUnloadable says the path and
  // the loader's own words, kModuleInvalid that the file is no PKCS#11 2.x module, kModuleInUse
  // that this process has initialised it already.
  static StatusOr<std::shared_ptr<Module>> Load(const std::string& path);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  const std::string& path() const { return path_; }

  // The initialised tokens the module shows now.
  StatusOr<std::vector<TokenDescription>> ListTokens();

  // Waits until no call is in flight, then finalises and initialises the module. Every session is
  // gone afterwards; tokens re-open themselves on their next call. The cure for a module that lost
  // its keys and for memory that only finalising frees. kTokenBusy, with nothing changed, if a call
  // is still in flight after `longest_wait`. On failure the module stays unusable (kDeviceError)
  // until a later Reinitialise() succeeds.
  Status Reinitialise(Duration longest_wait = kLongestGateWait);
  // As Reinitialise, but nothing where somebody did it since generation() was `seen`.
  Status ReinitialiseOnce(uint64_t seen, Duration longest_wait);
  // How often the module was initialised, from 1.
  uint64_t generation() const { return generation_.load(); }
  // Session objects destroyed since the module was last initialised: SoftHSM keeps about 240 octets
  // for each until then.
  uint64_t destroyed_objects() const { return destroyed_objects_.load(); }

  // For this folder only, from here on.

  // Proof that the module stays initialised; short-lived and never nested in one thread. Waits
  // while the module is being initialised anew, at most kLongestGateWait: then status() is
  // kTokenBusy and the module must not be called.
  class Call final {
   public:
    explicit Call(Module& module);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    const Status& status() const { return status_; }

   private:
    Module& module_;
    Status status_;
  };
  static constexpr Duration kLongestGateWait = 10 * kSecond;

  const _CK_FUNCTION_LIST& ck() const { return *functions_; }
  CacheCounters& cache_counters() { return cache_counters_; }
  void CountDestroyed() { destroyed_objects_.fetch_add(1, std::memory_order_relaxed); }
  // One owner a token and process: a second login would succeed without its PIN being checked.
  // kTokenInUse.
  Status Claim(const TokenDescription& token);
  void Disclaim(const TokenDescription& token);

 private:
  Module(std::string path, void* library, const _CK_FUNCTION_LIST* functions);
  Status Initialise();
  Status ReinitialiseIf(std::optional<uint64_t> seen, Duration longest_wait);

  const std::string path_;
  void* const library_;
  const _CK_FUNCTION_LIST* const functions_;
  bool initialised_ = false;  // changed only behind the closed gate
  std::atomic<uint64_t> generation_{0};
  std::atomic<uint64_t> destroyed_objects_{0};
  CacheCounters cache_counters_;

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t in_flight_ = 0;
  bool closed_ = false;
  std::set<std::string> claimed_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_MODULE_H_
