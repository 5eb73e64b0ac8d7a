#include "appliance/state/owned_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>

#include "appliance/state/reasons.h"

namespace intaglio::appliance {
namespace {

std::string WithError(const std::string& path) { return path + ": " + strerror(errno); }

// A new directory is only there after a crash if its parent's entry is on disk.
Status SyncParent(const std::string& path) {
  std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (parent.empty()) parent = ".";
  const FileDescriptor fd(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return Fail(kDirectoryUnusable, WithError(parent));
  return OkStatus();
}

}  // namespace

StatusOr<OwnedDirectory> OwnedDirectory::Open(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) {
    RETURN_IF_ERROR(SyncParent(path));
  } else if (errno != EEXIST) {
    return Fail(kDirectoryUnusable, WithError(path));
  }
  FileDescriptor fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat found {};
  if (!fd.valid() || fstat(fd.get(), &found) != 0) {
    return Fail(kDirectoryUnusable, WithError(path));
  }
  if (found.st_uid != geteuid()) {
    return Fail(kDirectoryUnusable, path + " belongs to uid " + std::to_string(found.st_uid) +
                                        "; it must belong to the user of this process");
  }
  if ((found.st_mode & 0077) != 0) {
    return Fail(kDirectoryUnusable, path + " is open to others; run chmod go-rwx " + path);
  }
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return Fail(kDirectoryInUse, path + " is locked; stop the other process that uses it");
    }
    return Fail(kDirectoryUnusable, WithError(path));
  }
  return OwnedDirectory(path, std::move(fd));
}

Status OwnedDirectory::Sync() const {
  if (fsync(fd_.get()) != 0) return Fail(kDirectoryUnusable, WithError(path_));
  return OkStatus();
}

}  // namespace intaglio::appliance
