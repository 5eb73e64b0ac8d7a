#include "appliance/usecases/services.h"

#include <algorithm>

#include "appliance/domain/reasons.h"
#include "appliance/policy/sole_control_policy.h"

namespace intaglio::appliance {

Status CheckRowsWhole(const CoreServices& services) {
  const auto identity = services.identity.Get();
  if (!identity->rows_lost) return OkStatus();
  return Fail(kRowsLost, "restored in epoch " + std::to_string(identity->instance_epoch) +
                             " without a backup; on the console run intaglio-core rebuild-rows, "
                             "then open-rebuilt with the officers' command");
}

StatusOr<OpenedKey> OpenKey(const CoreServices& services, ByteView sealed) {
  RETURN_IF_ERROR(CheckRowsWhole(services));
  ASSIGN_OR_RETURN(KeyRecord record, services.records.Open(sealed));
  ASSIGN_OR_RETURN(KeyRow row, InForce(services, record, sealed));
  return OpenedKey{std::move(record), std::move(row)};
}

StatusOr<OpenedKey> OpenUsableKey(const CoreServices& services, ByteView sealed,
                                  KeyPurpose purpose) {
  ASSIGN_OR_RETURN(OpenedKey key, OpenKey(services, sealed));
  if (key.record.purpose != purpose) {
    return Fail(kKeyPurpose,
                "key " + key.record.key_id.hex() + " was generated for another purpose");
  }
  RETURN_IF_ERROR(CheckKeyState(key.row));
  return key;
}

StatusOr<OpenedKey> OpenInstalledCa(const CoreServices& services, ByteView sealed) {
  ASSIGN_OR_RETURN(OpenedKey key, OpenUsableKey(services, sealed, KeyPurpose::kCaIssuing));
  if (key.record.version < kVersionInstalled || key.record.ca_certificate.empty()) {
    return Fail(kCaNotInstalled, "security officers must sign an install-ca-certificate command");
  }
  return key;
}

Status CheckAddress(const CoreServices& services, const CoreInstance& addressed) {
  if (addressed == services.identity.instance()) return OkStatus();
  return Fail(kWrongCore, "this core is " + services.identity.instance().hex());
}

Status CheckWindow(WallTime issued_at, WallTime expires_at, WallTime now) {
  if (now + 5 * kMinute < issued_at || now >= expires_at) {
    return Fail(kStatementExpired,
                "valid from " + ToIso8601(issued_at) + " until " + ToIso8601(expires_at));
  }
  return OkStatus();
}

Status CheckWindow(const CoreServices& services, WallTime issued_at, WallTime expires_at,
                   WallTime now) {
  RETURN_IF_ERROR(CheckWindow(issued_at, expires_at, now));
  ASSIGN_OR_RETURN(const WallTime purged, services.state.PurgedUntil());
  if (expires_at > purged) return OkStatus();
  return Fail(kStatementExpired, "the core's clock has shown a time after " + ToIso8601(purged) +
                                     ", and what ended by then is forgotten; sign a new one");
}

StatusOr<uint64_t> ReserveVersion(const CoreServices& services, const KeyId& key_id) {
  uint64_t reserved = 0;
  RETURN_IF_ERROR(services.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto row, rows.FindKey(key_id));
    if (!row) return Fail(kRecordStale, "the key's row is gone");
    reserved = std::max(row->version, row->last_version) + 1;
    row->last_version = reserved;
    return rows.PutKey(key_id, *row);
  }));
  return reserved;
}

StatusOr<KeyRow> InForce(const CoreServices& services, const KeyRecord& record, ByteView sealed) {
  ASSIGN_OR_RETURN(auto row, services.state.FindKey(record.key_id));
  // Every key this core generated has a row. A record without one means the rows are not the ones
  // that belong to it, and then nothing is known of its state.
  if (!row) return Fail(kRecordStale, "the core has no row for key " + record.key_id.hex());
  const auto comes_next = [&](const KeyRow& each) {
    return record.version > each.version && record.version == each.last_version;
  };
  if (comes_next(*row)) {
    RETURN_IF_ERROR(services.state.Update([&](RowTransaction& rows) -> Status {
      ASSIGN_OR_RETURN(row, rows.FindKey(record.key_id));
      if (!row || !comes_next(*row)) return OkStatus();
      row->version = record.version;
      row->epoch = services.records.EpochOf(sealed);
      return rows.PutKey(record.key_id, *row);
    }));
    if (!row) return Fail(kRecordStale, "the key's row is gone");
  }
  RETURN_IF_ERROR(CheckVersion(record, *row));
  return *std::move(row);
}

Status CheckVersion(const KeyRecord& record, const KeyRow& row) {
  if (record.version == row.version) return OkStatus();
  return Fail(kRecordStale, "version " + std::to_string(record.version) + " was handed in, " +
                                std::to_string(row.version) + " is in force");
}

}  // namespace intaglio::appliance
