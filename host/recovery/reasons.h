// Reasons of rebuilding a database. Append only; an id is never reused. HST-0770 to HST-0779.
#ifndef INTAGLIO_HOST_RECOVERY_REASONS_H_
#define INTAGLIO_HOST_RECOVERY_REASONS_H_

#include "base/status.h"

namespace intaglio::host {

#define INTAGLIO_RECOVERY_REASONS(X)                                                      \
  X(kRecoveryUnreadable, "HST-0770", "RECOVERY_UNREADABLE", kDataLoss, kPublic,           \
    "a line that chains says something this program cannot enter")                        \
  X(kRecoveryIncomplete, "HST-0771", "RECOVERY_INCOMPLETE", kFailedPrecondition, kPublic, \
    "the journal begins too late for a database without its earlier rows")                \
  X(kRecoveryUnsigned, "HST-0772", "RECOVERY_UNSIGNED", kFailedPrecondition, kPublic,     \
    "no checkpoint of the core's JOURNAL key covers any line")                            \
  X(kRecoveryHead, "HST-0773", "RECOVERY_HEAD", kFailedPrecondition, kPublic,             \
    "the journal does not hold the line and head that were vouched for")

INTAGLIO_REASON_TABLE(kRecoveryReasons, INTAGLIO_RECOVERY_REASONS)

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_RECOVERY_REASONS_H_
