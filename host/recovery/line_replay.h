// LineReplay: what one journal line means for the host's rows. Used by Recover() alone, inside its
// transactions; lines come in order.
#ifndef INTAGLIO_HOST_RECOVERY_LINE_REPLAY_H_
#define INTAGLIO_HOST_RECOVERY_LINE_REPLAY_H_

#include <set>
#include <string>

#include "host/recovery/recovery.h"

namespace intaglio::host {

class LineReplay final {
 public:
  explicit LineReplay(StatementPort& statements) : statements_(statements) {}

  // `carried_out`: the status log has this line's authority already.
  Status Apply(const core::v1::JournalEntry& entry, bool carried_out, StoreTransaction& store);

  const RecoveryFindings& findings() const { return findings_; }
  const std::set<std::string>& uncertified() const { return uncertified_; }

 private:
  Status KeyGenerated(const core::v1::JournalEntry& entry, StoreTransaction& store);
  Status CommandExecuted(const core::v1::JournalEntry& entry, StoreTransaction& store);
  Status CertificateSigned(const core::v1::JournalEntry& entry, StoreTransaction& store);
  Status Accepted(const core::v1::JournalEntry& entry, StoreTransaction& store);
  Status StateChanged(const core::v1::JournalEntry& entry, StoreTransaction& store);
  Status NewRecord(const core::v1::JournalEntry& entry, StoreTransaction& store);

  StatementPort& statements_;
  RecoveryFindings findings_;
  std::set<std::string> uncertified_;   // credentials without a certificate
  std::set<std::string> service_keys_;  // ids seen
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_RECOVERY_LINE_REPLAY_H_
