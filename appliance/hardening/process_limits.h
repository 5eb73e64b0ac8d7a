// Process limits: what the core gives up before it reads any secret. Each step stands alone, so a
// test can try it alone; the daemon takes all of them, for good.
#ifndef INTAGLIO_APPLIANCE_HARDENING_PROCESS_LIMITS_H_
#define INTAGLIO_APPLIANCE_HARDENING_PROCESS_LIMITS_H_

#include "base/status.h"

namespace intaglio::appliance {

// Whether the steps that limit system calls and paths are taken: sanitizers need more than the
// core.
bool ConfinementBuilt();

// No program started from here gains rights. kHardeningFailed.
Status RefuseNewPrivileges();
// No core dump, and no other process of this user may look into this one. kHardeningFailed.
Status ForbidDumps();

enum class MemoryLock {
  kAll,      // every page, once it is touched
  kSecrets,  // the pages of SecretBytes alone
};
// Keeps memory out of the swap: all of it where RLIMIT_MEMLOCK is unlimited, else secrets alone.
// kHardeningFailed if not even those can be locked.
StatusOr<MemoryLock> LockMemory();

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HARDENING_PROCESS_LIMITS_H_
