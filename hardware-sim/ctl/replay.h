// Replay: turns the record of a run (its hit log) into a configuration that does the same again.
//
// What was drawn, or depended on a time, becomes a list of calls: each fault keeps its id and the
// seed, and therefore what it draws. The run repeats as far as the application makes the same
// calls.
#ifndef INTAGLIO_HARDWARE_SIM_CTL_REPLAY_H_
#define INTAGLIO_HARDWARE_SIM_CTL_REPLAY_H_

#include <optional>
#include <span>
#include <string>

#include "base/status.h"
#include "hardware-sim/device/settings.h"

namespace intaglio::sim {

struct Replay {
  v1::SimulatorConfig config;
  int64_t pid = 0;  // whose calls they were
  size_t hits = 0;
  // Faults that were injected while the application ran: their calls count from then.
  size_t injected = 0;
};

// The run of `pid` in `hit_log`, by default of the process that wrote last; `ran` is the
// configuration it ran with. A last line that a crash cut short is passed over. kRecordUnusable
// names the line.
StatusOr<Replay> ReplayOf(const Settings& ran, const std::string& hit_log,
                          std::optional<int64_t> pid);

// replay CONF --out NEW [--pid PID]
StatusOr<std::string> ReplayCommand(std::span<const std::string> arguments);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_CTL_REPLAY_H_
