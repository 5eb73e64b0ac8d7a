// SessionPool: a bounded set of logged-in sessions of one token.
//
// Each thread leases a session for one piece of work; when all are out, it waits. A lease marked
// broken closes its session, and the next lease opens a new one and logs in again if need be: that
// is how a service outlives a token that dropped a session. Thread-safe; every caller holds a
// Module::Call for as long as it holds a lease.
#ifndef INTAGLIO_TOKENS_PKCS11_SESSION_POOL_H_
#define INTAGLIO_TOKENS_PKCS11_SESSION_POOL_H_

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/secret_bytes.h"
#include "tokens/pkcs11/session.h"
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
  SessionLease(SessionPool& pool, std::unique_ptr<Session> session, uint64_t copies_epoch)
      : pool_(&pool), session_(std::move(session)), copies_epoch_(copies_epoch) {}

  SessionPool* pool_;
  std::unique_ptr<Session> session_;
  uint64_t copies_epoch_;
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

  // Waits for a free session. Once the token has refused the stored PIN every call fails with that
  // same answer, so that retries can never lock the PIN.
  StatusOr<SessionLease> Acquire();

  // Closes the sessions nobody uses and forgets the token objects; later leases start anew.
  void CloseIdle();

  // Drops the session copies of every private key: at once in idle sessions, at the end of the
  // lease in busy ones.
  void DropCopies();

  // The handle of a token object by its name, shared by all sessions, if known.
  std::optional<CK_OBJECT_HANDLE> TokenObject(const std::string& name);
  void RememberTokenObject(const std::string& name, CK_OBJECT_HANDLE object);
  void ForgetTokenObject(const std::string& name);

  const TokenDescription& token() const { return token_; }
  // The slot the token is in now.
  StatusOr<CK_SLOT_ID> CurrentSlot();
  size_t sessions_open();
  uint64_t sessions_discarded();
  Module& module() { return *module_; }

 private:
  friend class SessionLease;
  enum class Login { kMustBeOurs, kMayStand };

  SessionPool(std::shared_ptr<Module> module, TokenSelector selector, SecretBytes pin,
              PoolLimits limits);
  Status OpenFirst();
  Status FollowReinitialisation();  // mutex_ held
  Status LogIn(Session& session, Login login);
  StatusOr<std::unique_ptr<Session>> OpenLoggedIn();
  void Return(SessionLease& lease);

  const std::shared_ptr<Module> module_;
  const TokenSelector selector_;
  const SecretBytes pin_;
  const PoolLimits limits_;
  TokenDescription token_;  // as found by Open(); constant afterwards
  bool claimed_ = false;

  std::mutex mutex_;
  std::condition_variable freed_;
  uint64_t generation_ = 0;
  CK_SLOT_ID slot_ = 0;
  std::vector<std::unique_ptr<Session>> idle_;
  size_t open_ = 0;  // idle and leased
  uint64_t discarded_ = 0;
  uint64_t copies_epoch_ = 0;
  std::map<std::string, CK_OBJECT_HANDLE> token_objects_;

  std::mutex login_mutex_;
  std::optional<Status> pin_refused_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SESSION_POOL_H_
