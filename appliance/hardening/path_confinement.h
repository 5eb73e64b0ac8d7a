// Path confinement: Landlock limits which paths this thread, and every thread it starts from here
// on, can open. For good: no step gives a right back.
#ifndef INTAGLIO_APPLIANCE_HARDENING_PATH_CONFINEMENT_H_
#define INTAGLIO_APPLIANCE_HARDENING_PATH_CONFINEMENT_H_

#include <span>
#include <string>

#include "base/status.h"

namespace intaglio::appliance {

enum class PathAccess { kRead, kReadWrite };

// A file, or a folder with all below it. A path that does not exist grants nothing.
struct PathGrant {
  std::string path;
  PathAccess access;
};

// Whether outgoing TCP stays possible; what listens is opened before or after alike.
enum class OutgoingTcp { kForbidden, kAllowed };

// The kernel's Landlock ABI; 0 where it has none, and then nothing is confined. Needs
// RefuseNewPrivileges(). Outgoing TCP is limited from ABI 4 on. kHardeningFailed.
StatusOr<int> ConfinePaths(std::span<const PathGrant> grants, OutgoingTcp outgoing);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HARDENING_PATH_CONFINEMENT_H_
