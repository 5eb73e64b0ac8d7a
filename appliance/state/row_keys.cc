#include "appliance/state/row_keys.h"

#include "appliance/state/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxSerialOctets = 20;  // [RFC 5280 §4.1.2.2]
constexpr size_t kIssuerOctets = 16;
// Puts times before 1970 first when compared as octets.
constexpr uint64_t kSignBit = uint64_t{1} << 63;

void AppendBigEndian(uint64_t number, int octets, Bytes& out) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<uint8_t>(number >> shift));
  }
}

}  // namespace

StatusOr<Bytes> SerialKey(const KeyId& issuer, const Serial& serial) {
  const size_t length = serial.octets.size();
  if (length < 1 || length > kMaxSerialOctets) {
    return Fail(kRowInvalid, "a serial of " + std::to_string(length) + " octets");
  }
  const uint8_t length_octet[] = {static_cast<uint8_t>(length)};
  return Concat({issuer.view(), length_octet, serial.octets});
}

Serial SerialOfKey(ByteView key) { return Serial{ToBytes(key.subspan(kIssuerOctets + 1))}; }

Bytes ExpiryKey(WallTime expires_at, const Digest& order_digest) {
  Bytes key;
  AppendBigEndian(static_cast<uint64_t>(expires_at.ms) ^ kSignBit, 8, key);
  key.insert(key.end(), order_digest.begin(), order_digest.end());
  return key;
}

StatusOr<ExpiryEntry> ReadExpiryKey(ByteView key) {
  ExpiryEntry entry;
  if (key.size() != 8 + entry.order_digest.size()) {
    return Fail(kRowUnreadable, "an expiry key of " + std::to_string(key.size()) + " octets");
  }
  uint64_t number = 0;
  for (const uint8_t octet : key.first(8)) number = number << 8 | octet;
  entry.expires_at.ms = static_cast<int64_t>(number ^ kSignBit);
  ASSIGN_OR_RETURN(entry.order_digest, ToDigest(key.subspan(8)));
  return entry;
}

Bytes SealKey(const KeyId& key_id, const SealAuthorisationId& id) {
  return Concat({key_id.view(), id.view()});
}

Bytes EpochKey(uint32_t epoch) {
  Bytes key = ToBytes("epoch/");
  AppendBigEndian(epoch, 4, key);
  return key;
}

Bytes LiveRecordsKey(uint32_t epoch) {
  Bytes key = ToBytes("live/");
  AppendBigEndian(epoch, 4, key);
  return key;
}

Bytes PendingDestructionKey(const KeyId& key_id) {
  return Concat({PendingDestructionPrefix(), key_id.view()});
}

}  // namespace intaglio::appliance
