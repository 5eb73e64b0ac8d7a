// VerifyProof: does this proof show that the authenticator's holder agreed to the statement?
//
// The one place where the kind of the bound authenticator chooses the method: a proof by another
// method is refused before any of it is looked at. Whether the authenticator is bound at all is for
// the caller.
#ifndef INTAGLIO_APPLIANCE_AUTHENTICATOR_VERIFY_PROOF_H_
#define INTAGLIO_APPLIANCE_AUTHENTICATOR_VERIFY_PROOF_H_

#include <functional>

#include "appliance/domain/key_record.h"
#include "appliance/domain/statements.h"

namespace intaglio::appliance {

// ES256 over a digest, by the token where it can: OK, kProofMalformed or kSignatureWrong.
using Es256Check =
    std::function<Status(ByteView spki, const Digest& digest, ByteView signature_der)>;

// What of a proof is worth recording.
struct ProofFacts {
  AuthenticatorKind kind = AuthenticatorKind::kEs256File;
  uint32_t counter = 0;  // WebAuthn's; recorded, not judged
};

// kProofMethod, kProofMalformed, kSignatureWrong, and JudgeAssertion's Reasons. `statement_digest`
// is SHA-256 of the statement's octets. Thread-safe if the check is.
StatusOr<ProofFacts> VerifyProof(const Authenticator& bound, const Digest& statement_digest,
                                 const Proof& proof, const Es256Check& check_es256);

// SHA-256 over the proof, whatever its method; two proofs have the same only if they are the same.
Digest DigestOf(const Proof& proof);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_AUTHENTICATOR_VERIFY_PROOF_H_
