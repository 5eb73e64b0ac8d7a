#include "base/clock.h"

#include <time.h>

#include <cstdio>

namespace intaglio {
namespace {

int64_t ReadMs(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

std::string ToIso8601(WallTime time) {
  const int64_t ms = ((time.ms % 1000) + 1000) % 1000;
  const time_t seconds = static_cast<time_t>((time.ms - ms) / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(ms));
  return text;
}

WallTime SystemClock::Now() const { return {ReadMs(CLOCK_REALTIME)}; }
BootTime SystemClock::SinceBoot() const { return {ReadMs(CLOCK_BOOTTIME)}; }

WallTime FakeClock::Now() const {
  std::lock_guard lock(mutex_);
  return wall_;
}
BootTime FakeClock::SinceBoot() const {
  std::lock_guard lock(mutex_);
  return boot_;
}
void FakeClock::Advance(Duration by) {
  std::lock_guard lock(mutex_);
  wall_ = wall_ + by;
  boot_ = boot_ + by;
}
void FakeClock::SetWall(WallTime time) {
  std::lock_guard lock(mutex_);
  wall_ = time;
}

}  // namespace intaglio
