// Settings: a checked configuration of the simulator.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_SETTINGS_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_SETTINGS_H_

#include <string>

#include "base/status.h"
#include "intaglio/sim/v1/sim.pb.h"

namespace intaglio::sim {

inline constexpr char kSoftHsmModule[] = "/usr/lib/softhsm/libsofthsm2.so";
inline constexpr uint32_t kLookEveryMs = 20;

struct Settings {
  std::string path;
  std::string text;            // the file as it was read
  v1::SimulatorConfig config;  // with every default filled in
  v1::Limits limits;           // the persona's, changed as the configuration says
};

// Reads and checks the file at `path` (absolute). kConfigurationInvalid or kFaultInvalid name the
// field; kFileUnreadable, kFileMode, kFileTooLarge.
StatusOr<Settings> ReadSettings(const std::string& path);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_SETTINGS_H_
