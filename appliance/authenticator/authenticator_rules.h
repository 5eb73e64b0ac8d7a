// AuthenticatorRules: which authenticators may be bound to a key at all.
#ifndef INTAGLIO_APPLIANCE_AUTHENTICATOR_AUTHENTICATOR_RULES_H_
#define INTAGLIO_APPLIANCE_AUTHENTICATOR_AUTHENTICATOR_RULES_H_

#include <string_view>

#include "appliance/domain/key_record.h"

namespace intaglio::appliance {

inline constexpr size_t kMostRpId = 253;
inline constexpr size_t kMostOrigin = 512;
inline constexpr size_t kMostCredentialId = 1023;
inline constexpr size_t kAaguid = 16;

// The key is of the kind's algorithm; a WebAuthn kind has a binding whose parts are within bounds,
// whose key is the SPKI's and whose origin lies at the relying party, any other kind has none.
// kStatementInvalid naming the field. Pure; thread-safe.
Status CheckAuthenticator(const Authenticator& authenticator);

bool IsWebAuthn(AuthenticatorKind kind);
// "es256-file", as the journal says it.
std::string_view NameOf(AuthenticatorKind kind);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_AUTHENTICATOR_AUTHENTICATOR_RULES_H_
