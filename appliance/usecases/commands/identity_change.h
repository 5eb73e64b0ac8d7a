// IdentityChange: brings a decision of the officers into force so that the journal, the row and the
// running core never tell different stories.
//
// The row holds the decision as pending; then the journal line is written; then the row holds it
// for good, and the running core follows. A crash before the line: it never happened. After the
// line: FinishPending() at the next start carries it out. No change without a line, no line without
// a change. [DESIGN 9.4: intent before irreversible acts]
#ifndef INTAGLIO_APPLIANCE_USECASES_COMMANDS_IDENTITY_CHANGE_H_
#define INTAGLIO_APPLIANCE_USECASES_COMMANDS_IDENTITY_CHANGE_H_

#include <functional>
#include <optional>

#include "appliance/usecases/live_identity.h"
#include "appliance/usecases/ports.h"

namespace intaglio::appliance {

// Only ExecuteCommand uses it; one call at a time.
class IdentityChange final {
 public:
  // All outlive this.
  IdentityChange(StatePort& state, JournalPort& journal, LiveIdentity& identity)
      : state_(state), journal_(journal), identity_(identity) {}

  // Makes up for a change that reached the journal but not the row; before a next one is decided.
  Status CatchUp();
  // `event` names the command by its statement_digest. The failures of rows and journal; after one
  // the running core is as before, and CatchUp() or the next start carries out what the journal
  // says happened.
  Status BringIntoForce(CoreIdentity next, const Event& event);

 private:
  Status Settle();

  StatePort& state_;
  JournalPort& journal_;
  LiveIdentity& identity_;
  std::optional<CoreIdentity> unsettled_;  // in the journal, but not yet in the row
};

// At start, before anybody reads the identity. `line_written` says whether the journal holds a line
// after `sequence` about the statement.
Status FinishPending(
    StatePort& state,
    const std::function<StatusOr<bool>(uint64_t sequence, const Digest& statement)>& line_written);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_COMMANDS_IDENTITY_CHANGE_H_
