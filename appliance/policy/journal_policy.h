// JournalPolicy: the JOURNAL key signs checkpoints that the core composed from its own journal's
// state, and backups of its own state; nothing a caller hands in.
#ifndef INTAGLIO_APPLIANCE_POLICY_JOURNAL_POLICY_H_
#define INTAGLIO_APPLIANCE_POLICY_JOURNAL_POLICY_H_

#include "appliance/domain/key_record.h"
#include "appliance/policy/sign_permit.h"

namespace intaglio::appliance {

class JournalPolicy final {
 private:
  friend class Checkpointer;  // composes checkpoints; no one else can ask
  static SignPermit PermitCheckpoint(const KeyRecord& journal_key, const Digest& checkpoint) {
    return SignPermit(journal_key.key_id, {MessageDigest::Sha256(checkpoint)});
  }
  friend class BackupSigner;  // composes the octets, which begin with a context of their own
  static SignPermit PermitBackup(const KeyRecord& journal_key, const Digest& seal) {
    return SignPermit(journal_key.key_id, {MessageDigest::Sha256(seal)});
  }
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_JOURNAL_POLICY_H_
