// LiveIdentity: who this core is, as of now. Officers change it while the core runs.
//
// Readers take a snapshot and decide on that one value; whoever changes it has its row durable
// first. Only IdentityChange and the daemon call Set().
#ifndef INTAGLIO_APPLIANCE_USECASES_LIVE_IDENTITY_H_
#define INTAGLIO_APPLIANCE_USECASES_LIVE_IDENTITY_H_

#include <memory>
#include <mutex>
#include <utility>

#include "appliance/domain/roster.h"

namespace intaglio::appliance {

class LiveIdentity final {
 public:
  explicit LiveIdentity(CoreIdentity identity) { Set(std::move(identity)); }
  LiveIdentity(const LiveIdentity&) = delete;
  LiveIdentity& operator=(const LiveIdentity&) = delete;

  // The present value; it does not change under its holder. Never null. Thread-safe.
  std::shared_ptr<const CoreIdentity> Get() const {
    std::lock_guard lock(mutex_);
    return now_;
  }
  // Who this core is never changes. Thread-safe.
  CoreInstance instance() const { return Get()->instance; }

  void Set(CoreIdentity identity) {
    auto next = std::make_shared<const CoreIdentity>(std::move(identity));
    std::lock_guard lock(mutex_);
    now_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const CoreIdentity> now_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_LIVE_IDENTITY_H_
