// SignDocument: a signer's key, used under sole control. [DESIGN 4; R-QSC-3, R-QSC-4]
//
// Begin gives out a payload with a nonce; Finish takes the payload back with the proof of a bound
// authenticator, spends the nonce and signs exactly the payload's hashes. Nonces live in memory and
// die with the process, so a crash can only lose an activation, never repeat one. A one-time key is
// spent and destroyed in its row before its one activation is signed.
#ifndef INTAGLIO_APPLIANCE_USECASES_SIGN_DOCUMENT_H_
#define INTAGLIO_APPLIANCE_USECASES_SIGN_DOCUMENT_H_

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "appliance/policy/sole_control_policy.h"
#include "appliance/usecases/activation_table.h"
#include "appliance/usecases/proof_check.h"
#include "appliance/usecases/services.h"
#include "appliance/usecases/signed_answers.h"

namespace intaglio::appliance {

class SignDocument final {
 public:
  SignDocument(const CoreServices& services, ProofCheck& proofs)
      : services_(services), proofs_(proofs) {}

  struct BeginInput {
    Bytes record;
    std::string session_id;
    std::vector<MessageDigest> dtbsr;  // all of one hash algorithm
    Duration lifetime = 0;             // 0: kActivationLife
  };
  // The canonical SadPayload. SoleControlPolicy::MayActivate's Reasons, kTooManyActivations,
  // kTimeUnconfirmed, kRequestInvalid for a lifetime above kLongestActivation. Thread-safe.
  StatusOr<Bytes> Begin(const BeginInput& input);

  struct FinishInput {
    Bytes record;
    Bytes payload;
    SadPayload decoded;  // what `payload` says
    Proof proof;
  };
  // Signatures in the order of the hashes. The same request again, octet for octet, until the
  // payload's expiry, gives the stored signatures while there is room for them (SignedAnswers).
  // kSadSpent, kSadMismatch, kKeySpent, ProofCheck's and SoleControlPolicy's Reasons. Thread-safe.
  StatusOr<std::vector<Bytes>> Finish(const FinishInput& input);

  static constexpr Duration kActivationLife = 5 * kMinute;
  static constexpr Duration kLongestActivation = 30 * kMinute;  // [TS 119 431-1 SIG-A.5-09]

 private:
  struct Authorised;
  class Alone;
  // The row as it is now lets this authenticator's owner sign with the key; a one-time key is spent
  // by it. Nothing undoes that.
  StatusOr<KeyRow> Commit(const KeyRecord& record, const AuthenticatorId& by);
  StatusOr<std::vector<Bytes>> Carry(Authorised authorised);

  const CoreServices& services_;
  ProofCheck& proofs_;
  ActivationTable activations_{ActivationTable::kLimits};
  SignedAnswers answers_{SignedAnswers::kLimits};
  std::mutex agreeing_mutex_;
  std::set<KeyId> agreeing_;  // keys whose agreement is being signed
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SIGN_DOCUMENT_H_
