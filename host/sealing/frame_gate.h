// FrameGate: how many frames of all streams are with the core at once.
//
// A frame keeps token sessions busy for a tenth of a second or more. The core answers in turns, so
// a person's signature waits behind the frames that came before it: few of them, however many
// clients seal. A few are enough to keep every session busy.
#ifndef INTAGLIO_HOST_SEALING_FRAME_GATE_H_
#define INTAGLIO_HOST_SEALING_FRAME_GATE_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace intaglio::host {

// Outlives nobody: hold it by shared_ptr, for frames may come back after their stream has gone.
class FrameGate final {
 public:
  explicit FrameGate(size_t most) : most_(most) {}
  FrameGate(const FrameGate&) = delete;
  FrameGate& operator=(const FrameGate&) = delete;

  // Waits for room while `gone` is false. False if it became true.
  bool Enter(const std::function<bool()>& gone) {
    std::unique_lock lock(mutex_);
    while (!left_.wait_for(lock, kLook, [&] { return inside_ < most_; })) {
      if (gone()) return false;
    }
    ++inside_;
    return true;
  }
  void Leave() {
    {
      const std::lock_guard lock(mutex_);
      --inside_;
    }
    left_.notify_one();
  }

 private:
  static constexpr std::chrono::milliseconds kLook{200};  // how often `gone` is asked

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable left_;
  size_t inside_ = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_SEALING_FRAME_GATE_H_
