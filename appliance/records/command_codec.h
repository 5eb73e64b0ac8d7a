// CommandCodec: officers' commands from the octets they signed. As StatementCodec: a value that
// exists keeps every bound statements.proto states.
#ifndef INTAGLIO_APPLIANCE_RECORDS_COMMAND_CODEC_H_
#define INTAGLIO_APPLIANCE_RECORDS_COMMAND_CODEC_H_

#include "appliance/domain/statements.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::appliance {

// kStatementInvalid naming the field, "act" for one this core does not carry out.
StatusOr<Command> DecodeCommand(ByteView octets);

// A command and its approvals, as the link and the console receive them. kStatementInvalid; the
// approvals' own bounds are at most 16 of them, ids of 32 octets.
StatusOr<Signed<Command>> TakeSignedCommand(const core::v1::SignedStatement& message);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_COMMAND_CODEC_H_
