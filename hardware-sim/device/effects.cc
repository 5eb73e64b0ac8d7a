// What faults do to a call and to the device.
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "hardware-sim/device/simulator.h"

namespace intaglio::sim {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

void SleepMs(uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

void FlipBit(std::span<uint8_t> octets, uint64_t draw) {
  if (!octets.empty()) octets[draw / 8 % octets.size()] ^= static_cast<uint8_t>(1u << (draw % 8));
}

std::span<uint8_t> ValueOf(const CK_ATTRIBUTE& attribute) {
  if (attribute.pValue == nullptr || attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION) return {};
  return {static_cast<uint8_t*>(attribute.pValue), attribute.ulValueLen};
}

// Writes `value` as C_GetAttributeValue would into a buffer of `room` octets.
CK_RV Answer(CK_ATTRIBUTE& attribute, CK_ULONG room, const Bytes& value) {
  if (attribute.pValue != nullptr && room < value.size()) {
    attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_BUFFER_TOO_SMALL;
  }
  if (attribute.pValue != nullptr) {
    std::ranges::copy(value, static_cast<uint8_t*>(attribute.pValue));
  }
  attribute.ulValueLen = value.size();
  return CKR_OK;
}

// What C_GetAttributeValue returns where `rv` was its answer and a lie put something in the place
// of what it lacked.
CK_RV Mended(CK_RV rv, std::span<const CK_ATTRIBUTE> attributes) {
  if (rv != CKR_ATTRIBUTE_TYPE_INVALID && rv != CKR_ATTRIBUTE_SENSITIVE &&
      rv != CKR_BUFFER_TOO_SMALL) {
    return rv;
  }
  const bool lacking = std::ranges::any_of(attributes, [](const CK_ATTRIBUTE& attribute) {
    return attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION;
  });
  return lacking ? rv : CKR_OK;
}

}  // namespace

std::optional<CK_RV> Simulator::Before(const DueFault& fault, const Call& call) {
  using Answered = std::optional<CK_RV>;
  return std::visit(
      Overloaded{
          [&](const Delay& delay) -> Answered {
            SleepMs(delay.ms + (delay.jitter_ms == 0 ? 0 : fault.draw % (delay.jitter_ms + 1)));
            return std::nullopt;
          },
          [&](const Hang& hang) { return WaitOut(fault, hang, call); },
          [&](const ReturnInstead& code) -> Answered { return code.rv; },
          [&](const CloseSessions& lose) -> Answered { return Lose(lose, call); },
          [&](const LogOut&) -> Answered { return LogUserOut(call); },
          [&](const PullToken& pull) -> Answered {
            const CK_RV rv = BeginOutage(
                {Outage::kTokenGone, fault.key, CKR_OK, pull.ms, pull.calls, pull.other_slot},
                call);
            // The list and the description of slots are answered, of a slot that is empty now.
            return rv == CKR_OK ? Answered() : rv;
          },
          [&](const MoveSlots&) -> Answered {
            std::lock_guard lock(mutex_);
            slots_.MoveTo(slots_.move() + 1);
            gate_.Mark(kPersona);
            return std::nullopt;
          },
          [&](const FailDevice& fail) -> Answered {
            return BeginOutage({Outage::kFailing, fault.key, fail.rv, fail.ms, fail.calls, false},
                               call);
          },
          [&](const EndProcess&) -> Answered { abort(); },
          [&](const RefuseObjects&) -> Answered { return CKR_DEVICE_MEMORY; },
          [&](const auto&) -> Answered { return std::nullopt; },
      },
      fault.action);
}

CK_RV Simulator::After(const DueFault& fault, const Call& call, CK_RV rv) {
  return std::visit(Overloaded{
                        [&](const ReturnAfterwards& code) { return code.rv; },
                        [&](const SpoilSignature&) { return ChangeSignature(fault, call, rv); },
                        [&](const RepeatSignature&) { return ChangeSignature(fault, call, rv); },
                        [&](const CorruptValue& corrupt) {
                          for (const CK_ATTRIBUTE& attribute : call.reading) {
                            if (attribute.type == corrupt.type)
                              FlipBit(ValueOf(attribute), fault.draw);
                          }
                          return rv;
                        },
                        [&](const SetValue& set) {
                          for (CK_ATTRIBUTE& attribute : call.reading) {
                            if (attribute.type != set.type) continue;
                            const size_t at = static_cast<size_t>(&attribute - call.reading.data());
                            const CK_RV answer = Answer(attribute, call.room.at(at), set.value);
                            if (answer != CKR_OK) return answer;
                          }
                          return Mended(rv, call.reading);
                        },
                        [&](const HideValue& hide) {
                          for (CK_ATTRIBUTE& attribute : call.reading) {
                            if (attribute.type != hide.type) continue;
                            attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
                            if (rv == CKR_OK) rv = CKR_ATTRIBUTE_TYPE_INVALID;
                          }
                          return rv;
                        },
                        [&](const RepeatOctet& repeat) {
                          if (rv == CKR_OK && call.out != nullptr) {
                            std::fill_n(call.out, call.random_size, repeat.octet);
                          }
                          return rv;
                        },
                        [&](const auto&) { return rv; },
                    },
                    fault.action);
}

CK_RV Simulator::ChangeSignature(const DueFault& fault, const Call& call, CK_RV rv) {
  if (rv != CKR_OK || call.out == nullptr || call.out_size == nullptr) return rv;
  const std::span<uint8_t> signature(call.out, *call.out_size);
  if (const auto* spoil = std::get_if<SpoilSignature>(&fault.action)) {
    switch (spoil->how) {
      case v1::SPOILING_ZEROS:
        std::ranges::fill(signature, uint8_t{0});
        break;
      case v1::SPOILING_RANDOM:
        for (size_t i = 0; i < signature.size(); ++i) {
          signature[i] = static_cast<uint8_t>(Draw(fault.draw, i));
        }
        break;
      default:
        FlipBit(signature, fault.draw);
    }
    return rv;
  }
  std::lock_guard lock(mutex_);
  if (last_signature_.size() == signature.size()) std::ranges::copy(last_signature_, call.out);
  return rv;
}

void Simulator::RememberSignature(const Call& call) {
  if (call.out == nullptr || call.out_size == nullptr) return;
  std::lock_guard lock(mutex_);
  if (plan_.wants_signatures()) last_signature_.assign(call.out, call.out + *call.out_size);
}

std::optional<CK_RV> Simulator::WaitOut(const DueFault& fault, const Hang& hang, const Call& call) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::milliseconds(hang.at_most_ms);
  const bool needs_module = TraitsOf(call.function).scope != Scope::kModule;
  const auto holds = [&] {
    std::lock_guard lock(mutex_);
    return plan_.Holds(fault.key);
  };
  while (Clock::now() < until && holds()) {
    SleepMs(2);
    if (LookIsDue()) Look();
    if (needs_module && !initialized_) return CKR_CRYPTOKI_NOT_INITIALIZED;
  }
  return hang.rv;
}

CK_RV Simulator::Lose(const CloseSessions& lose, const Call& call) {
  const CallGate::Exclusive exclusive(gate_);
  std::lock_guard lock(mutex_);
  CloseInWrapped(lose.scope == v1::SESSION_SCOPE_ALL
                     ? sessions_.All()
                     : std::vector<CK_SESSION_HANDLE>{call.session});
  return CKR_SESSION_HANDLE_INVALID;
}

CK_RV Simulator::LogUserOut(const Call& call) {
  const CallGate::Exclusive exclusive(gate_);
  wrapped().C_Logout(call.session);
  std::lock_guard lock(mutex_);
  user_pin_ = SecretBytes();
  return CKR_USER_NOT_LOGGED_IN;
}

// CKR_OK: the call that noticed is not refused by it.
CK_RV Simulator::BeginOutage(OutageState outage, const Call& call) {
  const CallGate::Exclusive exclusive(gate_);
  std::lock_guard lock(mutex_);
  if (outage.until_ms != 0) outage.until_ms += NowMs();
  outage_ = outage;
  if (outage.kind == Outage::kTokenGone) CloseInWrapped(sessions_.All());
  return RefusedByOutage(call).value_or(CKR_OK);
}

bool Simulator::InOutage() {
  if (outage_.kind == Outage::kNone) return false;
  const bool over = outage_.until_ms != 0 && NowMs() >= outage_.until_ms;
  if (!over && plan_.Holds(outage_.cause)) return true;
  EndOutage();
  return false;
}

void Simulator::EndOutage() {
  if (outage_.other_slot) {
    slots_.MoveTo(slots_.move() + 1);
    gate_.Mark(kPersona);
  }
  outage_ = OutageState();
}

void Simulator::SpendOutageCall() {
  if (outage_.calls_left != 0 && --outage_.calls_left == 0) EndOutage();
}

CK_RV Simulator::AnswerInOutage(const Call& call) const {
  const Scope scope = TraitsOf(call.function).scope;
  if (scope == Scope::kModule || scope == Scope::kSlots) return CKR_OK;
  if (outage_.kind == Outage::kFailing) return outage_.rv;
  return scope == Scope::kSession ? CKR_DEVICE_REMOVED : CKR_TOKEN_NOT_PRESENT;
}

std::optional<CK_RV> Simulator::RefusedByOutage(const Call& call) {
  if (!InOutage()) return std::nullopt;
  const CK_RV rv = AnswerInOutage(call);
  if (rv == CKR_OK) return std::nullopt;
  SpendOutageCall();
  return rv;
}

}  // namespace intaglio::sim
