// The host's audit log: lines chained by SHA-256, so that one taken out or changed shows. The head
// goes into the core's journal with each certificate, which pins the chain from outside.
#ifndef INTAGLIO_HOST_STORE_AUDIT_CHAIN_H_
#define INTAGLIO_HOST_STORE_AUDIT_CHAIN_H_

#include <soci/soci.h>

#include "base/clock.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

// SOCI throws; these are called inside the store's one catch.

// Hash of the last line; 32 zero octets for an empty log.
StatusOr<Bytes> SelectAuditHead(soci::session& sql);
void AppendAuditLine(soci::session& sql, WallTime at, const AuditLine& line);
// Checks the last 1,000 lines: sequence without a gap, each line's hash, each link to the line
// before. kStoreCorrupt naming the line.
Status CheckAuditTail(soci::session& sql);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STORE_AUDIT_CHAIN_H_
