// Recovery: rebuilds the host's database from the core's journal: from nothing, or onto an old
// copy. [DESIGN 7]
//
// The journal holds every sealed record, certificate and signed statement, so keys, certificates,
// their owners and their states come back exactly. What only the host had does not: documents of
// identity evidence (their digests do), signed agreements, approvals of orders not yet carried out,
// pre-signed OCSP answers and the audit log, which begins anew with a line that says so. Lines that
// the database reflects already change nothing, so it can be run again.
//
// Only what somebody signed is entered: lines up to the last checkpoint of the core's JOURNAL key,
// or up to a head that the caller vouches for. A chain alone can be made by whoever holds the
// files.
#ifndef INTAGLIO_HOST_RECOVERY_RECOVERY_H_
#define INTAGLIO_HOST_RECOVERY_RECOVERY_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/journal/journal_audit.h"
#include "host/ports/statement_port.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

struct RecoveryFindings {
  JournalFindings journal;
  uint64_t entered_until = 0;           // the last line that was entered
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
  // A line and the head behind it, as the core told them: vouches for lines that no checkpoint
  // covers yet.
  struct Head {
    uint64_t sequence = 0;
    Digest chain_hash{};
  };
  std::optional<Head> head = {};
  // Told how many lines are done, now and then.
  std::function<void(uint64_t)> progress;
};

// The journal is verified whole before the first row is written, and again as it is entered.
// JournalAudit's and ListJournal's Reasons; kRecoveryUnsigned if nothing of it is signed;
// kRecoveryHead if it does not hold the head; kRecoveryIncomplete if it does not begin with line 1
// and the database is empty; the store's.
StatusOr<RecoveryFindings> Recover(const RecoveryInput& input, StorePort& store,
                                   StatementPort& statements);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_RECOVERY_RECOVERY_H_
