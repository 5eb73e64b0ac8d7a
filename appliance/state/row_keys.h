// Row keys: the octets each row is found by. Ascending keys are the order of walks.
#ifndef INTAGLIO_APPLIANCE_STATE_ROW_KEYS_H_
#define INTAGLIO_APPLIANCE_STATE_ROW_KEYS_H_

#include "appliance/domain/ids.h"
#include "appliance/domain/seal_statements.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::appliance {

// issuer ‖ length octet ‖ serial: of two serials the shorter comes first, then octet by octet,
// which for minimal positive INTEGERs is their order as numbers. kRowInvalid unless 1 to 20 octets.
StatusOr<Bytes> SerialKey(const KeyId& issuer, const Serial& serial);
// The serial of such a key.
Serial SerialOfKey(ByteView key);

// Earlier times come first.
Bytes ExpiryKey(WallTime expires_at, const Digest& order_digest);
struct ExpiryEntry {
  WallTime expires_at;
  Digest order_digest{};
};
// kRowUnreadable.
StatusOr<ExpiryEntry> ReadExpiryKey(ByteView key);

// Authorisations of one key lie together.
Bytes SealKey(const KeyId& key_id, const SealAuthorisationId& id);

Bytes EpochKey(uint32_t epoch);
// Holds how many live keys have their newest record under this epoch.
Bytes LiveRecordsKey(uint32_t epoch);
// Marks a destroyed key whose token object may still exist.
Bytes PendingDestructionKey(const KeyId& key_id);
inline ByteView EpochPrefix() { return AsBytes("epoch/"); }
inline ByteView PendingDestructionPrefix() { return AsBytes("pending/"); }
// The latest end of an order that has been forgotten.
inline ByteView PurgedKey() { return AsBytes("purged"); }
inline ByteView InstanceKey() { return AsBytes("core"); }
inline ByteView PendingIdentityKey() { return AsBytes("core-pending"); }
inline ByteView TimeKey() { return AsBytes("time"); }
inline ByteView JournalAnchorKey() { return AsBytes("journal"); }
inline ByteView RestoreKey() { return AsBytes("restore"); }
inline ByteView ExportedKey() { return AsBytes("exported"); }

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_ROW_KEYS_H_
