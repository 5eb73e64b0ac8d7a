// SealCrew: threads that help whoever signs a large frame, so that one frame keeps every token
// session busy.
//
// The caller works too and never waits for a helper that has not begun, so a crew of none is
// enough, and many frames at once share the helpers without waiting for each other.
#ifndef INTAGLIO_APPLIANCE_USECASES_SEAL_CREW_H_
#define INTAGLIO_APPLIANCE_USECASES_SEAL_CREW_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace intaglio::appliance {

class SealCrew final {
 public:
  explicit SealCrew(size_t helpers);
  // Nobody may be in Run() any more.
  ~SealCrew();
  SealCrew(const SealCrew&) = delete;
  SealCrew& operator=(const SealCrew&) = delete;

  // Calls `task(0)` to `task(count - 1)`, each once, in any order and several at a time; returns
  // when all have returned. Thread-safe.
  void Run(size_t count, const std::function<void(size_t)>& task);

 private:
  struct Job;
  // Takes tasks of `job` until none is left to begin.
  static void WorkOn(Job& job);
  void Help();

  std::mutex mutex_;
  std::condition_variable turn_;
  bool stopping_ = false;
  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<std::thread> threads_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SEAL_CREW_H_
