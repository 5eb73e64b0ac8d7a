#include "tests/support/sim_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/file.h"
#include "hardware-sim/device/settings.h"
#include "hardware-sim/faults/live_faults.h"
#include "hardware-sim/faults/text_form.h"
#include "tokens/provision/provision.h"

namespace intaglio::testing_support {
namespace {

void Require(const Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "%s\n", status.ToString().c_str());
  abort();
}

sim::LiveControl ControlOf(const std::string& configuration) {
  auto settings = sim::ReadSettings(configuration);
  Require(settings.status());
  return sim::LiveControl(settings->config);
}

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

StatusOr<std::unique_ptr<SimulatedHsm>> SimulatedHsm::Create(const SimulatorOptions& options) {
  std::unique_ptr<SimulatedHsm> out(new SimulatedHsm());
  ASSIGN_OR_RETURN(out->softhsm_, SoftHsm::Create());
  out->module_path_ = INTAGLIO_HSMSIM_LIBRARY;
  out->configuration_path_ = out->folder_.path() + "/hsmsim.textproto";
  out->Configure(options);
  if (setenv("INTAGLIO_HSMSIM_CONF", out->configuration_path_.c_str(), 1) != 0) abort();
  return out;
}

void SimulatedHsm::Configure(const SimulatorOptions& options) {
  for (const char* more : {".live", ".device", ".hits"}) {
    unlink((configuration_path_ + more).c_str());
  }
  // Another text is another device, without the memory of the one before.
  static int configurations = 0;
  const std::string text =
      "# device " + std::to_string(++configurations) +
      "\nwrapped {\n  module: " + Quoted(tokens::kSoftHsmModule) +
      "\n  private_copy: " + (options.private_copy ? "true" : "false") +
      "\n  environment { name: \"SOFTHSM2_CONF\" value: " + Quoted(softhsm_->config_path()) +
      " }\n}\npersona: " + Quoted(options.persona) +
      "\nlook_every_milliseconds: " + std::to_string(options.look_every_milliseconds) +
      "\nhit_log: " + Quoted(configuration_path_ + ".hits") + "\n" + options.fields + "\n";
  Require(WriteFile(configuration_path_, AsBytes(text), 0600));
}

std::string SimulatedHsm::Inject(const std::string& fault) {
  sim::v1::Fault message;
  Require(sim::ParseText(fault, "fault", message));
  auto ids = ControlOf(configuration_path_).Inject({&message, 1});
  Require(ids.status());
  return ids->front();
}

void SimulatedHsm::Clear() { Require(ControlOf(configuration_path_).Clear({})); }

void SimulatedHsm::Clear(const std::string& id) {
  Require(ControlOf(configuration_path_).Clear({&id, 1}));
}

void SimulatedHsm::Advance(uint64_t milliseconds) {
  Require(ControlOf(configuration_path_).Advance(milliseconds));
}

std::vector<std::string> SimulatedHsm::Hits() const {
  std::ifstream file(configuration_path_ + ".hits");
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) out.push_back(line);
  return out;
}

size_t SimulatedHsm::HitsOf(const std::string& id) const {
  const std::string mark = "\"fault\":" + Quoted(id);
  const auto hits = Hits();
  return static_cast<size_t>(std::ranges::count_if(
      hits, [&](const std::string& line) { return line.find(mark) != std::string::npos; }));
}

}  // namespace intaglio::testing_support
