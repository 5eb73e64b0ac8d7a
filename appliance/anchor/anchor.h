// Anchor: what remembers the journal's end where a copy of the disk does not bring it back.
//
// Beside the journal, never instead of it: the anchor holds one mark, of the newest checkpoint.
// Each checkpoint is written to the journal first and told to the anchor then, and the next one is
// not written before the anchor knows of this one. So after a crash the journal is at the anchor's
// checkpoint or one further, and anything else is somebody's doing.
#ifndef INTAGLIO_APPLIANCE_ANCHOR_ANCHOR_H_
#define INTAGLIO_APPLIANCE_ANCHOR_ANCHOR_H_

#include <optional>
#include <string_view>

#include "appliance/domain/checkpoint.h"
#include "base/status.h"

namespace intaglio::appliance {

struct AnchorMark {
  uint64_t counter = 0;     // one more with each checkpoint; never goes back
  uint64_t boot_count = 0;  // of the core's start that set it
  uint64_t sequence = 0;    // of the checkpoint's own line; 0: no checkpoint yet
  Digest chain_hash{};      // of that line
  friend bool operator==(const AnchorMark&, const AnchorMark&) = default;
};

class AnchorPort {
 public:
  virtual ~AnchorPort() = default;
  // "token-object" or "tpm-nv": checkpoints and status name it.
  virtual std::string_view kind() const = 0;
  // Makes the anchor, or takes over one that an earlier core left; its mark then has no line.
  // kAnchorUnavailable, kAnchorBroken.
  virtual Status Found() = 0;
  // The mark; nothing if no anchor was founded here. kAnchorUnavailable, kAnchorBroken.
  virtual StatusOr<std::optional<AnchorMark>> Read() = 0;
  // `mark.counter` is one more than the anchor's, else kAnchorBroken. kAnchorUnavailable.
  virtual Status Advance(const AnchorMark& mark) = 0;
};

// 60 octets: "IJA1" ‖ counter ‖ boot count ‖ sequence, 8 octets each, big-endian ‖ chain hash.
inline constexpr size_t kMarkOctets = 60;
Bytes EncodeMark(const AnchorMark& mark);
// kAnchorBroken.
StatusOr<AnchorMark> DecodeMark(ByteView octets);

// Whether the anchor's mark and the journal's last checkpoint (if it has any) belong together, and
// the rows' boot count with them. That the mark's line is in the journal is for FileJournal::Open.
// kAnchorMissing, kAnchorBehind, kAnchorBroken, kRowsRolledBack, each saying what to do. OK without
// a mark where the journal has no checkpoint under an anchor of this kind: then one may be founded.
struct AnchorCase {
  std::string_view kind;
  const std::optional<AnchorMark>& mark;
  const std::optional<Checkpoint>& last_checkpoint;
  uint64_t rows_boot_count = 0;  // of the last start the rows know of
};
Status CheckAnchor(const AnchorCase& anchor);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_ANCHOR_ANCHOR_H_
