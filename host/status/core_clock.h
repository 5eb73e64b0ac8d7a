// CoreClock: a time that the core has certainly reached. The core signs no status that is dated
// ahead of its own clock, and the host's may be ahead of it by what NTP leaves between two
// machines.
#ifndef INTAGLIO_HOST_STATUS_CORE_CLOCK_H_
#define INTAGLIO_HOST_STATUS_CORE_CLOCK_H_

#include <mutex>
#include <optional>

#include "base/clock.h"
#include "host/ports/core_port.h"

namespace intaglio::host {

class CoreClock final {
 public:
  CoreClock(CorePort& core, const Clock& clock) : core_(core), clock_(clock) {}

  // Whole seconds, for thisUpdate and producedAt. Asks the core once in kAge; its Reasons where it
  // does not answer. Thread-safe.
  StatusOr<WallTime> Now();

  static constexpr Duration kAge = 10 * kSecond;
  static constexpr Duration kMargin = 50;  // far more than two clocks part in kAge

 private:
  CorePort& core_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<BootTime> asked_at_;
  Duration ahead_ = 0;  // of this clock, at most
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STATUS_CORE_CLOCK_H_
