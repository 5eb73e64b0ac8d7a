// VerifiedProof: a signature by one bound authenticator over one statement, verified by this core.
// Only ProofCheck makes one, after the token or Mbed TLS said yes.
#ifndef INTAGLIO_APPLIANCE_POLICY_VERIFIED_PROOF_H_
#define INTAGLIO_APPLIANCE_POLICY_VERIFIED_PROOF_H_

#include "appliance/domain/ids.h"

namespace intaglio::appliance {

class VerifiedProof final {
 public:
  VerifiedProof(VerifiedProof&&) noexcept = default;
  VerifiedProof& operator=(VerifiedProof&&) noexcept = default;
  VerifiedProof(const VerifiedProof&) = delete;
  VerifiedProof& operator=(const VerifiedProof&) = delete;

  const KeyId& key_id() const { return key_id_; }
  const AuthenticatorId& authenticator_id() const { return authenticator_id_; }
  // SHA-256 of the statement's octets.
  const Digest& statement_digest() const { return statement_digest_; }

 private:
  friend class ProofCheck;
  VerifiedProof(const KeyId& key_id, const AuthenticatorId& authenticator_id,
                const Digest& statement_digest)
      : key_id_(key_id), authenticator_id_(authenticator_id), statement_digest_(statement_digest) {}

  KeyId key_id_;
  AuthenticatorId authenticator_id_;
  Digest statement_digest_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_VERIFIED_PROOF_H_
