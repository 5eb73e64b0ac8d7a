// SimulatedHsm: a fresh SoftHSM token behind the hardware simulator, for tests.
//
//   auto hsm = SimulatedHsm::Create({.persona = "single_session"}).value();
//   auto module = tokens::Module::Load(hsm->module_path());   // as any vendor's module
//   hsm->Inject(R"(function: "C_Sign" return_code { code: "CKR_DEVICE_ERROR" })");
//
// The simulator looks for injected faults before every call: what Inject() or Clear() did holds
// from the next one. Create() sets INTAGLIO_HSMSIM_CONF and SOFTHSM2_CONF, which processes started
// afterwards inherit; at most one alive in a process. Not thread-safe.
#ifndef INTAGLIO_TESTS_SUPPORT_SIM_FIXTURE_H_
#define INTAGLIO_TESTS_SUPPORT_SIM_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/support/softhsm_fixture.h"

namespace intaglio::testing_support {

struct SimulatorOptions {
  std::string persona = "plain";
  // Further fields of SimulatorConfig as text: limits { ... }, fault { ... }, seed: 7.
  std::string fields;
  // 0: what Inject() and Clear() did holds from the very next call.
  uint32_t look_every_milliseconds = 0;
  // The simulator's SoftHSM shares nothing with another use of SoftHSM in this process.
  bool private_copy = false;
};

class SimulatedHsm final {
 public:
  // With the storage key, as the signing core wants its token.
  static StatusOr<std::unique_ptr<SimulatedHsm>> Create(const SimulatorOptions& options = {});
  // Another configuration of the same token, in force from the next C_Initialize. Forgets faults,
  // hits and what the device remembers.
  void Configure(const SimulatorOptions& options);

  // The simulator's library; the token is the one of softhsm().
  const std::string& module_path() const { return module_path_; }
  const std::string& configuration_path() const { return configuration_path_; }
  const SoftHsm& softhsm() const { return *softhsm_; }

  // Adds a fault given as text and answers its id. A fault that is refused fails the test run.
  std::string Inject(const std::string& fault);
  void Clear();
  void Clear(const std::string& id);
  // Moves the device's clock on: idle sessions and times in faults need not be waited for.
  void Advance(uint64_t milliseconds);

  // Lines of the hit log, oldest first; and how many of them are this fault's.
  std::vector<std::string> Hits() const;
  size_t HitsOf(const std::string& id) const;

 private:
  SimulatedHsm() = default;

  std::unique_ptr<SoftHsm> softhsm_;
  TemporaryFolder folder_;
  std::string module_path_;
  std::string configuration_path_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_SIM_FIXTURE_H_
