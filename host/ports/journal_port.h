// JournalPort: the core's journal, as the host copies it. Thread-safe.
#ifndef INTAGLIO_HOST_PORTS_JOURNAL_PORT_H_
#define INTAGLIO_HOST_PORTS_JOURNAL_PORT_H_

#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace intaglio::host {

class JournalPort {
 public:
  virtual ~JournalPort() = default;
  struct Part {
    std::vector<Bytes> lines;    // as they stand on the core's disk
    uint64_t last_sequence = 0;  // of the whole journal
  };
  // From `from_sequence` on, at most `most`; fewer come when the frame is full.
  virtual StatusOr<Part> ReadPart(uint64_t from_sequence, uint32_t most) = 0;
  // This host has every line up to `sequence`, whose chain hash this is, on its own disk.
  virtual Status ConfirmExport(uint64_t sequence, const Digest& chain_hash) = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_PORTS_JOURNAL_PORT_H_
