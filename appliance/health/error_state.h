// ErrorState: whether the core may act at all. Once something that it relies on was found wrong,
// every act is refused, and the refusal says what was found. Entered from anywhere, left through a
// self-test that passes, or, after a wrong signature of its own, through a restart alone.
#ifndef INTAGLIO_APPLIANCE_HEALTH_ERROR_STATE_H_
#define INTAGLIO_APPLIANCE_HEALTH_ERROR_STATE_H_

#include <atomic>
#include <mutex>
#include <string>

#include "appliance/usecases/ports.h"
#include "base/status.h"

namespace intaglio::appliance {

enum class ErrorCause { kEntropy, kOwnSignature, kSelfTest, kJournal };
std::string_view NameOf(ErrorCause cause);

// Thread-safe.
class ErrorState final {
 public:
  // The first cause stays; one that only a restart ends replaces one that a self-test ends.
  void Enter(ErrorCause cause, const Status& found);
  // kErrorState, naming the cause.
  Status Check() const;
  // After a self-test that passed; whether the core may act again. `passed_since` is Entries() from
  // before that test: what was found while it ran still counts.
  bool Leave(uint64_t passed_since);
  uint64_t Entries() const { return entries_.load(); }

 private:
  std::atomic<bool> entered_{false};
  std::atomic<uint64_t> entries_{0};
  mutable std::mutex mutex_;
  ErrorCause cause_ = ErrorCause::kSelfTest;
  std::string found_;
};

// Writes a line for each entry into the error state and each end of it. Whoever finds a fault may
// hold the journal's lock, so the lines are written by a caller that looks from time to time; one
// that cannot be written, because the journal is the fault, is written once it can. One thread.
class ErrorTeller final {
 public:
  ErrorTeller(const ErrorState& errors, JournalPort& journal)
      : errors_(errors), journal_(journal) {}
  void Tell();

 private:
  const ErrorState& errors_;
  JournalPort& journal_;
  std::string told_;  // cause and finding of the last line; empty: none, or that it ended
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HEALTH_ERROR_STATE_H_
