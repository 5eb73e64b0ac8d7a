// Assertion: a WebAuthn assertion, judged in everything but its signature.
#ifndef INTAGLIO_APPLIANCE_AUTHENTICATOR_ASSERTION_H_
#define INTAGLIO_APPLIANCE_AUTHENTICATOR_ASSERTION_H_

#include "appliance/domain/key_record.h"
#include "appliance/domain/statements.h"

namespace intaglio::appliance {

// Octets: 32 of rpIdHash, 1 of flags, 4 of counter; then extensions if a flag says so.
inline constexpr size_t kLeastAuthenticatorData = 37;
inline constexpr size_t kMostAuthenticatorData = 1024;

// [WebAuthn Level 2 §6.1; BE and BS: Level 3 §6.1]
struct AuthenticatorData {
  Digest rp_id_hash{};
  bool user_present = false;
  bool user_verified = false;
  bool backup_eligible = false;
  // Recorded and not judged: credentials that a provider copies do not count. [DESIGN 4]
  uint32_t counter = 0;
};

// kAssertionMalformed. Attested credential data is refused, for an assertion has none; extensions
// nobody asked for are skipped if they are one CBOR map in canonical form, because WebAuthn §7.2
// leaves them to the authenticator and they add no authority here. Pure; thread-safe.
StatusOr<AuthenticatorData> ReadAuthenticatorData(ByteView octets);

struct JudgedAssertion {
  Digest signed_digest{};  // what the credential's key must have signed, as SHA-256
  uint32_t counter = 0;
};

// The assertion is for the relying party and origin of `bound`, which has a WebAuthn binding, over
// `challenge`, and shows presence and verification. ReadAuthenticatorData's, CheckClientData's,
// kAssertionRelyingParty, kAssertionPresence, kAssertionCopied. Pure; thread-safe.
// [WebAuthn Level 2 §7.2 steps 11 to 20]
StatusOr<JudgedAssertion> JudgeAssertion(const Authenticator& bound, const Digest& challenge,
                                         const WebAuthnAssertion& assertion);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_AUTHENTICATOR_ASSERTION_H_
