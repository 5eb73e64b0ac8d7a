#include "hardware-sim/device/settings.h"

#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "hardware-sim/device/persona.h"
#include "hardware-sim/faults/fault_plan.h"
#include "hardware-sim/faults/live_faults.h"
#include "hardware-sim/faults/reasons.h"
#include "hardware-sim/faults/text_form.h"

namespace intaglio::sim {
namespace {

constexpr size_t kMostOctets = 1 << 20;

Status Bad(const std::string& field, const std::string& what) {
  return Fail(kConfigurationInvalid, field + " " + what);
}

Status CheckAbsolute(const char* field, const std::string& path) {
  if (path.empty() || path.front() == '/') return OkStatus();
  return Bad(field, "must be an absolute path, is '" + path + "'");
}

void FillDefaults(const std::string& path, v1::SimulatorConfig& config) {
  if (config.wrapped().module().empty()) config.mutable_wrapped()->set_module(kSoftHsmModule);
  if (config.live_file().empty()) config.set_live_file(path + ".live");
  if (config.device_memory().empty()) config.set_device_memory(path + ".device");
  if (!config.has_look_every_milliseconds()) config.set_look_every_milliseconds(kLookEveryMs);
}

Status CheckDevice(const v1::Device& device) {
  const std::string& serial = device.serial();
  if (serial.size() > 16 ||
      std::ranges::any_of(serial, [](char c) { return c < ' ' || c > '~'; })) {
    return Bad("device.serial", "needs at most 16 printable ASCII characters");
  }
  const std::string& version = device.firmware_version();
  unsigned major = 0;
  unsigned minor = 0;
  int end = 0;
  const bool is_version =
      version.size() <= 7 && sscanf(version.c_str(), "%u.%u%n", &major, &minor, &end) == 2 &&
      static_cast<size_t>(end) == version.size() && major <= 255 && minor <= 255;
  if (!version.empty() && !is_version) {
    return Bad("device.firmware_version", "'" + version + "' is not MAJOR.MINOR");
  }
  if (device.clock_drift_ppm() != 0 && !device.clock()) {
    return Bad("device.clock_drift_ppm", "needs clock: true");
  }
  return OkStatus();
}

Status Check(const v1::SimulatorConfig& config) {
  RETURN_IF_ERROR(CheckAbsolute("wrapped.module", config.wrapped().module()));
  RETURN_IF_ERROR(CheckAbsolute("live_file", config.live_file()));
  RETURN_IF_ERROR(CheckAbsolute("hit_log", config.hit_log()));
  RETURN_IF_ERROR(CheckAbsolute("device_memory", config.device_memory()));
  RETURN_IF_ERROR(CheckDevice(config.device()));
  for (int i = 0; i < config.wrapped().environment_size(); ++i) {
    const std::string& name = config.wrapped().environment(i).name();
    if (name.empty() || name.find('=') != std::string::npos) {
      return Bad("wrapped.environment[" + std::to_string(i) + "].name",
                 "'" + name + "' is no name of a variable");
    }
  }
  if (config.look_every_milliseconds() > 60'000) {
    return Bad("look_every_milliseconds", "is more than 60000");
  }
  const std::vector<v1::Fault> faults(config.fault().begin(), config.fault().end());
  return FaultPlan::Create(faults, "fault", config.seed(), 0, {}).status();
}

}  // namespace

StatusOr<Settings> ReadSettings(const std::string& path) {
  if (path.empty() || path.front() != '/') {
    return Bad("INTAGLIO_HSMSIM_CONF", "must be an absolute path, is '" + path + "'");
  }
  ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, FileTrust::kNotWritable, kMostOctets));
  Settings out{.path = path, .text = AsString(content)};
  RETURN_IF_ERROR(ParseText(out.text, path, out.config));
  FillDefaults(path, out.config);
  RETURN_IF_ERROR(Check(out.config));
  ASSIGN_OR_RETURN(out.limits, LimitsOf(out.config.persona(), out.config.limits()));
  return out;
}

}  // namespace intaglio::sim
