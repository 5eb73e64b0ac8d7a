// Writer: the one thread that changes the database, many changes to a commit.
//
// A transaction of its own for each change would cost an fsync each, and SQLite lets one connection
// write at a time anyway. So changes queue up; those that wait together share one transaction, each
// behind a savepoint of its own, and none is reported done before the commit is on disk.
#ifndef INTAGLIO_HOST_STORE_WRITER_H_
#define INTAGLIO_HOST_STORE_WRITER_H_

#include <soci/soci.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/status.h"

namespace intaglio::host {

// SOCI's exceptions as a Status: kStoreConflict for a broken constraint, else kStoreUnavailable.
Status TranslateSqlError(const std::exception& error);

class Writer final {
 public:
  using Change = std::function<Status(soci::session&)>;

  explicit Writer(std::unique_ptr<soci::session> session);
  // Finishes what is queued.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Runs `change` on the writer's thread and waits until it is durable. A failure of the change
  // undoes that change alone; a failure of the commit undoes and fails all that shared it.
  Status Run(const Change& change);

 private:
  struct Job {
    const Change* change;
    Status result;
    bool done = false;
    std::condition_variable finished = {};
  };

  void Loop();
  // Runs the jobs in one transaction and fills in their results.
  void Commit(const std::deque<Job*>& jobs);
  // One job behind a savepoint. Fails if the whole transaction is lost.
  Status RunOne(Job& job);

  const std::unique_ptr<soci::session> session_;
  std::mutex mutex_;
  std::condition_variable queued_;
  std::deque<Job*> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STORE_WRITER_H_
