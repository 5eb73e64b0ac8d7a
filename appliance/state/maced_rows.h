// MacedRows: rows that only the core can have written.
//
// Stored as value ‖ HMAC-SHA256(MAC key, table name ‖ 0 ‖ length of key, 4 octets ‖ key ‖ value),
// so a row can be neither changed nor moved to another key or table. What a MAC on each row cannot
// show is a row that is gone: for that, the sum modulo 2^256 of all row MACs is kept, itself MACed,
// and changes in the same transaction as the row. Used by LmdbState alone.
#ifndef INTAGLIO_APPLIANCE_STATE_MACED_ROWS_H_
#define INTAGLIO_APPLIANCE_STATE_MACED_ROWS_H_

#include <optional>

#include "appliance/state/lmdb_env.h"
#include "base/bytes.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {

// A sum of MACs modulo 2^256, big-endian. The order of adding does not matter.
class MacSum final {
 public:
  MacSum() = default;
  explicit MacSum(const Digest& value) : value_(value) {}
  void Add(const Digest& mac);
  void Add(const MacSum& sum) { Add(sum.value_); }
  void Subtract(const Digest& mac);
  const Digest& value() const { return value_; }
  friend bool operator==(const MacSum&, const MacSum&) = default;

 private:
  Digest value_{};
};

// The sums over a whole store. Marks have their own, because they move without an event and would
// make the state hash differ from the one journalled last.
struct RowSums {
  MacSum rows;
  MacSum marks;
  friend bool operator==(const RowSums&, const RowSums&) = default;
};

class RowMac final {
 public:
  // kMacKeyInvalid.
  static StatusOr<RowMac> Create(SecretBytes key);
  Digest Of(Table table, ByteView key, ByteView value) const;
  // The value of a stored row without its MAC; kRowForged.
  StatusOr<ByteView> Check(Table table, ByteView key, ByteView stored) const;

 private:
  explicit RowMac(SecretBytes key) : key_(std::move(key)) {}
  SecretBytes key_;
};

// The rows as one transaction sees them. Writing needs LoadSums() first and StoreSums() before the
// commit. Views are valid as LmdbTxn says.
class MacedRows final {
 public:
  MacedRows(LmdbTxn& txn, const RowMac& mac) : txn_(txn), mac_(mac) {}

  // kRowForged.
  StatusOr<std::optional<ByteView>> Find(Table table, ByteView key);
  // A forged row is not overwritten: kRowForged.
  Status Put(Table table, ByteView key, ByteView value);
  // Does nothing if there is no such row.
  Status Erase(Table table, ByteView key);
  // Checked entries in ascending order from `from`, until `visit` says enough.
  enum class Walk { kGoOn, kEnough };
  template <class Visitor>
  Status WalkFrom(Table table, ByteView from, const Visitor& visit);

  // kRowForged also if there are no sums.
  Status LoadSums();
  Status StoreSums();
  const RowSums& sums() const { return sums_; }
  // Makes the sums of a store without rows; kRowForged if it has rows.
  Status FoundSums();
  // The sum from the rows of one table, or of all, themselves; kRowForged.
  StatusOr<MacSum> Recompute(Table table);
  StatusOr<RowSums> RecomputeAll();

 private:
  MacSum& SumOf(Table table) { return table == Table::kMark ? sums_.marks : sums_.rows; }

  LmdbTxn& txn_;
  const RowMac& mac_;
  RowSums sums_;
  RowSums loaded_;
};

template <class Visitor>
Status MacedRows::WalkFrom(Table table, ByteView from, const Visitor& visit) {
  ASSIGN_OR_RETURN(LmdbCursor cursor, txn_.OpenCursor(table));
  // LMDB has no empty key to seek for.
  auto entry = from.empty() ? cursor.First() : cursor.Seek(from);
  for (;; entry = cursor.Next()) {
    RETURN_IF_ERROR(entry.status());
    if (!entry->has_value()) return OkStatus();
    ASSIGN_OR_RETURN(const ByteView value, mac_.Check(table, (*entry)->key, (*entry)->value));
    ASSIGN_OR_RETURN(const Walk walk, visit((*entry)->key, value));
    if (walk == Walk::kEnough) return OkStatus();
  }
}

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_MACED_ROWS_H_
