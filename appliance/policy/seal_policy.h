// SealPolicy: may a legal person's key sign these hashes now? The only judge that mints permits for
// SEAL keys. [R-SYS-6, R-QSC-4; DESIGN 4: control for legal persons]
//
// M of N controllers authorise a client within a window, a number and a rate; the client orders
// batches. So two proofs stand before a permit: the client's over the batch, and the ledger's grant
// that sequence, number and rate still allow it.
#ifndef INTAGLIO_APPLIANCE_POLICY_SEAL_POLICY_H_
#define INTAGLIO_APPLIANCE_POLICY_SEAL_POLICY_H_

#include <vector>

#include "appliance/domain/key_record.h"
#include "appliance/domain/rows.h"
#include "appliance/domain/seal_statements.h"
#include "appliance/policy/sign_permit.h"
#include "appliance/policy/verified_proof.h"
#include "base/clock.h"
#include "base/status.h"

namespace intaglio::appliance {

// The authorisation's client signed this batch, verified by this core. Made by SealBatches alone.
class VerifiedBatch final {
 public:
  const SealAuthorisationId& authorisation_id() const { return authorisation_id_; }
  const Digest& batch_digest() const { return batch_digest_; }

 private:
  friend class SealBatches;
  VerifiedBatch(const SealAuthorisationId& authorisation_id, const Digest& batch_digest)
      : authorisation_id_(authorisation_id), batch_digest_(batch_digest) {}
  SealAuthorisationId authorisation_id_;
  Digest batch_digest_;
};

// So many signatures of one authorisation, for one batch or one chunk of it, taken off its quota
// and never to be given again. Made by SealLedger alone.
class SealGrant final {
 public:
  SealGrant(SealGrant&&) noexcept = default;
  SealGrant& operator=(SealGrant&&) noexcept = default;
  SealGrant(const SealGrant&) = delete;
  SealGrant& operator=(const SealGrant&) = delete;
  const SealAuthorisationId& authorisation_id() const { return authorisation_id_; }
  const Digest& batch_digest() const { return batch_digest_; }
  uint64_t count() const { return count_; }

 private:
  friend class SealLedger;
  SealGrant(const SealAuthorisationId& authorisation_id, const Digest& batch_digest, uint64_t count)
      : authorisation_id_(authorisation_id), batch_digest_(batch_digest), count_(count) {}
  SealAuthorisationId authorisation_id_;
  Digest batch_digest_;
  uint64_t count_;
};

// This core as an authorisation names it.
struct SealingCore {
  CoreInstance instance;
  uint32_t epoch = 0;
};

struct SealFacts {
  const KeyRecord& record;
  const KeyRow& row;
  const SealingCore& core;
  const SealAuthorisationId& authorisation_id;
  const SealAuthorisation& authorisation;
  const SealBatch& batch;
  const SealItems& items;  // the batch's, or those of one of its chunks
  WallTime now;
};

class SealPolicy final {
 public:
  // SEAL key, usable, accepted, its certificate valid. kKeyPurpose, CheckKeyState's Reasons,
  // kRecordVersion, kCertificateExpired.
  static Status MayUse(const KeyRecord& record, const KeyRow& row, WallTime now);

  // An authorisation may enter the ledger: for this core and epoch (kWrongCore, kSealEpoch) and
  // this key, not past its end (kSealWindow), under proofs over exactly its octets by as many
  // different controllers as the record demands, none of them removed (kControllersMissing); and
  // MayUse. `authorisation_id` is SHA-256 of the octets.
  struct AuthorisationFacts {
    const KeyRecord& record;
    const KeyRow& row;
    const SealingCore& core;
    const SealAuthorisationId& authorisation_id;
    const SealAuthorisation& authorisation;
    const std::vector<VerifiedProof>& proofs;
    WallTime now;
  };
  static Status CheckAuthorisation(const AuthorisationFacts& facts);

  // Before anything is taken off the quota: MayUse's Reasons, kSealEpoch, kSealWindow,
  // kAlgorithmUnsuitable, kTooManyHashes, kSealHashLength if no hash is left.
  static Status MaySeal(const SealFacts& facts);
  // As MaySeal, and the client ordered this batch (kSealClient) and the ledger granted just so many
  // (kSealQuotaSpent). Permits for exactly the hashes, in order, at most `most_a_permit` in each,
  // so that as many hands as there are can sign.
  static StatusOr<std::vector<SignPermit>> Judge(const SealFacts& facts,
                                                 const VerifiedBatch& client,
                                                 const SealGrant& grant, size_t most_a_permit);

  // Hashes in one frame, so that its answer fits into one.
  static size_t MostHashes(KeyAlgorithm algorithm);
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_SEAL_POLICY_H_
