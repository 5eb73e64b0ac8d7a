// SessionPool: a bounded set of logged-in sessions of one token.
//
// Each thread leases a session for one piece of work; when all are out, it waits, but never for
// ever. A lease marked broken closes its session, and the next lease opens a new one and logs in
// again if need be: that is how a service outlives a token that dropped a session. A pool of one
// session works too: whoever has it logs in, finds and signs with it. Thread-safe; every caller
// holds a Module::Call for as long as it holds a lease.
#ifndef INTAGLIO_TOKENS_PKCS11_SESSION_POOL_H_
#define INTAGLIO_TOKENS_PKCS11_SESSION_POOL_H_

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_bytes.h"
#include "tokens/pkcs11/session.h"
#include "tokens/pkcs11/slot.h"
#include "tokens/pkcs11/token_selector.h"

namespace intaglio::tokens {

class SessionPool;

// Exclusive use of one session; goes back to the pool when it ends.
class SessionLease final {
 public:
  SessionLease(SessionLease&& other) noexcept;
  SessionLease& operator=(SessionLease&&) = delete;
  SessionLease(const SessionLease&) = delete;
  ~SessionLease();

  Session& operator*() const { return *session_; }
  Session* operator->() const { return session_.get(); }
  // The session is closed at the end of the lease, never reused.
  void MarkBroken() { broken_ = true; }

 private:
  friend class SessionPool;
  SessionLease(SessionPool& pool, std::unique_ptr<Session> session)
      : pool_(&pool), session_(std::move(session)) {}

  SessionPool* pool_;
  std::unique_ptr<Session> session_;
  bool broken_ = false;
};

class SessionPool final {
 public:
  // Finds the token, opens its first session and logs in. kTokenInputInvalid for limits out of
  // bounds; kTokenNotFound, kTokenAmbiguous, kTokenInUse; kPinIncorrect, kPinLocked, kPinExpired,
  // kPinMalformed.
  static StatusOr<std::unique_ptr<SessionPool>> Open(std::shared_ptr<Module> module,
                                                     TokenSelector selector, const SecretBytes& pin,
                                                     PoolLimits limits);
  // Logs out and closes every session. No lease may be out.
  ~SessionPool();
  SessionPool(const SessionPool&) = delete;
  SessionPool& operator=(const SessionPool&) = delete;

  // Waits for a free session, kTokenBusy after the pool's longest wait; where several are free, one
  // that holds the private key named `wanted`, if there is one. Once the token has refused the
  // stored PIN every call fails with that same answer, so that retries can never lock the PIN.
  StatusOr<SessionLease> Acquire(std::string_view wanted = {});

  // Closes the sessions nobody uses and forgets the token objects; later leases start anew.
  void CloseIdle();
  // Closes the sessions that nobody has used for `longest`, before the device does. `now` also
  // becomes the time at which sessions that come back count as used.
  void CloseUnused(BootTime now, Duration longest);

  // Drops the session objects of every private key, or of one: at once in idle sessions, at the end
  // of the lease in busy ones.
  void DropCopies();
  void DropKey(std::string_view name);

  // Looks for the token again, in whatever slot it is now, and closes the idle sessions. kTokenGone
  // if another one is there instead.
  Status FindAgain();
  // Puts another PIN in the place of one that was refused.
  void SetPin(const SecretBytes& pin);

  // The handle of a token object by its name, shared by all sessions, if known.
  std::optional<CK_OBJECT_HANDLE> TokenObject(const std::string& name);
  void RememberTokenObject(const std::string& name, CK_OBJECT_HANDLE object);
  void ForgetTokenObject(const std::string& name);

  const TokenDescription& token() const { return token_; }
  // The slot the token is in now.
  StatusOr<CK_SLOT_ID> CurrentSlot();
  size_t sessions_open();
  uint64_t sessions_discarded();
  uint64_t logins() const { return logins_.load(); }
  Module& module() { return *module_; }

 private:
  friend class SessionLease;
  enum class Login { kMustBeOurs, kMayStand };

  SessionPool(std::shared_ptr<Module> module, TokenSelector selector, SecretBytes pin,
              PoolLimits limits);
  Status OpenFirst();
  // mutex_ held for these.
  Status FollowReinitialisation();
  void MoveTo(const SlotToken& found);
  StatusOr<SlotToken> FindOurs();
  std::unique_ptr<Session> TakeIdle(std::string_view wanted);
  Status LogIn(Session& session, Login login);
  StatusOr<std::unique_ptr<Session>> OpenLoggedIn();
  void Return(SessionLease& lease);
  void DropFrom(const Drops& drops);
  using Sessions = std::vector<std::unique_ptr<Session>>;
  // Closes sessions that nobody can reach any more, then makes room for others.
  void Close(Sessions closing);

  const std::shared_ptr<Module> module_;
  const TokenSelector selector_;
  const PoolLimits limits_;
  TokenDescription token_;  // as found by Open(); constant afterwards
  bool claimed_ = false;

  std::mutex mutex_;
  std::condition_variable freed_;
  uint64_t generation_ = 0;
  CK_SLOT_ID slot_ = 0;
  Sessions idle_;
  std::vector<Session*> busy_;
  size_t open_ = 0;  // idle, leased and being opened
  size_t most_ = 0;  // the limit that is known now: configured, told by the token, or met
  uint64_t discarded_ = 0;
  BootTime now_;  // as of the last CloseUnused()
  std::map<std::string, CK_OBJECT_HANDLE> token_objects_;

  std::mutex login_mutex_;
  SecretBytes pin_;
  std::optional<Status> pin_refused_;
  std::atomic<uint64_t> logins_{0};
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SESSION_POOL_H_
