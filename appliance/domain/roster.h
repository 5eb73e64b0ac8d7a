// Roster: who commands this core. One SPKI holds one role and stands once.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_ROSTER_H_
#define INTAGLIO_APPLIANCE_DOMAIN_ROSTER_H_

#include <optional>
#include <string>
#include <vector>

#include "appliance/domain/ids.h"
#include "base/clock.h"

namespace intaglio::appliance {

enum class Role { kSecurityOfficer, kRegistrationOfficer, kRevocationOfficer, kAuditor };

// A person is a name; during an overlap one person's old key and new key both stand.
struct Officer {
  OfficerId id;
  Role role = Role::kAuditor;
  std::string name;
  Bytes spki;
  WallTime until{};  // the key counts before then; 0: until it is taken off
};

// The certified configuration the core claims to be. [EN 319 411-2 SDP-6.5.1-02]
struct QscdEntry {
  std::string entry_id;
  WallTime valid_until;
};

// A host certificate the link accepts.
struct PinnedHost {
  Digest certificate_sha256{};
  WallTime until{};  // 0: until it is taken off
};

// A program the officers let take over the state.
struct ApprovedUpgrade {
  std::string from_version;
  std::string to_version;
  Digest program_sha256{};
};

// Who this core is and what its officers have decided about it. One value, changed as a whole:
// a reader never sees one decision without another of the same command.
struct CoreIdentity {
  CoreInstance instance;
  uint32_t commands_need = 2;
  std::vector<Officer> roster;
  QscdEntry qscd_entry;
  uint32_t instance_epoch = 1;  // higher in a restored core
  uint64_t roster_version = 1;
  Digest configuration_sha256{};           // of the file the core may start with
  std::vector<Bytes> device_roots;         // DER
  std::vector<PinnedHost> pinned_hosts;    // the only ones the link accepts
  std::optional<ApprovedUpgrade> upgrade;  // approved and not carried out yet
  // Restored with neither rows nor a backup, and not opened since: every key is shut.
  bool rows_lost = false;
};

// Whether what ends at `until` (0: never) still counts at `now`.
inline bool Stands(WallTime until, WallTime now) { return until.ms == 0 || now < until; }

// Whether the link accepts a host with this certificate.
inline bool IsPinned(const CoreIdentity& identity, const Digest& certificate_sha256, WallTime now) {
  for (const PinnedHost& each : identity.pinned_hosts) {
    if (each.certificate_sha256 == certificate_sha256 && Stands(each.until, now)) return true;
  }
  return false;
}

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_ROSTER_H_
