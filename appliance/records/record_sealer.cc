#include "appliance/records/record_sealer.h"

#include <cstdlib>

#include "appliance/crypto/aead.h"
#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/records/canonical.h"
#include "appliance/records/record_codec.h"
#include "intaglio/core/v1/record.pb.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr std::string_view kContext = "intaglio/record/v1";
constexpr uint32_t kFormat = 1;
constexpr size_t kMaxSealed = 80 * 1024;

Bytes BigEndian(uint64_t value, size_t octets) {
  Bytes out(octets);
  for (size_t i = 0; i < octets; ++i) out[octets - 1 - i] = static_cast<uint8_t>(value >> (8 * i));
  return out;
}

SecretBytes Subkey(const SecretBytes& record_key, ByteView key_id, uint64_t version,
                   ByteView salt) {
  const Bytes info = Concat({AsBytes(kContext), key_id, BigEndian(version, 8)});
  return HkdfSha256(record_key.Expose(), salt, info, 32);
}

Bytes Aad(ByteView key_id, uint64_t version, uint32_t epoch) {
  return Concat({AsBytes(kContext), key_id, BigEndian(version, 8), BigEndian(epoch, 4)});
}

}  // namespace

RecordSealer::RecordSealer(std::vector<EpochKey> keys, Rng& rng) : rng_(rng) {
  if (keys.empty()) abort();
  for (EpochKey& key : keys) keys_.emplace(key.epoch, std::move(key.key));
}

StatusOr<Bytes> RecordSealer::Seal(const KeyRecord& record) {
  ASSIGN_OR_RETURN(const Bytes salt, rng_.Draw(32));
  std::shared_lock lock(mutex_);
  const auto& [epoch, key] = *keys_.rbegin();
  const ByteView id = record.key_id.view();
  pb::SealedRecord sealed;
  sealed.set_format(kFormat);
  sealed.set_key_id(AsString(id));
  sealed.set_version(record.version);
  sealed.set_epoch(epoch);
  sealed.set_salt(AsString(salt));
  sealed.set_ciphertext(AsString(GcmSeal(Subkey(key, id, record.version, salt), GcmIv{},
                                         Aad(id, record.version, epoch), EncodeRecord(record))));
  return SerializeCanonical(sealed);
}

StatusOr<KeyRecord> RecordSealer::Open(ByteView octets) {
  pb::SealedRecord sealed;
  if (!ParseCanonical(octets, kMaxSealed, sealed) || sealed.format() != kFormat ||
      sealed.key_id().size() != 16 || sealed.salt().size() != 32) {
    return Fail(kRecordUnreadable, "not a sealed record");
  }
  std::shared_lock lock(mutex_);
  const auto key = keys_.find(sealed.epoch());
  if (key == keys_.end()) {
    return Fail(kRecordUnreadable, "epoch " + std::to_string(sealed.epoch()) + " is unknown");
  }
  const ByteView id = AsBytes(sealed.key_id());
  const auto plain =
      GcmOpen(Subkey(key->second, id, sealed.version(), AsBytes(sealed.salt())), GcmIv{},
              Aad(id, sealed.version(), sealed.epoch()), AsBytes(sealed.ciphertext()));
  if (!plain) return Fail(kRecordUnreadable, "the seal is broken");
  auto record = DecodeRecord(*plain);
  if (!record || record->version != sealed.version() || !Equal(record->key_id.view(), id)) {
    return Fail(kRecordUnreadable, "the content does not fit its seal");
  }
  return *std::move(record);
}

uint32_t RecordSealer::EpochOf(ByteView octets) const {
  pb::SealedRecord sealed;
  return ParseCanonical(octets, kMaxSealed, sealed) ? sealed.epoch() : 0;
}

uint32_t RecordSealer::CurrentEpoch() const {
  std::shared_lock lock(mutex_);
  return keys_.rbegin()->first;
}

void RecordSealer::Add(EpochKey key) {
  std::unique_lock lock(mutex_);
  keys_.emplace(key.epoch, std::move(key.key));
}

void RecordSealer::Remove(uint32_t epoch) {
  std::unique_lock lock(mutex_);
  keys_.erase(epoch);
}

}  // namespace intaglio::appliance
