#include "host/journal/journal_mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/journal/journal_chain.h"
#include "host/journal/journal_files.h"
#include "host/journal/reasons.h"

namespace intaglio::host {
namespace {

constexpr uint32_t kBatch = 1000;
constexpr uint64_t kSegmentOctets = uint64_t{64} << 20;

Status Unwritable(const std::string& path) {
  return Fail(kJournalUnreadable, path + ": " + strerror(errno));
}

// A file open for appending, closed with it.
class AppendFile final {
 public:
  AppendFile() = default;
  ~AppendFile() { Close(); }
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // A new one. What is there already is never overwritten: it may be all there is.
  Status Make(const std::string& folder, const std::string& path) {
    return Open(folder, path, 0, O_CREAT | O_EXCL);
  }
  // One that is there, cut to `octets`.
  Status Reopen(const std::string& folder, const std::string& path, uint64_t octets) {
    return Open(folder, path, octets, 0);
  }
  bool is_open() const { return fd_ >= 0; }
  uint64_t size() const { return size_; }
  // Durable when OK; else nothing of it stays.
  Status Append(ByteView octets) {
    uint64_t at = size_;
    while (!octets.empty()) {
      const ssize_t n = pwrite(fd_, octets.data(), octets.size(), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return CutBack();
      at += static_cast<uint64_t>(n);
      octets = octets.subspan(static_cast<size_t>(n));
    }
    if (fdatasync(fd_) != 0) return CutBack();
    size_ = at;
    return OkStatus();
  }

 private:
  Status Open(const std::string& folder, const std::string& path, uint64_t octets, int how) {
    Close();
    path_ = path;
    size_ = octets;
    fd_ = open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | how, 0600);
    if (fd_ < 0 || ftruncate(fd_, static_cast<off_t>(octets)) != 0) return Unwritable(path);
    const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = directory >= 0 && fsync(directory) == 0;
    if (directory >= 0) close(directory);
    return synced ? OkStatus() : Unwritable(folder);
  }
  Status CutBack() {
    const Status why = Unwritable(path_);
    // If this fails too, the next start finds a torn or an extra line, and both are sound.
    (void)!ftruncate(fd_, static_cast<off_t>(size_));
    return why;
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
  uint64_t size_ = 0;
  std::string path_;
};

}  // namespace

struct JournalMirror::Impl {
  Impl(std::string in, JournalPort& from) : folder(std::move(in)), core(from) {}

  const std::string folder;
  JournalPort& core;
  JournalChain chain;
  AppendFile file;
};

JournalMirror::JournalMirror(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalMirror::~JournalMirror() = default;

StatusOr<std::unique_ptr<JournalMirror>> JournalMirror::Open(const std::string& folder,
                                                             JournalPort& core) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Unwritable(folder);
  auto impl = std::make_unique<Impl>(folder, core);
  ASSIGN_OR_RETURN(const auto segments, ListJournal(folder));
  if (!segments.empty()) {
    if (segments.front().first_sequence != 1) {
      return Fail(kJournalGap,
                  folder + " begins with line " + std::to_string(segments.front().first_sequence) +
                      "; put the files before it back, or give journal_dir a new folder");
    }
    const JournalSegment& newest = segments.back();
    JournalChain chain;
    ASSIGN_OR_RETURN(const SegmentEnd end, ReadSegment(newest.path, [&](ByteView line) {
                       return chain.Add(line).status();
                     }));
    if (end.octets == 0) {
      // The core had begun this segment and nothing of it arrived; the one before is the newest.
      if (unlink(newest.path.c_str()) != 0) return Unwritable(newest.path);
      return Open(folder, core);
    }
    impl->chain = chain;
    RETURN_IF_ERROR(impl->file.Reopen(folder, newest.path, end.octets));
  }
  return std::unique_ptr<JournalMirror>(new JournalMirror(std::move(impl)));
}

StatusOr<size_t> JournalMirror::PullOnce() {
  Impl& i = *impl_;
  const uint64_t from = i.chain.last_sequence() + 1;
  ASSIGN_OR_RETURN(const JournalPort::Part part, i.core.ReadPart(from, kBatch));
  if (part.last_sequence + 1 < from) {
    return Fail(kJournalDiverged, "the core's last line is " + std::to_string(part.last_sequence) +
                                      ", this host holds " + std::to_string(from - 1));
  }
  if (part.lines.empty()) {
    if (part.last_sequence < from) return size_t{0};
    return Fail(kJournalGap, "line " + std::to_string(from) +
                                 " was asked for, the core's last is " +
                                 std::to_string(part.last_sequence));
  }
  JournalChain chain = i.chain;
  Bytes framed;
  for (const Bytes& line : part.lines) {
    const auto entry = chain.Add(line);
    if (!entry.ok()) return Fail(kJournalDiverged, DetailOf(entry.status()));
    const Bytes frame = FrameLine(line);
    framed.insert(framed.end(), frame.begin(), frame.end());
  }
  if (from == 1 && chain.last_sequence() != part.lines.size()) {
    return Fail(kJournalGap, "the core's first line is not line 1");
  }
  if (!i.file.is_open() || i.file.size() >= kSegmentOctets) {
    RETURN_IF_ERROR(i.file.Make(i.folder, i.folder + "/" + JournalSegmentName(from)));
  }
  RETURN_IF_ERROR(i.file.Append(framed));
  i.chain = chain;
  RETURN_IF_ERROR(i.core.ConfirmExport(chain.last_sequence(), chain.head()));
  return part.lines.size();
}

uint64_t JournalMirror::last_sequence() const { return impl_->chain.last_sequence(); }

}  // namespace intaglio::host
