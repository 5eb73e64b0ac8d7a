// What carrying sealed records from one record key to the next needs of the core and of the store.
// Thread-safe.
#ifndef INTAGLIO_HOST_PORTS_RECORD_PORTS_H_
#define INTAGLIO_HOST_PORTS_RECORD_PORTS_H_

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace intaglio::host {

class ResealPort {
 public:
  virtual ~ResealPort() = default;
  // The epoch whose record key seals now.
  virtual StatusOr<uint32_t> RecordEpoch() = 0;
  // At most 100, answered one by one: the record under the present key, or why not. A record that
  // is under it already comes back as it is, and from then on the core counts it as carried.
  virtual StatusOr<std::vector<StatusOr<Bytes>>> Reseal(const std::vector<Bytes>& records) = 0;
};

enum class RecordHome { kCredential, kServiceKey };

// A sealed record where it is kept.
struct KeptRecord {
  RecordHome home = RecordHome::kCredential;
  std::string id;
  Bytes sealed_record;
  uint32_t epoch = 0;  // the last it is known to be carried to
};

class RecordStorePort {
 public:
  virtual ~RecordStorePort() = default;
  // Up to `most` records not yet known to be carried to `epoch`, ordered by the epoch they were
  // carried to and their id, after those of `after` (a KeptRecord of nothing begins).
  virtual StatusOr<std::vector<KeptRecord>> RecordsToCarry(RecordHome home, uint32_t epoch,
                                                           const KeptRecord& after,
                                                           size_t most) = 0;
  struct Replacement {
    KeptRecord old;
    Bytes sealed_record;
  };
  // Each only if the old record still stands: a newer version is never overwritten. Durable when
  // OK.
  virtual Status ReplaceRecords(const std::vector<Replacement>& replacements) = 0;
  // The core has counted these as carried to `epoch`, or will never need them again.
  virtual Status SettleRecords(const std::vector<KeptRecord>& records, uint32_t epoch) = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_PORTS_RECORD_PORTS_H_
