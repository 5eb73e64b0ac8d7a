#include "appliance/backup/swap_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/backup/reasons.h"

namespace intaglio::appliance {

Status SwapFolders(const std::string& one, const std::string& other, const std::string& parent) {
  if (renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) != 0) {
    return Fail(kSwapFailed, one + " and " + other + ": " + strerror(errno));
  }
  const int folder = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool durable = folder >= 0 && fsync(folder) == 0;
  if (folder >= 0) close(folder);
  if (!durable) return Fail(kSwapFailed, parent + ": " + strerror(errno));
  return OkStatus();
}

}  // namespace intaglio::appliance
