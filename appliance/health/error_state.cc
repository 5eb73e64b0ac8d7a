#include "appliance/health/error_state.h"

#include "appliance/health/reasons.h"
#include "base/log.h"

namespace intaglio::appliance {

std::string_view NameOf(ErrorCause cause) {
  switch (cause) {
    case ErrorCause::kEntropy:
      return "entropy";
    case ErrorCause::kOwnSignature:
      return "own signature wrong; restart the core";
    case ErrorCause::kSelfTest:
      return "self-test";
    case ErrorCause::kJournal:
      break;
  }
  return "journal";
}

void ErrorState::Enter(ErrorCause cause, const Status& found) {
  std::lock_guard lock(mutex_);
  ++entries_;
  if (entered_ && (cause_ == ErrorCause::kOwnSignature || cause != ErrorCause::kOwnSignature)) {
    return;
  }
  cause_ = cause;
  found_ = ReasonIdOf(found) + " " + ReasonNameOf(found);
  entered_ = true;
  LogFailure("core.error_state", found);
}

Status ErrorState::Check() const {
  if (!entered_) return OkStatus();
  std::lock_guard lock(mutex_);
  if (!entered_) return OkStatus();
  return Fail(kErrorState, std::string(NameOf(cause_)) + ": " + found_);
}

bool ErrorState::Leave(uint64_t passed_since) {
  std::lock_guard lock(mutex_);
  if (!entered_) return true;
  if (cause_ == ErrorCause::kOwnSignature || entries_ != passed_since) return false;
  entered_ = false;
  LogInfo("core.error_state_left");
  return true;
}

void ErrorTeller::Tell() {
  const Status now = errors_.Check();
  const std::string found = now.ok() ? "" : DetailOf(now);
  if (found == told_) return;
  const auto line = journal_.Append(
      {.type = EventType::kErrorState, .note = now.ok() ? "left" : "entered: " + found});
  if (!line.ok()) return LogFailure("journal.append", line.status());
  told_ = found;
}

}  // namespace intaglio::appliance
