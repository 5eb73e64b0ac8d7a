#include "appliance/state/maced_rows.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/state/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMacOctets = 32;
constexpr size_t kSumsOctets = 64;

ByteView SumsKey() { return AsBytes("sums"); }

// Every table whose rows are summed.
constexpr Table kSummed[] = {Table::kKey,   Table::kSerial, Table::kRevoked,
                             Table::kOrder, Table::kExpiry, Table::kCa,
                             Table::kMeta,  Table::kMark,   Table::kSeal};

Digest MacOf(ByteView stored) {
  Digest mac;
  std::copy(stored.end() - kMacOctets, stored.end(), mac.begin());
  return mac;
}

}  // namespace

void MacSum::Add(const Digest& mac) {
  unsigned carry = 0;
  for (size_t i = value_.size(); i-- > 0;) {
    carry += unsigned{value_[i]} + mac[i];
    value_[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
}

void MacSum::Subtract(const Digest& mac) {
  unsigned borrow = 0;
  for (size_t i = value_.size(); i-- > 0;) {
    const unsigned taken = mac[i] + borrow;
    borrow = value_[i] < taken ? 1 : 0;
    value_[i] = static_cast<uint8_t>(value_[i] - taken);
  }
}

StatusOr<RowMac> RowMac::Create(SecretBytes key) {
  if (key.size() != kMacOctets) {
    return Fail(kMacKeyInvalid, "the key has " + std::to_string(key.size()) + " octets");
  }
  return RowMac(std::move(key));
}

Digest RowMac::Of(Table table, ByteView key, ByteView value) const {
  const auto length = static_cast<uint32_t>(key.size());
  const uint8_t name_end_and_length[] = {
      0, static_cast<uint8_t>(length >> 24), static_cast<uint8_t>(length >> 16),
      static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  return HmacSha256(key_.Expose(),
                    Concat({AsBytes(NameOf(table)), name_end_and_length, key, value}));
}

StatusOr<ByteView> RowMac::Check(Table table, ByteView key, ByteView stored) const {
  if (stored.size() >= kMacOctets) {
    const ByteView value = stored.first(stored.size() - kMacOctets);
    if (ConstantTimeEqual(Of(table, key, value), stored.last(kMacOctets))) return value;
  }
  return Fail(kRowForged, "table " + std::string(NameOf(table)) + ", key " + ToHex(key) +
                              ": the MAC is wrong; restore the store from a backup");
}

StatusOr<std::optional<ByteView>> MacedRows::Find(Table table, ByteView key) {
  ASSIGN_OR_RETURN(const std::optional<ByteView> stored, txn_.Get(table, key));
  if (!stored) return std::optional<ByteView>();
  ASSIGN_OR_RETURN(const ByteView value, mac_.Check(table, key, *stored));
  return std::optional<ByteView>(value);
}

Status MacedRows::Put(Table table, ByteView key, ByteView value) {
  const Digest mac = mac_.Of(table, key, value);
  ASSIGN_OR_RETURN(const std::optional<ByteView> before, txn_.Get(table, key));
  if (before) {
    RETURN_IF_ERROR(mac_.Check(table, key, *before).status());
    if (MacOf(*before) == mac) return OkStatus();
    SumOf(table).Subtract(MacOf(*before));
  }
  SumOf(table).Add(mac);
  return txn_.Put(table, key, Concat({value, mac}));
}

Status MacedRows::Erase(Table table, ByteView key) {
  ASSIGN_OR_RETURN(const std::optional<ByteView> before, txn_.Get(table, key));
  if (!before) return OkStatus();
  RETURN_IF_ERROR(mac_.Check(table, key, *before).status());
  SumOf(table).Subtract(MacOf(*before));
  return txn_.Delete(table, key);
}

Status MacedRows::LoadSums() {
  ASSIGN_OR_RETURN(const std::optional<ByteView> value, Find(Table::kHead, SumsKey()));
  if (!value || value->size() != kSumsOctets) {
    return Fail(kRowForged, "the sums over the rows are gone; restore the store from a backup");
  }
  ASSIGN_OR_RETURN(const Digest rows, ToDigest(value->first(32)));
  ASSIGN_OR_RETURN(const Digest marks, ToDigest(value->last(32)));
  sums_ = loaded_ = RowSums{MacSum(rows), MacSum(marks)};
  return OkStatus();
}

Status MacedRows::StoreSums() {
  if (sums_ == loaded_) return OkStatus();
  const Bytes value = Concat({sums_.rows.value(), sums_.marks.value()});
  const Digest mac = mac_.Of(Table::kHead, SumsKey(), value);
  return txn_.Put(Table::kHead, SumsKey(), Concat({value, mac}));
}

Status MacedRows::FoundSums() {
  for (const Table table : kSummed) {
    ASSIGN_OR_RETURN(const bool empty, txn_.IsEmpty(table));
    if (!empty) {
      return Fail(kRowForged, "there are rows but no sums over them; restore from a backup");
    }
  }
  const Bytes zeros(kSumsOctets);
  const Digest mac = mac_.Of(Table::kHead, SumsKey(), zeros);
  return txn_.Put(Table::kHead, SumsKey(), Concat({zeros, mac}));
}

StatusOr<MacSum> MacedRows::Recompute(Table table) {
  MacSum sum;
  RETURN_IF_ERROR(WalkFrom(table, {}, [&](ByteView, ByteView value) -> StatusOr<Walk> {
    // The MAC just checked stands right behind the value.
    sum.Add(MacOf(ByteView(value.data(), value.size() + kMacOctets)));
    return Walk::kGoOn;
  }));
  return sum;
}

StatusOr<RowSums> MacedRows::RecomputeAll() {
  RowSums sums;
  for (const Table table : kSummed) {
    ASSIGN_OR_RETURN(const MacSum sum, Recompute(table));
    (table == Table::kMark ? sums.marks : sums.rows).Add(sum);
  }
  return sums;
}

}  // namespace intaglio::appliance
