// BackupPackage: the core's state, sealed to the token of one target and signed by the JOURNAL key.
//
// What it carries: the instance row, every other row (quotas, key rows, serials, orders), the
// record keys of live epochs and the journal's head. RESIDENT keys and the storage key it does not:
// they move by the token vendor's backup. Whoever has the file and not the target's token has
// nothing.
#ifndef INTAGLIO_APPLIANCE_BACKUP_BACKUP_PACKAGE_H_
#define INTAGLIO_APPLIANCE_BACKUP_BACKUP_PACKAGE_H_

#include <vector>

#include "appliance/crypto/aead.h"
#include "appliance/daemon/record_keys.h"
#include "appliance/domain/key_record.h"
#include "appliance/state/lmdb_state.h"
#include "appliance/usecases/ports.h"
#include "base/rng.h"

namespace intaglio::appliance {

// One file; the rows of one backup are a little less.
inline constexpr size_t kMostBackup = size_t{512} << 20;
inline constexpr size_t kMostBackupRows = size_t{400} << 20;

struct BackupState {
  std::vector<CarriedRow> rows;
  std::vector<CarriedEpoch> epochs;
  StoredInstance instance;
  WallTime high_water;
};

struct BackupHead {
  uint32_t format = 0;
  CoreInstance core_instance;
  uint32_t instance_epoch = 0;
  WallTime made_at;
  JournalHead journal;  // the BACKUP_MADE line
  Digest target_spki_sha256{};
  uint32_t copy = 0;  // from 1
  uint32_t copies = 0;
  Digest command_sha256{};
};

class BackupSigner final {
 public:
  // All outlive this.
  BackupSigner(TokenPort& token, Rng& rng, KeyRecord journal_key)
      : token_(token), rng_(rng), journal_key_(std::move(journal_key)) {}
  // The octets of one file, under a fresh key. OaepSeal's Reasons, the token's, the generator's.
  StatusOr<Bytes> Make(const BackupHead& head, const BackupState& state, ByteView target_spki);

 private:
  TokenPort& token_;
  Rng& rng_;
  const KeyRecord journal_key_;
};

// A file taken apart; nothing in it is believed yet.
struct BackupFile {
  BackupHead head;
  Bytes header;  // the octets of `head`
  Bytes sealed_key;
  GcmIv iv{};
  Bytes ciphertext;
  Bytes signature;
};
// kBackupUnreadable.
StatusOr<BackupFile> ReadBackup(ByteView file);
// With the key that the target's token opened. kBackupForged unless every octet is as it was
// sealed, and signed by the JOURNAL key of the instance inside; kBackupUnreadable.
StatusOr<BackupState> OpenBackup(const BackupFile& file, const SecretBytes& key);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_BACKUP_PACKAGE_H_
