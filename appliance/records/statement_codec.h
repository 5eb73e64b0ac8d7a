// StatementCodec: the octets people sign, to and from values. Decoding is where bounds are checked:
// a value that exists keeps every bound statements.proto states.
#ifndef INTAGLIO_APPLIANCE_RECORDS_STATEMENT_CODEC_H_
#define INTAGLIO_APPLIANCE_RECORDS_STATEMENT_CODEC_H_

#include "appliance/domain/statements.h"
#include "appliance/usecases/ports.h"

namespace intaglio::appliance {

// Each: kStatementInvalid naming the field that is missing, out of bounds or not canonical, or a
// wrong context string.
StatusOr<IssuanceOrder> DecodeIssuanceOrder(ByteView octets);
StatusOr<SadPayload> DecodeSadPayload(ByteView octets);
StatusOr<AcceptanceStatement> DecodeAcceptance(ByteView octets);
StatusOr<StateOrder> DecodeStateOrder(ByteView octets);
StatusOr<SignerRevocation> DecodeSignerRevocation(ByteView octets);

class StatementCodec final : public StatementPort {
 public:
  Bytes Encode(const SadPayload& payload) override;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_STATEMENT_CODEC_H_
