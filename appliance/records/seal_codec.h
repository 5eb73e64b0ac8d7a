// SealCodec: the statements of sealing from the octets that were signed. As StatementCodec: a value
// that exists keeps every bound statements.proto states. Pure functions; thread-safe.
#ifndef INTAGLIO_APPLIANCE_RECORDS_SEAL_CODEC_H_
#define INTAGLIO_APPLIANCE_RECORDS_SEAL_CODEC_H_

#include "appliance/domain/seal_statements.h"
#include "intaglio/core/v1/link.pb.h"

namespace intaglio::appliance {

// kStatementInvalid naming the field.
StatusOr<SealAuthorisation> DecodeSealAuthorisation(ByteView octets);
StatusOr<SealBatch> DecodeSealBatch(ByteView octets);
// A chunk as the link receives it; `hash` is its batch's. kStatementInvalid naming the field.
StatusOr<SealChunk> TakeSealChunk(const core::v1::SealChunk& message, HashAlgorithm hash);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_SEAL_CODEC_H_
