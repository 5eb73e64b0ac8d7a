// GenerateSignerKey: a subscriber's key, on the order of two registration officers: of a natural
// person, wrapped; of a legal person, for seals, resident in the token. [DESIGN 3, 5]
#ifndef INTAGLIO_APPLIANCE_USECASES_GENERATE_SIGNER_KEY_H_
#define INTAGLIO_APPLIANCE_USECASES_GENERATE_SIGNER_KEY_H_

#include <mutex>

#include "appliance/policy/approved.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

inline constexpr size_t kRegistrationOfficersNeeded = 2;

// The order is for this core, valid now, and two different registration officers signed it:
// kWrongCore, kStatementExpired, ApprovalCheck's Reasons.
StatusOr<Approved> CheckIssuanceOrder(const CoreServices& services,
                                      const Signed<IssuanceOrder>& order, WallTime now);

class GenerateSignerKey final {
 public:
  explicit GenerateSignerKey(const CoreServices& services) : services_(services) {}

  struct Outcome {
    Bytes record;  // sealed, version 0
    Bytes spki;
    KeyId key_id;
  };
  // The same order again gives the key that was made for it. CheckIssuanceOrder's Reasons,
  // kPolicyUnsupported, kPolicySubject, kQscdEntryLapsed, kAlgorithmUnsuitable, kOrderMismatch for
  // an order that names a key. Thread-safe.
  StatusOr<Outcome> Run(const Signed<IssuanceOrder>& order);

 private:
  StatusOr<KeyRecord> Generate(const IssuanceOrder& order, const CoreGeneratedKey& ordered);

  const CoreServices& services_;
  std::mutex mutex_;  // one generation for one order, however often it is asked for at once
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_GENERATE_SIGNER_KEY_H_
