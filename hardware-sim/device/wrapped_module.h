// WrappedModule: the real PKCS#11 module behind the simulated device.
//
// Loaded once and kept until the process ends: what it registered (handlers at exit, threads) must
// find its code.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_WRAPPED_MODULE_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_WRAPPED_MODULE_H_

#include <p11-kit/pkcs11.h>

#include "base/status.h"
#include "intaglio/sim/v1/sim.pb.h"

namespace intaglio::sim {

class WrappedModule final {
 public:
  // kWrappedUnusable names wrapped.module and what the loader said.
  static StatusOr<WrappedModule> Load(const v1::WrappedModule& config);

  const CK_FUNCTION_LIST& functions() const { return *functions_; }
  // C_Initialize with the configured environment around it. Not thread-safe, as setenv(3) is not.
  CK_RV Initialize(void* args) const;

 private:
  WrappedModule(v1::WrappedModule config, const CK_FUNCTION_LIST* functions)
      : config_(std::move(config)), functions_(functions) {}

  v1::WrappedModule config_;
  const CK_FUNCTION_LIST* functions_;
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_WRAPPED_MODULE_H_
