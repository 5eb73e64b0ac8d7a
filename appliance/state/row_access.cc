#include "appliance/state/row_access.h"

#include <algorithm>

#include "appliance/state/reasons.h"
#include "appliance/state/row_codec.h"
#include "appliance/state/row_keys.h"

namespace intaglio::appliance {
namespace {

template <class Row>
StatusOr<std::optional<Row>> ReadRow(MacedRows& rows, Table table, ByteView key,
                                     StatusOr<Row> (*decode)(ByteView)) {
  ASSIGN_OR_RETURN(const std::optional<ByteView> value, rows.Find(table, key));
  if (!value) return std::optional<Row>();
  ASSIGN_OR_RETURN(Row row, decode(*value));
  return std::optional<Row>(std::move(row));
}

bool StartsWith(ByteView octets, ByteView prefix) {
  return octets.size() >= prefix.size() && Equal(octets.first(prefix.size()), prefix);
}

}  // namespace

StatusOr<std::optional<KeyRow>> ReadKeyRow(MacedRows& rows, const KeyId& key_id) {
  return ReadRow<KeyRow>(rows, Table::kKey, key_id.view(), DecodeKeyRow);
}

StatusOr<std::optional<SerialRow>> ReadSerialRow(MacedRows& rows, const KeyId& issuer,
                                                 const Serial& serial) {
  ASSIGN_OR_RETURN(const Bytes key, SerialKey(issuer, serial));
  return ReadRow<SerialRow>(rows, Table::kSerial, key, DecodeSerialRow);
}

StatusOr<std::optional<OrderRow>> ReadOrderRow(MacedRows& rows, const Digest& order_digest) {
  return ReadRow<OrderRow>(rows, Table::kOrder, order_digest, DecodeOrderRow);
}

StatusOr<CaRow> ReadCaRow(MacedRows& rows, const KeyId& issuer) {
  ASSIGN_OR_RETURN(const std::optional<CaRow> row,
                   ReadRow<CaRow>(rows, Table::kCa, issuer.view(), DecodeCaRow));
  return row.value_or(CaRow{});
}

StatusOr<std::optional<SealLedgerRow>> ReadSealRow(MacedRows& rows, const KeyId& key_id,
                                                   const SealAuthorisationId& id) {
  return ReadRow<SealLedgerRow>(rows, Table::kSeal, SealKey(key_id, id), DecodeSealRow);
}

StatusOr<std::vector<std::pair<SealAuthorisationId, SealLedgerRow>>> ReadSealRows(
    MacedRows& rows, const KeyId& key_id, size_t limit) {
  std::vector<std::pair<SealAuthorisationId, SealLedgerRow>> found;
  if (limit == 0) return found;
  using Walk = MacedRows::Walk;
  const ByteView prefix = key_id.view();
  RETURN_IF_ERROR(
      rows.WalkFrom(Table::kSeal, prefix, [&](ByteView key, ByteView value) -> StatusOr<Walk> {
        if (!StartsWith(key, prefix)) return Walk::kEnough;
        SealAuthorisationId id;
        if (!Assign(key.subspan(prefix.size()), id)) {
          return Fail(kRowUnreadable, "a seal authorisation at " + ToHex(key));
        }
        ASSIGN_OR_RETURN(SealLedgerRow row, DecodeSealRow(value));
        found.emplace_back(id, std::move(row));
        return found.size() < limit ? Walk::kGoOn : Walk::kEnough;
      }));
  return found;
}

StatusOr<std::vector<RevokedRow>> ReadRevokedAfter(MacedRows& rows, const KeyId& issuer,
                                                   const Serial& after, size_t limit) {
  std::vector<RevokedRow> found;
  if (limit == 0) return found;
  Bytes from = ToBytes(issuer.view());
  if (!after.octets.empty()) {
    ASSIGN_OR_RETURN(from, SerialKey(issuer, after));
  }
  using Walk = MacedRows::Walk;
  RETURN_IF_ERROR(
      rows.WalkFrom(Table::kRevoked, from, [&](ByteView key, ByteView value) -> StatusOr<Walk> {
        if (!StartsWith(key, issuer.view())) return Walk::kEnough;
        if (Equal(key, from)) return Walk::kGoOn;
        ASSIGN_OR_RETURN(RevokedRow row, DecodeRevokedRow(value));
        row.serial = SerialOfKey(key);
        found.push_back(std::move(row));
        return found.size() < limit ? Walk::kGoOn : Walk::kEnough;
      }));
  return found;
}

StatusOr<size_t> PurgeOrders(MacedRows& rows, WallTime now, size_t limit) {
  // Gathered first: erasing under a cursor would move it.
  std::vector<ExpiryEntry> expired;
  if (limit == 0) return expired.size();
  using Walk = MacedRows::Walk;
  RETURN_IF_ERROR(rows.WalkFrom(Table::kExpiry, {}, [&](ByteView key, ByteView) -> StatusOr<Walk> {
    ASSIGN_OR_RETURN(const ExpiryEntry entry, ReadExpiryKey(key));
    if (entry.expires_at >= now) return Walk::kEnough;
    expired.push_back(entry);
    return expired.size() < limit ? Walk::kGoOn : Walk::kEnough;
  }));
  for (const ExpiryEntry& entry : expired) {
    ASSIGN_OR_RETURN(const std::optional<OrderRow> row, ReadOrderRow(rows, entry.order_digest));
    if (!row || row->expires_at != entry.expires_at) {
      return Fail(kRowsMissing, "order " + ToHex(entry.order_digest) +
                                    " has an expiry entry but no such row; restore from a backup");
    }
    RETURN_IF_ERROR(rows.Erase(Table::kOrder, entry.order_digest));
    RETURN_IF_ERROR(rows.Erase(Table::kExpiry, ExpiryKey(entry.expires_at, entry.order_digest)));
  }
  if (!expired.empty()) {
    ASSIGN_OR_RETURN(const WallTime known, ReadPurgedUntil(rows));
    const WallTime latest = std::max(known, expired.back().expires_at);
    RETURN_IF_ERROR(
        rows.Put(Table::kMeta, PurgedKey(), EncodeCount(static_cast<uint64_t>(latest.ms))));
  }
  return expired.size();
}

StatusOr<WallTime> ReadPurgedUntil(MacedRows& rows) {
  ASSIGN_OR_RETURN(const std::optional<ByteView> value, rows.Find(Table::kMeta, PurgedKey()));
  if (!value) return WallTime{};
  ASSIGN_OR_RETURN(const uint64_t ms, DecodeCount(*value));
  return WallTime{static_cast<int64_t>(ms)};
}

StatusOr<std::optional<KeyRow>> RowWriter::FindKey(const KeyId& key_id) {
  return ReadKeyRow(rows_, key_id);
}

StatusOr<uint64_t> ReadLiveRecords(MacedRows& rows, uint32_t epoch) {
  ASSIGN_OR_RETURN(const std::optional<ByteView> value,
                   rows.Find(Table::kMeta, LiveRecordsKey(epoch)));
  if (!value) return uint64_t{0};
  return DecodeCount(*value);
}

StatusOr<std::vector<KeyId>> ReadPendingDestructions(MacedRows& rows, size_t limit) {
  std::vector<KeyId> found;
  if (limit == 0) return found;
  using Walk = MacedRows::Walk;
  const ByteView prefix = PendingDestructionPrefix();
  RETURN_IF_ERROR(
      rows.WalkFrom(Table::kMeta, prefix, [&](ByteView key, ByteView) -> StatusOr<Walk> {
        if (!StartsWith(key, prefix)) return Walk::kEnough;
        if (!Assign(key.subspan(prefix.size()), found.emplace_back())) {
          return Fail(kRowUnreadable, "a pending destruction of " + ToHex(key));
        }
        return found.size() < limit ? Walk::kGoOn : Walk::kEnough;
      }));
  return found;
}

Status RowWriter::CountLive(uint32_t epoch, int64_t change) {
  ASSIGN_OR_RETURN(const uint64_t live, ReadLiveRecords(rows_, epoch));
  if (change < 0 && live < static_cast<uint64_t>(-change)) {
    return Fail(kRowInvalid,
                "epoch " + std::to_string(epoch) + " would have fewer than no records");
  }
  return rows_.Put(Table::kMeta, LiveRecordsKey(epoch),
                   EncodeCount(live + static_cast<uint64_t>(change)));
}

Status RowWriter::FollowKey(const KeyId& key_id, const std::optional<KeyRow>& before,
                            const KeyRow& after) {
  const auto live = [](const KeyRow& row) { return row.state != KeyState::kDestroyed; };
  const uint32_t was = before && live(*before) ? before->epoch : 0;
  const uint32_t is = live(after) ? after.epoch : 0;
  if (was != is) {
    if (was != 0) RETURN_IF_ERROR(CountLive(was, -1));
    if (is != 0) RETURN_IF_ERROR(CountLive(is, 1));
  }
  const auto pending = [&](const KeyRow& row) { return !live(row) && !row.cka_id.empty(); };
  const bool had = before && pending(*before);
  if (pending(after) == had) return OkStatus();
  if (had) return rows_.Erase(Table::kMeta, PendingDestructionKey(key_id));
  return rows_.Put(Table::kMeta, PendingDestructionKey(key_id), {});
}

Status RowWriter::PutKey(const KeyId& key_id, const KeyRow& row) {
  if (row.epoch == 0) return Fail(kRowInvalid, "record key epochs count from 1");
  ASSIGN_OR_RETURN(const std::optional<KeyRow> before, FindKey(key_id));
  RETURN_IF_ERROR(FollowKey(key_id, before, row));
  return rows_.Put(Table::kKey, key_id.view(), EncodeRow(row));
}

StatusOr<std::optional<SerialRow>> RowWriter::FindSerial(const KeyId& issuer,
                                                         const Serial& serial) {
  return ReadSerialRow(rows_, issuer, serial);
}

Status RowWriter::PutSerial(const KeyId& issuer, const Serial& serial, const SerialRow& row) {
  ASSIGN_OR_RETURN(const Bytes key, SerialKey(issuer, serial));
  RETURN_IF_ERROR(rows_.Put(Table::kSerial, key, EncodeRow(row)));
  if (row.state != SerialState::kSuspended && row.state != SerialState::kRevoked) {
    return rows_.Erase(Table::kRevoked, key);
  }
  const RevokedRow revoked{serial, row.changed_at, row.reason, row.not_after};
  return rows_.Put(Table::kRevoked, key, EncodeRow(revoked));
}

StatusOr<std::optional<OrderRow>> RowWriter::FindOrder(const Digest& order_digest) {
  return ReadOrderRow(rows_, order_digest);
}

Status RowWriter::PutOrder(const Digest& order_digest, const OrderRow& row) {
  ASSIGN_OR_RETURN(const std::optional<OrderRow> before, FindOrder(order_digest));
  if (before && before->expires_at != row.expires_at) {
    RETURN_IF_ERROR(rows_.Erase(Table::kExpiry, ExpiryKey(before->expires_at, order_digest)));
  }
  RETURN_IF_ERROR(rows_.Put(Table::kExpiry, ExpiryKey(row.expires_at, order_digest), {}));
  return rows_.Put(Table::kOrder, order_digest, EncodeRow(row));
}

StatusOr<CaRow> RowWriter::FindCa(const KeyId& issuer) { return ReadCaRow(rows_, issuer); }

Status RowWriter::PutCa(const KeyId& issuer, const CaRow& row) {
  return rows_.Put(Table::kCa, issuer.view(), EncodeRow(row));
}

StatusOr<std::optional<SealLedgerRow>> RowWriter::FindSeal(const KeyId& key_id,
                                                           const SealAuthorisationId& id) {
  return ReadSealRow(rows_, key_id, id);
}

Status RowWriter::PutSeal(const KeyId& key_id, const SealAuthorisationId& id,
                          const SealLedgerRow& row) {
  return rows_.Put(Table::kSeal, SealKey(key_id, id), EncodeRow(row));
}

Status RowWriter::EraseSeal(const KeyId& key_id, const SealAuthorisationId& id) {
  return rows_.Erase(Table::kSeal, SealKey(key_id, id));
}

Status RowWriter::PutIdentity(const CoreIdentity& identity) {
  ASSIGN_OR_RETURN(auto row,
                   ReadRow<StoredInstance>(rows_, Table::kMeta, InstanceKey(), DecodeInstance));
  if (!row) return Fail(kRowsMissing, "the core's own row");
  row->identity = identity;
  RETURN_IF_ERROR(rows_.Put(Table::kMeta, InstanceKey(), EncodeRow(*row)));
  return PutPendingIdentity(std::nullopt);
}

Status RowWriter::PutPendingIdentity(const std::optional<PendingIdentity>& pending) {
  if (pending) return rows_.Put(Table::kMeta, PendingIdentityKey(), EncodeRow(*pending));
  ASSIGN_OR_RETURN(const auto found, rows_.Find(Table::kMeta, PendingIdentityKey()));
  return found ? rows_.Erase(Table::kMeta, PendingIdentityKey()) : OkStatus();
}

}  // namespace intaglio::appliance
