#include "host/status/core_clock.h"

namespace intaglio::host {

StatusOr<WallTime> CoreClock::Now() {
  std::lock_guard lock(mutex_);
  const BootTime boot = clock_.SinceBoot();
  if (!asked_at_ || boot - *asked_at_ >= kAge) {
    ASSIGN_OR_RETURN(const CoreStatus core, core_.DescribeCore());
    // Its clock showed that before the answer came.
    const Duration ahead = clock_.Now() - core.now;
    ahead_ = ahead > 0 ? ahead + kMargin : 0;
    asked_at_ = boot;
  }
  const WallTime reached = clock_.Now() - ahead_;
  return WallTime{reached.ms / 1000 * 1000};
}

}  // namespace intaglio::host
