#include "appliance/hardening/path_confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "appliance/hardening/reasons.h"

namespace intaglio::appliance {
namespace {

// From ABI 2, 3 and 4 on; older kernel headers do not name them.
constexpr uint64_t kRefer = 1ull << 13, kTruncate = 1ull << 14;
constexpr uint64_t kConnectTcp = 1ull << 1;

struct RulesetAttributes {
  uint64_t paths;
  uint64_t net;
};

constexpr uint64_t kReadRights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kWriteRights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                  kRefer | kTruncate;
// Handled, so forbidden, and never granted.
constexpr uint64_t kNeverGranted = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                   LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                   LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr uint64_t kFileRights =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

class Descriptor final {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

Status Failed(const std::string& what) {
  return Fail(kHardeningFailed, what + ": " + strerror(errno));
}

uint64_t HandledAt(int abi) {
  uint64_t all = kReadRights | kWriteRights | kNeverGranted;
  if (abi < 2) all &= ~kRefer;
  if (abi < 3) all &= ~kTruncate;
  return all;
}

Status Grant(int ruleset, const PathGrant& grant, uint64_t handled) {
  if (grant.path.empty()) return OkStatus();
  const Descriptor path(open(grant.path.c_str(), O_PATH | O_CLOEXEC));
  if (path.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return OkStatus();
    return Failed(grant.path);
  }
  struct stat found {};
  if (fstat(path.get(), &found) != 0) return Failed(grant.path);
  landlock_path_beneath_attr rule{};
  rule.parent_fd = path.get();
  rule.allowed_access =
      grant.access == PathAccess::kRead ? kReadRights : kReadRights | kWriteRights;
  rule.allowed_access &= handled;
  if (!S_ISDIR(found.st_mode)) rule.allowed_access &= kFileRights;
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return Failed(grant.path);
  }
  return OkStatus();
}

}  // namespace

StatusOr<int> ConfinePaths(std::span<const PathGrant> grants, OutgoingTcp outgoing) {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return 0;
  RulesetAttributes attributes{HandledAt(static_cast<int>(abi)), 0};
  const bool net = abi >= 4 && outgoing == OutgoingTcp::kForbidden;
  if (net) attributes.net = kConnectTcp;
  const size_t size = abi >= 4 ? sizeof attributes : sizeof attributes.paths;
  const Descriptor ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (ruleset.get() < 0) return Failed("landlock_create_ruleset");
  for (const PathGrant& each : grants) {
    RETURN_IF_ERROR(Grant(ruleset.get(), each, attributes.paths));
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return Failed("landlock_restrict_self");
  }
  return static_cast<int>(abi);
}

}  // namespace intaglio::appliance
