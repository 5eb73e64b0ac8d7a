// CoseKey: a credential's public key as authenticators write it, and as X.509 does.
#ifndef INTAGLIO_APPLIANCE_AUTHENTICATOR_COSE_KEY_H_
#define INTAGLIO_APPLIANCE_AUTHENTICATOR_COSE_KEY_H_

#include "base/bytes.h"

namespace intaglio::appliance {

inline constexpr size_t kMostCoseKey = 1024;

// The DER SubjectPublicKeyInfo of a COSE_Key that is exactly one of
//   { 1: 2, 3: -7, -1: 1, -2: x, -3: y }   EC2, ES256, P-256, a point on the curve
//   { 1: 3, 3: -257, -1: n, -2: e }        RSA, RS256, a sound key
// with nothing before, between or after. kStatementInvalid saying what is not so. Pure;
// thread-safe. [RFC 9053 §7.1; RFC 8230 §4; WebAuthn Level 2 §5.8.5]
StatusOr<Bytes> SpkiOfCoseKey(ByteView cose_key);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_AUTHENTICATOR_COSE_KEY_H_
