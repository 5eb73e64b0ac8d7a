#include "appliance/state/lmdb_state.h"

#include <algorithm>
#include <iterator>

#include "appliance/state/reasons.h"
#include "appliance/state/row_access.h"
#include "appliance/state/row_codec.h"
#include "appliance/state/row_keys.h"

namespace intaglio::appliance {
namespace {

Status CompareSums(const MacSum& kept, const MacSum& found, const char* what) {
  if (kept == found) return OkStatus();
  return Fail(kRowsMissing, std::string(what) +
                                " do not add up to the sum kept over them: some were removed or "
                                "put back from an older copy; restore the store from a backup");
}

template <class Value>
StatusOr<std::optional<Value>> Load(MacedRows& rows, Table table, ByteView key,
                                    StatusOr<Value> (*decode)(ByteView)) {
  ASSIGN_OR_RETURN(const std::optional<ByteView> octets, rows.Find(table, key));
  if (!octets) return std::optional<Value>();
  ASSIGN_OR_RETURN(Value value, decode(*octets));
  return std::optional<Value>(std::move(value));
}

}  // namespace

template <class Read>
auto LmdbState::Reading(const Read& read) -> decltype(read(std::declval<MacedRows&>())) {
  ASSIGN_OR_RETURN(LmdbTxn txn, LmdbTxn::BeginRead(*env_));
  MacedRows rows(txn, mac_);
  return read(rows);
}

template <class Change>
Status LmdbState::Writing(const Change& change) {
  ASSIGN_OR_RETURN(LmdbTxn txn, LmdbTxn::BeginWrite(*env_));
  MacedRows rows(txn, mac_);
  RETURN_IF_ERROR(rows.LoadSums());
  RETURN_IF_ERROR(change(rows));
  RETURN_IF_ERROR(rows.StoreSums());
  return txn.Commit();
}

StatusOr<std::unique_ptr<LmdbState>> LmdbState::Open(const std::string& dir, SecretBytes mac_key,
                                                     MapSize map_size) {
  ASSIGN_OR_RETURN(RowMac mac, RowMac::Create(std::move(mac_key)));
  ASSIGN_OR_RETURN(std::unique_ptr<LmdbEnv> env, LmdbEnv::Open(dir, map_size));
  std::unique_ptr<LmdbState> state(new LmdbState(std::move(env), std::move(mac)));
  RETURN_IF_ERROR(state->Begin());
  return state;
}

Status LmdbState::Begin() {
  ASSIGN_OR_RETURN(LmdbTxn txn, LmdbTxn::BeginWrite(*env_));
  ASSIGN_OR_RETURN(const bool is_new, txn.IsEmpty(Table::kHead));
  MacedRows rows(txn, mac_);
  if (is_new) {
    RETURN_IF_ERROR(rows.FoundSums());
    return txn.Commit();
  }
  RETURN_IF_ERROR(rows.LoadSums());
  ASSIGN_OR_RETURN(const MacSum marks, rows.Recompute(Table::kMark));
  return CompareSums(rows.sums().marks, marks, "the time and journal marks");
}

Status LmdbState::Update(const std::function<Status(RowTransaction&)>& change) {
  return Writing([&](MacedRows& rows) {
    RowWriter writer(rows);
    return change(writer);
  });
}

StatusOr<std::optional<KeyRow>> LmdbState::FindKey(const KeyId& key_id) {
  return Reading([&](MacedRows& rows) { return ReadKeyRow(rows, key_id); });
}

StatusOr<std::optional<SerialRow>> LmdbState::FindSerial(const KeyId& issuer,
                                                         const Serial& serial) {
  return Reading([&](MacedRows& rows) { return ReadSerialRow(rows, issuer, serial); });
}

StatusOr<std::optional<OrderRow>> LmdbState::FindOrder(const Digest& order_digest) {
  return Reading([&](MacedRows& rows) { return ReadOrderRow(rows, order_digest); });
}

StatusOr<CaRow> LmdbState::FindCa(const KeyId& issuer) {
  return Reading([&](MacedRows& rows) { return ReadCaRow(rows, issuer); });
}

StatusOr<std::optional<SealLedgerRow>> LmdbState::FindSeal(const KeyId& key_id,
                                                           const SealAuthorisationId& id) {
  return Reading([&](MacedRows& rows) { return ReadSealRow(rows, key_id, id); });
}

StatusOr<std::vector<std::pair<SealAuthorisationId, SealLedgerRow>>> LmdbState::ListSeals(
    const KeyId& key_id, size_t limit) {
  return Reading([&](MacedRows& rows) { return ReadSealRows(rows, key_id, limit); });
}

StatusOr<std::vector<RevokedRow>> LmdbState::RevokedAfter(const KeyId& issuer, const Serial& after,
                                                          size_t limit) {
  return Reading([&](MacedRows& rows) { return ReadRevokedAfter(rows, issuer, after, limit); });
}

StatusOr<std::optional<PendingIdentity>> LmdbState::FindPendingIdentity() {
  return Reading([](MacedRows& rows) {
    return Load<PendingIdentity>(rows, Table::kMeta, PendingIdentityKey(), DecodePendingIdentity);
  });
}

StatusOr<Digest> LmdbState::StateHash() {
  return Reading([](MacedRows& rows) -> StatusOr<Digest> {
    RETURN_IF_ERROR(rows.LoadSums());
    return rows.sums().rows.value();
  });
}

StatusOr<Digest> LmdbState::RecomputeStateHash() {
  return Reading([](MacedRows& rows) -> StatusOr<Digest> {
    ASSIGN_OR_RETURN(const RowSums sums, rows.RecomputeAll());
    return sums.rows.value();
  });
}

Status LmdbState::CheckAllRows() {
  return Reading([](MacedRows& rows) -> Status {
    RETURN_IF_ERROR(rows.LoadSums());
    ASSIGN_OR_RETURN(const RowSums sums, rows.RecomputeAll());
    RETURN_IF_ERROR(CompareSums(rows.sums().rows, sums.rows, "the rows"));
    return CompareSums(rows.sums().marks, sums.marks, "the time and journal marks");
  });
}

StatusOr<WallTime> LmdbState::PurgedUntil() {
  return Reading([](MacedRows& rows) { return ReadPurgedUntil(rows); });
}

StatusOr<size_t> LmdbState::PurgeExpiredOrders(WallTime now, size_t limit) {
  size_t purged = 0;
  RETURN_IF_ERROR(Writing([&](MacedRows& rows) -> Status {
    ASSIGN_OR_RETURN(purged, PurgeOrders(rows, now, limit));
    return OkStatus();
  }));
  return purged;
}

StatusOr<std::optional<StoredInstance>> LmdbState::LoadInstance() {
  return Reading([](MacedRows& rows) {
    return Load<StoredInstance>(rows, Table::kMeta, InstanceKey(), DecodeInstance);
  });
}

Status LmdbState::StoreInstance(const StoredInstance& instance) {
  return Writing(
      [&](MacedRows& rows) { return rows.Put(Table::kMeta, InstanceKey(), EncodeRow(instance)); });
}

StatusOr<std::optional<StoredEpoch>> LmdbState::LoadEpoch(uint32_t epoch) {
  return Reading([&](MacedRows& rows) {
    return Load<StoredEpoch>(rows, Table::kMeta, EpochKey(epoch), DecodeEpoch);
  });
}

StatusOr<std::optional<StoredEpoch>> LmdbState::LoadLatestEpoch() {
  ASSIGN_OR_RETURN(const std::vector<StoredEpoch> epochs, LoadEpochs());
  if (epochs.empty()) return std::optional<StoredEpoch>();
  return std::optional<StoredEpoch>(epochs.back());
}

StatusOr<std::vector<StoredEpoch>> LmdbState::LoadEpochs() {
  return Reading([](MacedRows& rows) -> StatusOr<std::vector<StoredEpoch>> {
    std::vector<StoredEpoch> epochs;
    using Walk = MacedRows::Walk;
    const ByteView prefix = EpochPrefix();
    // A core has a handful of epochs a year.
    RETURN_IF_ERROR(
        rows.WalkFrom(Table::kMeta, prefix, [&](ByteView key, ByteView value) -> StatusOr<Walk> {
          if (key.size() < prefix.size() || !Equal(key.first(prefix.size()), prefix)) {
            return Walk::kEnough;
          }
          ASSIGN_OR_RETURN(StoredEpoch epoch, DecodeEpoch(value));
          epochs.push_back(std::move(epoch));
          return Walk::kGoOn;
        }));
    return epochs;
  });
}

Status LmdbState::EraseEpoch(uint32_t epoch) {
  return Writing([&](MacedRows& rows) { return rows.Erase(Table::kMeta, EpochKey(epoch)); });
}

StatusOr<uint64_t> LmdbState::LiveRecords(uint32_t epoch) {
  return Reading([&](MacedRows& rows) { return ReadLiveRecords(rows, epoch); });
}

StatusOr<std::vector<KeyId>> LmdbState::PendingDestructions(size_t limit) {
  return Reading([&](MacedRows& rows) { return ReadPendingDestructions(rows, limit); });
}

StatusOr<std::vector<Bytes>> LmdbState::ResidentObjects() {
  return Reading([](MacedRows& rows) -> StatusOr<std::vector<Bytes>> {
    using Walk = MacedRows::Walk;
    std::vector<Bytes> out;
    RETURN_IF_ERROR(rows.WalkFrom(Table::kKey, {}, [&](ByteView, ByteView value) -> StatusOr<Walk> {
      ASSIGN_OR_RETURN(const KeyRow row, DecodeKeyRow(value));
      if (!row.cka_id.empty()) out.push_back(row.cka_id);
      return Walk::kGoOn;
    }));
    return out;
  });
}

Status LmdbState::StoreEpoch(const StoredEpoch& epoch) {
  if (epoch.epoch == 0) return Fail(kRowInvalid, "record key epochs count from 1");
  return Writing([&](MacedRows& rows) {
    return rows.Put(Table::kMeta, EpochKey(epoch.epoch), EncodeRow(epoch));
  });
}

StatusOr<std::optional<StoredRestore>> LmdbState::LoadRestore() {
  return Reading([](MacedRows& rows) {
    return Load<StoredRestore>(rows, Table::kMark, RestoreKey(), DecodeRestore);
  });
}

Status LmdbState::StoreRestore(const StoredRestore& restore) {
  return Writing(
      [&](MacedRows& rows) { return rows.Put(Table::kMark, RestoreKey(), EncodeRow(restore)); });
}

Status LmdbState::StoreRestored(const StoredInstance& instance,
                                const std::optional<StoredRestore>& restore,
                                const std::vector<StoredEpoch>& epochs) {
  return Writing([&](MacedRows& rows) -> Status {
    for (const StoredEpoch& each : epochs) {
      RETURN_IF_ERROR(rows.Put(Table::kMeta, EpochKey(each.epoch), EncodeRow(each)));
    }
    RETURN_IF_ERROR(rows.Put(Table::kMeta, InstanceKey(), EncodeRow(instance)));
    if (!restore) return rows.Erase(Table::kMark, RestoreKey());
    return rows.Put(Table::kMark, RestoreKey(), EncodeRow(*restore));
  });
}

StatusOr<std::optional<StoredTime>> LmdbState::LoadTime() {
  return Reading(
      [](MacedRows& rows) { return Load<StoredTime>(rows, Table::kMark, TimeKey(), DecodeTime); });
}

Status LmdbState::StoreTime(const StoredTime& time) {
  return Writing(
      [&](MacedRows& rows) { return rows.Put(Table::kMark, TimeKey(), EncodeRow(time)); });
}

StatusOr<std::optional<JournalHead>> LmdbState::LoadJournalAnchor() {
  return Reading([](MacedRows& rows) {
    return Load<JournalHead>(rows, Table::kMark, JournalAnchorKey(), DecodeJournalHead);
  });
}

Status LmdbState::StoreJournalAnchor(const JournalHead& head) {
  return Writing(
      [&](MacedRows& rows) { return rows.Put(Table::kMark, JournalAnchorKey(), EncodeRow(head)); });
}

StatusOr<std::optional<JournalHead>> LmdbState::LoadExported() {
  return Reading([](MacedRows& rows) {
    return Load<JournalHead>(rows, Table::kMark, ExportedKey(), DecodeJournalHead);
  });
}

Status LmdbState::StoreExported(const JournalHead& head) {
  return Writing(
      [&](MacedRows& rows) { return rows.Put(Table::kMark, ExportedKey(), EncodeRow(head)); });
}

namespace {

constexpr Table kCarriedTables[] = {Table::kKey,    Table::kSerial, Table::kRevoked, Table::kOrder,
                                    Table::kExpiry, Table::kCa,     Table::kSeal,    Table::kMeta};

// These are made anew on the other machine.
bool StaysHere(Table table, ByteView key) {
  if (table != Table::kMeta) return false;
  const ByteView epochs = EpochPrefix();
  return Equal(key, InstanceKey()) || Equal(key, PendingIdentityKey()) ||
         (key.size() >= epochs.size() && Equal(key.first(epochs.size()), epochs));
}

}  // namespace

StatusOr<std::vector<CarriedRow>> LmdbState::CarryRows(size_t most) {
  return Reading([&](MacedRows& rows) -> StatusOr<std::vector<CarriedRow>> {
    std::vector<CarriedRow> out;
    size_t octets = 0;
    using Walk = MacedRows::Walk;
    for (const Table table : kCarriedTables) {
      RETURN_IF_ERROR(rows.WalkFrom(table, {}, [&](ByteView key, ByteView value) -> StatusOr<Walk> {
        if (StaysHere(table, key)) return Walk::kGoOn;
        octets += key.size() + value.size();
        if (octets > most) {
          return Fail(kStateFull, "the rows have more than " + std::to_string(most) +
                                      " octets, which is all that one backup carries");
        }
        out.push_back({std::string(NameOf(table)), ToBytes(key), ToBytes(value)});
        return Walk::kGoOn;
      }));
    }
    return out;
  });
}

Status LmdbState::PutCarried(const std::vector<CarriedRow>& carried) {
  return Writing([&](MacedRows& rows) -> Status {
    for (const CarriedRow& each : carried) {
      const auto* table =
          std::find_if(std::begin(kCarriedTables), std::end(kCarriedTables),
                       [&](Table candidate) { return NameOf(candidate) == each.table; });
      if (table == std::end(kCarriedTables) || each.key.empty() || StaysHere(*table, each.key)) {
        return Fail(kRowInvalid, "a backup has no row of table '" + each.table + "' like that");
      }
      RETURN_IF_ERROR(rows.Put(*table, each.key, each.value));
    }
    return OkStatus();
  });
}

}  // namespace intaglio::appliance
