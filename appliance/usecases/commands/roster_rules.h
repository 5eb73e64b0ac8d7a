// RosterRules: may these people command and run this core? Pure.
#ifndef INTAGLIO_APPLIANCE_USECASES_COMMANDS_ROSTER_RULES_H_
#define INTAGLIO_APPLIANCE_USECASES_COMMANDS_ROSTER_RULES_H_

#include <cstdint>
#include <vector>

#include "appliance/domain/roster.h"
#include "base/status.h"

namespace intaglio::appliance {

inline constexpr uint32_t kLeastCommandsNeed = 2;  // dual control [EN 419 241-1]
inline constexpr size_t kLeastRegistrationOfficers = 2;
inline constexpr size_t kLeastRevocationOfficers = 1;

// kRosterAmbiguous: a key stands twice, or one name under two roles. kRosterUnsafe: without the
// entries that have an end there are too few people of a role; so no roster locks the core out when
// dates pass. Two keys of one name are one person.
Status CheckRoster(const std::vector<Officer>& roster, uint32_t commands_need);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_COMMANDS_ROSTER_RULES_H_
