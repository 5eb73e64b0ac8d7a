// Roster: who commands this core. One SPKI holds one role and stands once.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_ROSTER_H_
#define INTAGLIO_APPLIANCE_DOMAIN_ROSTER_H_

#include <string>
#include <vector>

#include "appliance/domain/ids.h"
#include "base/clock.h"

namespace intaglio::appliance {

enum class Role { kSecurityOfficer, kRegistrationOfficer, kRevocationOfficer, kAuditor };

struct Officer {
  OfficerId id;
  Role role = Role::kAuditor;
  std::string name;
  Bytes spki;
};

// The certified configuration the core claims to be. [EN 319 411-2 SDP-6.5.1-02]
struct QscdEntry {
  std::string entry_id;
  WallTime valid_until;
};

// What does not change while the core runs.
struct CoreIdentity {
  CoreInstance instance;
  uint32_t commands_need = 2;
  std::vector<Officer> roster;
  QscdEntry qscd_entry;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_ROSTER_H_
