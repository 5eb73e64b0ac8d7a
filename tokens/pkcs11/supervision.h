// What a Supervisor says of its tokens: their states, each change of them, and counters.
#ifndef INTAGLIO_TOKENS_PKCS11_SUPERVISION_H_
#define INTAGLIO_TOKENS_PKCS11_SUPERVISION_H_

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace intaglio::tokens {

enum class TokenState {
  kHealthy,     // answers
  kDegraded,    // answers, but lost sessions, or had none free, since it was last looked at
  kRecovering,  // is being found again or initialised anew; calls wait
  kFailed,      // does not answer; tried again several times a second
  kPinRefused,  // never tried again until somebody gives another PIN
};

// "healthy"
std::string_view NameOf(TokenState state);

struct TransitionEvent {
  std::string token;  // label and serial, or how it is configured if it was never found
  TokenState from = TokenState::kFailed;
  TokenState to = TokenState::kFailed;
  Status why;             // what led to it; OK where the token simply answers again
  std::string what;       // "reinitialised", "took over", … ; empty for a plain change of state
  Duration duration = 0;  // of the repair that ended here, in ms
};

// Told of every transition, in order, by the supervisor's own thread, which holds no lock then: the
// observer may use the supervisor.
class SupervisorObserver {
 public:
  virtual ~SupervisorObserver() = default;
  virtual void Transition(const TransitionEvent& event) = 0;
};

// Sums over all tokens since Open().
struct SupervisorCounters {
  uint64_t sessions_open = 0;
  uint64_t sessions_discarded = 0;
  uint64_t logins = 0;
  uint64_t reinitialisations = 0;
  uint64_t fail_overs = 0;  // times another token began to serve
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  uint64_t cache_evictions = 0;
  uint64_t recoveries = 0;
  Duration last_recovery_ms = 0;
};

struct TokenStanding {
  std::string token;
  TokenState state = TokenState::kFailed;
  Status why;  // of the last failure; OK if there was none
};

struct SupervisorStatus {
  SupervisorCounters counters;
  std::vector<TokenStanding> tokens;  // as configured, the preferred one first
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SUPERVISION_H_
