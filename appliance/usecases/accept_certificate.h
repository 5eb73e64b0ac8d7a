// AcceptCertificate: the subscriber accepts; only now may the key sign documents. [R-ISS-3,
// R-ISS-5]
#ifndef INTAGLIO_APPLIANCE_USECASES_ACCEPT_CERTIFICATE_H_
#define INTAGLIO_APPLIANCE_USECASES_ACCEPT_CERTIFICATE_H_

#include <set>
#include <string>
#include <vector>

#include "appliance/usecases/proof_check.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class AcceptCertificate final {
 public:
  AcceptCertificate(const CoreServices& services, ProofCheck& proofs)
      : services_(services), proofs_(proofs) {}

  struct Input {
    Bytes record;  // sealed, version 1
    Bytes octets;
    AcceptanceStatement statement;
    Proof proof;
    // SEAL: the other controllers'. As many different ones as the order says must agree.
    std::vector<Proof> more_proofs = {};
  };
  // The sealed record, version 2. The same proof again gives version 2 again, until there is a
  // newer one: it carries no more authority than the first. kRecordVersion, kOrderMismatch,
  // kRecordStale, kControllersMissing, kRequestInvalid for more proofs than one of a person's key,
  // ProofCheck's and the key Reasons. Thread-safe.
  StatusOr<Bytes> Run(const Input& input);

 private:
  struct Agreed {
    std::set<AuthenticatorId> authenticators;
    std::string note;  // for the journal
  };
  StatusOr<Agreed> CheckProofs(const KeyRecord& record, const Input& input);

  const CoreServices& services_;
  ProofCheck& proofs_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_ACCEPT_CERTIFICATE_H_
