#include "hardware-sim/ctl/commands.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "hardware-sim/ctl/replay.h"
#include "hardware-sim/ctl/run.h"
#include "hardware-sim/device/persona.h"
#include "hardware-sim/device/settings.h"
#include "hardware-sim/faults/fault_plan.h"
#include "hardware-sim/faults/live_faults.h"
#include "hardware-sim/faults/reasons.h"
#include "hardware-sim/faults/text_form.h"
#include "hardware-sim/qualify/qualify_command.h"

namespace intaglio::sim {
namespace {

using Arguments = std::span<const std::string>;

Status Bad(const std::string& what) { return Fail(kConfigurationInvalid, what); }

std::string Absolute(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal();
}

StatusOr<Settings> Configuration(const std::string& path) { return ReadSettings(Absolute(path)); }

StatusOr<std::string> Check(Arguments arguments) {
  if (arguments.size() != 1) return Bad("check CONF");
  ASSIGN_OR_RETURN(const Settings settings, Configuration(arguments[0]));
  ASSIGN_OR_RETURN(const auto live, ReadLiveFaults(settings.config.live_file()));
  const auto faults = FaultsInForce(settings.config, live);
  RETURN_IF_ERROR(FaultPlan::Create(faults, "fault", 0, 0, {}).status());
  return settings.path + " is right; " + std::to_string(faults.size()) + " faults\n";
}

StatusOr<std::string> Inject(Arguments arguments) {
  if (arguments.size() < 2) return Bad("inject CONF FAULT...");
  ASSIGN_OR_RETURN(const Settings settings, Configuration(arguments[0]));
  std::vector<v1::Fault> faults;
  for (size_t i = 1; i < arguments.size(); ++i) {
    v1::Fault fault;
    RETURN_IF_ERROR(ParseText(arguments[i], "FAULT " + std::to_string(i), fault));
    faults.push_back(std::move(fault));
  }
  ASSIGN_OR_RETURN(const auto ids, LiveControl(settings.config).Inject(faults));
  std::string out;
  for (const std::string& id : ids) out += id + "\n";
  return out;
}

StatusOr<std::string> Clear(Arguments arguments) {
  if (arguments.empty()) return Bad("clear CONF [ID...]");
  ASSIGN_OR_RETURN(const Settings settings, Configuration(arguments[0]));
  RETURN_IF_ERROR(LiveControl(settings.config).Clear(arguments.subspan(1)));
  return std::string();
}

StatusOr<std::string> Advance(Arguments arguments) {
  if (arguments.size() != 2) return Bad("advance CONF MILLISECONDS");
  ASSIGN_OR_RETURN(const Settings settings, Configuration(arguments[0]));
  uint64_t ms = 0;
  const std::string& text = arguments[1];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Bad("MILLISECONDS is '" + text + "', not a number");
  }
  RETURN_IF_ERROR(LiveControl(settings.config).Advance(ms));
  return std::string();
}

struct StateName {
  std::string_view name;
  v1::LifeCycle state;
};
constexpr StateName kStates[] = {
    {"operational", v1::OPERATIONAL}, {"manufacturing", v1::MANUFACTURING},
    {"initialised", v1::INITIALISED}, {"tampered", v1::TAMPERED},
    {"zeroised", v1::ZEROISED},       {"end-of-life", v1::END_OF_LIFE}};

std::string_view NameOfState(v1::LifeCycle state) {
  for (const StateName& row : kStates) {
    if (row.state == state) return row.name;
  }
  return "unknown";
}

StatusOr<std::string> Device(Arguments arguments) {
  if (arguments.size() != 3) return Bad("device CONF state STATE | device CONF clock MILLISECONDS");
  ASSIGN_OR_RETURN(const Settings settings, Configuration(arguments[0]));
  const std::string& text = arguments[2];
  if (arguments[1] == "clock") {
    int64_t ms = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
    constexpr int64_t kCentury = 3'155'760'000'000;
    if (error != std::errc() || end != text.data() + text.size() || ms > kCentury ||
        ms < -kCentury) {
      return Bad("MILLISECONDS is '" + text + "', not a number within a century");
    }
    if (!settings.config.device().clock()) return Bad("device.clock is not set: it has no clock");
    RETURN_IF_ERROR(LiveControl(settings.config).JumpClock(ms));
    return std::string();
  }
  if (arguments[1] != "state")
    return Bad("device CONF state STATE | device CONF clock MILLISECONDS");
  std::string known;
  for (const StateName& row : kStates) {
    known += (known.empty() ? "" : ", ") + std::string(row.name);
    if (row.name != text) continue;
    RETURN_IF_ERROR(LiveControl(settings.config).Enter(row.state));
    return std::string();
  }
  return Bad("STATE is '" + text + "'; there are " + known);
}

// How often each fault acted, from the hit log. Lines that a crash cut short are passed over.
std::map<std::string, uint64_t> HitsIn(const std::string& path) {
  std::map<std::string, uint64_t> hits;
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    const auto hit = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (hit.is_object() && hit.contains("fault") && hit["fault"].is_string()) {
      ++hits[hit["fault"].get<std::string>()];
    }
  }
  return hits;
}

std::string FaultText(v1::Fault fault) {
  fault.clear_id();
  fault.clear_serial();
  return PrintText(fault, Layout::kOneLine);
}

std::string ShowText(const Settings& settings, const v1::LiveFaults& live,
                     const std::vector<v1::Fault>& faults,
                     const std::map<std::string, uint64_t>& hits) {
  const v1::SimulatorConfig& config = settings.config;
  std::string out = "wrapped " + config.wrapped().module() + "\npersona " +
                    (config.persona().empty() ? "plain" : config.persona()) + "\nlimits  " +
                    PrintText(settings.limits, Layout::kOneLine) + "\n";
  if (live.advance_milliseconds() != 0) {
    out += "clock   " + std::to_string(live.advance_milliseconds()) + " ms ahead\n";
  }
  if (live.life_cycle() != v1::OPERATIONAL) {
    out += "state   " + std::string(NameOfState(live.life_cycle())) + "\n";
  }
  if (faults.empty()) out += "no faults\n";
  for (const v1::Fault& fault : faults) {
    out += fault.id() + ": " + FaultText(fault);
    const auto hit = hits.find(fault.id());
    if (!config.hit_log().empty()) {
      out += "  # hits: " + std::to_string(hit == hits.end() ? 0 : hit->second);
    }
    out += "\n";
  }
  return out;
}

std::string ShowJson(const Settings& settings, const v1::LiveFaults& live,
                     const std::vector<v1::Fault>& faults,
                     const std::map<std::string, uint64_t>& hits) {
  const v1::SimulatorConfig& config = settings.config;
  nlohmann::ordered_json out;
  out["wrapped"] = config.wrapped().module();
  out["persona"] = config.persona().empty() ? "plain" : config.persona();
  out["limits"] = PrintText(settings.limits, Layout::kOneLine);
  out["state"] = std::string(NameOfState(live.life_cycle()));
  out["clock_jump_milliseconds"] = live.clock_jump_milliseconds();
  out["advance_milliseconds"] = live.advance_milliseconds();
  out["faults"] = nlohmann::ordered_json::array();
  for (const v1::Fault& fault : faults) {
    nlohmann::ordered_json row;
    row["id"] = fault.id();
    row["fault"] = FaultText(fault);
    const auto hit = hits.find(fault.id());
    if (!config.hit_log().empty()) row["hits"] = hit == hits.end() ? 0 : hit->second;
    out["faults"].push_back(std::move(row));
  }
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

StatusOr<std::string> Show(Arguments arguments) {
  const bool json = arguments.size() == 2 && arguments[1] == "--json";
  if (arguments.size() != 1 && !json) return Bad("show CONF [--json]");
  ASSIGN_OR_RETURN(const Settings settings, Configuration(arguments[0]));
  ASSIGN_OR_RETURN(const auto live, ReadLiveFaults(settings.config.live_file()));
  const auto faults = FaultsInForce(settings.config, live);
  const auto hits = HitsIn(settings.config.hit_log());
  return (json ? ShowJson : ShowText)(settings, live, faults, hits);
}

StatusOr<std::string> ListPersonas(Arguments arguments) {
  if (!arguments.empty()) return Bad("personas");
  std::string out;
  for (const Persona& persona : Personas()) {
    out += std::string(persona.name) + ": " + std::string(persona.meaning) + "\n";
    if (!persona.limits.empty()) out += "    " + std::string(persona.limits) + "\n";
  }
  return out;
}

struct Command {
  std::string_view name;
  StatusOr<std::string> (*run)(Arguments);
};
constexpr Command kCommands[] = {
    {"check", Check},           {"inject", Inject},
    {"clear", Clear},           {"advance", Advance},
    {"device", Device},         {"show", Show},
    {"personas", ListPersonas}, {"run", RunScenario},
    {"replay", ReplayCommand},  {"qualify", QualifyCommand},
};

}  // namespace

std::string Usage() {
  return R"(intaglio-sim: control of the hardware simulator (libintaglio-hsmsim.so)

  intaglio-sim check CONF                check a configuration and its live faults
  intaglio-sim inject CONF FAULT...      add faults; prints their ids
  intaglio-sim clear CONF [ID...]        end these faults, or all
  intaglio-sim advance CONF MILLISECONDS move the device's clock on
  intaglio-sim device CONF state STATE   operational, manufacturing, initialised, tampered, zeroised or
                                         end-of-life
  intaglio-sim device CONF clock MS      the clock that the device shows jumps
  intaglio-sim show CONF [--json]        persona, faults and how often each acted
  intaglio-sim run SCENARIO --conf CONF --module M.so --pin-file FILE [--junit FILE] [--html FILE]
                                         load, faults over time, expectations
  intaglio-sim replay CONF --out NEW     a configuration that repeats a recorded run
  intaglio-sim personas                  the named kinds of device
  intaglio-sim qualify --module M.so …   what any PKCS#11 module enforces; see qualify --help

CONF is the file that INTAGLIO_HSMSIM_CONF names for the application. A FAULT is text, for example
  'function: "C_Sign" nth_call: 3 return_code { code: "CKR_DEVICE_ERROR" }'
)";
}

StatusOr<std::string> RunCommand(Arguments arguments) {
  if (arguments.empty()) return Bad("which command?\n" + Usage());
  if (arguments[0] == "--help" || arguments[0] == "help") return Usage();
  for (const Command& command : kCommands) {
    if (command.name == arguments[0]) return command.run(arguments.subspan(1));
  }
  return Bad("'" + arguments[0] + "' is no command\n" + Usage());
}

}  // namespace intaglio::sim
