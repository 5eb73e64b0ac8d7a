// ClientJson: what the browser says it asked the authenticator for, checked without a JSON parser.
//
// A browser writes clientDataJSON in one way, octet for octet, up to the first member a later
// version may add. So the octets that must stand at its beginning are computed and compared.
// [WebAuthn Level 2 §5.8.1.1, §5.8.1.2]
#ifndef INTAGLIO_APPLIANCE_AUTHENTICATOR_CLIENT_JSON_H_
#define INTAGLIO_APPLIANCE_AUTHENTICATOR_CLIENT_JSON_H_

#include <string_view>

#include "base/bytes.h"

namespace intaglio::appliance {

inline constexpr size_t kMostClientData = 4096;

// OK if `json` is of type webauthn.get, has `challenge` and `origin`, and crossOrigin is false.
// What may follow: nothing but the closing brace, or a comma, further members and the closing
// brace. `origin` is printable ASCII without quote and backslash. kAssertionClientData naming the
// first member that is not so. Pure; thread-safe.
Status CheckClientData(ByteView json, const Digest& challenge, std::string_view origin);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_AUTHENTICATOR_CLIENT_JSON_H_
