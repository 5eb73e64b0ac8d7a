// BindAuthenticator: one more authenticator for a key, under a proof by one already bound. Nobody
// else can add one: not the host, not an officer. [DESIGN 4; R-QSC-4]
#ifndef INTAGLIO_APPLIANCE_USECASES_ADD_AUTHENTICATOR_H_
#define INTAGLIO_APPLIANCE_USECASES_ADD_AUTHENTICATOR_H_

#include "appliance/usecases/proof_check.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class BindAuthenticator final {
 public:
  BindAuthenticator(const CoreServices& services, ProofCheck& proofs)
      : services_(services), proofs_(proofs) {}

  struct Input {
    Bytes record;  // sealed, of the version the statement names
    Bytes octets;
    AddAuthenticator statement;
    Proof proof;
  };
  // The sealed record of a higher version, without those that were removed and with the new one;
  // the older ones are stale from then on. The same statement again, while it is valid, gives the
  // same record. kStatementExpired, kOrderMismatch, kRecordVersion, kRecordStale, kKeyPurpose for
  // another key than a person's, kAuthenticatorWithdrawn, kAuthenticatorExcess, ProofCheck's and
  // the key Reasons. Thread-safe.
  StatusOr<Bytes> Run(const Input& input);

  // Removed ones a row may remember; a key that has had more takes no new one.
  static constexpr size_t kMostRemoved = 64;

 private:
  // The act's line, which also brings the new record out to the host.
  Status Tell(const VerifiedProof& proof, const Input& input, uint64_t version,
              const Bytes& sealed);
  // All but its version.
  StatusOr<KeyRecord> NextVersion(const KeyRecord& record, const KeyRow& row,
                                  const AddAuthenticator& statement);

  const CoreServices& services_;
  ProofCheck& proofs_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_ADD_AUTHENTICATOR_H_
