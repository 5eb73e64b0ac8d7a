#include "tokens/pkcs11/session_pool.h"

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/slot.h"

namespace intaglio::tokens {
namespace {

Status CheckLimits(const PoolLimits& limits) {
  if (limits.max_sessions < 1 || limits.max_sessions > 1024 || limits.cached_keys_per_session < 1 ||
      limits.cached_keys_per_session > 4096) {
    return Fail(kTokenInputInvalid,
                "a pool has 1 to 1024 sessions with 1 to 4096 cached keys, not " +
                    std::to_string(limits.max_sessions) + " with " +
                    std::to_string(limits.cached_keys_per_session));
  }
  return OkStatus();
}

// The initialised token that `selector` means.
StatusOr<SlotToken> FindToken(const Module& module, const TokenSelector& selector) {
  ASSIGN_OR_RETURN(std::vector<SlotToken> slots, ReadSlots(module.ck()));
  std::erase_if(slots, [](const SlotToken& s) { return !(s.flags & CKF_TOKEN_INITIALIZED); });
  std::vector<TokenDescription> shown;
  for (const SlotToken& slot : slots) shown.push_back(slot.token);
  auto chosen = selector.Choose(shown);
  if (Is(chosen.status(), kTokenNotFound)) {
    return Fail(kTokenNotFound, DetailOf(chosen.status()) + " (module " + module.path() + ")");
  }
  if (!chosen.ok()) return chosen.status();
  return slots[*chosen];
}

bool IsPinRefusal(const Status& status) {
  return Is(status, kPinIncorrect) || Is(status, kPinLocked) || Is(status, kPinExpired) ||
         Is(status, kPinMalformed);
}

}  // namespace

SessionLease::SessionLease(SessionLease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      session_(std::move(other.session_)),
      copies_epoch_(other.copies_epoch_),
      broken_(other.broken_) {}

SessionLease::~SessionLease() {
  if (pool_ != nullptr) pool_->Return(*this);
}

SessionPool::SessionPool(std::shared_ptr<Module> module, TokenSelector selector, SecretBytes pin,
                         PoolLimits limits)
    : module_(std::move(module)),
      selector_(std::move(selector)),
      pin_(std::move(pin)),
      limits_(limits) {}

StatusOr<std::unique_ptr<SessionPool>> SessionPool::Open(std::shared_ptr<Module> module,
                                                         TokenSelector selector,
                                                         const SecretBytes& pin,
                                                         PoolLimits limits) {
  RETURN_IF_ERROR(CheckLimits(limits));
  if (pin.empty()) return Fail(kPinMalformed, "the PIN is empty");
  std::unique_ptr<SessionPool> pool(new SessionPool(std::move(module), std::move(selector),
                                                    SecretBytes::CopyOf(pin.Expose()), limits));
  RETURN_IF_ERROR(pool->OpenFirst());
  return pool;
}

Status SessionPool::OpenFirst() {
  Module::Call call(*module_);
  ASSIGN_OR_RETURN(const SlotToken found, FindToken(*module_, selector_));
  RETURN_IF_ERROR(module_->Claim(found.token));
  token_ = found.token;
  claimed_ = true;
  slot_ = found.slot;
  generation_ = module_->generation();
  ASSIGN_OR_RETURN(auto session, Session::Open(*module_, slot_, limits_.cached_keys_per_session));
  RETURN_IF_ERROR(LogIn(*session, Login::kMustBeOurs));
  idle_.push_back(std::move(session));
  open_ = 1;
  return OkStatus();
}

SessionPool::~SessionPool() {
  Module::Call call(*module_);
  if (generation_ == module_->generation()) {
    if (!idle_.empty()) (void)module_->ck().C_Logout(idle_.front()->handle());
  } else {
    for (auto& session : idle_) session->Abandon();
  }
  idle_.clear();
  if (claimed_) module_->Disclaim(token_);
}

Status SessionPool::LogIn(Session& session, Login login) {
  std::lock_guard lock(login_mutex_);
  if (pin_refused_) return *pin_refused_;
  if (login == Login::kMayStand) {
    const Status state = session.CheckLoggedIn();
    if (state.ok() || !Is(state, kNotLoggedIn)) return state;
  }
  const CK_RV rv =
      session.ck().C_Login(session.handle(), CKU_USER, CkInput(pin_.Expose()), pin_.size());
  if (rv == CKR_USER_ALREADY_LOGGED_IN && login == Login::kMayStand) return OkStatus();
  const Status status = FromCk("C_Login", rv);
  if (IsPinRefusal(status)) {
    pin_refused_ =
        Fail(Is(status, kPinLocked)      ? kPinLocked
             : Is(status, kPinExpired)   ? kPinExpired
             : Is(status, kPinMalformed) ? kPinMalformed
                                         : kPinIncorrect,
             DetailOf(status) + " for token '" + token_.label + "' (serial " + token_.serial +
                 "); not tried again: correct the PIN file and open the token anew");
    return *pin_refused_;
  }
  return status;
}

// After Module::Reinitialise() no lease is out and every handle is void.
Status SessionPool::FollowReinitialisation() {
  if (generation_ == module_->generation()) return OkStatus();
  ASSIGN_OR_RETURN(const SlotToken found, FindToken(*module_, selector_));
  if (found.token.serial != token_.serial) {
    return Fail(kTokenGone, "the token with serial " + token_.serial +
                                " was replaced by one with " + found.token.serial);
  }
  for (auto& session : idle_) session->Abandon();
  idle_.clear();
  open_ = 0;
  token_objects_.clear();
  slot_ = found.slot;
  generation_ = module_->generation();
  return OkStatus();
}

StatusOr<std::unique_ptr<Session>> SessionPool::OpenLoggedIn() {
  CK_SLOT_ID slot;
  {
    std::lock_guard lock(mutex_);
    slot = slot_;
  }
  ASSIGN_OR_RETURN(auto session, Session::Open(*module_, slot, limits_.cached_keys_per_session));
  RETURN_IF_ERROR(LogIn(*session, Login::kMayStand));
  return session;
}

StatusOr<SessionLease> SessionPool::Acquire() {
  uint64_t epoch;
  {
    std::unique_lock lock(mutex_);
    RETURN_IF_ERROR(FollowReinitialisation());
    freed_.wait(lock, [&] { return !idle_.empty() || open_ < limits_.max_sessions; });
    epoch = copies_epoch_;
    if (!idle_.empty()) {
      auto session = std::move(idle_.back());
      idle_.pop_back();
      return SessionLease(*this, std::move(session), epoch);
    }
    ++open_;
  }
  auto session = OpenLoggedIn();
  if (session.ok()) return SessionLease(*this, std::move(session).value(), epoch);
  std::lock_guard lock(mutex_);
  --open_;
  freed_.notify_one();
  return session.status();
}

void SessionPool::Return(SessionLease& lease) {
  std::unique_lock lock(mutex_);
  // Copies made before DropCopies() must not outlive the lease.
  while (!lease.broken_ && lease.copies_epoch_ != copies_epoch_) {
    const uint64_t epoch = copies_epoch_;
    lock.unlock();
    lease->DropPrivateKeys();
    lock.lock();
    lease.copies_epoch_ = epoch;
  }
  if (!lease.broken_) {
    idle_.push_back(std::move(lease.session_));
  } else {
    lock.unlock();
    lease.session_.reset();
    lock.lock();
    --open_;
    ++discarded_;
  }
  freed_.notify_one();
}

void SessionPool::CloseIdle() {
  std::lock_guard lock(mutex_);
  open_ -= idle_.size();
  discarded_ += idle_.size();
  idle_.clear();
  token_objects_.clear();
  freed_.notify_all();
}

void SessionPool::DropCopies() {
  std::lock_guard lock(mutex_);
  ++copies_epoch_;
  if (generation_ != module_->generation()) return;
  for (auto& session : idle_) session->DropPrivateKeys();
}

std::optional<CK_OBJECT_HANDLE> SessionPool::TokenObject(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto found = token_objects_.find(name);
  if (found == token_objects_.end()) return std::nullopt;
  return found->second;
}

void SessionPool::RememberTokenObject(const std::string& name, CK_OBJECT_HANDLE object) {
  std::lock_guard lock(mutex_);
  token_objects_[name] = object;
}

void SessionPool::ForgetTokenObject(const std::string& name) {
  std::lock_guard lock(mutex_);
  token_objects_.erase(name);
}

StatusOr<CK_SLOT_ID> SessionPool::CurrentSlot() {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(FollowReinitialisation());
  return slot_;
}

size_t SessionPool::sessions_open() {
  std::lock_guard lock(mutex_);
  return open_;
}

uint64_t SessionPool::sessions_discarded() {
  std::lock_guard lock(mutex_);
  return discarded_;
}

}  // namespace intaglio::tokens
