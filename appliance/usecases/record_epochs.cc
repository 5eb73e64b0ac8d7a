#include "appliance/usecases/record_epochs.h"

#include "appliance/domain/reasons.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kObjectsAtOnce = 100;

}  // namespace

Status DestroyKeyMaterial(const CoreServices& services, const KeyId& key_id) {
  services.token.DropKey(key_id);
  ASSIGN_OR_RETURN(const auto row, services.state.FindKey(key_id));
  if (!row || row->state != KeyState::kDestroyed) return OkStatus();
  const bool resident = !row->cka_id.empty();
  if (resident) RETURN_IF_ERROR(services.token.Destroy(row->cka_id));
  RETURN_IF_ERROR(
      services.journal
          .Append({.type = EventType::kKeyErased,
                   .key_id = key_id,
                   .note = resident ? "the token object is destroyed"
                                    : "the row forbids every use; the sealed record is erased with "
                                      "record key epoch " +
                                          std::to_string(row->epoch)})
          .status());
  if (!resident) return OkStatus();
  return services.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto current, rows.FindKey(key_id));
    if (!current) return Fail(kRecordStale, "the key's row is gone");
    current->cka_id.clear();
    return rows.PutKey(key_id, *current);
  });
}

Status RecordEpochs::DestroyObjects() {
  ASSIGN_OR_RETURN(const auto pending, services_.state.PendingDestructions(kObjectsAtOnce));
  Status first;
  for (const KeyId& key_id : pending) {
    // One object that the token does not let go must not keep the others.
    const Status destroyed = DestroyKeyMaterial(services_, key_id);
    if (destroyed.ok()) continue;
    LogFailure("key.destroy", destroyed);
    if (first.ok()) first = destroyed;
  }
  return first;
}

Status RecordEpochs::Tend() {
  const Status objects = DestroyObjects();
  RETURN_IF_ERROR(TendEpochs());
  return objects;
}

Status RecordEpochs::TendEpochs() {
  ASSIGN_OR_RETURN(const auto epochs, epochs_.List());
  if (epochs.empty()) return Fail(kNotInitialised, "there is no record key");
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  if (now >= epochs.back().created_at + kLongest) RETURN_IF_ERROR(Begin().status());
  // Rows that are lost count no records, and the records are there.
  if (services_.identity.Get()->rows_lost) return OkStatus();
  for (size_t i = 0; i + 1 < epochs.size(); ++i) {
    const uint32_t epoch = epochs[i].epoch;
    ASSIGN_OR_RETURN(const uint64_t live, services_.state.LiveRecords(epoch));
    // A key counted under this epoch may have been carried to any later one that the host has not
    // shown yet, and then the host has that record and no other. So epochs end in their order.
    if (live > 0) break;
    // The line first: an erasure without one could not be told from a lost key. Once, though the
    // token may have to be asked again.
    if (told_of_.load() != epoch) {
      RETURN_IF_ERROR(
          services_.journal
              .Append({.type = EventType::kEpochDestroyed,
                       .note = "epoch " + std::to_string(epoch) + ": no live record needs it"})
              .status());
      told_of_ = epoch;
    }
    RETURN_IF_ERROR(epochs_.Destroy(epoch));
  }
  return OkStatus();
}

StatusOr<uint32_t> RecordEpochs::Begin() {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const uint32_t epoch, epochs_.Begin(now));
  RETURN_IF_ERROR(
      services_.journal
          .Append({.type = EventType::kEpochStarted, .note = "epoch " + std::to_string(epoch)})
          .status());
  return epoch;
}

Status RecordEpochs::MayDestroy(uint32_t epoch) {
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  ASSIGN_OR_RETURN(const auto epochs, epochs_.List());
  for (const EpochFacts& each : epochs) {
    if (each.epoch != epoch) continue;
    if (epoch != epochs.back().epoch) return OkStatus();
    return Fail(kEpochInUse, "epoch " + std::to_string(epoch) + " is the one that seals");
  }
  return Fail(kEpochUnknown, "epoch " + std::to_string(epoch));
}

Status RecordEpochs::Destroy(uint32_t epoch, Event by) {
  ASSIGN_OR_RETURN(const uint64_t live, services_.state.LiveRecords(epoch));
  RETURN_IF_ERROR(epochs_.Destroy(epoch));
  by.type = EventType::kEpochDestroyed;
  by.note = "epoch " + std::to_string(epoch) + ": by command; " + std::to_string(live) +
            " live records are lost";
  return services_.journal.Append(by).status();
}

StatusOr<Bytes> RecordEpochs::Reseal(ByteView sealed) {
  ASSIGN_OR_RETURN(const OpenedKey key, OpenKey(services_, sealed));
  if (key.row.state == KeyState::kDestroyed) {
    return Fail(kKeyDestroyed, "its record is not carried on");
  }
  const uint32_t epoch = services_.records.EpochOf(sealed);
  if (epoch == services_.records.CurrentEpoch()) {
    if (key.row.epoch == epoch) return ToBytes(sealed);
    RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
      ASSIGN_OR_RETURN(auto row, rows.FindKey(key.record.key_id));
      // A version made meanwhile is sealed under its own epoch, and that is the one to count.
      if (!row || row->version != key.record.version) return OkStatus();
      row->epoch = epoch;
      return rows.PutKey(key.record.key_id, *row);
    }));
    return ToBytes(sealed);
  }
  ASSIGN_OR_RETURN(Bytes resealed, services_.records.Seal(key.record));
  RETURN_IF_ERROR(services_.journal
                      .Append({.type = EventType::kRecordResealed,
                               .key_id = key.record.key_id,
                               .sealed_record = resealed})
                      .status());
  return resealed;
}

StatusOr<std::vector<RecordEpochs::Standing>> RecordEpochs::List() {
  ASSIGN_OR_RETURN(const auto epochs, epochs_.List());
  std::vector<Standing> standing;
  for (const EpochFacts& facts : epochs) {
    ASSIGN_OR_RETURN(const uint64_t live, services_.state.LiveRecords(facts.epoch));
    standing.push_back({facts, live});
  }
  return standing;
}

}  // namespace intaglio::appliance
