#include "tokens/pkcs11/supervisor.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr size_t kMostTokens = 8;
constexpr size_t kMostEvents = 1024;
constexpr int kMostRepairs = 2;  // for one call on one token

const Status& StatusOfResult(const Status& status) { return status; }
template <class T>
const Status& StatusOfResult(const StatusOr<T>& result) {
  return result.status();
}

// The better it is, the sooner a token is asked.
int RankOf(TokenState state) {
  switch (state) {
    case TokenState::kHealthy:
      return 0;
    case TokenState::kDegraded:
    case TokenState::kRecovering:
      return 1;
    case TokenState::kFailed:
      return 2;
    case TokenState::kPinRefused:
      break;
  }
  return 3;
}

}  // namespace

StatusOr<std::unique_ptr<Supervisor>> Supervisor::Open(std::vector<SupervisedTokenConfig> tokens,
                                                       const Clock& clock,
                                                       SupervisorTiming timing) {
  if (tokens.empty() || tokens.size() > kMostTokens) {
    return Fail(kTokenInputInvalid,
                "1 to 8 tokens are supervised, not " + std::to_string(tokens.size()));
  }
  std::unique_ptr<Supervisor> out(new Supervisor(clock, timing));
  size_t opened = 0;
  for (SupervisedTokenConfig& config : tokens) {
    auto token = std::make_unique<SupervisedToken>(
        std::move(config), out->shelf_, clock, out->timing_,
        [self = out.get()](TransitionEvent event) { self->Tell(std::move(event)); });
    if (token->Usable() != nullptr) ++opened;
    out->tokens_.push_back(std::move(token));
  }
  if (opened == 0) return out->tokens_.front()->Standing().why;
  return out;
}

Supervisor::~Supervisor() { Stop(); }

void Supervisor::Tell(TransitionEvent event) {
  const std::lock_guard lock(events_mutex_);
  // Without anybody listening they must not pile up.
  if (events_.size() >= kMostEvents) events_.erase(events_.begin());
  events_.push_back(std::move(event));
  wake_.notify_all();
}

void Supervisor::Deliver(SupervisorObserver& observer) {
  std::vector<TransitionEvent> events;
  {
    const std::lock_guard lock(events_mutex_);
    events.swap(events_);
  }
  for (const TransitionEvent& event : events) observer.Transition(event);
}

void Supervisor::Start(SupervisorObserver& observer) {
  observer_ = &observer;
  stopping_ = false;
  thread_ = std::thread([this, &observer] { Look(observer); });
}

void Supervisor::Stop() {
  {
    const std::lock_guard lock(events_mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (observer_ != nullptr) Deliver(*observer_);
  observer_ = nullptr;
}

bool Supervisor::AllWell() const {
  for (const auto& token : tokens_) {
    if (token->state() == TokenState::kFailed || token->state() == TokenState::kDegraded) {
      return false;
    }
  }
  return true;
}

void Supervisor::Look(SupervisorObserver& observer) {
  BootTime next_tend = clock_.SinceBoot();
  while (true) {
    {
      std::unique_lock lock(events_mutex_);
      // Waits are real time: what is waited for is the module's.
      wake_.wait_for(lock, std::chrono::milliseconds(timing_.recover_every),
                     [&] { return stopping_ || !events_.empty(); });
      if (stopping_) return;
    }
    Deliver(observer);
    if (AllWell() && clock_.SinceBoot() < next_tend) continue;
    next_tend = clock_.SinceBoot() + timing_.probe_every;
    Tend();
  }
}

void Supervisor::Tend() {
  for (const auto& token : tokens_) token->Tend();
}

SupervisorStatus Supervisor::Standing() const {
  SupervisorStatus out;
  for (const auto& token : tokens_) {
    out.tokens.push_back(token->Standing());
    token->AddTo(out.counters);
  }
  shelf_.AddTo(out.counters);
  out.counters.fail_overs = fail_overs_.load();
  return out;
}

Status Supervisor::SetPin(size_t index, const SecretBytes& pin) {
  if (index >= tokens_.size()) {
    return Fail(kTokenInputInvalid, "there is no token " + std::to_string(index));
  }
  return tokens_[index]->SetPin(pin);
}

void Supervisor::Serving(size_t index) {
  size_t before = serving_.load(std::memory_order_relaxed);
  if (before == index || !serving_.compare_exchange_strong(before, index)) return;
  fail_overs_.fetch_add(1);
  const TokenState state = tokens_[index]->state();
  Tell({.token = tokens_[index]->Name(),
        .from = state,
        .to = state,
        .why = tokens_[before]->Standing().why,
        .what = "took over from " + tokens_[before]->Name(),
        .duration = 0});
}

template <class Work>
auto Supervisor::RunOn(SupervisedToken& token, Absence absence, Repeat repeat, Work& work)
    -> decltype(work(std::declval<Token&>())) {
  for (int repairs = 0;; ++repairs) {
    const uint64_t seen = token.repairs();
    Token* const usable = token.Usable();
    if (usable == nullptr) return Unasked(token.Standing().why, absence);
    auto result = work(*usable);
    const Status& status = StatusOfResult(result);
    Remedy remedy = RemedyOf(status, absence);
    if (remedy == Remedy::kNone) return result;
    if (repairs == kMostRepairs) {
      if (remedy != Remedy::kReinitialiseRarely) token.GiveUp(status);
      return result;
    }
    // What came back after the token was found again is worse than it looked.
    if (repairs > 0 && remedy == Remedy::kFindAgain) remedy = Remedy::kReinitialise;
    if (!token.Repair(remedy, status, seen).ok() || repeat == Repeat::kNever) return result;
  }
}

template <class Work>
auto Supervisor::Run(Absence absence, Work work) -> decltype(work(std::declval<Token&>())) {
  std::array<bool, kMostTokens> asked{};
  std::optional<decltype(work(std::declval<Token&>()))> first;
  for (size_t turn = 0; turn < tokens_.size(); ++turn) {
    size_t best = tokens_.size();
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (asked[i]) continue;
      if (best == tokens_.size() || RankOf(tokens_[i]->state()) < RankOf(tokens_[best]->state())) {
        best = i;
      }
    }
    asked[best] = true;
    auto answer = RunOn(*tokens_[best], absence, Repeat::kAllowed, work);
    if (RemedyOf(StatusOfResult(answer), absence) == Remedy::kNone) {
      Serving(best);
      return answer;
    }
    if (!first) first = std::move(answer);
  }
  // What the first one said is most of what is wrong.
  return *std::move(first);
}

template <class Work>
Status Supervisor::RunOnAll(Work work) {
  Status verdict = Fail(kKeyNotFound, "in none of the tokens");
  Status failure;
  for (const auto& token : tokens_) {
    const Status status = RunOn(*token, Absence::kAnswer, Repeat::kAllowed, work);
    if (status.ok() && !verdict.ok()) verdict = OkStatus();
    if (!status.ok() && !Is(status, kKeyNotFound) && failure.ok()) failure = status;
  }
  return failure.ok() ? verdict : failure;
}

const TokenDescription& Supervisor::Describe() const {
  for (const auto& token : tokens_) {
    if (const Token* opened = token->token()) return opened->Describe();
  }
  std::abort();  // Open() wants one
}

StatusOr<GeneratedKey> Supervisor::GenerateResident(KeyAlgorithm algorithm, const KeyLabel& label,
                                                    const KeyId& id) {
  auto work = [&](Token& token) { return token.GenerateResident(algorithm, label, id); };
  return RunOn(*tokens_.front(), Absence::kAnswer, Repeat::kNever, work);
}

StatusOr<std::vector<Bytes>> Supervisor::SignResident(const KeyId& id, KeyAlgorithm algorithm,
                                                      Spki public_key,
                                                      std::span<const MessageDigest> digests) {
  return Run(Absence::kFault,
             [&](Token& token) { return token.SignResident(id, algorithm, public_key, digests); });
}

Status Supervisor::DestroyResident(const KeyId& id) {
  const Status status = RunOnAll([&](Token& token) { return token.DestroyResident(id); });
  // In tokens that could not be asked, too.
  DropKey(id);
  return status;
}

StatusOr<GeneratedWrappedKey> Supervisor::GenerateWrapped(KeyAlgorithm algorithm,
                                                          const KeyLabel& storage_key) {
  return Run(Absence::kFault,
             [&](Token& token) { return token.GenerateWrapped(algorithm, storage_key); });
}

StatusOr<KeyOrigin> Supervisor::StorageKeyOrigin(const KeyLabel& storage_key) {
  return Run(Absence::kFault, [&](Token& token) { return token.StorageKeyOrigin(storage_key); });
}

StatusOr<std::vector<Bytes>> Supervisor::SignWrapped(const KeyId& id, WrappedKey wrapped,
                                                     KeyAlgorithm algorithm,
                                                     const KeyLabel& storage_key, Spki public_key,
                                                     std::span<const MessageDigest> digests) {
  return Run(Absence::kFault, [&](Token& token) {
    return token.SignWrapped(id, wrapped, algorithm, storage_key, public_key, digests);
  });
}

void Supervisor::DropKey(const KeyId& id) {
  for (const auto& token : tokens_) {
    if (Token* opened = token->token()) opened->DropKey(id);
  }
}

void Supervisor::DropCopies() {
  for (const auto& token : tokens_) {
    if (Token* opened = token->token()) opened->DropCopies();
  }
}

Status Supervisor::VerifyP256(P256Point point, const Digest& digest, P256Signature signature) {
  return Run(Absence::kAnswer,
             [&](Token& token) { return token.VerifyP256(point, digest, signature); });
}

Status Supervisor::GenerateSecretKey(const KeyLabel& label) {
  auto work = [&](Token& token) { return token.GenerateSecretKey(label); };
  return RunOn(*tokens_.front(), Absence::kAnswer, Repeat::kNever, work);
}

Status Supervisor::FindSecretKey(const KeyLabel& label) {
  return Run(Absence::kAnswer, [&](Token& token) { return token.FindSecretKey(label); });
}

Status Supervisor::DestroySecretKey(const KeyLabel& label) {
  return RunOnAll([&](Token& token) { return token.DestroySecretKey(label); });
}

StatusOr<Bytes> Supervisor::SealGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                                    ByteView plaintext) {
  return Run(Absence::kFault,
             [&](Token& token) { return token.SealGcm(label, nonce, aad, plaintext); });
}

StatusOr<Bytes> Supervisor::OpenGcm(const KeyLabel& label, const GcmNonce& nonce, Aad aad,
                                    ByteView sealed) {
  return Run(Absence::kFault,
             [&](Token& token) { return token.OpenGcm(label, nonce, aad, sealed); });
}

// Into every token that can be asked: any of them may be the one that serves after a restart.
Status Supervisor::ReplaceData(const KeyLabel& label, ByteView octets) {
  bool written = false;
  Status failure;
  auto work = [&](Token& token) { return token.ReplaceData(label, octets); };
  for (const auto& token : tokens_) {
    const Status status = RunOn(*token, Absence::kAnswer, Repeat::kAllowed, work);
    written |= status.ok();
    if (!status.ok() && failure.ok()) failure = status;
  }
  return written ? OkStatus() : failure;
}

StatusOr<std::vector<Bytes>> Supervisor::ReadData(const KeyLabel& label) {
  std::vector<Bytes> values;
  bool read = false;
  Status failure;
  auto work = [&](Token& token) { return token.ReadData(label); };
  for (const auto& token : tokens_) {
    const auto found = RunOn(*token, Absence::kAnswer, Repeat::kAllowed, work);
    read |= found.ok();
    if (found.ok()) {
      values.insert(values.end(), found->begin(), found->end());
    } else if (failure.ok()) {
      failure = found.status();
    }
  }
  if (!read) return failure;
  return values;
}

Status Supervisor::GenerateRandom(std::span<uint8_t> out) {
  return Run(Absence::kAnswer, [&](Token& token) { return token.GenerateRandom(out); });
}

}  // namespace intaglio::tokens
