#include "hardware-sim/device/simulator.h"

#include <time.h>

#include <algorithm>

#include "base/log.h"
#include "hardware-sim/faults/ck_names.h"

namespace intaglio::sim {
namespace {

bool Simulates(const v1::Limits& limits) {
  return limits.max_sessions() != 0 || limits.idle_session_milliseconds() != 0 ||
         limits.slots_move() || limits.no_verify() || limits.no_session_objects() ||
         limits.always_authenticate() || limits.rsa_generation_milliseconds() != 0 ||
         limits.pin_tries() != 0 || limits.call_microseconds() != 0 || limits.latency_size() != 0;
}

std::map<CK_MECHANISM_TYPE, uint32_t> LatencyTable(const v1::Limits& limits) {
  std::map<CK_MECHANISM_TYPE, uint32_t> out;
  for (const auto& row : limits.latency()) {
    if (const auto mechanism = MechanismNamed(row.mechanism()))
      out[*mechanism] = row.microseconds();
  }
  return out;
}

bool HasMemory(const v1::Limits& limits) { return limits.slots_move() || limits.pin_tries() != 0; }

int64_t CoarseNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// Octets that no operation answers more of in one call of a test.
constexpr size_t kScratch = 16384;

}  // namespace

Simulator::Simulator(Settings settings, WrappedModule wrapped, std::unique_ptr<HitLog> hits,
                     DeviceMemory memory)
    : settings_(std::move(settings)),
      wrapped_(std::move(wrapped)),
      latency_(LatencyTable(settings_.limits)),
      hits_(std::move(hits)),
      slots_(settings_.config.seed()),
      memory_(std::move(memory)) {
  clock_set_ms_ = static_cast<int64_t>(time(nullptr)) * 1000;
  if (Simulates(settings_.limits) || settings_.config.has_device()) gate_.Mark(kPersona);
}

StatusOr<std::unique_ptr<Simulator>> Simulator::Create(Settings settings) {
  const v1::SimulatorConfig& config = settings.config;
  ASSIGN_OR_RETURN(auto wrapped, WrappedModule::Load(config.wrapped()));
  ASSIGN_OR_RETURN(auto hits, HitLog::Open(config.hit_log()));
  ASSIGN_OR_RETURN(auto memory,
                   DeviceMemory::Open(HasMemory(settings.limits) ? config.device_memory() : ""));
  std::unique_ptr<Simulator> out(
      new Simulator(std::move(settings), std::move(wrapped), std::move(hits), std::move(memory)));
  out->live_stamp_ = StampOf(out->settings_.config.live_file());
  ASSIGN_OR_RETURN(const auto live, ReadLiveFaults(out->settings_.config.live_file()));
  RETURN_IF_ERROR(out->ReadPlan(live));
  return out;
}

uint64_t Simulator::NowMs() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1'000'000 +
         advance_ms_.load();
}

bool Simulator::LookIsDue() {
  const uint32_t every_ms = settings_.config.look_every_milliseconds();
  return every_ms == 0 || CoarseNs() >= next_look_ns_.load(std::memory_order_relaxed);
}

// Answers the marks that are set now.
uint32_t Simulator::Look() {
  std::lock_guard lock(look_mutex_);
  const int64_t every_ns = int64_t{settings_.config.look_every_milliseconds()} * 1'000'000;
  next_look_ns_.store(CoarseNs() + every_ns, std::memory_order_relaxed);
  const std::string& path = settings_.config.live_file();
  const FileStamp stamp = StampOf(path);
  if (stamp == live_stamp_) return gate_.marks();
  live_stamp_ = stamp;
  auto live = ReadLiveFaults(path);
  const Status status = live.ok() ? ReadPlan(*live) : live.status();
  // The plan in force stays; the file's next state is looked at like any other.
  if (!status.ok()) LogFailure("hsmsim.live_file", status);
  return gate_.marks();
}

Status Simulator::ReadPlan(const v1::LiveFaults& live) {
  const auto faults = FaultsInForce(settings_.config, live);
  advance_ms_.store(live.advance_milliseconds());
  EnterLifeCycle(live);
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(plan_,
                   FaultPlan::Create(faults, "fault", settings_.config.seed(), NowMs(), plan_));
  if (!plan_.wants_signatures()) last_signature_.clear();
  if (plan_.empty()) {
    InOutage();  // its cause is gone
    gate_.Unmark(kFaults);
  } else {
    gate_.Mark(kFaults);
  }
  // Slots that moved stay moved.
  if (slots_.move() != 0) gate_.Mark(kPersona);
  return OkStatus();
}

CK_RV Simulator::Act(const Call& call, const Forward& forward) {
  if (lost_by_fork_ && call.function != Function::kC_Initialize) {
    return settings_.limits.after_fork() == v1::FORK_DEVICE_ERROR ? CKR_DEVICE_ERROR
                                                                  : CKR_CRYPTOKI_NOT_INITIALIZED;
  }
  if (LookIsDue()) Look();
  CloseIdleSessions();
  std::optional<CK_RV> refused;
  {
    std::lock_guard lock(mutex_);
    if (SessionState* state = sessions_.Find(call.session)) state->used_ms = NowMs();
    refused = RefusedByOutage(call);
  }
  if (!refused) refused = RefusedByLifeCycle(call);
  std::vector<DueFault> due;
  if (!refused && (gate_.marks() & kFaults) != 0) {
    const CallFacts facts = FactsOf(call);
    {
      std::lock_guard lock(mutex_);
      due = plan_.Decide(facts);
    }
    for (const DueFault& fault : due) {
      hits_->Write(fault, facts);
      refused = Before(fault, call);
      if (refused) break;
    }
  }
  if (refused) {
    EndOperation(call);
    return *refused;
  }
  CK_RV rv = Device(call, forward);
  for (const DueFault& fault : due) rv = After(fault, call, rv);
  if (rv == CKR_OK && AnswersSignature(call.function)) RememberSignature(call);
  return rv;
}

CK_RV Simulator::Device(const Call& call, const Forward& forward) {
  if (TraitsOf(call.function).scope == Scope::kModule ||
      call.function == Function::kC_WaitForSlotEvent) {
    return forward();
  }
  AddDelays(call);
  if (const auto refused = RefusedByPersona(call)) {
    EndOperation(call);
    return *refused;
  }
  gate_.Enter();
  const CK_RV rv = forward();
  Follow(call, rv);
  gate_.Leave();
  return rv;
}

// What a call that was made changes in what the device knows. Inside the gate.
void Simulator::Follow(const Call& call, CK_RV rv) {
  const FunctionTraits& traits = TraitsOf(call.function);
  std::optional<ActiveOperation> started;
  if (traits.step == Step::kStarts && rv == CKR_OK && call.mechanism != nullptr) {
    started = ActiveOperation{call.mechanism->mechanism, LabelOf(call), false};
    started->wants_pin =
        settings_.limits.always_authenticate() &&
        (call.function == Function::kC_SignInit || call.function == Function::kC_DecryptInit) &&
        IsPrivateKey(call.session, call.object);
  }
  std::lock_guard lock(mutex_);
  if (call.function == Function::kC_OpenSession) {
    --opening_;
    if (rv == CKR_OK && call.slot && call.opened != nullptr) {
      sessions_.Add(*call.opened, slots_.Wrapped(*call.slot), NowMs());
    }
  }
  if (rv == CKR_OK && call.function == Function::kC_CloseSession) sessions_.Remove(call.session);
  if (rv == CKR_OK && call.function == Function::kC_CloseAllSessions && call.slot) {
    for (const auto session : sessions_.In(slots_.Wrapped(*call.slot))) sessions_.Remove(session);
  }
  FollowLogin(call, rv);
  SessionState* state = sessions_.Find(call.session);
  if (state == nullptr) return;
  state->used_ms = NowMs();
  if (started) state->At(traits.operation) = std::move(started);
}

CallFacts Simulator::FactsOf(const Call& call) {
  const FunctionTraits& traits = TraitsOf(call.function);
  CallFacts facts{.function = call.function, .now_ms = NowMs()};
  facts.label = traits.step == Step::kUses ? std::nullopt : LabelOf(call);
  facts.reading = call.reading;
  if (call.mechanism != nullptr) facts.mechanism = call.mechanism->mechanism;
  facts.hands_out_signature = AnswersSignature(call.function) && call.out != nullptr;
  std::lock_guard lock(mutex_);
  facts.has_earlier_signature = call.out_size != nullptr && !last_signature_.empty() &&
                                *call.out_size >= last_signature_.size();
  SessionState* state = sessions_.Find(call.session);
  if (state == nullptr) return facts;
  facts.session_ordinal = state->ordinal;
  if (traits.step == Step::kUses) {
    if (const auto& operation = state->At(traits.operation)) {
      facts.mechanism = operation->mechanism;
      facts.label = operation->key_label;
    }
  }
  return facts;
}

// The label of what a call is about, if some fault asks for labels.
std::optional<std::string> Simulator::LabelOf(const Call& call) {
  {
    std::lock_guard lock(mutex_);
    if (!plan_.wants_labels()) return std::nullopt;
  }
  for (const CK_ATTRIBUTE& attribute : call.making) {
    if (attribute.type == CKA_LABEL && attribute.pValue != nullptr) {
      return std::string(static_cast<const char*>(attribute.pValue), attribute.ulValueLen);
    }
  }
  if (call.object == CK_INVALID_HANDLE) return std::nullopt;
  char label[1024];
  CK_ATTRIBUTE wanted{CKA_LABEL, label, sizeof label};
  if (wrapped().C_GetAttributeValue(call.session, call.object, &wanted, 1) != CKR_OK) {
    return std::nullopt;
  }
  return std::string(label, wanted.ulValueLen);
}

bool Simulator::IsPrivateKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  CK_OBJECT_CLASS kind = 0;
  CK_ATTRIBUTE wanted{CKA_CLASS, &kind, sizeof kind};
  return wrapped().C_GetAttributeValue(session, object, &wanted, 1) == CKR_OK &&
         kind == CKO_PRIVATE_KEY;
}

void Simulator::CloseIdleSessions() {
  const uint32_t longest = settings_.limits.idle_session_milliseconds();
  if (longest == 0) return;
  {
    std::lock_guard lock(mutex_);
    if (sessions_.Idle(NowMs(), longest).empty()) return;
  }
  const CallGate::Exclusive exclusive(gate_);
  std::lock_guard lock(mutex_);
  CloseInWrapped(sessions_.Idle(NowMs(), longest));
}

// Nobody is inside, mutex_ held.
void Simulator::CloseInWrapped(const std::vector<CK_SESSION_HANDLE>& sessions) {
  for (const CK_SESSION_HANDLE session : sessions) {
    wrapped().C_CloseSession(session);
    sessions_.Remove(session);
  }
}

// A call that fails ends the operation it is part of; the wrapped module, which was not called, has
// to be brought to the same point.
void Simulator::EndOperation(const Call& call) {
  if (TraitsOf(call.function).step != Step::kUses) return;
  const CK_FUNCTION_LIST& f = wrapped();
  static constexpr CK_BYTE kNothing[1] = {};
  CK_BYTE* const none = const_cast<CK_BYTE*>(kNothing);
  const CK_SESSION_HANDLE session = call.session;
  CK_BYTE scratch[kScratch];
  CK_ULONG size = sizeof scratch;
  gate_.Enter();
  switch (TraitsOf(call.function).operation) {
    case Operation::kSign:
      f.C_SignFinal(session, scratch, &size);
      f.C_Sign(session, none, 0, scratch, &(size = sizeof scratch));
      break;
    case Operation::kVerify:
      f.C_VerifyFinal(session, none, 1);
      f.C_Verify(session, none, 0, none, 1);
      break;
    case Operation::kEncrypt:
      f.C_EncryptFinal(session, scratch, &size);
      f.C_Encrypt(session, none, 0, scratch, &(size = sizeof scratch));
      break;
    case Operation::kDecrypt:
      f.C_DecryptFinal(session, scratch, &size);
      f.C_Decrypt(session, none, 0, scratch, &(size = sizeof scratch));
      break;
    case Operation::kDigest:
      f.C_DigestFinal(session, scratch, &size);
      break;
    default:
      break;
  }
  gate_.Leave();
}

CK_RV Simulator::Initialize(void* args) {
  const Call call{.function = Function::kC_Initialize};
  return Act(call, [&] {
    if (lost_by_fork_) wrapped().C_Finalize(nullptr);
    const CK_RV rv = wrapped_.Initialize(args);
    if (rv != CKR_OK) return rv;
    lost_by_fork_ = false;
    gate_.Unmark(kForked);
    std::lock_guard lock(mutex_);
    sessions_.Clear();
    opening_ = 0;
    user_pin_ = SecretBytes();
    plan_.ForgetHealed();
    InOutage();
    if (settings_.limits.slots_move()) slots_.MoveTo(memory_.CountStart());
    initialized_ = true;
    return rv;
  });
}

CK_RV Simulator::Finalize(void* reserved) {
  const Call call{.function = Function::kC_Finalize};
  return Act(call, [&] {
    const CK_RV rv = wrapped().C_Finalize(reserved);
    if (rv != CKR_OK) return rv;
    initialized_ = false;
    std::lock_guard lock(mutex_);
    sessions_.Clear();
    return rv;
  });
}

void Simulator::PrepareFork() {
  // Whoever looks may empty the gate.
  look_mutex_.lock();
  gate_.LockForFork();
  mutex_.lock();
}

void Simulator::AfterForkInParent() {
  mutex_.unlock();
  look_mutex_.unlock();
  gate_.UnlockAfterFork();
}

void Simulator::AfterForkInChild() {
  gate_.ForgetOtherThreads();
  if (settings_.limits.after_fork() != v1::FORK_UNSPECIFIED && initialized_) {
    lost_by_fork_ = true;
    gate_.Mark(kForked);
  }
  AfterForkInParent();
}

std::vector<FaultPlan::Count> Simulator::Counts() {
  std::lock_guard lock(mutex_);
  return plan_.Counts();
}

}  // namespace intaglio::sim
