// RecordCarrier: brings every live record the host keeps under the core's present record key, so
// that the core can destroy the old one. In the background, a hundred at a time, from where it
// stands.
//
// A record is stored before the core is told that the host has it; a crash at any point repeats
// work and loses nothing.
#ifndef INTAGLIO_HOST_RECORDS_RECORD_CARRIER_H_
#define INTAGLIO_HOST_RECORDS_RECORD_CARRIER_H_

#include <functional>

#include "host/ports/record_ports.h"

namespace intaglio::host {

class RecordCarrier final {
 public:
  RecordCarrier(ResealPort& core, RecordStorePort& store) : core_(core), store_(store) {}

  // Carries what is to be carried until none is left or `stopping` says so; how many it carried. A
  // record the core refuses is logged and tried again the next time. The ports' Reasons.
  StatusOr<size_t> Run(const std::function<bool()>& stopping);

 private:
  StatusOr<size_t> RunHome(RecordHome home, uint32_t epoch, const std::function<bool()>& stopping);
  StatusOr<size_t> CarryBatch(const std::vector<KeptRecord>& batch, uint32_t epoch);

  ResealPort& core_;
  RecordStorePort& store_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_RECORDS_RECORD_CARRIER_H_
