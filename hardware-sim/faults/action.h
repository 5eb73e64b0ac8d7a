// Action: what one fault does, checked and ready to be done.
#ifndef INTAGLIO_HARDWARE_SIM_FAULTS_ACTION_H_
#define INTAGLIO_HARDWARE_SIM_FAULTS_ACTION_H_

#include <p11-kit/pkcs11.h>

#include <optional>
#include <variant>

#include "base/bytes.h"
#include "hardware-sim/faults/functions.h"
#include "intaglio/sim/v1/sim.pb.h"

namespace intaglio::sim {

struct Delay {
  uint32_t ms;
  uint32_t jitter_ms;
};
struct Hang {
  uint32_t at_most_ms;
  std::optional<CK_RV> rv;  // none: the call then goes on
};
struct ReturnInstead {
  CK_RV rv;
};
struct ReturnAfterwards {
  CK_RV rv;
};
struct SpoilSignature {
  v1::Spoiling how;
};
struct RepeatSignature {};
struct CorruptValue {
  CK_ATTRIBUTE_TYPE type;
};
struct SetValue {
  CK_ATTRIBUTE_TYPE type;
  Bytes value;
};
struct HideValue {
  CK_ATTRIBUTE_TYPE type;
};
struct CloseSessions {
  v1::SessionScope scope;
};
struct LogOut {};
// 0 in `ms` or `calls`: no such limit.
struct PullToken {
  uint32_t ms;
  uint32_t calls;
  bool other_slot;
};
struct MoveSlots {};
struct FailDevice {
  CK_RV rv;
  uint32_t ms;
  uint32_t calls;
};
struct EndProcess {};
struct RepeatOctet {
  uint8_t octet;
};
struct RefuseObjects {};
struct LetPass {};

using Action =
    std::variant<Delay, Hang, ReturnInstead, ReturnAfterwards, SpoilSignature, RepeatSignature,
                 CorruptValue, SetValue, HideValue, CloseSessions, LogOut, PullToken, MoveSlots,
                 FailDevice, EndProcess, RepeatOctet, RefuseObjects, LetPass>;

// The action of `fault`. kFaultInvalid names the field below `where` that is wrong.
StatusOr<Action> ActionOf(const v1::Fault& fault, const std::string& where);

// The field of v1::Fault it came from, e.g. "return_code"; for the hit log.
std::string_view NameOf(const Action& action);

// Whether it can be done to a call of `function` at all.
bool AppliesTo(const Action& action, Function function);

// The attribute that it falsifies; nothing for other actions.
std::optional<CK_ATTRIBUTE_TYPE> AttributeOf(const Action& action);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_FAULTS_ACTION_H_
