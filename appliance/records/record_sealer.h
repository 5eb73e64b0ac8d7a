// RecordSealer: key records under AES-256-GCM, so that the host can keep what it cannot read or
// change.
//
// Every record is sealed under a key of its own, derived from the epoch's record key, its id, its
// version and a fresh salt (record.proto states the construction), so no IV is ever used twice.
#ifndef INTAGLIO_APPLIANCE_RECORDS_RECORD_SEALER_H_
#define INTAGLIO_APPLIANCE_RECORDS_RECORD_SEALER_H_

#include <map>
#include <shared_mutex>

#include "appliance/usecases/ports.h"
#include "base/rng.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {

// A 32-octet record key and its number, from 1.
struct EpochKey {
  uint32_t epoch = 0;
  SecretBytes key;
};

class RecordSealer final : public RecordPort {
 public:
  // Seals under the newest of `keys`, opens under any; at least one.
  RecordSealer(std::vector<EpochKey> keys, Rng& rng);

  StatusOr<Bytes> Seal(const KeyRecord& record) override;
  StatusOr<KeyRecord> Open(ByteView sealed) override;
  uint32_t EpochOf(ByteView sealed) const override;
  uint32_t CurrentEpoch() const override;

  // A newer key: from here on it seals. Thread-safe.
  void Add(EpochKey key);
  // Records of this epoch open no more. Thread-safe.
  void Remove(uint32_t epoch);

 private:
  mutable std::shared_mutex mutex_;
  std::map<uint32_t, SecretBytes> keys_;
  Rng& rng_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_RECORD_SEALER_H_
