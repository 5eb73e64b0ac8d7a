// SlotMap: the slot ids the application sees, and the order it sees them in.
//
// Two-way and without memory: an id is changed by a pattern drawn from the seed and the number of
// the move. Move 0 changes nothing.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_SLOT_MAP_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_SLOT_MAP_H_

#include <p11-kit/pkcs11.h>

#include <algorithm>
#include <vector>

#include "hardware-sim/faults/fault_plan.h"

namespace intaglio::sim {

class SlotMap final {
 public:
  explicit SlotMap(uint64_t seed) : seed_(seed) {}

  void MoveTo(uint64_t move) { move_ = move; }
  uint64_t move() const { return move_; }

  CK_SLOT_ID Apparent(CK_SLOT_ID wrapped) const { return wrapped ^ Pattern(); }
  CK_SLOT_ID Wrapped(CK_SLOT_ID apparent) const { return apparent ^ Pattern(); }
  std::vector<CK_SLOT_ID> Apparent(std::vector<CK_SLOT_ID> slots) const {
    for (CK_SLOT_ID& slot : slots) slot = Apparent(slot);
    if (move_ != 0) {
      std::ranges::sort(slots, {}, [this](CK_SLOT_ID slot) { return Draw(seed_ + move_, slot); });
    }
    return slots;
  }

 private:
  // 31 bits: some applications keep slot ids in an int.
  CK_SLOT_ID Pattern() const {
    return move_ == 0 ? 0 : (Draw(seed_ ^ 0x510751075107, move_) & 0x7fffffff) | 1;
  }

  uint64_t seed_;
  uint64_t move_ = 0;
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_SLOT_MAP_H_
