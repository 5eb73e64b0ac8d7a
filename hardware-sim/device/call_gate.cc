#include "hardware-sim/device/call_gate.h"

#include <chrono>
#include <thread>

namespace intaglio::sim {

std::atomic<int64_t>& CallGate::Mine() {
  static std::atomic<unsigned> next{0};
  thread_local const unsigned mine = next.fetch_add(1) % kShards;
  return shards_[mine].inside;
}

int64_t CallGate::Inside() const {
  int64_t sum = 0;
  for (const Shard& shard : shards_) sum += shard.inside.load();
  return sum;
}

void CallGate::Enter() {
  for (;;) {
    Mine().fetch_add(1);
    if ((marks_.load() & kClosed) == 0) return;
    Leave();
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return (marks_.load() & kClosed) == 0; });
  }
}

CallGate::Exclusive::Exclusive(CallGate& gate) : gate_(gate), one_at_a_time_(gate.exclusive_) {
  gate_.marks_.fetch_or(kClosed);
  // Calls end by themselves; those that hang by our own doing wait outside.
  while (gate_.Inside() != 0) std::this_thread::sleep_for(std::chrono::microseconds(20));
}

CallGate::Exclusive::~Exclusive() {
  {
    std::lock_guard lock(gate_.mutex_);
    gate_.marks_.fetch_and(~kClosed);
  }
  gate_.opened_.notify_all();
}

void CallGate::LockForFork() {
  exclusive_.lock();
  mutex_.lock();
}

void CallGate::UnlockAfterFork() {
  mutex_.unlock();
  exclusive_.unlock();
}

void CallGate::ForgetOtherThreads() {
  for (Shard& shard : shards_) shard.inside.store(0);
}

}  // namespace intaglio::sim
