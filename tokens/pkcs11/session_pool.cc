#include "tokens/pkcs11/session_pool.h"

#include <algorithm>
#include <chrono>

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/slot.h"

namespace intaglio::tokens {
namespace {

constexpr size_t kSessionsSearched = 16;

Status CheckLimits(const PoolLimits& limits) {
  if (limits.longest_wait < 1 || limits.longest_wait > 10 * kMinute) {
    return Fail(kTokenInputInvalid, "a call waits 1 ms to 10 min for a session, not " +
                                        std::to_string(limits.longest_wait) + " ms");
  }
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
      broken_(other.broken_) {}

SessionLease::~SessionLease() {
  if (pool_ != nullptr) pool_->Return(*this);
}

SessionPool::SessionPool(std::shared_ptr<Module> module, TokenSelector selector, SecretBytes pin,
                         PoolLimits limits)
    : module_(std::move(module)),
      selector_(std::move(selector)),
      limits_(limits),
      pin_(std::move(pin)) {}

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
  const Module::Call call(*module_);
  RETURN_IF_ERROR(call.status());
  ASSIGN_OR_RETURN(const SlotToken found, FindToken(*module_, selector_));
  RETURN_IF_ERROR(module_->Claim(found.token));
  token_ = found.token;
  claimed_ = true;
  MoveTo(found);
  ASSIGN_OR_RETURN(auto session, Session::Open(*module_, slot_, limits_.cached_keys_per_session));
  RETURN_IF_ERROR(LogIn(*session, Login::kMustBeOurs));
  idle_.push_back(std::move(session));
  open_ = 1;
  return OkStatus();
}

SessionPool::~SessionPool() {
  const Module::Call call(*module_);
  if (call.status().ok() && generation_ == module_->generation()) {
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
  ASSIGN_OR_RETURN(const SlotToken shown, ReadSlot(session.ck(), session.slot()));
  if (shown.flags & CKF_USER_PIN_LOCKED) {
    pin_refused_ = Fail(kPinLocked, "token '" + token_.label + "' (serial " + token_.serial +
                                        ") says so itself; its security officer unlocks it");
    return *pin_refused_;
  }
  if (shown.flags & CKF_USER_PIN_FINAL_TRY) {
    pin_refused_ = Fail(kPinFinalTry, "token '" + token_.label + "' (serial " + token_.serial +
                                          "): log in once by hand, which ends its count");
    return *pin_refused_;
  }
  logins_.fetch_add(1, std::memory_order_relaxed);
  const CK_RV rv =
      session.ck().C_Login(session.handle(), CKU_USER, CkInput(pin_.Expose()), pin_.size());
  if (rv == CKR_USER_ALREADY_LOGGED_IN && login == Login::kMayStand) return OkStatus();
  const Status status = FromCk("C_Login", rv);
  if (IsPinRefusal(status)) {
    pin_refused_ = Fail(Is(status, kPinLocked)      ? kPinLocked
                        : Is(status, kPinExpired)   ? kPinExpired
                        : Is(status, kPinMalformed) ? kPinMalformed
                                                    : kPinIncorrect,
                        DetailOf(status) + " for token '" + token_.label + "' (serial " +
                            token_.serial + "); not tried again until another PIN is given");
    return *pin_refused_;
  }
  return status;
}

void SessionPool::SetPin(const SecretBytes& pin) {
  const std::lock_guard lock(login_mutex_);
  pin_ = SecretBytes::CopyOf(pin.Expose());
  pin_refused_.reset();
}

void SessionPool::MoveTo(const SlotToken& found) {
  slot_ = found.slot;
  generation_ = module_->generation();
  most_ = std::min(limits_.max_sessions, std::max<size_t>(found.most_sessions.value_or(1024), 1));
}

// After Module::Reinitialise() no lease is out and every handle is void.
Status SessionPool::FollowReinitialisation() {
  if (generation_ == module_->generation()) return OkStatus();
  ASSIGN_OR_RETURN(const SlotToken found, FindOurs());
  for (auto& session : idle_) session->Abandon();
  idle_.clear();
  open_ = 0;
  token_objects_.clear();
  MoveTo(found);
  return OkStatus();
}

StatusOr<SlotToken> SessionPool::FindOurs() {
  ASSIGN_OR_RETURN(const SlotToken found, FindToken(*module_, selector_));
  if (found.token.serial == token_.serial) return found;
  return Fail(kTokenGone, "the token with serial " + token_.serial + " was replaced by one with " +
                              found.token.serial);
}

Status SessionPool::FindAgain() {
  Sessions closing;
  {
    const std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(FollowReinitialisation());
    ASSIGN_OR_RETURN(const SlotToken found, FindOurs());
    MoveTo(found);
    token_objects_.clear();
    closing.swap(idle_);
    discarded_ += closing.size();
  }
  Close(std::move(closing));
  return OkStatus();
}

void SessionPool::Close(Sessions closing) {
  const size_t count = closing.size();
  closing.clear();
  // Only now may others be opened in their place.
  const std::lock_guard lock(mutex_);
  open_ -= count;
  freed_.notify_all();
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

std::unique_ptr<Session> SessionPool::TakeIdle(std::string_view wanted) {
  auto chosen = idle_.end() - 1;
  if (!wanted.empty()) {
    const size_t searched = std::min(idle_.size(), kSessionsSearched);
    for (auto each = idle_.end() - searched; each != idle_.end(); ++each) {
      if ((*each)->private_keys().Holds(wanted)) chosen = each;
    }
  }
  auto session = std::move(*chosen);
  idle_.erase(chosen);
  busy_.push_back(session.get());
  return session;
}

StatusOr<SessionLease> SessionPool::Acquire(std::string_view wanted) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(limits_.longest_wait);
  while (true) {
    {
      std::unique_lock lock(mutex_);
      RETURN_IF_ERROR(FollowReinitialisation());
      if (!freed_.wait_until(lock, until, [&] { return !idle_.empty() || open_ < most_; })) {
        return Fail(kTokenBusy, "all " + std::to_string(open_) + " sessions of token '" +
                                    token_.label + "' stayed in use for " +
                                    std::to_string(limits_.longest_wait) + " ms");
      }
      if (!idle_.empty()) return SessionLease(*this, TakeIdle(wanted));
      ++open_;
    }
    auto session = OpenLoggedIn();
    const std::lock_guard lock(mutex_);
    if (session.ok()) {
      busy_.push_back(session->get());
      return SessionLease(*this, std::move(session).value());
    }
    --open_;
    freed_.notify_one();
    // The token has fewer than it said; those that are open must do.
    if (!Is(session.status(), kSessionLimit) || open_ == 0) return session.status();
    most_ = open_;
  }
}

void SessionPool::Return(SessionLease& lease) {
  std::unique_lock lock(mutex_);
  // What was to be dropped meanwhile must not outlive the lease.
  while (!lease.broken_ && !lease->due_drops().empty()) {
    const Drops drops = std::exchange(lease->due_drops(), {});
    lock.unlock();
    lease->Drop(drops);
    lock.lock();
  }
  std::erase(busy_, lease.session_.get());
  if (!lease.broken_) {
    lease->set_last_used(now_);
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
  Sessions closing;
  {
    const std::lock_guard lock(mutex_);
    if (generation_ != module_->generation()) return;
    token_objects_.clear();
    closing.swap(idle_);
    discarded_ += closing.size();
  }
  Close(std::move(closing));
}

void SessionPool::CloseUnused(BootTime now, Duration longest) {
  Sessions closing;
  {
    const std::lock_guard lock(mutex_);
    now_ = now;
    if (longest <= 0 || generation_ != module_->generation()) return;
    for (auto& session : idle_) {
      if (now - session->last_used() >= longest) closing.push_back(std::move(session));
    }
    std::erase(idle_, nullptr);
  }
  Close(std::move(closing));
}

void SessionPool::DropCopies() { DropFrom({.all = true, .names = {}}); }

void SessionPool::DropKey(std::string_view name) {
  DropFrom({.all = false, .names = {std::string(name)}});
}

void SessionPool::DropFrom(const Drops& drops) {
  std::vector<SessionLease> idle;  // ending these leases drops
  const std::lock_guard lock(mutex_);
  if (generation_ != module_->generation()) return;
  idle.reserve(idle_.size());
  while (!idle_.empty()) {
    auto session = TakeIdle({});
    idle.push_back(SessionLease(*this, std::move(session)));
  }
  for (Session* busy : busy_) busy->due_drops().Add(drops);
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
