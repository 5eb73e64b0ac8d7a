// SealBatches: a legal person's key signs what its authorised client orders, a frame of hashes at a
// time. [R-SYS-6, R-QSC-4; DESIGN 4, 10]
//
// Per hash nothing happens beyond the token's own work: signature, record, authorisation, quota and
// journal are looked at once for each frame.
#ifndef INTAGLIO_APPLIANCE_USECASES_SEAL_BATCHES_H_
#define INTAGLIO_APPLIANCE_USECASES_SEAL_BATCHES_H_

#include <memory>
#include <optional>

#include "appliance/usecases/seal_crew.h"
#include "appliance/usecases/seal_ledger.h"
#include "appliance/usecases/seal_results.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class SealBatches final {
 public:
  // `helpers` threads beside the callers' own; as many as the token has sessions, less one, keep
  // all of them busy with a single frame.
  SealBatches(const CoreServices& services, SealLedger& ledger, size_t helpers)
      : services_(services), ledger_(ledger), results_(services.clock), crew_(helpers) {}

  struct Input {
    Bytes record;
    Bytes octets;  // the batch as its client signed it
    SealBatch batch;
    Bytes client_signature;          // DER ECDSA-Sig-Value
    std::optional<SealChunk> chunk;  // if the batch has a tree
  };
  struct Output {
    std::shared_ptr<const SealOutcome> outcome;  // in the order of the hashes
    uint64_t remaining = 0;
    bool nearly_spent = false;
  };
  // All of a frame is refused, or each hash has its own outcome. The same octets (and chunk) again
  // give the stored outcome for some minutes. SealPolicy's and SealLedger's Reasons, kSealChunk,
  // kSealClient, kTimeUnconfirmed. Thread-safe.
  StatusOr<Output> Run(const Input& input);

  // Hashes that one hand signs before it looks at the key's state again.
  static constexpr size_t kSlice = 100;

 private:
  StatusOr<VerifiedBatch> CheckClient(const Input& input, const SealAuthorisation& authorisation,
                                      const KeyId& key_id, const Digest& batch_digest);
  std::vector<StatusOr<std::vector<Bytes>>> SignAll(const KeyRecord& record,
                                                    const SealAuthorisationId& id,
                                                    std::vector<SignPermit> permits);
  StatusOr<Output> Repeat(const KeyId& key_id, const SealAuthorisationId& id,
                          std::shared_ptr<const SealOutcome> outcome, WallTime now);

  const CoreServices& services_;
  SealLedger& ledger_;
  SealResults results_;
  SealCrew crew_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SEAL_BATCHES_H_
