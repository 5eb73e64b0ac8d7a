#include "appliance/usecases/seal_crew.h"

#include <algorithm>

namespace intaglio::appliance {

struct SealCrew::Job {
  Job(size_t how_many, const std::function<void(size_t)>& what) : count(how_many), task(what) {}

  const size_t count;
  const std::function<void(size_t)>& task;  // lives until `done` is `count`
  std::mutex mutex;
  std::condition_variable all_done;
  size_t next = 0;
  size_t done = 0;
};

SealCrew::SealCrew(size_t helpers) {
  for (size_t i = 0; i < helpers; ++i) threads_.emplace_back([this] { Help(); });
}

SealCrew::~SealCrew() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  turn_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void SealCrew::WorkOn(Job& job) {
  std::unique_lock lock(job.mutex);
  while (job.next < job.count) {
    const size_t mine = job.next++;
    lock.unlock();
    job.task(mine);
    lock.lock();
    ++job.done;
  }
  if (job.done == job.count) job.all_done.notify_all();
}

void SealCrew::Run(size_t count, const std::function<void(size_t)>& task) {
  const auto job = std::make_shared<Job>(count, task);
  if (count > 1 && !threads_.empty()) {
    {
      std::lock_guard lock(mutex_);
      jobs_.insert(jobs_.end(), std::min(count - 1, threads_.size()), job);
    }
    turn_.notify_all();
  }
  WorkOn(*job);
  std::unique_lock lock(job->mutex);
  job->all_done.wait(lock, [&] { return job->done == job->count; });
}

void SealCrew::Help() {
  std::unique_lock lock(mutex_);
  for (;;) {
    turn_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    WorkOn(*job);
    lock.lock();
  }
}

}  // namespace intaglio::appliance
