#include "appliance/journal/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "appliance/journal/journal_scan.h"
#include "appliance/journal/reasons.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

Status Unwritable(const std::string& path, const char* act) {
  return Fail(kJournalUnwritable, path + ": " + act + ": " + strerror(errno) +
                                      "; the core goes on once the disk can be written");
}

}  // namespace

StatusOr<SegmentFile> SegmentFile::Make(const OwnedDirectory& directory, uint64_t first_sequence) {
  const std::string name = SegmentName(first_sequence);
  const std::string path = directory.path() + "/" + name;
  FileDescriptor fd(
      openat(directory.fd(), name.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat found {};
  if (!fd.valid() || fstat(fd.get(), &found) != 0) return Unwritable(path, "making a segment");
  if (!S_ISREG(found.st_mode) || found.st_size != 0) {
    errno = EEXIST;
    return Unwritable(path, "making a segment");
  }
  if (fsync(directory.fd()) != 0) return Unwritable(path, "syncing its directory");
  return SegmentFile(std::move(fd), path, first_sequence, 0);
}

StatusOr<SegmentFile> SegmentFile::Resume(const OwnedDirectory& directory, uint64_t first_sequence,
                                          uint64_t octets) {
  const std::string name = SegmentName(first_sequence);
  const std::string path = directory.path() + "/" + name;
  FileDescriptor fd(openat(directory.fd(), name.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return Unwritable(path, "opening a segment");
  if (ftruncate(fd.get(), static_cast<off_t>(octets)) != 0) return Unwritable(path, "cutting");
  // Entries that were written but not synced before a crash are part of the chain from now on.
  if (fsync(fd.get()) != 0) return Unwritable(path, "syncing");
  return SegmentFile(std::move(fd), path, first_sequence, octets);
}

Status SegmentFile::Append(ByteView octets) {
  if (uncut_) RETURN_IF_ERROR(CutBack());
  Status written = WriteAll(octets);
  if (written.ok() && fdatasync(fd_.get()) != 0) written = Unwritable(path_, "syncing");
  if (!written.ok()) {
    uncut_ = true;
    const Status cut = CutBack();
    if (!cut.ok()) LogFailure("journal.cut-back-failed", cut);
    return written;
  }
  size_ += octets.size();
  return OkStatus();
}

Status SegmentFile::WriteAll(ByteView octets) {
  uint64_t at = size_;
  while (!octets.empty()) {
    const ssize_t n = pwrite(fd_.get(), octets.data(), octets.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Unwritable(path_, "writing");
    at += static_cast<uint64_t>(n);
    octets = octets.subspan(static_cast<size_t>(n));
  }
  return OkStatus();
}

// Nothing here was acknowledged. Cutting inside a page makes the kernel write that page anew, so
// this sync also says whether the octets before the cut are safe after a sync that failed. If the
// process ends before the cut succeeds, the next start finds a torn tail, or whole entries that
// nobody was told of, and both are sound.
Status SegmentFile::CutBack() {
  if (ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) return Unwritable(path_, "cutting");
  if (fdatasync(fd_.get()) != 0) return Unwritable(path_, "syncing");
  uncut_ = false;
  return OkStatus();
}

}  // namespace intaglio::appliance
