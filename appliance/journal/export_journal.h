// ExportJournal: what a host has of the journal, by its own word, and what the core says of the
// journal's keeping. A host's word only ever lets the operator remove old segments.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_EXPORT_JOURNAL_H_
#define INTAGLIO_APPLIANCE_JOURNAL_EXPORT_JOURNAL_H_

#include <mutex>
#include <string>

#include "appliance/journal/file_journal.h"
#include "appliance/state/lmdb_state.h"

namespace intaglio::appliance {

class ExportJournal final {
 public:
  // `anchor_kind` as AnchorPort says it. Both others outlive this.
  ExportJournal(FileJournal& journal, LmdbState& state, std::string anchor_kind)
      : journal_(journal), state_(state), anchor_kind_(std::move(anchor_kind)) {}

  // The host has every line up to `sequence`, whose chain hash is this. Kept over a restart when
  // OK; a lower sequence than before changes nothing. kExportDiffers; the journal's and the rows'
  // Reasons. Thread-safe.
  Status Confirm(uint64_t sequence, const Digest& chain_hash);
  // 0 before the first. The rows' Reasons.
  StatusOr<uint64_t> ExportedSequence();
  const std::string& anchor_kind() const { return anchor_kind_; }
  // Of the journal's file system, 0 to 100. kJournalUnreadable.
  StatusOr<uint32_t> FreePercent() const;

  // Removes the segments whose every line is below `before`, oldest first; how many. kPruneRefused
  // for lines that no host has confirmed or no checkpoint covers. One line tells of it.
  StatusOr<size_t> Prune(uint64_t before);

 private:
  FileJournal& journal_;
  LmdbState& state_;
  const std::string anchor_kind_;
  std::mutex mutex_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_EXPORT_JOURNAL_H_
