#include "hardware-sim/pkcs11/process.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "hardware-sim/faults/reasons.h"

namespace intaglio::sim {
namespace {

constexpr char kVariable[] = "INTAGLIO_HSMSIM_CONF";

std::atomic<Simulator*> g_active{nullptr};

// Made at the first use and never taken down: threads may still call while a process exits, and a
// call that was in flight at a change of configuration must find its simulator.
struct Lifecycle {
  std::mutex mutex;
  std::vector<std::unique_ptr<Simulator>> all;
  Simulator* current = nullptr;
};

Lifecycle& TheLifecycle() {
  static Lifecycle* const lifecycle = new Lifecycle();
  return *lifecycle;
}

void PrepareFork() {
  TheLifecycle().mutex.lock();
  if (Simulator* current = TheLifecycle().current) current->PrepareFork();
}
void AfterForkInParent() {
  if (Simulator* current = TheLifecycle().current) current->AfterForkInParent();
  TheLifecycle().mutex.unlock();
}
void AfterForkInChild() {
  if (Simulator* current = TheLifecycle().current) current->AfterForkInChild();
  TheLifecycle().mutex.unlock();
}

// A file beside this copy of the module, named like it, comes first: so two simulators can run in
// one process.
StatusOr<std::string> ConfigurationPath() {
  Dl_info here{};
  if (dladdr(reinterpret_cast<const void*>(&g_active), &here) != 0 && here.dli_fname != nullptr) {
    const std::string beside = std::string(here.dli_fname) + ".textproto";
    if (beside.front() == '/' && access(beside.c_str(), F_OK) == 0) return beside;
  }
  const char* named = getenv(kVariable);
  if (named != nullptr && *named != 0) return std::string(named);
  return Fail(kConfigurationInvalid,
              std::string(kVariable) + " is not set: it must name the simulator's configuration");
}

StatusOr<Simulator*> SimulatorNow(Lifecycle& lifecycle) {
  ASSIGN_OR_RETURN(const std::string path, ConfigurationPath());
  ASSIGN_OR_RETURN(Settings settings, ReadSettings(path));
  const bool same = lifecycle.current != nullptr &&
                    lifecycle.current->settings().path == settings.path &&
                    lifecycle.current->settings().text == settings.text;
  if (!same) {
    ASSIGN_OR_RETURN(auto made, Simulator::Create(std::move(settings)));
    if (lifecycle.all.empty()) pthread_atfork(PrepareFork, AfterForkInParent, AfterForkInChild);
    lifecycle.current = made.get();
    lifecycle.all.push_back(std::move(made));
  }
  return lifecycle.current;
}

}  // namespace

Simulator* ActiveSimulator() { return g_active.load(std::memory_order_acquire); }

CK_RV InitializeProcess(void* args) {
  Lifecycle& lifecycle = TheLifecycle();
  std::lock_guard lock(lifecycle.mutex);
  if (Simulator* active = ActiveSimulator()) {
    return active->lost_by_fork() ? active->Initialize(args) : active->wrapped().C_Initialize(args);
  }
  const auto simulator = SimulatorNow(lifecycle);
  if (!simulator.ok()) {
    LogFailure("hsmsim.configuration", simulator.status());
    return CKR_GENERAL_ERROR;
  }
  const CK_RV rv = (*simulator)->Initialize(args);
  if (rv == CKR_OK) g_active.store(*simulator, std::memory_order_release);
  if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
    LogWarn("hsmsim.wrapped",
            {{"advice", "this process uses the wrapped module itself: set wrapped.private_copy"}});
  }
  return rv;
}

CK_RV FinalizeProcess(void* reserved) {
  Lifecycle& lifecycle = TheLifecycle();
  std::lock_guard lock(lifecycle.mutex);
  Simulator* active = ActiveSimulator();
  if (active == nullptr) return CKR_CRYPTOKI_NOT_INITIALIZED;
  const CK_RV rv = active->Finalize(reserved);
  if (rv == CKR_OK) g_active.store(nullptr, std::memory_order_release);
  return rv;
}

}  // namespace intaglio::sim
