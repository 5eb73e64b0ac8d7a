// AuditQueue: lines of the audit log that need not be on disk before their act is answered, written
// many to a commit. Each signature has such a line, and a commit for each would cost more than the
// signature; what it says is in the core's journal, durably, before the signature leaves the core.
#ifndef INTAGLIO_HOST_STORE_AUDIT_QUEUE_H_
#define INTAGLIO_HOST_STORE_AUDIT_QUEUE_H_

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "host/ports/store_port.h"
#include "host/store/writer.h"

namespace intaglio::host {

class AuditQueue final {
 public:
  AuditQueue(Writer& writer, const Clock& clock);
  // Writes what waits.
  ~AuditQueue();
  AuditQueue(const AuditQueue&) = delete;
  AuditQueue& operator=(const AuditQueue&) = delete;

  // Takes the line, dated now. Fails as the last commit did, until one succeeds; what waits then
  // is tried again meanwhile. kStoreUnavailable where kMostWaiting do. Thread-safe.
  Status Add(const AuditLine& line);
  // Returns when what was added before is on disk, or cannot be put there.
  Status Flush();

  static constexpr Duration kPause = 100;
  static constexpr size_t kMostWaiting = 100'000;

 private:
  struct Dated {
    WallTime at;
    AuditLine line;
  };
  void Run();

  Writer& writer_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable added_;
  std::condition_variable written_;
  std::vector<Dated> waiting_;
  bool writing_ = false;
  bool hurry_ = false;
  bool stopping_ = false;
  Status last_commit_;
  std::thread thread_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STORE_AUDIT_QUEUE_H_
