// AuthenticatorCodec: authenticators, the proofs they make and the statements about them, to and
// from values.
#ifndef INTAGLIO_APPLIANCE_RECORDS_AUTHENTICATOR_CODEC_H_
#define INTAGLIO_APPLIANCE_RECORDS_AUTHENTICATOR_CODEC_H_

#include "appliance/domain/statements.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::appliance {

namespace pb = ::intaglio::core::v1;

void FillAuthenticator(const Authenticator& from, pb::Authenticator& to);
// False for a kind this core does not know. For what the core itself has sealed.
bool ReadAuthenticator(const pb::Authenticator& from, Authenticator& to);
// As ReadAuthenticator, and it may be bound: CheckAuthenticator's kStatementInvalid.
Status TakeAuthenticator(const pb::Authenticator& from, Authenticator& to);

// The proof with its parts within the bounds of statements.proto; kRequestInvalid naming the field.
StatusOr<Proof> TakeProof(const pb::Proof& message);

// kStatementInvalid naming the field that is missing, out of bounds or not canonical.
StatusOr<AddAuthenticator> DecodeAddAuthenticator(ByteView octets);
StatusOr<RemoveAuthenticator> DecodeRemoveAuthenticator(ByteView octets);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_AUTHENTICATOR_CODEC_H_
