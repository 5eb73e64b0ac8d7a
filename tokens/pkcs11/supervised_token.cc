#include "tokens/pkcs11/supervised_token.h"

#include <algorithm>
#include <chrono>

#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

bool IsRefusalOfPin(const Status& status) {
  return RemedyOf(status, Absence::kAnswer) == Remedy::kStop;
}

}  // namespace

std::string_view NameOf(TokenState state) {
  switch (state) {
    case TokenState::kHealthy:
      return "healthy";
    case TokenState::kDegraded:
      return "degraded";
    case TokenState::kRecovering:
      return "recovering";
    case TokenState::kFailed:
      return "failed";
    case TokenState::kPinRefused:
      break;
  }
  return "pin-refused";
}

StatusOr<std::shared_ptr<Module>> ModuleShelf::Load(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = modules_.find(path);
  if (found != modules_.end()) return found->second;
  ASSIGN_OR_RETURN(auto module, Module::Load(path));
  modules_[path] = module;
  return module;
}

void ModuleShelf::AddTo(SupervisorCounters& counters) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, module] : modules_) {
    const CacheCounters& caches = module->cache_counters();
    counters.cache_hits += caches.hits.load();
    counters.cache_misses += caches.misses.load();
    counters.cache_evictions += caches.evictions.load();
  }
}

SupervisedToken::SupervisedToken(SupervisedTokenConfig config, ModuleShelf& shelf,
                                 const Clock& clock, const SupervisorTiming& timing, Tell tell)
    : config_(std::move(config)),
      shelf_(shelf),
      clock_(clock),
      timing_(timing),
      tell_(std::move(tell)),
      pin_(std::move(config_.pin)),
      why_(Fail(kTokenGone, "not opened yet")) {}

std::string SupervisedToken::Name() const {
  const Token* opened = token();
  if (opened == nullptr) return config_.module_path;
  return opened->Describe().label + " (serial " + opened->Describe().serial + ")";
}

void SupervisedToken::Enter(TokenState to, const Status& why, std::string what, Duration duration) {
  // The reason first: whoever sees the state finds why.
  if (!why.ok()) {
    const std::lock_guard lock(standing_);
    why_ = why;
  }
  TransitionEvent event{.token = Name(),
                        .from = state_.exchange(to, std::memory_order_acq_rel),
                        .to = to,
                        .why = why,
                        .what = std::move(what),
                        .duration = duration};
  if (event.from != event.to || !event.what.empty()) tell_(std::move(event));
}

void SupervisedToken::Settle(const Status& outcome, BootTime began, std::string what) {
  const BootTime now = clock_.SinceBoot();
  repairs_.fetch_add(1, std::memory_order_acq_rel);
  if (outcome.ok()) {
    recoveries_.fetch_add(1, std::memory_order_relaxed);
    last_recovery_.store(now - began, std::memory_order_relaxed);
    Enter(TokenState::kHealthy, OkStatus(), std::move(what), now - began);
  } else if (IsRefusalOfPin(outcome)) {
    Enter(TokenState::kPinRefused, outcome, {}, now - began);
  } else {
    next_try_ = now + timing_.recover_every;
    Enter(TokenState::kFailed, outcome, {}, now - began);
  }
}

Status SupervisedToken::Open() {
  ASSIGN_OR_RETURN(module_, shelf_.Load(config_.module_path));
  if (module_->generation() > 0 && repairs_.load() > 0) {
    // It was not found before: the module may have to look anew, too.
    if (!module_->ListTokens().ok()) RETURN_IF_ERROR(Reinitialise());
  }
  auto opened = Token::Open(module_, config_.selector, pin_, config_.limits);
  if (Is(opened.status(), kTokenNotFound) && repairs_.load() > 0) {
    RETURN_IF_ERROR(Reinitialise());
    opened = Token::Open(module_, config_.selector, pin_, config_.limits);
  }
  RETURN_IF_ERROR(opened.status());
  token_ = std::move(opened).value();
  opened_.store(token_.get(), std::memory_order_release);
  return OkStatus();
}

Status SupervisedToken::Reinitialise() {
  const uint64_t seen = module_->generation();
  RETURN_IF_ERROR(module_->ReinitialiseOnce(seen, timing_.longest_quiesce));
  reinitialisations_.fetch_add(1, std::memory_order_relaxed);
  return OkStatus();
}

Status SupervisedToken::RepairLocked(Remedy remedy, const Status& why) {
  const BootTime began = clock_.SinceBoot();
  Enter(TokenState::kRecovering, why, {}, 0);
  Status outcome = why;
  std::string what = "found again";
  if (remedy == Remedy::kFindAgain) {
    outcome = token_->FindAgain();
    if (outcome.ok()) outcome = token_->CheckSession();
  }
  if (!outcome.ok() && !IsRefusalOfPin(outcome)) {
    what = "reinitialised";
    outcome = Reinitialise();
    if (outcome.ok()) outcome = token_->Probe();
    if (outcome.ok()) outcome = token_->CheckSession();
  }
  Settle(outcome, began, std::move(what));
  return outcome;
}

Status SupervisedToken::Revive() {
  if (token_ != nullptr) return RepairLocked(Remedy::kFindAgain, Standing().why);
  const BootTime began = clock_.SinceBoot();
  const Status outcome = Open();
  Settle(outcome, began, "opened");
  return outcome;
}

Token* SupervisedToken::Usable() {
  const TokenState now = state();
  if (now == TokenState::kPinRefused) return nullptr;
  if (now != TokenState::kFailed) return token();
  const std::unique_lock lock(repairing_, std::try_to_lock);
  if (!lock.owns_lock()) return nullptr;
  if (state() == TokenState::kFailed && clock_.SinceBoot() >= next_try_) (void)Revive();
  return state() == TokenState::kFailed || state() == TokenState::kPinRefused ? nullptr : token();
}

Status SupervisedToken::Repair(Remedy remedy, const Status& why, uint64_t repairs_seen) {
  const std::unique_lock lock(repairing_, std::chrono::milliseconds(2 * timing_.longest_quiesce));
  if (!lock.owns_lock()) return Fail(kTokenBusy, Name() + " is still being repaired");
  if (repairs() != repairs_seen) {
    const TokenState now = state();
    return now == TokenState::kHealthy || now == TokenState::kDegraded ? OkStatus() : why;
  }
  switch (remedy) {
    case Remedy::kNone:
      return why;
    case Remedy::kStop:
      repairs_.fetch_add(1);
      Enter(TokenState::kPinRefused, why, {}, 0);
      return why;
    case Remedy::kOtherToken:
      Enter(TokenState::kDegraded, why, {}, 0);
      return why;
    case Remedy::kReinitialiseRarely:
      if (clock_.SinceBoot() < next_rare_) return why;
      next_rare_ = clock_.SinceBoot() + timing_.rare_reinitialise;
      return RepairLocked(Remedy::kReinitialise, why);
    case Remedy::kFindAgain:
    case Remedy::kReinitialise:
      break;
  }
  return RepairLocked(remedy, why);
}

void SupervisedToken::GiveUp(const Status& why) {
  const std::unique_lock lock(repairing_, std::try_to_lock);
  if (!lock.owns_lock() || state() != TokenState::kHealthy) return;
  repairs_.fetch_add(1, std::memory_order_acq_rel);
  next_try_ = clock_.SinceBoot() + timing_.recover_every;
  Enter(TokenState::kFailed, why, {}, 0);
}

void SupervisedToken::ReinitialiseAsPlanned() {
  const std::unique_lock lock(repairing_, std::try_to_lock);
  if (!lock.owns_lock() || module_->destroyed_objects() < config_.reinitialise_after) return;
  const BootTime began = clock_.SinceBoot();
  const TokenState before = state();
  Enter(TokenState::kRecovering, OkStatus(), "planned re-initialisation", 0);
  const Status done = Reinitialise();
  if (Is(done, kTokenBusy)) {
    Enter(before, done, "re-initialisation put off", clock_.SinceBoot() - began);
    return;
  }
  const Status outcome = done.ok() ? token_->CheckSession() : done;
  Settle(outcome, began, "reinitialised");
}

void SupervisedToken::Tend() {
  const TokenState now = state();
  if (now == TokenState::kPinRefused || now == TokenState::kRecovering) return;
  if (now == TokenState::kFailed) {
    (void)Usable();
    return;
  }
  Token& live = *token();
  const uint64_t seen = repairs();
  const Status probe = live.Probe();
  if (!probe.ok() && !Is(probe, kTokenBusy)) {
    const Remedy remedy = RemedyOf(probe, Absence::kFault);
    (void)Repair(remedy == Remedy::kNone ? Remedy::kFindAgain : remedy, probe, seen);
    return;
  }
  const uint64_t discards = live.Health().sessions_discarded;
  if (discards != discards_seen_ && now == TokenState::kHealthy && seen == repairs()) {
    Enter(TokenState::kDegraded,
          Fail(kSessionLost, std::to_string(discards - discards_seen_) + " sessions were replaced"),
          {}, 0);
  } else if (discards == discards_seen_ && now == TokenState::kDegraded && probe.ok()) {
    const Status session = live.CheckSession();
    if (session.ok() && state() == TokenState::kDegraded) {
      Enter(TokenState::kHealthy, OkStatus(), {}, 0);
    }
  }
  discards_seen_ = discards;
  live.CloseUnused(clock_.SinceBoot(), config_.idle_timeout);
  if (live.Health().objects_destroyed >= config_.reinitialise_after) ReinitialiseAsPlanned();
}

Status SupervisedToken::SetPin(const SecretBytes& pin) {
  const std::unique_lock lock(repairing_, std::chrono::milliseconds(2 * timing_.longest_quiesce));
  if (!lock.owns_lock()) return Fail(kTokenBusy, Name() + " is still being repaired");
  pin_ = SecretBytes::CopyOf(pin.Expose());
  if (token_ != nullptr) token_->SetPin(pin);
  return Revive();
}

TokenStanding SupervisedToken::Standing() const {
  const std::lock_guard lock(standing_);
  return {Name(), state(), why_};
}

void SupervisedToken::AddTo(SupervisorCounters& counters) const {
  counters.reinitialisations += reinitialisations_.load();
  counters.recoveries += recoveries_.load();
  counters.last_recovery_ms = std::max(counters.last_recovery_ms, last_recovery_.load());
  Token* opened = token();
  if (opened == nullptr) return;
  const TokenHealth health = opened->Health();
  counters.sessions_open += health.sessions_open;
  counters.sessions_discarded += health.sessions_discarded;
  counters.logins += health.logins;
}

}  // namespace intaglio::tokens
