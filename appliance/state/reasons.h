// Reasons of the core's row store and of the directories it owns. Append only; an id is never
// reused.
#ifndef INTAGLIO_APPLIANCE_STATE_REASONS_H_
#define INTAGLIO_APPLIANCE_STATE_REASONS_H_

#include "base/status.h"

namespace intaglio::appliance {

#define INTAGLIO_APPLIANCE_STATE_REASONS(X)                                               \
  X(kRowForged, "APL-0500", "ROW_FORGED", kDataLoss, kInternal,                           \
    "a row was not written by this core, or belongs to another key or table")             \
  X(kRowUnreadable, "APL-0501", "ROW_UNREADABLE", kDataLoss, kInternal,                   \
    "a row of this core's own holds a value this version does not know")                  \
  X(kRowsMissing, "APL-0502", "ROWS_MISSING", kDataLoss, kInternal,                       \
    "rows were removed, or put back from an older copy")                                  \
  X(kRowInvalid, "APL-0503", "ROW_INVALID", kInvalidArgument, kInternal,                  \
    "a row or its key is out of bounds")                                                  \
  X(kStateFull, "APL-0504", "STATE_FULL", kResourceExhausted, kInternal,                  \
    "the row store has reached its map size, or its disk is full")                        \
  X(kStateUnavailable, "APL-0505", "STATE_UNAVAILABLE", kUnavailable, kInternal,          \
    "the row store could not be read or written")                                         \
  X(kDirectoryInUse, "APL-0506", "DIRECTORY_IN_USE", kFailedPrecondition, kInternal,      \
    "another process works in this directory")                                            \
  X(kDirectoryUnusable, "APL-0507", "DIRECTORY_UNUSABLE", kFailedPrecondition, kInternal, \
    "a directory cannot be made or opened, or others may reach into it")                  \
  X(kMacKeyInvalid, "APL-0508", "MAC_KEY_INVALID", kInvalidArgument, kInternal,           \
    "the key that protects the rows must have 32 octets")

INTAGLIO_REASON_TABLE(kStateReasons, INTAGLIO_APPLIANCE_STATE_REASONS)

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_REASONS_H_
