#include "hardware-sim/device/device_memory.h"

#include "base/file.h"
#include "base/log.h"
#include "hardware-sim/faults/live_faults.h"
#include "hardware-sim/faults/text_form.h"

namespace intaglio::sim {

StatusOr<DeviceMemory> DeviceMemory::Open(const std::string& path) {
  DeviceMemory out(path);
  if (path.empty() || !StampOf(path).exists) return out;
  ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, FileTrust::kNotWritable, 1 << 20));
  RETURN_IF_ERROR(ParseText(AsStringView(content), "device_memory " + path, out.memory_));
  return out;
}

uint64_t DeviceMemory::CountStart() {
  const uint64_t before = memory_.starts();
  memory_.set_starts(before + 1);
  Write();
  return before;
}

uint32_t DeviceMemory::WrongPins(CK_SLOT_ID slot) const {
  for (const auto& pin : memory_.pin()) {
    if (pin.slot() == slot) return pin.wrong();
  }
  return 0;
}

void DeviceMemory::SetWrongPins(CK_SLOT_ID slot, uint32_t wrong) {
  if (WrongPins(slot) == wrong) return;
  for (auto& pin : *memory_.mutable_pin()) {
    if (pin.slot() == slot) {
      pin.set_wrong(wrong);
      return Write();
    }
  }
  auto* pin = memory_.add_pin();
  pin->set_slot(slot);
  pin->set_wrong(wrong);
  Write();
}

void DeviceMemory::Write() const {
  if (path_.empty()) return;
  const Status status = WriteFile(path_, AsBytes(PrintText(memory_, Layout::kIndented)), 0600);
  if (!status.ok()) LogFailure("hsmsim.device_memory", status);
}

}  // namespace intaglio::sim
