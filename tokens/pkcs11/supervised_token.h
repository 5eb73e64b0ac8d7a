// SupervisedToken: one token under a Supervisor, with its state and its repairs.
//
// Of many calls that fail together one repairs and the others wait for it; whoever saw the failure
// before the last repair does not repair again. Thread-safe.
#ifndef INTAGLIO_TOKENS_PKCS11_SUPERVISED_TOKEN_H_
#define INTAGLIO_TOKENS_PKCS11_SUPERVISED_TOKEN_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tokens/pkcs11/remedy.h"
#include "tokens/pkcs11/supervision.h"
#include "tokens/pkcs11/timed_lock.h"
#include "tokens/pkcs11/token.h"

namespace intaglio::tokens {

struct SupervisedTokenConfig {
  std::string module_path;
  TokenSelector selector;
  SecretBytes pin;
  PoolLimits limits;
  // Sessions unused for so long are closed, before the device does; 0: never.
  Duration idle_timeout = 0;
  // Session objects destroyed after which the module is initialised anew, for the memory it keeps.
  uint64_t reinitialise_after = 0;
};

struct SupervisorTiming {
  Duration probe_every = kSecond;            // while all is well
  Duration recover_every = kSecond / 5;      // while a token fails
  Duration longest_quiesce = 2 * kSecond;    // for calls in flight to end before a re-initialise
  Duration rare_reinitialise = 2 * kSecond;  // at least between two for doubtful reasons
};

// The modules of a process: each is loaded once, by whoever needs it first.
class ModuleShelf final {
 public:
  StatusOr<std::shared_ptr<Module>> Load(const std::string& path);
  void AddTo(SupervisorCounters& counters) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Module>> modules_;
};

class SupervisedToken final {
 public:
  using Tell = std::function<void(TransitionEvent)>;

  SupervisedToken(SupervisedTokenConfig config, ModuleShelf& shelf, const Clock& clock,
                  const SupervisorTiming& timing, Tell tell);

  // The token for a call, or null where there is no hope now; a failed one is tried again here when
  // it is time.
  Token* Usable();
  TokenState state() const { return state_.load(std::memory_order_acquire); }
  // Changes with each repair. To be read before a call, and given back with its failure.
  uint64_t repairs() const { return repairs_.load(std::memory_order_acquire); }
  // OK if the call is worth repeating here.
  Status Repair(Remedy remedy, const Status& why, uint64_t repairs_seen);
  // The call failed again after a repair.
  void GiveUp(const Status& why);

  // Looks after the token: probes, closes unused sessions, initialises the module anew when it is
  // due, tries a failed one again. Called by one thread, now and then.
  void Tend();
  // Another PIN; the token is tried with it at once, once.
  Status SetPin(const SecretBytes& pin);

  TokenStanding Standing() const;
  void AddTo(SupervisorCounters& counters) const;
  std::string Name() const;
  // Null until the token was opened; then the same for good.
  Token* token() const { return opened_.load(std::memory_order_acquire); }

 private:
  Status Revive();  // repairing_ held
  Status Open();    // repairing_ held
  Status RepairLocked(Remedy remedy, const Status& why);
  Status Reinitialise();
  void ReinitialiseAsPlanned();
  void Enter(TokenState to, const Status& why, std::string what, Duration duration);
  void Settle(const Status& outcome, BootTime began, std::string what);

  SupervisedTokenConfig config_;  // its PIN has moved to pin_
  ModuleShelf& shelf_;
  const Clock& clock_;
  const SupervisorTiming& timing_;
  const Tell tell_;

  std::atomic<TokenState> state_{TokenState::kFailed};
  std::atomic<uint64_t> repairs_{0};
  std::atomic<uint64_t> recoveries_{0};
  std::atomic<uint64_t> reinitialisations_{0};
  std::atomic<Duration> last_recovery_{0};
  std::atomic<Token*> opened_{nullptr};

  TimedLock repairing_;
  std::shared_ptr<Module> module_;  // guarded by repairing_
  std::unique_ptr<Token> token_;    // guarded by repairing_; opened_ is its address
  SecretBytes pin_;                 // guarded by repairing_
  BootTime next_try_;               // guarded by repairing_
  BootTime next_rare_;              // guarded by repairing_
  uint64_t discards_seen_ = 0;      // the tending thread's

  mutable std::mutex standing_;
  Status why_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SUPERVISED_TOKEN_H_
