// What the persona refuses, and what it answers differently.
#include <algorithm>
#include <chrono>
#include <thread>

#include "hardware-sim/device/simulator.h"

namespace intaglio::sim {
namespace {

bool IsTokenObject(std::span<const CK_ATTRIBUTE> wanted) {
  for (const CK_ATTRIBUTE& attribute : wanted) {
    if (attribute.type == CKA_TOKEN && attribute.pValue != nullptr && attribute.ulValueLen == 1) {
      return *static_cast<const CK_BBOOL*>(attribute.pValue) != CK_FALSE;
    }
  }
  return false;
}

bool MakesSessionObject(const Call& call) {
  if (!MakesObjects(call.function)) return false;
  // A copy is what its original was unless the template says otherwise; the device keeps token
  // objects only, so a copy that says nothing is one.
  if (call.function == Function::kC_CopyObject) {
    return std::ranges::any_of(call.making, [](const auto& a) { return a.type == CKA_TOKEN; }) &&
           !IsTokenObject(call.making);
  }
  if (call.function == Function::kC_GenerateKeyPair && !IsTokenObject(call.making_public)) {
    return true;
  }
  return !IsTokenObject(call.making);
}

bool MakesRsaKeys(const Call& call) {
  return call.function == Function::kC_GenerateKeyPair && call.mechanism != nullptr &&
         (call.mechanism->mechanism == CKM_RSA_PKCS_KEY_PAIR_GEN ||
          call.mechanism->mechanism == CKM_RSA_X9_31_KEY_PAIR_GEN);
}

// The step in which a device does the work of its mechanism; asking for a length is none.
bool TakesTime(const Call& call) {
  switch (call.function) {
    case Function::kC_Sign:
    case Function::kC_SignFinal:
      return call.out != nullptr;
    case Function::kC_Verify:
    case Function::kC_VerifyFinal:
    case Function::kC_Encrypt:
    case Function::kC_Decrypt:
    case Function::kC_GenerateKey:
    case Function::kC_GenerateKeyPair:
      return true;
    default:
      return false;
  }
}

bool Verifies(Function function) {
  const Operation operation = TraitsOf(function).operation;
  return operation == Operation::kVerify || operation == Operation::kVerifyRecover ||
         function == Function::kC_DecryptVerifyUpdate;
}

}  // namespace

void Simulator::AddDelays(const Call& call) {
  uint64_t us = 0;
  if (TraitsOf(call.function).scope == Scope::kSession) us += settings_.limits.call_microseconds();
  if (MakesRsaKeys(call)) us += 1000ull * settings_.limits.rsa_generation_milliseconds();
  us += LatencyOf(call);
  if (us != 0) std::this_thread::sleep_for(std::chrono::microseconds(us));
}

uint64_t Simulator::LatencyOf(const Call& call) {
  if (latency_.empty() || !TakesTime(call)) return 0;
  std::optional<CK_MECHANISM_TYPE> mechanism;
  if (call.mechanism != nullptr) mechanism = call.mechanism->mechanism;
  if (!mechanism) {
    std::lock_guard lock(mutex_);
    SessionState* state = sessions_.Find(call.session);
    if (state == nullptr) return 0;
    const auto& operation = state->At(TraitsOf(call.function).operation);
    if (!operation) return 0;
    mechanism = operation->mechanism;
  }
  const auto row = latency_.find(*mechanism);
  return row == latency_.end() ? 0 : row->second;
}

std::optional<CK_RV> Simulator::RefusedByPersona(const Call& call) {
  const v1::Limits& limits = settings_.limits;
  if (limits.no_verify() && Verifies(call.function)) return CKR_FUNCTION_NOT_SUPPORTED;
  if (limits.no_session_objects() && MakesSessionObject(call)) return CKR_TEMPLATE_INCONSISTENT;
  std::lock_guard lock(mutex_);
  if (call.function == Function::kC_OpenSession) {
    const size_t open = call.slot ? sessions_.CountIn(slots_.Wrapped(*call.slot)) + opening_ : 0;
    if (limits.max_sessions() != 0 && open >= limits.max_sessions()) return CKR_SESSION_COUNT;
    ++opening_;
  }
  if (call.function == Function::kC_Login) return RefusedLogin(call);
  if (TraitsOf(call.function).step == Step::kUses) {
    SessionState* state = sessions_.Find(call.session);
    if (state == nullptr) return std::nullopt;
    auto& operation = state->At(TraitsOf(call.function).operation);
    if (operation && operation->wants_pin) {
      operation.reset();
      return CKR_USER_NOT_LOGGED_IN;
    }
  }
  return std::nullopt;
}

// The answer of a device that counts tries, or that asks for the PIN at each use.
std::optional<CK_RV> Simulator::RefusedLogin(const Call& call) {
  const v1::Limits& limits = settings_.limits;
  SessionState* state = sessions_.Find(call.session);
  if (state == nullptr || call.user == CKU_SO) return std::nullopt;
  if (limits.pin_tries() != 0 && memory_.WrongPins(state->slot) >= limits.pin_tries()) {
    return CKR_PIN_LOCKED;
  }
  if (!limits.always_authenticate() || call.user != CKU_CONTEXT_SPECIFIC) return std::nullopt;
  const bool right = !user_pin_.empty() && ConstantTimeEqual(user_pin_.Expose(), call.pin);
  bool wanted = false;
  for (auto& operation : state->operations) {
    if (!operation || !operation->wants_pin) continue;
    wanted = true;
    if (right) operation->wants_pin = false;
  }
  if (!wanted) return CKR_OPERATION_NOT_INITIALIZED;
  FollowLogin(call, right ? CKR_OK : CKR_PIN_INCORRECT);
  return right ? CKR_OK : CKR_PIN_INCORRECT;
}

void Simulator::FollowLogin(const Call& call, CK_RV rv) {
  const v1::Limits& limits = settings_.limits;
  SessionState* state = sessions_.Find(call.session);
  if (state == nullptr) return;
  const bool sets_pin =
      call.function == Function::kC_InitPIN || call.function == Function::kC_SetPIN;
  const bool logs_in = call.function == Function::kC_Login && call.user != CKU_SO;
  if (limits.pin_tries() != 0 && (logs_in || sets_pin)) {
    if (rv == CKR_OK) memory_.SetWrongPins(state->slot, 0);
    if (rv == CKR_PIN_INCORRECT) {
      memory_.SetWrongPins(state->slot, memory_.WrongPins(state->slot) + 1);
    }
  }
  if (limits.always_authenticate() && logs_in && call.user == CKU_USER && rv == CKR_OK) {
    user_pin_ = SecretBytes::CopyOf(call.pin);
  }
  if (call.function == Function::kC_Logout && rv == CKR_OK) user_pin_ = SecretBytes();
}

CK_SLOT_ID Simulator::WrappedSlot(CK_SLOT_ID apparent) {
  std::lock_guard lock(mutex_);
  return slots_.Wrapped(apparent);
}

CK_SLOT_ID Simulator::ApparentSlot(CK_SLOT_ID slot) {
  std::lock_guard lock(mutex_);
  return slots_.Apparent(slot);
}

CK_RV Simulator::GetSlotList(CK_BBOOL token_present, CK_SLOT_ID* slots, CK_ULONG* count) {
  bool gone = false;
  {
    std::lock_guard lock(mutex_);
    gone = token_present != CK_FALSE && InOutage() && outage_.kind == Outage::kTokenGone;
    if (gone) SpendOutageCall();
    gone = gone || (token_present != CK_FALSE && IsSlotEmpty());
  }
  if (count == nullptr) return CKR_ARGUMENTS_BAD;
  std::vector<CK_SLOT_ID> found;
  CK_ULONG size = 0;
  CK_RV rv = wrapped().C_GetSlotList(token_present, nullptr, &size);
  if (rv != CKR_OK) return rv;
  found.resize(size);
  if (size != 0) rv = wrapped().C_GetSlotList(token_present, found.data(), &size);
  if (rv != CKR_OK) return rv;
  found.resize(gone ? 0 : size);
  {
    std::lock_guard lock(mutex_);
    found = slots_.Apparent(std::move(found));
  }
  const CK_ULONG room = *count;
  *count = found.size();
  if (slots == nullptr) return CKR_OK;
  if (room < found.size()) return CKR_BUFFER_TOO_SMALL;
  std::ranges::copy(found, slots);
  return CKR_OK;
}

CK_RV Simulator::GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO* out) {
  const CK_RV rv = wrapped().C_GetSlotInfo(WrappedSlot(slot), out);
  std::lock_guard lock(mutex_);
  if (rv == CKR_OK && InOutage() && outage_.kind == Outage::kTokenGone) {
    out->flags &= ~CK_FLAGS{CKF_TOKEN_PRESENT};
    SpendOutageCall();
  }
  if (rv == CKR_OK && IsSlotEmpty()) out->flags &= ~CK_FLAGS{CKF_TOKEN_PRESENT};
  return rv;
}

CK_RV Simulator::GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* out) {
  const v1::Limits& limits = settings_.limits;
  const CK_SLOT_ID behind = WrappedSlot(slot);
  const CK_RV rv = wrapped().C_GetTokenInfo(behind, out);
  if (rv != CKR_OK) return rv;
  Describe(*out);
  std::lock_guard lock(mutex_);
  if (limits.reports_max_sessions() && limits.max_sessions() != 0) {
    out->ulMaxSessionCount = limits.max_sessions();
    out->ulMaxRwSessionCount = limits.max_sessions();
    out->ulSessionCount = sessions_.CountIn(behind);
  }
  if (limits.pin_tries() != 0) {
    const uint32_t wrong = memory_.WrongPins(behind);
    const uint32_t left = limits.pin_tries() - std::min(wrong, limits.pin_tries());
    out->flags &= ~CK_FLAGS{CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED};
    if (wrong != 0) out->flags |= CKF_USER_PIN_COUNT_LOW;
    if (left == 1) out->flags |= CKF_USER_PIN_FINAL_TRY;
    if (left == 0) out->flags |= CKF_USER_PIN_LOCKED;
  }
  return rv;
}

CK_RV Simulator::GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* out) {
  const CK_RV rv = wrapped().C_GetMechanismInfo(WrappedSlot(slot), type, out);
  if (rv == CKR_OK && settings_.limits.no_verify()) {
    out->flags &= ~CK_FLAGS{CKF_VERIFY | CKF_VERIFY_RECOVER};
  }
  return rv;
}

CK_RV Simulator::GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                   CK_ATTRIBUTE* wanted, CK_ULONG count) {
  const CK_RV rv = wrapped().C_GetAttributeValue(session, object, wanted, count);
  if (!settings_.limits.always_authenticate() || wanted == nullptr) return rv;
  for (const CK_ATTRIBUTE& attribute : std::span(wanted, count)) {
    if (attribute.type == CKA_ALWAYS_AUTHENTICATE && attribute.pValue != nullptr &&
        attribute.ulValueLen == sizeof(CK_BBOOL)) {
      *static_cast<CK_BBOOL*>(attribute.pValue) = CK_TRUE;
    }
  }
  return rv;
}

CK_RV Simulator::GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO* out) {
  const CK_RV rv = wrapped().C_GetSessionInfo(session, out);
  if (rv == CKR_OK) out->slotID = ApparentSlot(out->slotID);
  return rv;
}

}  // namespace intaglio::sim
