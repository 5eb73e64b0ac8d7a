// Upgrade: a new program takes over the state, under the officers' approval.
#ifndef INTAGLIO_APPLIANCE_DAEMON_UPGRADE_H_
#define INTAGLIO_APPLIANCE_DAEMON_UPGRADE_H_

#include <span>
#include <string>

#include "appliance/daemon/program.h"
#include "appliance/state/lmdb_state.h"

namespace intaglio::appliance {

// Carries every row from format `to` - 1 to `to`. Carried out again after a crash it changes
// nothing.
struct FormatStep {
  uint32_t to = 0;
  Status (*carry)(LmdbState& state) = nullptr;
};

// The steps this program knows, in order.
std::span<const FormatStep> FormatSteps();

// Run by the new program while no core runs. `command_file` is the SignedStatement of the
// approve-upgrade command that was executed on the old core. Journals kUpgraded, carries the rows,
// then makes the state `program`'s; cut short anywhere it is run again. Answers one JSON line; a
// state that is `program`'s already is left alone. kStateNewer; kUpgradeMismatch naming what
// differs; ApprovalCheck's Reasons; kStatementInvalid; the failures of OpenVault and the journal.
StatusOr<std::string> UpgradeState(const CoreSettings& settings, const std::string& command_file,
                                   const Program& program, std::span<const FormatStep> steps);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_UPGRADE_H_
