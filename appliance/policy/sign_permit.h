// SignPermit: one authorisation to sign one set of digests with one key.
//
// Minted only by the judges named as friends, each after it has found every rule of its kind held;
// spent by the token when it signs. Nothing that a caller names is signed without one: there is no
// overload of TokenPort::Sign that takes digests. (The self-test below it signs random octets of
// its own, with a new key before anybody has it and with one made for the test.) Move-only; a
// moved-from or spent permit covers nothing and is kPermitInvalid at run time.
#ifndef INTAGLIO_APPLIANCE_POLICY_SIGN_PERMIT_H_
#define INTAGLIO_APPLIANCE_POLICY_SIGN_PERMIT_H_

#include <utility>
#include <vector>

#include "appliance/domain/ids.h"
#include "base/message_digest.h"

namespace intaglio::appliance {

class SignPermit final {
 public:
  SignPermit(SignPermit&& other) noexcept
      : key_id_(other.key_id_), digests_(std::exchange(other.digests_, {})) {}
  SignPermit& operator=(SignPermit&& other) noexcept {
    key_id_ = other.key_id_;
    digests_ = std::exchange(other.digests_, {});
    return *this;
  }
  SignPermit(const SignPermit&) = delete;
  SignPermit& operator=(const SignPermit&) = delete;

  const KeyId& key_id() const { return key_id_; }
  const std::vector<MessageDigest>& digests() const { return digests_; }
  bool valid() const { return !digests_.empty(); }
  // What may be signed; the permit is worth nothing afterwards.
  std::vector<MessageDigest> Spend() { return std::exchange(digests_, {}); }

 private:
  friend class SoleControlPolicy;  // SIGNER keys: a SAD proof over exactly these hashes
  friend class IssuancePolicy;     // CA_ISSUING keys: a TBSCertificate that keeps every rule
  friend class StatusPolicy;       // CA_ISSUING keys: a CRL; STATUS keys: OCSP answers
  friend class SealPolicy;         // SEAL keys: a batch of an authorised client, within its quota
  friend class JournalPolicy;      // JOURNAL keys: checkpoints of the core's own journal
  friend class AttestationPolicy;  // ATTESTATION keys: evidence the core itself composed

  SignPermit(const KeyId& key_id, std::vector<MessageDigest> digests)
      : key_id_(key_id), digests_(std::move(digests)) {}

  KeyId key_id_;
  std::vector<MessageDigest> digests_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_SIGN_PERMIT_H_
