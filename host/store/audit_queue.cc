#include "host/store/audit_queue.h"

#include <chrono>

#include "base/log.h"
#include "host/store/audit_chain.h"
#include "host/store/reasons.h"

namespace intaglio::host {

AuditQueue::AuditQueue(Writer& writer, const Clock& clock)
    : writer_(writer), clock_(clock), thread_([this] { Run(); }) {}

AuditQueue::~AuditQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  added_.notify_one();
  thread_.join();
}

Status AuditQueue::Add(const AuditLine& line) {
  const WallTime now = clock_.Now();
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(last_commit_);
  if (waiting_.size() >= kMostWaiting) {
    return Fail(kStoreUnavailable, std::to_string(kMostWaiting) + " audit lines wait for the disk");
  }
  waiting_.push_back({now, line});
  if (waiting_.size() == 1) added_.notify_one();
  return OkStatus();
}

Status AuditQueue::Flush() {
  std::unique_lock lock(mutex_);
  hurry_ = !waiting_.empty();
  added_.notify_one();
  written_.wait(lock, [&] { return !writing_ && (waiting_.empty() || !last_commit_.ok()); });
  return last_commit_;
}

void AuditQueue::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    added_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    // Others come meanwhile, and share the commit.
    added_.wait_for(lock, std::chrono::milliseconds(kPause), [&] { return stopping_ || hurry_; });
    hurry_ = false;
    writing_ = true;
    std::vector<Dated> lines = std::move(waiting_);
    waiting_.clear();
    lock.unlock();
    const Status written = writer_.Run([&](soci::session& sql) {
      for (const Dated& each : lines) AppendAuditLine(sql, each.at, each.line);
      return OkStatus();
    });
    lock.lock();
    writing_ = false;
    last_commit_ = written;
    if (!written.ok()) {
      LogFailure("audit.late", written);
      if (stopping_) return;
      waiting_.insert(waiting_.begin(), std::make_move_iterator(lines.begin()),
                      std::make_move_iterator(lines.end()));
    }
    written_.notify_all();
  }
}

}  // namespace intaglio::host
