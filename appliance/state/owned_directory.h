// OwnedDirectory: a directory that this process alone works in.
//
// The row store and the journal each assume one writer; a second core started by mistake on the
// same directory would fork the chain. So the directory is locked for as long as this object lives,
// and it is refused when its mode or owner lets somebody else in.
#ifndef INTAGLIO_APPLIANCE_STATE_OWNED_DIRECTORY_H_
#define INTAGLIO_APPLIANCE_STATE_OWNED_DIRECTORY_H_

#include <string>

#include "appliance/state/file_descriptor.h"
#include "base/status.h"

namespace intaglio::appliance {

class OwnedDirectory final {
 public:
  // Opens `path`, making it (mode 0700) if its parent exists. kDirectoryInUse while another
  // OwnedDirectory holds it, in this process or another; kDirectoryUnusable.
  static StatusOr<OwnedDirectory> Open(const std::string& path);

  const std::string& path() const { return path_; }
  // For openat(2) and its like; stays owned here.
  int fd() const { return fd_.get(); }
  // Makes names created or removed in the directory durable. kDirectoryUnusable.
  Status Sync() const;

 private:
  OwnedDirectory(std::string path, FileDescriptor fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  FileDescriptor fd_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_OWNED_DIRECTORY_H_
