// AuthenticatorInput: an authenticator as a person hands it to a tool: a public key, or a WebAuthn
// credential with what it is bound to.
#ifndef INTAGLIO_HOST_CTL_AUTHENTICATOR_INPUT_H_
#define INTAGLIO_HOST_CTL_AUTHENTICATOR_INPUT_H_

#include <string>

#include "base/bytes.h"
#include "host/ctl/command_table.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::host {

struct AuthenticatorFlags {
  std::string kind;
  std::string public_key;
  std::string cose_key;
  std::string rp_id;
  std::string origin;
  std::string credential;
  std::string aaguid;
};
void BindAuthenticator(Flags& flags, AuthenticatorFlags& o);

// The authenticator of the flags; kArgumentInvalid if they do not fit its kind, kKeyFileInvalid.
StatusOr<core::v1::Authenticator> AuthenticatorOf(const AuthenticatorFlags& flags);

// The DER SubjectPublicKeyInfo of a P-256 key or of an RSA key of 2,048 to 4,096 bit, PEM or DER.
// kKeyFileInvalid.
StatusOr<Bytes> ReadAuthenticatorKey(const std::string& path);
// The same of a COSE_Key, EC2 with ES256 or RSA with RS256, as authenticators write it.
// kKeyFileInvalid naming `what`. [RFC 9053 §7.1; RFC 8230 §4]
StatusOr<Bytes> SpkiOfCoseKey(const std::string& what, ByteView cose_key);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_AUTHENTICATOR_INPUT_H_
