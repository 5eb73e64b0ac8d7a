#include "hardware-sim/ctl/replay.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "base/file.h"
#include "hardware-sim/faults/fault_plan.h"
#include "hardware-sim/faults/live_faults.h"
#include "hardware-sim/faults/reasons.h"
#include "hardware-sim/faults/text_form.h"

namespace intaglio::sim {
namespace {

constexpr size_t kLargestRecord = size_t{64} << 20;
constexpr size_t kLargestConfiguration = size_t{1} << 20;

struct Hit {
  int64_t pid = 0;
  uint32_t seen = 0;
  v1::Fault fault;
};

StatusOr<Hit> HitOf(const std::string& line, const std::string& where) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto number = [&](const char* name) {
    return json.contains(name) && json[name].is_number_unsigned();
  };
  if (!json.is_object() || !number("pid") || !number("seen") || !json.contains("plan") ||
      !json["plan"].is_string()) {
    return Fail(kRecordUnusable, where + " has no pid, seen and plan: is it a hit log?");
  }
  const uint64_t seen = json["seen"].get<uint64_t>();
  if (seen == 0 || seen > UINT32_MAX) return Fail(kRecordUnusable, where + ": seen is no count");
  Hit hit{.pid = json["pid"].get<int64_t>(), .seen = static_cast<uint32_t>(seen)};
  const Status parsed = ParseText(json["plan"].get<std::string>(), where, hit.fault);
  if (!parsed.ok()) return Fail(kRecordUnusable, DetailOf(parsed));
  if (hit.fault.id().empty()) return Fail(kRecordUnusable, where + ": plan has no id");
  return hit;
}

StatusOr<std::vector<Hit>> HitsOf(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, FileTrust::kNotWritable, kLargestRecord));
  std::istringstream lines(AsString(content));
  std::vector<Hit> hits;
  size_t at = 0;
  for (std::string line; std::getline(lines, line);) {
    ++at;
    const bool cut_short = lines.eof();
    auto hit = HitOf(line, path + " line " + std::to_string(at));
    if (!hit.ok() && cut_short) break;
    if (!hit.ok()) return hit.status();
    hits.push_back(*std::move(hit));
  }
  if (hits.empty()) return Fail(kRecordUnusable, path + ": no fault acted; there is nothing to do");
  return hits;
}

// The configuration's faults first, as they stood there, then the injected ones as they came.
bool StoodBefore(const v1::SimulatorConfig& ran, const v1::Fault& a, const v1::Fault& b) {
  if (a.serial() != b.serial()) return a.serial() < b.serial();
  const auto place = [&](const v1::Fault& fault) {
    const auto faults = FaultsInForce(ran, {});
    return std::ranges::find(faults, fault.id(), &v1::Fault::id) - faults.begin();
  };
  return place(a) < place(b);
}

// The entry that acts at these calls and at no other.
v1::Fault AtCalls(v1::Fault fault, std::vector<uint32_t> calls) {
  fault.clear_nth_call();
  fault.clear_every_nth_call();
  fault.clear_at_most();
  fault.clear_percent();
  fault.clear_after_milliseconds();
  fault.clear_until_milliseconds();
  fault.clear_serial();
  std::ranges::sort(calls);
  fault.mutable_at_call()->Assign(calls.begin(), calls.end());
  return fault;
}

StatusOr<int64_t> Pid(const std::string& text) {
  int64_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error == std::errc() && end == text.data() + text.size() && pid > 0) return pid;
  return Fail(kConfigurationInvalid, "--pid is '" + text + "', not the number of a process");
}

}  // namespace

StatusOr<Replay> ReplayOf(const Settings& ran, const std::string& hit_log,
                          std::optional<int64_t> pid) {
  ASSIGN_OR_RETURN(const std::vector<Hit> hits, HitsOf(hit_log));
  Replay out{.config = ran.config, .pid = pid.value_or(hits.back().pid)};
  std::vector<v1::Fault> faults;
  std::map<std::string, std::vector<uint32_t>> calls;
  for (const Hit& hit : hits) {
    if (hit.pid != out.pid) continue;
    const auto known = std::ranges::find(faults, hit.fault.id(), &v1::Fault::id);
    if (known == faults.end()) {
      faults.push_back(hit.fault);
    } else if (known->SerializeAsString() != hit.fault.SerializeAsString()) {
      return Fail(kRecordUnusable, hit_log + ": '" + hit.fault.id() +
                                       "' was two faults in one run; give each its own id");
    }
    calls[hit.fault.id()].push_back(hit.seen);
    ++out.hits;
  }
  if (out.hits == 0) {
    return Fail(kRecordUnusable, hit_log + ": nothing of process " + std::to_string(out.pid));
  }
  std::ranges::sort(faults,
                    [&](const auto& a, const auto& b) { return StoodBefore(ran.config, a, b); });
  out.config.clear_fault();
  for (const v1::Fault& fault : faults) {
    out.injected += fault.serial() != 0;
    *out.config.add_fault() = AtCalls(fault, calls[fault.id()]);
  }
  out.config.clear_live_file();
  out.config.clear_device_memory();
  out.config.clear_hit_log();
  const std::vector<v1::Fault> made(out.config.fault().begin(), out.config.fault().end());
  const Status sound = FaultPlan::Create(made, "fault", 0, 0, {}).status();
  if (!sound.ok()) return Fail(kRecordUnusable, hit_log + ": " + DetailOf(sound));
  return out;
}

StatusOr<std::string> ReplayCommand(std::span<const std::string> arguments) {
  constexpr char kForm[] = "replay CONF --out NEW [--pid PID]";
  if (arguments.size() != 3 && arguments.size() != 5) return Fail(kConfigurationInvalid, kForm);
  std::map<std::string, std::string> options;
  for (size_t i = 1; i < arguments.size(); i += 2) options[arguments[i]] = arguments[i + 1];
  std::optional<int64_t> pid;
  if (arguments.size() == 5) {
    if (!options.contains("--pid")) return Fail(kConfigurationInvalid, kForm);
    ASSIGN_OR_RETURN(pid, Pid(options["--pid"]));
  }
  if (!options.contains("--out")) return Fail(kConfigurationInvalid, kForm);
  std::error_code ignored;
  const auto absolute = [&](const std::string& path) {
    return std::filesystem::absolute(path, ignored).lexically_normal().string();
  };
  ASSIGN_OR_RETURN(const Settings ran, ReadSettings(absolute(arguments[0])));
  if (ran.config.hit_log().empty()) {
    return Fail(kRecordUnusable, ran.path + " names no hit_log, so nothing was recorded");
  }
  const std::string path = absolute(options["--out"]);
  if (path == ran.path) return Fail(kConfigurationInvalid, "--out must be another file than CONF");
  ASSIGN_OR_RETURN(Replay replay, ReplayOf(ran, ran.config.hit_log(), pid));
  replay.config.set_hit_log(path + ".hits");
  const std::string text = "# Repeats process " + std::to_string(replay.pid) + " of " +
                           ran.config.hit_log() + ".\n" +
                           PrintText(replay.config, Layout::kIndented);
  if (text.size() > kLargestConfiguration) {
    return Fail(kRecordUnusable, ran.config.hit_log() + ": too many hits for one configuration");
  }
  RETURN_IF_ERROR(WriteFile(path, AsBytes(text), 0600));
  std::string out = path + ": " + std::to_string(replay.hits) + " hits of process " +
                    std::to_string(replay.pid) + "\n";
  if (replay.injected != 0) {
    out += std::to_string(replay.injected) +
           " faults were injected while it ran: their calls are counted from the start now\n";
  }
  return out;
}

}  // namespace intaglio::sim
