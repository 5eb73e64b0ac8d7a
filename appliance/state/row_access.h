// Row access: typed reads and writes over MacedRows, the same for a read transaction and for the
// one that Update() hands to a use case.
#ifndef INTAGLIO_APPLIANCE_STATE_ROW_ACCESS_H_
#define INTAGLIO_APPLIANCE_STATE_ROW_ACCESS_H_

#include <optional>
#include <vector>

#include "appliance/state/maced_rows.h"
#include "appliance/usecases/ports.h"

namespace intaglio::appliance {

StatusOr<std::optional<KeyRow>> ReadKeyRow(MacedRows& rows, const KeyId& key_id);
StatusOr<std::optional<SerialRow>> ReadSerialRow(MacedRows& rows, const KeyId& issuer,
                                                 const Serial& serial);
StatusOr<std::optional<OrderRow>> ReadOrderRow(MacedRows& rows, const Digest& order_digest);
StatusOr<CaRow> ReadCaRow(MacedRows& rows, const KeyId& issuer);
StatusOr<std::optional<SealLedgerRow>> ReadSealRow(MacedRows& rows, const KeyId& key_id,
                                                   const SealAuthorisationId& id);
StatusOr<std::vector<std::pair<SealAuthorisationId, SealLedgerRow>>> ReadSealRows(
    MacedRows& rows, const KeyId& key_id, size_t limit);
// A seek and a walk over one range, whatever the size of the table.
StatusOr<std::vector<RevokedRow>> ReadRevokedAfter(MacedRows& rows, const KeyId& issuer,
                                                   const Serial& after, size_t limit);
// Removes orders that expired before `now`, oldest first, at most `limit`, and remembers the latest
// end of them.
StatusOr<size_t> PurgeOrders(MacedRows& rows, WallTime now, size_t limit);

// No order with an end after this has been forgotten; the epoch if none was.
StatusOr<WallTime> ReadPurgedUntil(MacedRows& rows);

StatusOr<uint64_t> ReadLiveRecords(MacedRows& rows, uint32_t epoch);
StatusOr<std::vector<KeyId>> ReadPendingDestructions(MacedRows& rows, size_t limit);

// A use case's hold on a write transaction.
class RowWriter final : public RowTransaction {
 public:
  explicit RowWriter(MacedRows& rows) : rows_(rows) {}
  StatusOr<std::optional<KeyRow>> FindKey(const KeyId& key_id) override;
  Status PutKey(const KeyId& key_id, const KeyRow& row) override;
  StatusOr<std::optional<SerialRow>> FindSerial(const KeyId& issuer, const Serial& serial) override;
  Status PutSerial(const KeyId& issuer, const Serial& serial, const SerialRow& row) override;
  StatusOr<std::optional<OrderRow>> FindOrder(const Digest& order_digest) override;
  Status PutOrder(const Digest& order_digest, const OrderRow& row) override;
  StatusOr<CaRow> FindCa(const KeyId& issuer) override;
  Status PutCa(const KeyId& issuer, const CaRow& row) override;
  StatusOr<std::optional<SealLedgerRow>> FindSeal(const KeyId& key_id,
                                                  const SealAuthorisationId& id) override;
  Status PutSeal(const KeyId& key_id, const SealAuthorisationId& id,
                 const SealLedgerRow& row) override;
  Status EraseSeal(const KeyId& key_id, const SealAuthorisationId& id) override;
  Status PutIdentity(const CoreIdentity& identity) override;
  Status PutPendingIdentity(const std::optional<PendingIdentity>& pending) override;

 private:
  // Keeps the counts of live records and the list of objects to be destroyed in step with the row.
  Status FollowKey(const KeyId& key_id, const std::optional<KeyRow>& before, const KeyRow& after);
  Status CountLive(uint32_t epoch, int64_t change);

  MacedRows& rows_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_ROW_ACCESS_H_
