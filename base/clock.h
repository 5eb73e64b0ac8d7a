// Clock: wall time for what is written down, boot time for what runs out.
//
// Every expiry of activations, nonces and rates is measured in boot time, which nobody can set.
#ifndef INTAGLIO_BASE_CLOCK_H_
#define INTAGLIO_BASE_CLOCK_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace intaglio {

// UTC, milliseconds since 1970-01-01T00:00:00Z, no leap seconds.
struct WallTime {
  int64_t ms = 0;
  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};
// Milliseconds since the machine started, suspend included (CLOCK_BOOTTIME).
struct BootTime {
  int64_t ms = 0;
  friend auto operator<=>(const BootTime&, const BootTime&) = default;
};
// A length of time in milliseconds; `5 * kMinute`.
using Duration = int64_t;
inline constexpr Duration kSecond = 1000;
inline constexpr Duration kMinute = 60 * kSecond;
inline constexpr Duration kHour = 60 * kMinute;
inline constexpr Duration kDay = 24 * kHour;

inline WallTime operator+(WallTime t, Duration d) { return {t.ms + d}; }
inline WallTime operator-(WallTime t, Duration d) { return {t.ms - d}; }
inline Duration operator-(WallTime a, WallTime b) { return a.ms - b.ms; }
inline BootTime operator+(BootTime t, Duration d) { return {t.ms + d}; }
inline Duration operator-(BootTime a, BootTime b) { return a.ms - b.ms; }

// "2026-11-23T06:30:00.123Z"
std::string ToIso8601(WallTime time);

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Now() const = 0;
  virtual BootTime SinceBoot() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime Now() const override;
  BootTime SinceBoot() const override;
};

// A clock that moves when told to. Advance() moves both times, as real time does; SetWall() moves
// the wall alone, as an operator or an attacker would.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime start) : wall_(start) {}
  WallTime Now() const override;
  BootTime SinceBoot() const override;
  void Advance(Duration by);
  void SetWall(WallTime time);

 private:
  mutable std::mutex mutex_;
  WallTime wall_;
  BootTime boot_{1000};
};

}  // namespace intaglio

#endif  // INTAGLIO_BASE_CLOCK_H_
