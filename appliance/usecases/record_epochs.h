// RecordEpochs: the life of record keys. Each seals for at most 90 days; live records are sealed
// anew in the background, and when none needs an old key any more it is destroyed, and with it
// every copy of the records of keys that were destroyed meanwhile. [DESIGN: record key epochs]
//
// A record counts as moved only when the host hands the new one in again: then the host has it, and
// destroying the old key loses nothing.
#ifndef INTAGLIO_APPLIANCE_USECASES_RECORD_EPOCHS_H_
#define INTAGLIO_APPLIANCE_USECASES_RECORD_EPOCHS_H_

#include <atomic>
#include <vector>

#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class RecordEpochs final {
 public:
  RecordEpochs(const CoreServices& services, EpochPort& epochs)
      : services_(services), epochs_(epochs) {}

  // Once in a while: begins an epoch when the present one is 90 days old, destroys old ones that no
  // live record needs, and token objects of destroyed keys that a crash left. Thread-safe.
  Status Tend();

  // Begins an epoch now, for officers who ask for it. The new number.
  StatusOr<uint32_t> Begin();
  // kEpochInUse for the one that seals, kEpochUnknown.
  Status MayDestroy(uint32_t epoch);
  // Destroys an old epoch's key though live records need it; they are lost. `by` says which M of N
  // have said so, and becomes the journal's line.
  Status Destroy(uint32_t epoch, Event by);

  // The record under the present key, same content and version. One that is under it already comes
  // back as it is, and counts as moved. kRecordUnreadable, kRecordStale, kKeyDestroyed.
  // Thread-safe.
  StatusOr<Bytes> Reseal(ByteView sealed);

  struct Standing {
    EpochFacts facts;
    uint64_t live_records = 0;
  };
  StatusOr<std::vector<Standing>> List();

  static constexpr Duration kLongest = 90 * kDay;

 private:
  Status DestroyObjects();
  Status TendEpochs();

  const CoreServices& services_;
  EpochPort& epochs_;
  std::atomic<uint32_t> told_of_{0};  // the epoch whose end was journalled last
};

// Destroys what the token still holds of a destroyed key, journals that, and notes it in the row.
// Done again after a crash it does no harm.
Status DestroyKeyMaterial(const CoreServices& services, const KeyId& key_id);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_RECORD_EPOCHS_H_
