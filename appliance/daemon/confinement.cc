#include "appliance/daemon/confinement.h"

#include <stdlib.h>

#include <filesystem>
#include <vector>

#include "appliance/daemon/pin_source.h"
#include "appliance/hardening/path_confinement.h"
#include "appliance/hardening/process_limits.h"
#include "appliance/hardening/system_calls.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxSoftHsmConf = 16 * 1024;

// Libraries, and what the C library and OpenSSL inside a token's module read.
constexpr const char* kSystemPaths[] = {"/usr",
                                        "/lib",
                                        "/lib64",
                                        "/etc/ld.so.cache",
                                        "/etc/localtime",
                                        "/etc/ssl",
                                        "/etc/softhsm",
                                        "/dev/null",
                                        "/dev/urandom",
                                        "/dev/random",
                                        "/proc/self",
                                        "/proc/self/exe",
                                        "/sys/devices/system/cpu"};

std::string FolderOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

// Where SoftHSM keeps its tokens: "directories.tokendir = PATH".
std::string SoftHsmTokens(const std::string& conf) {
  const auto content = ReadFile(conf, FileTrust::kAnyMode, kMaxSoftHsmConf);
  if (!content.ok()) return {};
  const std::string text(AsString(*content));
  constexpr std::string_view kName = "directories.tokendir";
  const size_t at = text.find(kName);
  if (at == std::string::npos) return {};
  const std::string line = text.substr(at + kName.size(), text.find('\n', at) - at - kName.size());
  const size_t from = line.find_first_not_of(" \t=");
  const size_t to = line.find_last_not_of(" \t\r");
  return from == std::string::npos ? std::string() : line.substr(from, to - from + 1);
}

void GrantToken(const TokenSettings& token, std::vector<PathGrant>& grants) {
  grants.push_back({token.module, PathAccess::kRead});
  grants.push_back({PinFileOf(token), PathAccess::kRead});
  std::string conf = token.softhsm_conf;
  if (const char* set = getenv("SOFTHSM2_CONF"); conf.empty() && set != nullptr) conf = set;
  if (conf.empty()) return;
  grants.push_back({conf, PathAccess::kRead});
  grants.push_back({SoftHsmTokens(conf), PathAccess::kReadWrite});
}

bool TpmOverNetwork(const CoreSettings& settings) {
  return settings.journal.tpm && (settings.journal.tpm->tcti.find("host=") != std::string::npos ||
                                  settings.journal.tpm->tcti.find("port=") != std::string::npos);
}

std::vector<PathGrant> GrantsOf(const CoreSettings& settings) {
  std::vector<PathGrant> grants;
  for (const char* each : kSystemPaths) grants.push_back({each, PathAccess::kRead});
  grants.push_back({settings.state_dir, PathAccess::kReadWrite});
  GrantToken(settings.token, grants);
  for (const TokenSettings& each : settings.standby_tokens) GrantToken(each, grants);
  if (!settings.link.unix_socket.empty()) {
    grants.push_back({FolderOf(settings.link.unix_socket), PathAccess::kReadWrite});
  }
  if (settings.journal.tpm) {
    const std::string& tcti = settings.journal.tpm->tcti;
    // "device:/dev/tpmrm0", "swtpm:path=/run/tpm"
    const size_t slash = tcti.find('/');
    if (slash != std::string::npos) grants.push_back({tcti.substr(slash), PathAccess::kReadWrite});
  }
  return grants;
}

}  // namespace

Status Confine(const CoreSettings& settings) {
  RETURN_IF_ERROR(ForbidDumps());
  RETURN_IF_ERROR(RefuseNewPrivileges());
  if (!ConfinementBuilt()) {
    LogWarn("core.not_confined", {{"why", "built with a sanitizer"}});
    return OkStatus();
  }
  const auto locked = LockMemory();
  if (!locked.ok() && settings.boundary == BoundaryKind::kProduction) return locked.status();
  const std::string memory = !locked.ok()                      ? "not locked"
                             : *locked == MemoryLock::kSecrets ? "secrets locked"
                                                               : "all locked";
  if (!locked.ok()) LogFailure("core.memory_not_locked", locked.status());
  const auto outgoing = TpmOverNetwork(settings) ? OutgoingTcp::kAllowed : OutgoingTcp::kForbidden;
  ASSIGN_OR_RETURN(const int abi, ConfinePaths(GrantsOf(settings), outgoing));
  if (abi == 0) LogWarn("core.no_landlock", {{"why", "the kernel has none"}});
  RETURN_IF_ERROR(FilterSystemCalls());
  LogInfo("core.confined",
          {{"memory", memory}, {"landlock_abi", std::to_string(abi)}, {"seccomp", "on"}});
  return OkStatus();
}

Status ConfineNetwork(const CoreSettings& settings) {
  if (!ConfinementBuilt() || TpmOverNetwork(settings)) return OkStatus();
  return ForbidNewNetworkSockets();
}

}  // namespace intaglio::appliance
