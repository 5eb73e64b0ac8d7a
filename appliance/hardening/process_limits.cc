#include "appliance/hardening/process_limits.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "appliance/hardening/reasons.h"

namespace intaglio::appliance {
namespace {

// Record keys, MAC key, PINs and the link's key at once, each in pages of its own.
constexpr size_t kSecretOctets = 256 * 1024;

Status Failed(const char* what) {
  return Fail(kHardeningFailed, std::string(what) + ": " + strerror(errno));
}

}  // namespace

bool ConfinementBuilt() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
  return false;
#else
  return true;
#endif
#else
  return true;
#endif
}

Status RefuseNewPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("PR_SET_NO_NEW_PRIVS");
  return OkStatus();
}

Status ForbidDumps() {
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Failed("PR_SET_DUMPABLE");
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return Failed("RLIMIT_CORE");
  return OkStatus();
}

StatusOr<MemoryLock> LockMemory() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return Failed("RLIMIT_MEMLOCK");
  // On fault alone: the rows' map is large and mostly empty.
  if (limit.rlim_cur == RLIM_INFINITY && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) {
    return MemoryLock::kAll;
  }
  void* probe =
      mmap(nullptr, kSecretOctets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) return Failed("mmap");
  const bool locked = mlock(probe, kSecretOctets) == 0;
  const int error = errno;
  munmap(probe, kSecretOctets);
  if (locked) return MemoryLock::kSecrets;
  return Fail(kHardeningFailed, "256 KiB of memory cannot be locked: " +
                                    std::string(strerror(error)) + "; raise LimitMEMLOCK");
}

}  // namespace intaglio::appliance
