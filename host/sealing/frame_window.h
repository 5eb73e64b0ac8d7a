// FrameWindow: results in the order in which their frames came, with a bound on frames under way.
//
// One thread reads frames and opens a slot for each; answers fill slots in any order, on any
// thread; one thread takes the results out in order. Whoever opens a slot beyond the bound waits:
// that wait is the back-pressure a client feels.
#ifndef INTAGLIO_HOST_SEALING_FRAME_WINDOW_H_
#define INTAGLIO_HOST_SEALING_FRAME_WINDOW_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace intaglio::host {

// Outlives nobody: hold it by shared_ptr, for answers may come after the reader has gone.
template <class Result>
class FrameWindow final {
 public:
  explicit FrameWindow(size_t most) : most_(most) {}
  FrameWindow(const FrameWindow&) = delete;
  FrameWindow& operator=(const FrameWindow&) = delete;

  // The slot's number; waits for room. Nothing once the window is abandoned.
  std::optional<size_t> Open() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return abandoned_ || slots_.size() < most_; });
    if (abandoned_) return std::nullopt;
    slots_.emplace_back();
    return first_ + slots_.size() - 1;
  }
  // Once for each slot.
  void Fill(size_t slot, Result result) {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return;
    slots_[slot - first_] = std::move(result);
    changed_.notify_all();
  }
  // No more slots will be opened.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // Nobody will take results any more; nobody waits from now on.
  void Abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    slots_.clear();
    changed_.notify_all();
  }
  // The next result in order; waits for it while `gone` is false. Nothing when the window is closed
  // and empty, or abandoned, or `gone`.
  std::optional<Result> Take(const std::function<bool()>& gone) {
    const auto ready = [&] {
      return abandoned_ || (!slots_.empty() && slots_.front()) || (closed_ && slots_.empty());
    };
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kLook, ready)) {
      if (gone()) return std::nullopt;
    }
    if (abandoned_ || slots_.empty()) return std::nullopt;
    std::optional<Result> result = std::move(slots_.front());
    slots_.pop_front();
    ++first_;
    changed_.notify_all();
    return result;
  }

 private:
  static constexpr std::chrono::milliseconds kLook{200};  // how often `gone` is asked

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::optional<Result>> slots_;
  size_t first_ = 0;  // number of the front slot
  bool closed_ = false;
  bool abandoned_ = false;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_SEALING_FRAME_WINDOW_H_
