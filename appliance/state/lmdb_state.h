// LmdbState: the core's rows in LMDB, MACed one by one and summed up over all.
//
// The host owns the disk in the worst case, so nothing read from it is believed without its MAC. A
// changed row is found when it is read. A removed one, or one put back from an older copy, is found
// by CheckAllRows(). An older copy of the whole store is found by the journal alone: by its count
// of starts, and after an orderly stop by the StateHash() it holds. LMDB itself trusts its pages:
// who writes arbitrary octets into the file can stop the core, never make it believe.
//
// Thread-safe. One process at a time (the directory is locked); writers wait for each other,
// readers wait for nobody.
#ifndef INTAGLIO_APPLIANCE_STATE_LMDB_STATE_H_
#define INTAGLIO_APPLIANCE_STATE_LMDB_STATE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "appliance/state/lmdb_env.h"
#include "appliance/state/maced_rows.h"
#include "appliance/state/stored_instance.h"
#include "appliance/usecases/ports.h"
#include "base/secret_bytes.h"

namespace intaglio::appliance {

// A row as a backup carries it: the table's name, so that numbers may change.
struct CarriedRow {
  std::string table;
  Bytes key;
  Bytes value;
};

class LmdbState final : public StatePort {
 public:
  // Opens or makes the store in `dir` (made if missing, mode 0700). `mac_key` has 32 octets; with
  // another key than the store was made with this is kRowForged. `map_size` bounds the file: past
  // it writes are kStateFull and reads go on; reopening with a larger one is all it takes. Also
  // kMacKeyInvalid, kDirectoryInUse, kDirectoryUnusable, kStateUnavailable, and kRowsMissing if the
  // time or the journal anchor was removed or put back.
  static StatusOr<std::unique_ptr<LmdbState>> Open(const std::string& dir, SecretBytes mac_key,
                                                   MapSize map_size);

  // StatePort. Every call may also be kRowForged, kRowUnreadable, kStateUnavailable. `change` must
  // not call Update() or a Store method: it would wait for itself.
  Status Update(const std::function<Status(RowTransaction&)>& change) override;
  StatusOr<std::optional<KeyRow>> FindKey(const KeyId& key_id) override;
  StatusOr<std::optional<SerialRow>> FindSerial(const KeyId& issuer, const Serial& serial) override;
  StatusOr<std::optional<OrderRow>> FindOrder(const Digest& order_digest) override;
  StatusOr<WallTime> PurgedUntil() override;
  StatusOr<CaRow> FindCa(const KeyId& issuer) override;
  StatusOr<std::optional<SealLedgerRow>> FindSeal(const KeyId& key_id,
                                                  const SealAuthorisationId& id) override;
  StatusOr<std::vector<std::pair<SealAuthorisationId, SealLedgerRow>>> ListSeals(
      const KeyId& key_id, size_t limit) override;
  StatusOr<std::vector<RevokedRow>> RevokedAfter(const KeyId& issuer, const Serial& after,
                                                 size_t limit) override;
  StatusOr<uint64_t> LiveRecords(uint32_t epoch) override;
  StatusOr<std::vector<KeyId>> PendingDestructions(size_t limit) override;
  StatusOr<std::optional<PendingIdentity>> FindPendingIdentity() override;
  // Kept up to date by each change, so this reads one row.
  StatusOr<Digest> StateHash() override;

  // The same sum from the rows themselves: reads everything.
  StatusOr<Digest> RecomputeStateHash();
  // Checks every MAC and compares the sums with those kept: kRowForged, kRowsMissing.
  Status CheckAllRows();
  // Removes up to `limit` orders that expired before `now`, oldest first; how many it removed.
  StatusOr<size_t> PurgeExpiredOrders(WallTime now, size_t limit);

  // For the daemon. Stores are durable when OK; loads are empty until the first store.
  StatusOr<std::optional<StoredInstance>> LoadInstance();
  Status StoreInstance(const StoredInstance& instance);
  StatusOr<std::optional<StoredEpoch>> LoadEpoch(uint32_t epoch);
  StatusOr<std::optional<StoredEpoch>> LoadLatestEpoch();
  // Every epoch whose key has not been destroyed, oldest first.
  StatusOr<std::vector<StoredEpoch>> LoadEpochs();
  Status EraseEpoch(uint32_t epoch);
  // CKA_ID of every RESIDENT key's token object that has not been destroyed. Reads every key's row.
  StatusOr<std::vector<Bytes>> ResidentObjects();
  // kRowInvalid for epoch 0.
  Status StoreEpoch(const StoredEpoch& epoch);
  StatusOr<std::optional<StoredTime>> LoadTime();
  Status StoreTime(const StoredTime& time);
  StatusOr<std::optional<JournalHead>> LoadJournalAnchor();
  Status StoreJournalAnchor(const JournalHead& head);
  // The last line of the journal that a host confirmed to have.
  StatusOr<std::optional<JournalHead>> LoadExported();
  Status StoreExported(const JournalHead& head);

  // What a restore without a backup waits for; a mark, so that preparing one leaves the state hash.
  StatusOr<std::optional<StoredRestore>> LoadRestore();
  Status StoreRestore(const StoredRestore& restore);
  // The core's own row, where its restore stands (nothing erases that), and record keys that were
  // found, at once.
  Status StoreRestored(const StoredInstance& instance, const std::optional<StoredRestore>& restore,
                       const std::vector<StoredEpoch>& epochs);

  // For a backup: every row but the instance, the epochs' keys, what is pending for the identity,
  // and the marks, which are this machine's. kStateFull if their octets are more than `most`.
  StatusOr<std::vector<CarriedRow>> CarryRows(size_t most);
  // Puts them into a store made anew, at once or not at all. kRowInvalid for a table that carries
  // none, or an empty key.
  Status PutCarried(const std::vector<CarriedRow>& carried);

 private:
  LmdbState(std::unique_ptr<LmdbEnv> env, RowMac mac)
      : env_(std::move(env)), mac_(std::move(mac)) {}
  // Makes the sums of a new store, or checks the marks of an old one.
  Status Begin();
  // Runs `read(MacedRows&)` in a read transaction.
  template <class Read>
  auto Reading(const Read& read) -> decltype(read(std::declval<MacedRows&>()));
  // Runs `change(MacedRows&)` in a write transaction and commits if it is OK.
  template <class Change>
  Status Writing(const Change& change);

  std::unique_ptr<LmdbEnv> env_;
  RowMac mac_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_LMDB_STATE_H_
