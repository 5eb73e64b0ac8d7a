// The commands of security officers that the console carries out: a backup for one target, the
// activation of a restored core, a core in the place of one that left no backup, and the opening of
// its rebuilt rows. The link refuses them all. Pure.
#ifndef INTAGLIO_APPLIANCE_BACKUP_BACKUP_COMMANDS_H_
#define INTAGLIO_APPLIANCE_BACKUP_BACKUP_COMMANDS_H_

#include <variant>
#include <vector>

#include "appliance/domain/roster.h"
#include "appliance/domain/statements.h"
#include "appliance/policy/approved.h"
#include "appliance/state/stored_instance.h"
#include "appliance/usecases/ports.h"

namespace intaglio::appliance {

struct AuthoriseBackup {
  Bytes target_spki;  // DER
  Digest evidence_sha256{};
  uint32_t copies = 0;  // 1 to 16
};
struct ActivateRestored {
  uint32_t instance_epoch = 0;
  Digest backup_sha256{};  // of the file
};

struct RestoreWithoutBackup {
  uint32_t instance_epoch = 0;
  std::vector<VouchedJournal> journals;  // 1 to 16, oldest first
};
struct OpenRebuilt {
  uint32_t instance_epoch = 0;
  JournalHead head;
};

struct BackupCommand {
  CoreInstance core_instance;
  Nonce nonce;
  WallTime issued_at;
  WallTime expires_at;
  std::variant<AuthoriseBackup, ActivateRestored, RestoreWithoutBackup, OpenRebuilt> act;
};

// From the octets of a SignedStatement. kStatementInvalid; kBackupCommand for another act.
StatusOr<Signed<BackupCommand>> TakeBackupCommand(ByteView signed_statement);

// As many security officers of `roster` as it asks for signed it, for this core and this hour.
// kWrongCore, kStatementExpired, ApprovalCheck's Reasons.
StatusOr<Approved> CheckApprovals(const Signed<BackupCommand>& command, const CoreIdentity& roster,
                                  const CoreInstance& addressed, WallTime now);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_BACKUP_COMMANDS_H_
