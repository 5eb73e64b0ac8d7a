// LostJournal: the copy of a journal whose core is lost, read and proven line by line.
#ifndef INTAGLIO_APPLIANCE_BACKUP_LOST_JOURNAL_H_
#define INTAGLIO_APPLIANCE_BACKUP_LOST_JOURNAL_H_

#include <functional>
#include <optional>
#include <string>

#include "appliance/domain/checkpoint.h"
#include "appliance/state/stored_instance.h"
#include "intaglio/core/v1/journal.pb.h"

namespace intaglio::appliance {

struct LostJournalEnd {
  Checkpoint last_checkpoint;
  uint64_t unsigned_lines = 0;  // behind it: chained, and vouched for by the officers' head alone
  WallTime last_wall;
};

using LostLineVisitor =
    std::function<Status(const core::v1::JournalEntry& line, const Digest& chain_hash)>;

// Hands every line to `visit`, in order, once it follows from the one before. `path`: a folder of
// segments, the core's own or a host's copy, or one exported file. It must begin at line 1 and end
// at exactly the line that the officers vouched for, with every checkpoint by the key they named:
// kJournalBroken, kCheckpointForged, kSignaturesUncounted, kLostJournalHead, kJournalUnreadable;
// what `visit` fails with.
StatusOr<LostJournalEnd> ReadLostJournal(const std::string& path, const VouchedJournal& vouched,
                                         const LostLineVisitor& visit);

// The line of the journal before that this one goes on from, by its own word, which counts only
// once ReadLostJournal has read it. Nothing if it goes on from none.
StatusOr<std::optional<Digest>> FindLink(const std::string& path);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_LOST_JOURNAL_H_
