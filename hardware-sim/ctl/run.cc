#include "hardware-sim/ctl/run.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <thread>
#include <vector>

#include "base/file.h"
#include "hardware-sim/ctl/load.h"
#include "hardware-sim/device/settings.h"
#include "hardware-sim/faults/ck_names.h"
#include "hardware-sim/faults/live_faults.h"
#include "hardware-sim/faults/reasons.h"
#include "hardware-sim/faults/text_form.h"
#include "hardware-sim/qualify/cryptoki.h"

namespace intaglio::sim {
namespace {

constexpr char kForm[] =
    "run SCENARIO --conf CONF --module M.so --pin-file FILE [--junit FILE] [--html FILE]";
using Options = std::map<std::string, std::string>;
using Clock = std::chrono::steady_clock;

struct Outcome {
  std::vector<Sample> samples;
  std::map<std::string, uint64_t> errors;
  uint64_t signatures = 0;
  uint64_t failed = 0;
  uint64_t wrong = 0;
  double slowest_ms = 0;
  double recovery_ms = -1;  // none: no signature came after the last event
};

struct Verdict {
  std::string name;
  std::string found;
  bool met = false;
};

std::string Absolute(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal();
}

StatusOr<Options> Parse(std::span<const std::string> arguments) {
  if (arguments.size() < 7 || arguments.size() % 2 == 0) return Fail(kConfigurationInvalid, kForm);
  Options out;
  for (size_t i = 1; i < arguments.size(); i += 2) out[arguments[i]] = arguments[i + 1];
  for (const auto& [name, value] : out) {
    if (name != "--conf" && name != "--module" && name != "--pin-file" && name != "--junit" &&
        name != "--html") {
      return Fail(kConfigurationInvalid, "what is '" + name + "'? " + kForm);
    }
  }
  for (const char* needed : {"--conf", "--module", "--pin-file"}) {
    if (!out.contains(needed))
      return Fail(kConfigurationInvalid, std::string(needed) + " is missing");
  }
  return out;
}

StatusOr<v1::Scenario> ReadScenario(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes text, ReadFile(path, FileTrust::kNotWritable, 1 << 20));
  v1::Scenario out;
  const Status parsed = ParseText(AsStringView(text), path, out);
  if (!parsed.ok()) return Fail(kScenarioInvalid, DetailOf(parsed));
  if (out.name().empty()) return Fail(kScenarioInvalid, "name is required");
  if (out.duration_milliseconds() == 0 || out.duration_milliseconds() > 3'600'000) {
    return Fail(kScenarioInvalid, "duration_milliseconds needs 1 to 3600000");
  }
  if (out.threads() > 64) return Fail(kScenarioInvalid, "threads is more than 64");
  if (out.threads() == 0) out.set_threads(4);
  uint32_t before = 0;
  for (int i = 0; i < out.event_size(); ++i) {
    const std::string where = "event[" + std::to_string(i) + "]";
    const v1::Event& event = out.event(i);
    if (event.what_case() == v1::Event::WHAT_NOT_SET) {
      return Fail(kScenarioInvalid, where + " says not what happens");
    }
    if (event.at_milliseconds() < before ||
        event.at_milliseconds() >= out.duration_milliseconds()) {
      return Fail(kScenarioInvalid, where + ".at_milliseconds is out of order or after the end");
    }
    before = event.at_milliseconds();
  }
  return out;
}

Status Happen(const v1::Event& event, LiveControl& device) {
  switch (event.what_case()) {
    case v1::Event::kInject:
      return device.Inject({&event.inject(), 1}).status();
    case v1::Event::kClear:
      return device.Clear({&event.clear(), 1});
    case v1::Event::kLifeCycle:
      return device.Enter(event.life_cycle());
    default:
      return device.JumpClock(event.clock_jump_milliseconds());
  }
}

StatusOr<Outcome> Run(const v1::Scenario& scenario, const Cryptoki& module, LiveControl device) {
  std::atomic<bool> stop{false};
  const auto began = Clock::now();
  std::vector<std::vector<Sample>> samples(scenario.threads());
  std::vector<std::thread> threads;
  const CK_FUNCTION_LIST& functions = *module.operator->();
  for (auto& mine : samples) {
    threads.emplace_back([&] { mine = SignUntil(functions, module.module().pin, began, stop); });
  }
  const auto at = [&](uint32_t ms) { return began + std::chrono::milliseconds(ms); };
  Status status = OkStatus();
  for (const v1::Event& event : scenario.event()) {
    std::this_thread::sleep_until(at(event.at_milliseconds()));
    if (status.ok()) status = Happen(event, device);
  }
  if (status.ok()) std::this_thread::sleep_until(at(scenario.duration_milliseconds()));
  stop = true;
  // A call may hang for as long as its fault stands.
  if (!status.ok() || scenario.event_size() != 0) device.Clear({}).IgnoreError();
  for (auto& thread : threads) thread.join();
  RETURN_IF_ERROR(status);
  Outcome out;
  const double last =
      scenario.event_size() == 0 ? 0 : scenario.event(scenario.event_size() - 1).at_milliseconds();
  for (const auto& mine : samples) {
    for (const Sample& sample : mine) {
      out.samples.push_back(sample);
      if (sample.rv != CKR_OK) {
        ++out.failed;
        ++out.errors[NameOfReturnValue(sample.rv)];
        continue;
      }
      ++out.signatures;
      out.wrong += sample.wrong;
      out.slowest_ms = std::max(out.slowest_ms, sample.latency_ms);
      const double after = sample.at_ms + sample.latency_ms - last;
      if (sample.at_ms >= last && !sample.wrong &&
          (out.recovery_ms < 0 || after < out.recovery_ms)) {
        out.recovery_ms = after;
      }
    }
  }
  return out;
}

std::vector<Verdict> Judge(const v1::Expectation& expect, const Outcome& outcome) {
  std::vector<Verdict> out;
  const auto least = [&](const char* name, double bound, double found) {
    out.push_back({std::string("at least ") + std::to_string(uint64_t(bound)) + " " + name,
                   std::to_string(found), found >= bound});
  };
  const auto most = [&](const char* name, double bound, double found) {
    out.push_back({std::string("at most ") + std::to_string(uint64_t(bound)) + " " + name,
                   std::to_string(found), found >= 0 && found <= bound});
  };
  const auto number = [](uint64_t value) { return static_cast<double>(value); };
  if (expect.has_least_signatures()) {
    least("signatures", number(expect.least_signatures()), number(outcome.signatures));
  }
  if (expect.has_most_errors()) {
    most("errors", number(expect.most_errors()), number(outcome.failed));
  }
  if (expect.has_least_errors()) {
    least("errors", number(expect.least_errors()), number(outcome.failed));
  }
  if (expect.has_most_wrong_signatures()) {
    most("wrong signatures", number(expect.most_wrong_signatures()), number(outcome.wrong));
  }
  if (expect.has_least_wrong_signatures()) {
    least("wrong signatures", number(expect.least_wrong_signatures()), number(outcome.wrong));
  }
  if (expect.has_recovery_milliseconds()) {
    most("ms from the last event to a signature", expect.recovery_milliseconds(),
         outcome.recovery_ms);
  }
  if (expect.has_slowest_milliseconds()) {
    most("ms for a signature", expect.slowest_milliseconds(), outcome.slowest_ms);
  }
  return out;
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= ' ' || c == '\n')
      out += c;
  }
  return out;
}

std::string JUnit(const v1::Scenario& scenario, const std::vector<Verdict>& verdicts) {
  const auto failures = std::ranges::count(verdicts, false, &Verdict::met);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" +
                    Escaped(scenario.name()) + "\" tests=\"" + std::to_string(verdicts.size()) +
                    "\" failures=\"" + std::to_string(failures) + "\">\n";
  for (const Verdict& verdict : verdicts) {
    out += "  <testcase classname=\"" + Escaped(scenario.name()) + "\" name=\"" +
           Escaped(verdict.name) + "\">";
    if (!verdict.met) out += "<failure message=\"found " + Escaped(verdict.found) + "\"/>";
    out += "</testcase>\n";
  }
  return out + "</testsuite>\n";
}

// Latency over time as dots, errors at the foot in red, events as lines.
std::string Chart(const v1::Scenario& scenario, const Outcome& outcome) {
  const double width = 900.0 / scenario.duration_milliseconds();
  const double height = 250.0 / std::max(1.0, outcome.slowest_ms);
  std::string out = "<svg viewBox=\"0 0 900 270\" width=\"900\" height=\"270\">\n";
  char line[200];
  for (const v1::Event& event : scenario.event()) {
    snprintf(line, sizeof line, "<path d=\"M%.1f 0V270\" stroke=\"#c80\"/>\n",
             event.at_milliseconds() * width);
    out += line;
  }
  const size_t step = outcome.samples.size() / 20'000 + 1;
  for (size_t i = 0; i < outcome.samples.size(); i += step) {
    const Sample& sample = outcome.samples[i];
    const bool good = sample.rv == CKR_OK && !sample.wrong;
    snprintf(line, sizeof line, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.5\" fill=\"%s\"/>\n",
             sample.at_ms * width, good ? 250 - sample.latency_ms * height : 262,
             good ? "#057" : "#c00");
    out += line;
  }
  return out + "</svg>\n";
}

std::string Html(const v1::Scenario& scenario, const Outcome& outcome,
                 const std::vector<Verdict>& verdicts) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
      Escaped(scenario.name()) + "</title></head><body><h1>" + Escaped(scenario.name()) +
      "</h1>\n<p>" + Escaped(scenario.meaning()) + "</p>\n" + Chart(scenario, outcome) +
      "<p>Milliseconds of each signature (top: " + std::to_string(outcome.slowest_ms) +
      "); red: failed; lines: events.</p>\n<ul>";
  for (const Verdict& verdict : verdicts) {
    out += std::string("<li>") + (verdict.met ? "met" : "<b>not met</b>") + ": " +
           Escaped(verdict.name) + ", found " + Escaped(verdict.found) + "</li>\n";
  }
  out += "</ul><h2>Events</h2><ul>";
  for (const v1::Event& event : scenario.event()) {
    out += "<li><code>" + Escaped(PrintText(event, Layout::kOneLine)) + "</code></li>\n";
  }
  out += "</ul><h2>Errors</h2><ul>";
  for (const auto& [name, count] : outcome.errors) {
    out += "<li>" + name + ": " + std::to_string(count) + "</li>\n";
  }
  return out + "</ul></body></html>\n";
}

}  // namespace

StatusOr<std::string> RunScenario(std::span<const std::string> arguments) {
  ASSIGN_OR_RETURN(Options options, Parse(arguments));
  ASSIGN_OR_RETURN(const v1::Scenario scenario, ReadScenario(arguments[0]));
  ASSIGN_OR_RETURN(Settings settings, ReadSettings(Absolute(options["--conf"])));
  const std::string conf = settings.path + ".run";
  for (const char* more : {".live", ".device"}) unlink((conf + more).c_str());
  settings.config.clear_live_file();
  settings.config.clear_device_memory();
  if (!scenario.persona().empty()) settings.config.set_persona(scenario.persona());
  const std::string text = PrintText(settings.config, Layout::kIndented);
  RETURN_IF_ERROR(WriteFile(conf, AsBytes(text), 0600));
  ASSIGN_OR_RETURN(const Settings running, ReadSettings(conf));
  ASSIGN_OR_RETURN(SecretBytes pin, ReadSecretFile(options["--pin-file"]));
  if (setenv("INTAGLIO_HSMSIM_CONF", conf.c_str(), 1) != 0) abort();
  Module under_load;
  under_load.path = options["--module"];
  under_load.pin = std::move(pin);
  ASSIGN_OR_RETURN(const auto module, Cryptoki::Open(std::move(under_load)));
  ASSIGN_OR_RETURN(const Outcome outcome, Run(scenario, *module, LiveControl(running.config)));
  const auto verdicts = Judge(scenario.expect(), outcome);
  if (options.contains("--junit")) {
    RETURN_IF_ERROR(WriteFile(options["--junit"], AsBytes(JUnit(scenario, verdicts)), 0644));
  }
  if (options.contains("--html")) {
    RETURN_IF_ERROR(WriteFile(options["--html"], AsBytes(Html(scenario, outcome, verdicts)), 0644));
  }
  std::string missed;
  std::string told = scenario.name() + ": " + std::to_string(outcome.signatures) + " signatures, " +
                     std::to_string(outcome.failed) + " errors\n";
  for (const Verdict& verdict : verdicts) {
    const std::string line = verdict.name + ": found " + verdict.found + "\n";
    told += line;
    if (!verdict.met) missed += line;
  }
  if (!missed.empty()) return Fail(kScenarioFailed, missed);
  return told;
}

}  // namespace intaglio::sim
