// Enumerations of the schemas to and from the domain's; nothing for a value the domain does not
// know.
#ifndef INTAGLIO_APPLIANCE_RECORDS_PROTO_VALUES_H_
#define INTAGLIO_APPLIANCE_RECORDS_PROTO_VALUES_H_

#include <optional>

#include "appliance/domain/key_record.h"
#include "appliance/domain/statements.h"
#include "base/message_digest.h"
#include "intaglio/core/v1/record.pb.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::appliance {

namespace pb = ::intaglio::core::v1;

std::optional<KeyAlgorithm> FromProto(pb::KeyAlgorithm value);
pb::KeyAlgorithm ToProto(KeyAlgorithm value);
std::optional<HashAlgorithm> FromProto(pb::HashAlgorithm value);
pb::HashAlgorithm ToProto(HashAlgorithm value);
std::optional<KeyPurpose> FromProto(pb::KeyPurpose value);
pb::KeyPurpose ToProto(KeyPurpose value);
std::optional<KeyResidency> FromProto(pb::KeyResidency value);
pb::KeyResidency ToProto(KeyResidency value);
std::optional<AuthenticatorKind> FromProto(pb::AuthenticatorKind value);
pb::AuthenticatorKind ToProto(AuthenticatorKind value);
std::optional<CrlReason> FromProto(pb::RevocationReason value);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_PROTO_VALUES_H_
