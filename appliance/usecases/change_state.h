// ChangeState: suspension, reinstatement and revocation, in the core first. What takes authority
// away stands in the rows before the journal has it, what gives it back only behind its line. [RFC
// 5280 §5.3.1; EN 319 411-1 REV-6.3.9-04; TS 119 431-1 DEL-6.3.2-01]
#ifndef INTAGLIO_APPLIANCE_USECASES_CHANGE_STATE_H_
#define INTAGLIO_APPLIANCE_USECASES_CHANGE_STATE_H_

#include <atomic>
#include <mutex>

#include "appliance/usecases/proof_check.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class ChangeState final {
 public:
  ChangeState(const CoreServices& services, ProofCheck& proofs)
      : services_(services), proofs_(proofs) {}

  // Under one revocation officer's order. Answers the date CRL and OCSP must carry. Carrying out
  // the same order again changes nothing and answers the same. kSerialUnknown, kCertificateRevoked,
  // ApprovalCheck's Reasons, kStatementExpired (also for a reinstatement made before the suspension
  // or block it would end), kWrongCore. Thread-safe.
  StatusOr<WallTime> ByOfficer(const Signed<StateOrder>& order);

  struct SignerInput {
    Bytes record;
    Bytes octets;
    SignerRevocation statement;
    Proof proof;
  };
  // Under the proof of an authenticator bound to the certificate's key.
  StatusOr<WallTime> BySigner(const SignerInput& input);

  // The host alone stops a subscriber's key; the certificate's status does not change. kKeyPurpose,
  // kRequestInvalid for a key that is not this core's.
  Status Block(const KeyId& key_id);

  // Counts changes of any certificate's state: a CRL begun before one is not signed after it.
  uint64_t generation() const { return generation_.load(); }
  // While this is held no certificate's state changes.
  std::unique_lock<std::mutex> HoldStill() const { return std::unique_lock(mutex_); }

 private:
  struct Change {
    StateAction action = StateAction::kRevoke;
    KeyId issuer;
    Serial serial;
    CrlReason reason = CrlReason::kUnspecified;
    Digest statement_digest{};
    WallTime issued_at;
    WallTime order_expires;  // the epoch for a signer's own revocation
  };
  // What a change makes of the rows.
  struct Outcome {
    SerialRow serial;
    KeyRow key;
    bool done = false;  // by the same order before: nothing changes
  };
  static StatusOr<Outcome> Judge(RowTransaction& rows, const Change& change, WallTime now);
  static Status Store(RowTransaction& rows, const Change& change, const Outcome& outcome);
  Status Tell(const Change& change, const Outcome& outcome, Event event);
  StatusOr<WallTime> Apply(const Change& change, Event event);

  const CoreServices& services_;
  ProofCheck& proofs_;
  mutable std::mutex mutex_;
  std::atomic<uint64_t> generation_{0};
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_CHANGE_STATE_H_
