#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reasons.h"

namespace intaglio {
namespace {

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
  int fd_;
};

std::string WithError(const std::string& path) { return path + ": " + strerror(errno); }

Status CheckTrust(const std::string& path, const struct stat& info, FileTrust trust) {
  if (trust == FileTrust::kAnyMode) return OkStatus();
  if (info.st_uid != 0 && info.st_uid != geteuid()) {
    return Fail(kFileMode, path + " belongs to uid " + std::to_string(info.st_uid) +
                               "; it must belong to root or to the user of this process");
  }
  const mode_t forbidden = trust == FileTrust::kOwnerOnly ? 0077 : 0022;
  if ((info.st_mode & forbidden) != 0) {
    return Fail(kFileMode, path + " is open to others; run chmod " +
                               (trust == FileTrust::kOwnerOnly ? "go-rwx " : "go-w ") + path);
  }
  return OkStatus();
}

}  // namespace

StatusOr<Bytes> ReadFile(const std::string& path, FileTrust trust, size_t max_size) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0)
    return Fail(kFileUnreadable, WithError(path));
  if (!S_ISREG(info.st_mode)) return Fail(kFileUnreadable, path + " is not a regular file");
  RETURN_IF_ERROR(CheckTrust(path, info, trust));
  Bytes out;
  uint8_t buffer[16384];
  for (;;) {
    const ssize_t n = read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(kFileUnreadable, WithError(path));
    if (n == 0) break;
    if (out.size() + static_cast<size_t>(n) > max_size) {
      return Fail(kFileTooLarge, path + " exceeds " + std::to_string(max_size) + " octets");
    }
    out.insert(out.end(), buffer, buffer + n);
  }
  return out;
}

StatusOr<SecretBytes> ReadSecretFile(const std::string& path) {
  ASSIGN_OR_RETURN(Bytes content, ReadFile(path, FileTrust::kOwnerOnly, 4096));
  if (!content.empty() && content.back() == '\n') content.pop_back();
  return SecretBytes::WipeAndTake(content);
}

Status WriteFile(const std::string& path, ByteView content, unsigned mode) {
  const std::string temporary = path + ".new";
  (void)unlink(temporary.c_str());
  {
    Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                         static_cast<mode_t>(mode)));
    if (file.get() < 0) return Fail(kFileUnwritable, WithError(temporary));
    if (fchmod(file.get(), static_cast<mode_t>(mode)) != 0) {
      return Fail(kFileUnwritable, WithError(temporary));
    }
    while (!content.empty()) {
      const ssize_t n = write(file.get(), content.data(), content.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Fail(kFileUnwritable, WithError(temporary));
      content = content.subspan(static_cast<size_t>(n));
    }
    if (fsync(file.get()) != 0) return Fail(kFileUnwritable, WithError(temporary));
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return Fail(kFileUnwritable, WithError(path));
  const std::string folder = path.find('/') == std::string::npos
                                 ? "."
                                 : path.substr(0, std::max<size_t>(1, path.rfind('/')));
  Descriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) (void)fsync(directory.get());
  return OkStatus();
}

}  // namespace intaglio
