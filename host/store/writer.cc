#include "host/store/writer.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include "host/store/reasons.h"

namespace intaglio::host {
namespace {

constexpr size_t kMostPerCommit = 256;
constexpr int kSqliteConstraint = 19;

// OK, or why the statement failed.
Status Execute(soci::session& sql, const char* statement) {
  try {
    sql << statement;
    return OkStatus();
  } catch (const std::exception& error) {
    return TranslateSqlError(error);
  }
}

}  // namespace

Status TranslateSqlError(const std::exception& error) {
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    if (sqlite->result() == kSqliteConstraint) return Fail(kStoreConflict, error.what());
  }
  return Fail(kStoreUnavailable, error.what());
}

Writer::Writer(std::unique_ptr<soci::session> session)
    : session_(std::move(session)), thread_([this] { Loop(); }) {}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  queued_.notify_one();
  thread_.join();
}

Status Writer::Run(const Change& change) {
  Job job{&change, OkStatus()};  // waits on a condition of its own: nobody is woken for nothing
  std::unique_lock lock(mutex_);
  queue_.push_back(&job);
  queued_.notify_one();
  job.finished.wait(lock, [&] { return job.done; });
  return job.result;
}

void Writer::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    queued_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::deque<Job*> jobs;
    while (!queue_.empty() && jobs.size() < kMostPerCommit) {
      jobs.push_back(queue_.front());
      queue_.pop_front();
    }
    lock.unlock();
    Commit(jobs);
    lock.lock();
    for (Job* job : jobs) {
      job->done = true;
      // Under the lock: the job is gone once its owner sees `done`.
      job->finished.notify_one();
    }
  }
}

void Writer::Commit(const std::deque<Job*>& jobs) {
  // IMMEDIATE: a transaction that reads and then writes must not find the database locked halfway.
  Status whole = Execute(*session_, "BEGIN IMMEDIATE");
  const bool begun = whole.ok();
  for (Job* job : jobs) {
    if (!whole.ok()) break;
    whole = RunOne(*job);
  }
  if (whole.ok()) whole = Execute(*session_, "COMMIT");
  if (whole.ok()) return;
  // The engine may have rolled back by itself, so this one is allowed to fail.
  if (begun) Execute(*session_, "ROLLBACK").IgnoreError();
  for (Job* job : jobs) {
    if (job->result.ok()) job->result = whole;
  }
}

Status Writer::RunOne(Job& job) {
  RETURN_IF_ERROR(Execute(*session_, "SAVEPOINT change"));
  try {
    job.result = (*job.change)(*session_);
  } catch (const std::exception& error) {
    job.result = TranslateSqlError(error);
  }
  if (!job.result.ok()) RETURN_IF_ERROR(Execute(*session_, "ROLLBACK TO change"));
  return Execute(*session_, "RELEASE change");
}

}  // namespace intaglio::host
