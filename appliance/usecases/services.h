// CoreServices: what every use case of the core works with. Built once by the daemon; outlives
// them.
#ifndef INTAGLIO_APPLIANCE_USECASES_SERVICES_H_
#define INTAGLIO_APPLIANCE_USECASES_SERVICES_H_

#include <mutex>

#include "appliance/usecases/live_identity.h"
#include "appliance/usecases/ports.h"
#include "appliance/usecases/trusted_time.h"
#include "base/clock.h"
#include "base/rng.h"

namespace intaglio::appliance {

struct CoreServices {
  LiveIdentity& identity;
  const BootId& boot_id;
  TokenPort& token;
  RecordPort& records;
  StatementPort& statements;
  StatePort& state;
  JournalPort& journal;
  TrustedTime& time;
  const Clock& clock;  // for boot time alone; wall time comes from `time`
  Rng& rng;
  // Held by acts that change what a subscriber's key is or who may use it, from their judgement to
  // their last row: what such an act was judged by holds until it is done.
  std::mutex& changing_keys;
};

// A key record handed in by the host and what the core remembers of the key.
struct OpenedKey {
  KeyRecord record;
  KeyRow row;
};

// kRowsLost, saying what to do, while nothing is known of what was revoked, blocked or spent. Every
// act that uses, makes or judges a key or certificate passes here first.
Status CheckRowsWhole(const CoreServices& services);

// Opens a record and refuses one of another version than the one in force. kRowsLost,
// kRecordUnreadable, kRecordStale.
StatusOr<OpenedKey> OpenKey(const CoreServices& services, ByteView sealed);
// As OpenKey, and the key has this purpose and is usable: kKeyPurpose and CheckKeyState's Reasons.
StatusOr<OpenedKey> OpenUsableKey(const CoreServices& services, ByteView sealed,
                                  KeyPurpose purpose);
// As OpenUsableKey for a CA_ISSUING key whose certificate is installed: kCaNotInstalled.
StatusOr<OpenedKey> OpenInstalledCa(const CoreServices& services, ByteView sealed);

// A fresh random id.
template <class Id>
StatusOr<Id> DrawId(Rng& rng) {
  Id id;
  RETURN_IF_ERROR(rng.Fill(id.octets));
  return id;
}

// `statement` is for this core (kWrongCore) and valid at `now` (kStatementExpired). Five minutes of
// clock difference towards the signer's machine are allowed at the start of the window. With
// services, an end before that of an order already forgotten is kStatementExpired too.
Status CheckAddress(const CoreServices& services, const CoreInstance& addressed);
Status CheckWindow(WallTime issued_at, WallTime expires_at, WallTime now);
Status CheckWindow(const CoreServices& services, WallTime issued_at, WallTime expires_at,
                   WallTime now);
// A version for the key's next record that no record ever had, kept in its row before this answers.
// kRecordStale where the row is gone.
StatusOr<uint64_t> ReserveVersion(const CoreServices& services, const KeyId& key_id);
// The key's row, if this record is the one in force, or the one that comes next: its line went out,
// and a crash took its row. That one is in force from here on. kRecordStale.
StatusOr<KeyRow> InForce(const CoreServices& services, const KeyRecord& record, ByteView sealed);
// As InForce, of a row at hand.
Status CheckVersion(const KeyRecord& record, const KeyRow& row);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SERVICES_H_
