#include "appliance/usecases/commands/roster_rules.h"

#include <set>
#include <string>

#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

// People of a role whose key counts without an end.
size_t LastingPeople(const std::vector<Officer>& roster, Role role) {
  std::set<std::string> names;
  for (const Officer& each : roster) {
    if (each.role == role && each.until.ms == 0) names.insert(each.name);
  }
  return names.size();
}

Status Need(const std::vector<Officer>& roster, Role role, size_t least, const std::string& title) {
  const size_t found = LastingPeople(roster, role);
  if (found >= least) return OkStatus();
  return Fail(kRosterUnsafe, std::to_string(found) + " " + title + " without an end date, " +
                                 std::to_string(least) + " are needed");
}

}  // namespace

Status CheckRoster(const std::vector<Officer>& roster, uint32_t commands_need) {
  for (auto each = roster.begin(); each != roster.end(); ++each) {
    for (auto other = roster.begin(); other != each; ++other) {
      if (each->id == other->id) {
        return Fail(kRosterAmbiguous, other->name + " and " + each->name + " have the same key");
      }
      if (each->name == other->name && each->role != other->role) {
        return Fail(kRosterAmbiguous, each->name + " stands under two roles");
      }
    }
  }
  if (commands_need < kLeastCommandsNeed) {
    return Fail(kRosterUnsafe, "commands_need is " + std::to_string(commands_need) +
                                   ", dual control needs at least 2");
  }
  RETURN_IF_ERROR(Need(roster, Role::kSecurityOfficer, commands_need, "security officers"));
  RETURN_IF_ERROR(Need(roster, Role::kRegistrationOfficer, kLeastRegistrationOfficers,
                       "registration officers"));
  return Need(roster, Role::kRevocationOfficer, kLeastRevocationOfficers, "revocation officers");
}

}  // namespace intaglio::appliance
