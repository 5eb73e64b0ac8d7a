// Personas: named limits, each a kind of device that applications meet.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_PERSONA_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_PERSONA_H_

#include <span>
#include <string_view>

#include "base/status.h"
#include "intaglio/sim/v1/sim.pb.h"

namespace intaglio::sim {

struct Persona {
  std::string_view name;
  std::string_view meaning;  // one line
  std::string_view limits;   // as text of v1::Limits
};
std::span<const Persona> Personas();

// The limits of the persona of that name ("" is plain), with every field of `changes` in their
// place. kConfigurationInvalid names `persona` or the field of `limits`.
StatusOr<v1::Limits> LimitsOf(const std::string& persona, const v1::Limits& changes);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_PERSONA_H_
