#include "appliance/usecases/commands/identity_change.h"

namespace intaglio::appliance {

Status IdentityChange::BringIntoForce(CoreIdentity next, const Event& event) {
  const PendingIdentity pending{next, *event.statement_digest, journal_.Head().sequence};
  RETURN_IF_ERROR(
      state_.Update([&](RowTransaction& rows) { return rows.PutPendingIdentity(pending); }));
  RETURN_IF_ERROR(journal_.Append(event).status());
  unsettled_ = std::move(next);
  return Settle();
}

Status IdentityChange::CatchUp() { return unsettled_ ? Settle() : OkStatus(); }

Status IdentityChange::Settle() {
  RETURN_IF_ERROR(
      state_.Update([&](RowTransaction& rows) { return rows.PutIdentity(*unsettled_); }));
  identity_.Set(*std::move(unsettled_));
  unsettled_.reset();
  return OkStatus();
}

Status FinishPending(
    StatePort& state,
    const std::function<StatusOr<bool>(uint64_t sequence, const Digest& statement)>& line_written) {
  ASSIGN_OR_RETURN(const auto pending, state.FindPendingIdentity());
  if (!pending) return OkStatus();
  ASSIGN_OR_RETURN(const bool happened,
                   line_written(pending->journal_sequence, pending->statement_digest));
  return state.Update([&](RowTransaction& rows) {
    return happened ? rows.PutIdentity(pending->identity) : rows.PutPendingIdentity(std::nullopt);
  });
}

}  // namespace intaglio::appliance
