// SealAuthorisations: M of N controllers let a seal client use their legal person's key within a
// window, a number and a rate. [R-SYS-6, R-QSC-4; DESIGN 4]
//
// Each authorisation has a quota of its own and may begin later, so the next one can be queued
// while one is being used. Nonces live in memory and die with the process.
#ifndef INTAGLIO_APPLIANCE_USECASES_SEAL_AUTHORISATIONS_H_
#define INTAGLIO_APPLIANCE_USECASES_SEAL_AUTHORISATIONS_H_

#include <map>
#include <mutex>
#include <vector>

#include "appliance/usecases/proof_check.h"
#include "appliance/usecases/seal_ledger.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class SealAuthorisations final {
 public:
  SealAuthorisations(const CoreServices& services, ProofCheck& proofs, SealLedger& ledger)
      : services_(services), proofs_(proofs), ledger_(ledger) {}

  struct Begun {
    Nonce nonce;
    SealingCore core;
  };
  // A nonce for this key, good for 24 hours unless 16 more are drawn for it meanwhile, or 4096 in
  // all: the oldest goes. SealPolicy::MayUse's Reasons.
  // Thread-safe.
  StatusOr<Begun> Begin(ByteView record);

  struct Input {
    Bytes record;
    Bytes octets;  // what the controllers signed
    SealAuthorisation authorisation;
    std::vector<Proof> proofs;
    Bytes proof_octets;  // as they came, for the journal
  };
  // The same octets again give the same id and no quota. kSealNonce, kSealWithdrawn, ProofCheck's
  // and SealPolicy::CheckAuthorisation's Reasons. Thread-safe.
  StatusOr<SealAuthorisationId> Enter(const Input& input);

  // Takes one away for good; again is no error. Taking authority away needs no proof.
  // kSealUnauthorised. Thread-safe.
  Status Withdraw(const KeyId& key_id, const SealAuthorisationId& id);

  // Journals the warnings that are due. Thread-safe.
  StatusOr<std::vector<SealLedger::Standing>> List(const KeyId& key_id);

  static constexpr Duration kNonceLife = kDay;
  static constexpr size_t kMostNonces = 4096;
  static constexpr size_t kMostNoncesPerKey = 16;

 private:
  struct Outstanding {
    KeyId key_id;
    BootTime until;
  };
  Status CheckNonce(const Nonce& nonce, const KeyId& key_id);
  // True for exactly one caller a nonce.
  bool Spend(const Nonce& nonce);

  const CoreServices& services_;
  ProofCheck& proofs_;
  SealLedger& ledger_;
  std::mutex mutex_;
  std::map<Nonce, Outstanding> nonces_;
};

// One line for each warning that is due, then remembers that they were given.
Status JournalWarnings(const CoreServices& services, SealLedger& ledger, const KeyId& key_id,
                       const SealAuthorisationId& id, const SealWarnings& due);
// This core as authorisations name it.
SealingCore SealingCoreOf(const CoreServices& services);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SEAL_AUTHORISATIONS_H_
