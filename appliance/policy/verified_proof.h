// VerifiedProof: an agreement by one bound authenticator to one statement, verified by this core.
// Only ProofCheck makes one, after the token or Mbed TLS said yes.
#ifndef INTAGLIO_APPLIANCE_POLICY_VERIFIED_PROOF_H_
#define INTAGLIO_APPLIANCE_POLICY_VERIFIED_PROOF_H_

#include "appliance/domain/ids.h"
#include "appliance/domain/key_record.h"

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
  AuthenticatorKind kind() const { return kind_; }
  // WebAuthn's signature counter, for the record; 0 of other kinds.
  uint32_t counter() const { return counter_; }

 private:
  friend class ProofCheck;
  struct Facts {
    KeyId key_id;
    AuthenticatorId authenticator_id;
    Digest statement_digest{};
    AuthenticatorKind kind = AuthenticatorKind::kEs256File;
    uint32_t counter = 0;
  };
  explicit VerifiedProof(const Facts& facts)
      : key_id_(facts.key_id),
        authenticator_id_(facts.authenticator_id),
        statement_digest_(facts.statement_digest),
        kind_(facts.kind),
        counter_(facts.counter) {}

  KeyId key_id_;
  AuthenticatorId authenticator_id_;
  Digest statement_digest_;
  AuthenticatorKind kind_;
  uint32_t counter_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_VERIFIED_PROOF_H_
