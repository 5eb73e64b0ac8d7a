// RecordCodec: a KeyRecord's plaintext octets.
#ifndef INTAGLIO_APPLIANCE_RECORDS_RECORD_CODEC_H_
#define INTAGLIO_APPLIANCE_RECORDS_RECORD_CODEC_H_

#include <optional>

#include "appliance/domain/key_record.h"

namespace intaglio::appliance {

Bytes EncodeRecord(const KeyRecord& record);
// Nothing unless the octets are canonical and every field is in its bounds.
std::optional<KeyRecord> DecodeRecord(ByteView octets);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_RECORD_CODEC_H_
