// ProofCheck: did an authenticator bound to this key agree to these octets? One that has been
// removed counts for nothing, whatever record it stands in. Wrong proofs back off: after five in a
// row the key is shut for 15 minutes, doubling up to a day, and opens again by itself.
#ifndef INTAGLIO_APPLIANCE_USECASES_PROOF_CHECK_H_
#define INTAGLIO_APPLIANCE_USECASES_PROOF_CHECK_H_

#include <map>
#include <mutex>
#include <string>

#include "appliance/policy/verified_proof.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class ProofCheck final {
 public:
  explicit ProofCheck(const CoreServices& services) : services_(services) {}

  // kAuthenticatorUnknown, kAuthenticatorWithdrawn, kProofBackOff, kRecordStale for a key without a
  // row, and VerifyProof's Reasons. Thread-safe.
  StatusOr<VerifiedProof> Check(const KeyRecord& record, ByteView statement, const Proof& proof);

  static constexpr int kFreeTries = 5;
  static constexpr Duration kFirstWait = 15 * kMinute;
  static constexpr Duration kLongestWait = kDay;

 private:
  struct Misses {
    int count = 0;
    Duration wait = 0;
    BootTime shut_until;
    BootTime last;
  };
  Status CheckBackOff(const KeyId& key_id);
  void CountMiss(const KeyId& key_id);
  void Forget(const KeyId& key_id);

  const CoreServices& services_;
  std::mutex mutex_;
  std::map<KeyId, Misses> misses_;
};

// kAuthenticatorWithdrawn if the row says so.
Status CheckNotRemoved(const KeyRow& row, const AuthenticatorId& authenticator);
bool IsRemoved(const KeyRow& row, const AuthenticatorId& authenticator);
AuthenticatorId IdOf(const Authenticator& authenticator);

// For the journal: who proved, and with what. "webauthn-device 4f…, counter 7"
std::string DescribeProof(const VerifiedProof& proof);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_PROOF_CHECK_H_
