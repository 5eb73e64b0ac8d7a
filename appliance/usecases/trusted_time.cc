#include "appliance/usecases/trusted_time.h"

#include <algorithm>
#include <cstdlib>

#include "appliance/domain/reasons.h"

namespace intaglio::appliance {

TrustedTime::TrustedTime(const Clock& clock, WallTime high_water,
                         std::function<void(const std::string&)> on_stop)
    : clock_(clock), on_stop_(std::move(on_stop)) {
  last_boot_ = base_boot_ = clock_.SinceBoot();
  last_wall_ = base_wall_ = clock_.Now();
  if (last_wall_ < high_water - kBackTolerance) {
    stopped_ = true;
    on_stop_("at start the clock shows " + ToIso8601(last_wall_) + ", the journal " +
             ToIso8601(high_water));
    // Judge later readings against the highest time known.
    last_wall_ = high_water;
  }
}

StatusOr<WallTime> TrustedTime::Now() {
  std::string seen;
  {
    std::lock_guard lock(mutex_);
    const WallTime wall = clock_.Now();
    const BootTime boot = clock_.SinceBoot();
    if (!stopped_) {
      const Duration passed = boot - base_boot_;
      const Duration drift = (wall - base_wall_) - passed;
      if (wall < last_wall_ - kBackTolerance || std::llabs(drift) > kTolerance + passed / kSlew) {
        stopped_ = true;
        seen = "the clock moved by " + std::to_string(wall - last_wall_) + " ms while " +
               std::to_string(boot - last_boot_) + " ms passed, and is " + std::to_string(drift) +
               " ms off since it was confirmed " + std::to_string(passed) + " ms ago";
      } else {
        last_wall_ = std::max(last_wall_, wall);
        last_boot_ = boot;
        return last_wall_;
      }
    }
  }
  if (!seen.empty()) on_stop_(seen);
  return Fail(kTimeUnconfirmed, "security officers must sign a confirm-time command");
}

WallTime TrustedTime::Estimate() {
  std::lock_guard lock(mutex_);
  return last_wall_ + (clock_.SinceBoot() - last_boot_);
}

Status TrustedTime::CheckObserved(WallTime observed) {
  const WallTime wall = clock_.Now();
  if (std::llabs(wall - observed) <= kTolerance) return OkStatus();
  return Fail(kTimeUnconfirmed, "the core's clock shows " + ToIso8601(wall) +
                                    ", the officers confirmed " + ToIso8601(observed));
}

Status TrustedTime::Confirm(WallTime observed) {
  RETURN_IF_ERROR(CheckObserved(observed));
  std::lock_guard lock(mutex_);
  last_wall_ = base_wall_ = clock_.Now();
  last_boot_ = base_boot_ = clock_.SinceBoot();
  stopped_ = false;
  return OkStatus();
}

bool TrustedTime::confirmed() {
  // A reading first, so that a jump nobody has asked about yet is seen.
  return Now().ok();
}

}  // namespace intaglio::appliance
