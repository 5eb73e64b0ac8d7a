// Decisions: what each act of the officers makes of the core's identity. Pure: the identity before,
// the act, and what must be known besides; the identity after, or why not.
#ifndef INTAGLIO_APPLIANCE_USECASES_COMMANDS_DECISIONS_H_
#define INTAGLIO_APPLIANCE_USECASES_COMMANDS_DECISIONS_H_

#include <string>

#include "appliance/domain/commands.h"
#include "appliance/domain/event.h"
#include "base/status.h"

namespace intaglio::appliance {

struct DecisionFacts {
  const CoreIdentity& before;
  WallTime now;
  const std::string& version;  // of the running program
};

// kRosterVersion unless it makes the present version plus one; CheckRoster's Reasons.
StatusOr<CoreIdentity> Decide(const ChangeRoster& act, const DecisionFacts& facts);
// An entry that has ended is allowed: it ends -qscd certificates.
StatusOr<CoreIdentity> Decide(const SetQscdEntry& act, const DecisionFacts& facts);
StatusOr<CoreIdentity> Decide(const ApproveConfiguration& act, const DecisionFacts& facts);
// ReadCertificate's Reasons for a root that is no certificate.
StatusOr<CoreIdentity> Decide(const SetTrustAnchors& act, const DecisionFacts& facts);
// kPinsUnsafe unless a certificate pinned now stays pinned without an end: else a wrong digest
// would shut the host out, and the officers' commands with it.
StatusOr<CoreIdentity> Decide(const PinHosts& act, const DecisionFacts& facts);
// kUpgradeMismatch unless it starts from the running version.
StatusOr<CoreIdentity> Decide(const ApproveUpgrade& act, const DecisionFacts& facts);

inline EventType EventOf(const ChangeRoster&) { return EventType::kRosterChanged; }
inline EventType EventOf(const SetQscdEntry&) { return EventType::kQscdEntrySet; }
inline EventType EventOf(const ApproveConfiguration&) { return EventType::kConfigurationApproved; }
inline EventType EventOf(const SetTrustAnchors&) { return EventType::kTrustAnchorsSet; }
inline EventType EventOf(const PinHosts&) { return EventType::kHostsPinned; }
// The take-over itself is kUpgraded.
inline EventType EventOf(const ApproveUpgrade&) { return EventType::kCommandExecuted; }

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_COMMANDS_DECISIONS_H_
