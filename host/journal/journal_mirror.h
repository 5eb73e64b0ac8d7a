// JournalMirror: this host's own copy of the core's journal, line by line as the core writes it, so
// that a lost core or a lost database can be rebuilt, and the core may let go of old segments.
//
// What is acknowledged to the core is on this disk. After a crash of either side it goes on where
// its own files end; a line cut off there is fetched again. A core whose journal does not continue
// the copy is refused for good: one of the two has been rewritten, and people must look. One
// thread.
#ifndef INTAGLIO_HOST_JOURNAL_JOURNAL_MIRROR_H_
#define INTAGLIO_HOST_JOURNAL_JOURNAL_MIRROR_H_

#include <memory>
#include <string>

#include "base/status.h"
#include "host/ports/journal_port.h"

namespace intaglio::host {

class JournalMirror final {
 public:
  // Opens or makes the folder (mode 0700). Reads only the newest segment. kJournalGap where the
  // first is missing; kJournalBroken, kJournalUnreadable.
  static StatusOr<std::unique_ptr<JournalMirror>> Open(const std::string& folder,
                                                       JournalPort& core);
  ~JournalMirror();
  JournalMirror(const JournalMirror&) = delete;
  JournalMirror& operator=(const JournalMirror&) = delete;

  // Fetches, checks and stores one batch, and tells the core; how many lines, 0 when it has all.
  // kJournalDiverged, kJournalGap, kJournalUnreadable, the core's Reasons.
  StatusOr<size_t> PullOnce();

  uint64_t last_sequence() const;

 private:
  struct Impl;
  explicit JournalMirror(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_JOURNAL_JOURNAL_MIRROR_H_
