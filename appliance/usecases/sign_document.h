// SignDocument: a signer's key, used under sole control. [DESIGN 4; R-QSC-3, R-QSC-4]
//
// Begin gives out a payload with a nonce; Finish takes the payload back with the proof of a bound
// authenticator, spends the nonce and signs exactly the payload's hashes. Nonces live in memory and
// die with the process, so a crash can only lose an activation, never repeat one.
#ifndef INTAGLIO_APPLIANCE_USECASES_SIGN_DOCUMENT_H_
#define INTAGLIO_APPLIANCE_USECASES_SIGN_DOCUMENT_H_

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "appliance/policy/sole_control_policy.h"
#include "appliance/usecases/proof_check.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class SignDocument final {
 public:
  SignDocument(const CoreServices& services, ProofCheck& proofs)
      : services_(services), proofs_(proofs) {}

  struct BeginInput {
    Bytes record;
    std::string session_id;
    std::vector<Digest> dtbsr;
  };
  // The canonical SadPayload. SoleControlPolicy::MayActivate's Reasons, kTooManyActivations,
  // kTimeUnconfirmed. Thread-safe.
  StatusOr<Bytes> Begin(const BeginInput& input);

  struct FinishInput {
    Bytes record;
    Bytes payload;
    SadPayload decoded;  // what `payload` says
    Proof proof;
  };
  // Signatures in the order of the hashes. The same payload and proof again, until the payload's
  // expiry, gives the stored signatures. kSadSpent, kSadMismatch, ProofCheck's and
  // SoleControlPolicy's Reasons. Thread-safe.
  StatusOr<std::vector<Bytes>> Finish(const FinishInput& input);

  static constexpr Duration kActivationLife = 5 * kMinute;
  static constexpr size_t kMostOutstanding = 100'000;
  static constexpr size_t kMostOutstandingPerKey = 16;

 private:
  struct Finished {
    Digest payload_and_proof{};
    std::vector<Bytes> signatures;
    BootTime forget_at;
  };
  void PurgeExpired(BootTime now);
  Status Remember(const Nonce& nonce, OutstandingActivation activation);
  StatusOr<OutstandingActivation> FindOutstanding(const Nonce& nonce, const Digest& payload_digest);
  std::vector<Bytes> FindFinished(const Nonce& nonce, const Digest& payload_and_proof);
  // True for exactly one caller per nonce.
  bool Spend(const Nonce& nonce);

  const CoreServices& services_;
  ProofCheck& proofs_;
  std::mutex mutex_;
  std::map<Nonce, OutstandingActivation> outstanding_;
  std::map<KeyId, size_t> per_key_;
  std::map<Nonce, Finished> finished_;
  BootTime next_purge_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SIGN_DOCUMENT_H_
