// SegmentFile: the file that the journal grows at its end. Whole writes or none: after a failure
// the file is cut back to what was durable before, and nothing more is written until it is. Used by
// the journal's writer thread alone.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_SEGMENT_FILE_H_
#define INTAGLIO_APPLIANCE_JOURNAL_SEGMENT_FILE_H_

#include <string>

#include "appliance/state/file_descriptor.h"
#include "appliance/state/owned_directory.h"
#include "base/bytes.h"

namespace intaglio::appliance {

class SegmentFile final {
 public:
  // A new segment; its name is durable on return. An empty file of the name is taken into use: an
  // earlier try may have made it. kJournalUnwritable.
  static StatusOr<SegmentFile> Make(const OwnedDirectory& directory, uint64_t first_sequence);
  // An old one that has `octets` octets of whole entries; what is behind them is cut off.
  // kJournalUnwritable.
  static StatusOr<SegmentFile> Resume(const OwnedDirectory& directory, uint64_t first_sequence,
                                      uint64_t octets);

  uint64_t first_sequence() const { return first_sequence_; }
  uint64_t size() const { return size_; }
  // On disk when OK; nothing is added when it fails. kJournalUnwritable; the next call may do.
  Status Append(ByteView octets);

 private:
  SegmentFile(FileDescriptor fd, std::string path, uint64_t first_sequence, uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), first_sequence_(first_sequence), size_(size) {}
  Status WriteAll(ByteView octets);
  Status CutBack();

  FileDescriptor fd_;
  std::string path_;
  uint64_t first_sequence_;
  uint64_t size_;
  bool uncut_ = false;  // octets of a failed write may still stand behind size_
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_SEGMENT_FILE_H_
