// Recovery: rebuilds the host's database from the core's journal: from nothing, or onto an old
// copy. [DESIGN 7]
//
// The journal holds every sealed record, certificate and signed statement, so keys, certificates,
// their owners and their states come back exactly. What only the host had does not: documents of
// identity evidence (their digests do), signed agreements, approvals of orders not yet carried out,
// pre-signed OCSP answers and the audit log, which begins anew with a line that says so. Lines that
// the database reflects already change nothing, so it can be run again.
#ifndef INTAGLIO_HOST_RECOVERY_RECOVERY_H_
#define INTAGLIO_HOST_RECOVERY_RECOVERY_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "host/journal/journal_audit.h"
#include "host/ports/statement_port.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

struct RecoveryFindings {
  JournalFindings journal;
  uint64_t applications = 0;            // made anew
  uint64_t credentials = 0;             // made anew
  uint64_t service_keys = 0;            // made anew
  uint64_t records = 0;                 // sealed records brought up to date
  uint64_t certificates = 0;            // entered
  uint64_t state_changes = 0;           // entered into the status log
  uint64_t crl_number = 0;              // the last the core signed
  std::vector<std::string> unfinished;  // keys ordered and not certified: order them again
};

struct RecoveryInput {
  std::string journal;  // folder of segments, or an exported journal
  Bytes journal_spki;   // empty: the journal's own word
  // Told how many lines are done, now and then.
  std::function<void(uint64_t)> progress;
};

// The journal is verified whole before the first row is written. JournalAudit's and ListJournal's
// Reasons; kRecoveryIncomplete if the journal does not begin with line 1 and the database is empty;
// the store's.
StatusOr<RecoveryFindings> Recover(const RecoveryInput& input, StorePort& store,
                                   StatementPort& statements);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_RECOVERY_RECOVERY_H_
