// TrustedTime: the core's own idea of now, and when to stop believing it. [R-TIM-1]
//
// Wall time is compared with the boot-time clock at every reading. Between two readings a step back
// stops every time-bound act until officers confirm the time; so does a difference of more than
// five minutes, either way, against the time since it was last confirmed: many small steps and a
// clock that stands still add up to one. What NTP may slew in that time is allowed on top. The
// high-water mark is the last journal line's, so a clock set back while the core was down is
// noticed.
#ifndef INTAGLIO_APPLIANCE_USECASES_TRUSTED_TIME_H_
#define INTAGLIO_APPLIANCE_USECASES_TRUSTED_TIME_H_

#include <functional>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace intaglio::appliance {

class TrustedTime final {
 public:
  // `on_stop` is told once for each stop, with what was seen, and journals it.
  TrustedTime(const Clock& clock, WallTime high_water,
              std::function<void(const std::string&)> on_stop);

  // Now, or kTimeUnconfirmed. Never earlier than an answer before it. Thread-safe.
  StatusOr<WallTime> Now();
  // The last time that was trusted and what has passed since by the boot-time clock: what a jump of
  // the wall clock cannot move. For end dates where no act may wait for officers. Thread-safe.
  WallTime Estimate();
  // kTimeUnconfirmed unless `observed` is within five minutes of the clock. Thread-safe.
  Status CheckObserved(WallTime observed);
  // Under M-of-N: the officers saw `observed`, which must be within five minutes of the clock.
  // kTimeUnconfirmed if it is not.
  Status Confirm(WallTime observed);
  bool confirmed();

  static constexpr Duration kTolerance = 5 * kMinute;
  static constexpr Duration kBackTolerance = 2 * kSecond;  // what a slewing NTP client may do
  static constexpr int64_t kSlew = 2000;                   // 500 ppm, the kernel's own limit

 private:
  const Clock& clock_;
  const std::function<void(const std::string&)> on_stop_;
  std::mutex mutex_;
  // What the two clocks showed when the time was last confirmed, and at the last reading.
  WallTime base_wall_;
  BootTime base_boot_;
  WallTime last_wall_;
  BootTime last_boot_;
  bool stopped_ = false;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_TRUSTED_TIME_H_
