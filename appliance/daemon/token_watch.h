// TokenWatch: while it lives, the supervisor looks after the tokens and each of their transitions
// is a line of the journal and of the log.
#ifndef INTAGLIO_APPLIANCE_DAEMON_TOKEN_WATCH_H_
#define INTAGLIO_APPLIANCE_DAEMON_TOKEN_WATCH_H_

#include "appliance/usecases/ports.h"
#include "tokens/pkcs11/supervisor.h"

namespace intaglio::appliance {

class TokenWatch final : public tokens::SupervisorObserver {
 public:
  // Both outlive this.
  TokenWatch(tokens::Supervisor& supervisor, JournalPort& journal);
  // Writes what is left to write.
  ~TokenWatch() override;
  TokenWatch(const TokenWatch&) = delete;
  TokenWatch& operator=(const TokenWatch&) = delete;

  void Transition(const tokens::TransitionEvent& event) override;

 private:
  tokens::Supervisor& supervisor_;
  JournalPort& journal_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_TOKEN_WATCH_H_
