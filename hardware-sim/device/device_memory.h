// DeviceMemory: what a device remembers without power: how often it was started, and wrong PINs.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_DEVICE_MEMORY_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_DEVICE_MEMORY_H_

#include <p11-kit/pkcs11.h>

#include <string>

#include "base/status.h"
#include "intaglio/sim/v1/sim.pb.h"

namespace intaglio::sim {

// Not thread-safe: the device holds its lock. A change that cannot be written is told on stderr.
class DeviceMemory final {
 public:
  // Reads `path` if it is there; "" remembers nothing beyond this object. kConfigurationInvalid.
  static StatusOr<DeviceMemory> Open(const std::string& path);

  // Counts a start; answers how many there were before.
  uint64_t CountStart();
  uint32_t WrongPins(CK_SLOT_ID slot) const;
  void SetWrongPins(CK_SLOT_ID slot, uint32_t wrong);

 private:
  explicit DeviceMemory(std::string path) : path_(std::move(path)) {}
  void Write() const;

  std::string path_;
  v1::DeviceMemory memory_;
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_DEVICE_MEMORY_H_
