// TimedLock: a lock that is waited for only so long. As std::timed_mutex, made of what the thread
// sanitizer understands. For std::unique_lock and std::lock_guard.
#ifndef INTAGLIO_TOKENS_PKCS11_TIMED_LOCK_H_
#define INTAGLIO_TOKENS_PKCS11_TIMED_LOCK_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace intaglio::tokens {

class TimedLock final {
 public:
  void lock() {
    std::unique_lock guard(mutex_);
    freed_.wait(guard, [&] { return !held_; });
    held_ = true;
  }
  bool try_lock() { return try_lock_for(std::chrono::milliseconds(0)); }
  bool try_lock_for(std::chrono::milliseconds longest) {
    std::unique_lock guard(mutex_);
    if (!freed_.wait_for(guard, longest, [&] { return !held_; })) return false;
    held_ = true;
    return true;
  }
  void unlock() {
    const std::lock_guard guard(mutex_);
    held_ = false;
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  bool held_ = false;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_TIMED_LOCK_H_
