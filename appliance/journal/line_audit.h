// LineAudit: what the lines themselves claim, checked against each other: every checkpoint is by
// the core's JOURNAL key, names the line before it, and counts the signatures of the lines since
// the last one. Beside ChainVerifier, which shows that nothing was changed. Opening and verifying
// both rest on it. Not thread-safe.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_LINE_AUDIT_H_
#define INTAGLIO_APPLIANCE_JOURNAL_LINE_AUDIT_H_

#include <map>
#include <optional>

#include "appliance/journal/entry_codec.h"

namespace intaglio::appliance {

// Signatures by key.
using UseCounts = std::map<Bytes, uint64_t>;

// Where the lines begin: a part that begins between two checkpoints has not seen all that the
// first one counts.
enum class AuditFrom { kFirstLine, kLaterLine };

class LineAudit final {
 public:
  // `journal_spki`: DER; empty to take it from the first checkpoint that has it.
  LineAudit(Bytes journal_spki, AuditFrom from) : spki_(std::move(journal_spki)), from_(from) {}

  // The next line, already chained. kCheckpointForged, kSignaturesUncounted, each naming the line.
  Status Add(const EntryFacts& facts);

  uint64_t checkpoints() const { return checkpoints_; }
  const std::optional<Checkpoint>& last() const { return last_; }
  uint64_t last_line() const { return last_ ? last_->sequence + 1 : 0; }
  // Since the last checkpoint, or since the beginning.
  const UseCounts& uses() const { return uses_; }
  uint64_t lines_since() const { return lines_since_; }
  uint64_t signatures() const { return signatures_; }
  const Bytes& journal_spki() const { return spki_; }

 private:
  Status CheckSeal(const EntryFacts& facts);
  Status CheckCounts(const EntryFacts& facts);

  Bytes spki_;
  const AuditFrom from_;
  std::optional<Checkpoint> last_;
  uint64_t checkpoints_ = 0;
  uint64_t lines_since_ = 0;
  bool restored_ = false;  // a core may take over another's identity by a line that says so
  uint64_t signatures_ = 0;
  UseCounts uses_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_LINE_AUDIT_H_
