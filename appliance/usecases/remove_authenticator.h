// UnbindAuthenticator: takes an authenticator away from a key. Taking away needs a row and no new
// record: from then on its proofs are refused whatever record is handed in. [DESIGN 3, 4]
#ifndef INTAGLIO_APPLIANCE_USECASES_REMOVE_AUTHENTICATOR_H_
#define INTAGLIO_APPLIANCE_USECASES_REMOVE_AUTHENTICATOR_H_

#include "appliance/usecases/proof_check.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class UnbindAuthenticator final {
 public:
  UnbindAuthenticator(const CoreServices& services, ProofCheck& proofs)
      : services_(services), proofs_(proofs) {}

  struct SignerInput {
    Bytes record;  // sealed, the newest
    Bytes octets;
    RemoveAuthenticator statement;
    Proof proof;
  };
  // By an authenticator bound to the person's key, itself too; the last one is not removed so:
  // kAuthenticatorLast. kStatementExpired, kOrderMismatch, kKeyPurpose, kKeyDestroyed,
  // kAuthenticatorUnknown for one that is not bound, ProofCheck's and OpenKey's Reasons. What has
  // been removed before stays so, without another journal line. Thread-safe.
  Status BySigner(const SignerInput& input);
  // Under one revocation officer's order; the last one and a seal's controllers too.
  // ApprovalCheck's Reasons besides. Thread-safe.
  Status ByOfficer(ByteView record, const Signed<RemoveAuthenticator>& order);

 private:
  enum class LastOne { kStays, kGoes };
  StatusOr<OpenedKey> Open(ByteView record, const RemoveAuthenticator& statement);
  Status Apply(const OpenedKey& key, const AuthenticatorId& id, LastOne last, Event event);

  const CoreServices& services_;
  ProofCheck& proofs_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_REMOVE_AUTHENTICATOR_H_
