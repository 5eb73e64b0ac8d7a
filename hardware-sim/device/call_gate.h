// CallGate: knows how many calls are inside the wrapped module, and can empty it.
//
// A device may close a session or log out under a call; a library that runs in our own process may
// crash over it. So what ends sessions is done while no call is inside. Counting is spread over
// cache lines: a call pays two uncontended additions.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_CALL_GATE_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_CALL_GATE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace intaglio::sim {

// Thread-safe.
class CallGate final {
 public:
  // Counts the caller in unless something needs attention (a mark is set, or the gate is closing):
  // the whole price of the simulator while it simulates nothing.
  bool TryEnterUnmarked() {
    if (marks_.load(std::memory_order_relaxed) != 0) return false;
    Mine().fetch_add(1);
    if (marks_.load() == 0) return true;
    Leave();
    return false;
  }
  // Counts the caller in; waits while somebody has the module to himself.
  void Enter();
  void Leave() { Mine().fetch_sub(1); }

  // Marks say why calls must not pass unseen. At most 31 bits.
  void Mark(uint32_t bits) { marks_.fetch_or(bits); }
  void Unmark(uint32_t bits) { marks_.fetch_and(~bits); }
  uint32_t marks() const { return marks_.load(std::memory_order_relaxed); }

  // While it lives no call is inside. Must not be made by a caller who is inside himself.
  class Exclusive final {
   public:
    explicit Exclusive(CallGate& gate);
    ~Exclusive();
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    CallGate& gate_;
    std::lock_guard<std::mutex> one_at_a_time_;
  };

  // fork(2): nobody is changing anything while the process is copied, and the child starts empty.
  void LockForFork();
  void UnlockAfterFork();
  void ForgetOtherThreads();

 private:
  static constexpr uint32_t kClosed = 1u << 31;
  static constexpr unsigned kShards = 16;
  struct alignas(64) Shard {
    std::atomic<int64_t> inside{0};
  };
  std::atomic<int64_t>& Mine();
  int64_t Inside() const;

  std::atomic<uint32_t> marks_{0};
  Shard shards_[kShards];
  std::mutex exclusive_;
  std::mutex mutex_;
  std::condition_variable opened_;
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_CALL_GATE_H_
