// Row codec: domain rows to and from the octets of rows.proto. Pure functions. Decoders trust that
// the core wrote the octets (their MAC was checked) but not that this version did: a value it does
// not know is kRowUnreadable, never a default.
#ifndef INTAGLIO_APPLIANCE_STATE_ROW_CODEC_H_
#define INTAGLIO_APPLIANCE_STATE_ROW_CODEC_H_

#include "appliance/domain/rows.h"
#include "appliance/state/stored_instance.h"
#include "appliance/usecases/ports.h"
#include "base/bytes.h"

namespace intaglio::appliance {

Bytes EncodeRow(const KeyRow& row);
Bytes EncodeRow(const SerialRow& row);
// Without the serial, which is in the key.
Bytes EncodeRow(const RevokedRow& row);
Bytes EncodeRow(const OrderRow& row);
Bytes EncodeRow(const CaRow& row);
Bytes EncodeRow(const SealLedgerRow& row);
Bytes EncodeRow(const StoredInstance& instance);
Bytes EncodeRow(const PendingIdentity& pending);
Bytes EncodeRow(const StoredEpoch& epoch);
Bytes EncodeRow(const StoredRestore& restore);
// A count of live records, 8 octets big-endian. kRowUnreadable.
Bytes EncodeCount(uint64_t count);
StatusOr<uint64_t> DecodeCount(ByteView octets);
Bytes EncodeRow(const StoredTime& time);
Bytes EncodeRow(const JournalHead& head);

// kRowUnreadable.
StatusOr<KeyRow> DecodeKeyRow(ByteView octets);
StatusOr<SerialRow> DecodeSerialRow(ByteView octets);
StatusOr<RevokedRow> DecodeRevokedRow(ByteView octets);
StatusOr<OrderRow> DecodeOrderRow(ByteView octets);
StatusOr<CaRow> DecodeCaRow(ByteView octets);
StatusOr<SealLedgerRow> DecodeSealRow(ByteView octets);
StatusOr<StoredInstance> DecodeInstance(ByteView octets);
StatusOr<PendingIdentity> DecodePendingIdentity(ByteView octets);
StatusOr<StoredEpoch> DecodeEpoch(ByteView octets);
StatusOr<StoredRestore> DecodeRestore(ByteView octets);
StatusOr<StoredTime> DecodeTime(ByteView octets);
StatusOr<JournalHead> DecodeJournalHead(ByteView octets);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_ROW_CODEC_H_
