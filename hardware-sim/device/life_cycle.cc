// The device itself: its state, its name and its clock.
#include <time.h>

#include <algorithm>
#include <cstdio>

#include "hardware-sim/device/simulator.h"

namespace intaglio::sim {
namespace {

bool KnowsToken(v1::LifeCycle state) { return state != v1::MANUFACTURING && state != v1::ZEROISED; }

}  // namespace

// Whoever calls is not inside the gate and holds no lock but that of looking.
void Simulator::EnterLifeCycle(const v1::LiveFaults& live) {
  clock_jump_ms_.store(live.clock_jump_milliseconds());
  const v1::LifeCycle before = life_cycle_.exchange(live.life_cycle());
  if (live.life_cycle() == v1::OPERATIONAL) return gate_.Unmark(kLifeCycle);
  gate_.Mark(kLifeCycle);
  if (before == live.life_cycle() || !initialized_) return;
  const CallGate::Exclusive exclusive(gate_);
  std::lock_guard lock(mutex_);
  CloseInWrapped(sessions_.All());
}

std::optional<CK_RV> Simulator::RefusedByLifeCycle(const Call& call) const {
  const v1::LifeCycle state = life_cycle_;
  const Scope scope = TraitsOf(call.function).scope;
  if (state == v1::OPERATIONAL || scope == Scope::kModule || scope == Scope::kSlots) {
    return std::nullopt;
  }
  if (state == v1::INITIALISED) {
    const bool user = call.function == Function::kC_Login && call.user != CKU_SO;
    return user ? std::optional<CK_RV>(CKR_USER_PIN_NOT_INITIALIZED) : std::nullopt;
  }
  if (state == v1::TAMPERED) return CKR_DEVICE_ERROR;
  if (scope == Scope::kSession) return CKR_SESSION_HANDLE_INVALID;
  if (state == v1::END_OF_LIFE) return CKR_TOKEN_NOT_PRESENT;
  // A device without a token still says what it is.
  if (call.function == Function::kC_GetTokenInfo) return std::nullopt;
  return CKR_TOKEN_NOT_RECOGNIZED;
}

void Simulator::Describe(CK_TOKEN_INFO& out) const {
  const v1::Device& device = settings_.config.device();
  if (!device.serial().empty()) {
    std::ranges::fill(out.serialNumber, static_cast<CK_UTF8CHAR>(' '));
    std::ranges::copy(device.serial(), out.serialNumber);
  }
  unsigned major = 0;
  unsigned minor = 0;
  if (sscanf(device.firmware_version().c_str(), "%u.%u", &major, &minor) == 2) {
    out.firmwareVersion = {static_cast<CK_BYTE>(major), static_cast<CK_BYTE>(minor)};
  }
  if (device.clock()) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t real_ms = now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
    const int64_t now_ms = real_ms + static_cast<int64_t>(advance_ms_.load());
    const int64_t gained_ms = (now_ms - clock_set_ms_) * device.clock_drift_ppm() / 1'000'000;
    const time_t shown = (now_ms + gained_ms + clock_jump_ms_) / 1000;
    tm utc{};
    char text[32] = "";
    gmtime_r(&shown, &utc);
    strftime(text, sizeof text, "%Y%m%d%H%M%S00", &utc);
    std::copy_n(text, std::size(out.utcTime), out.utcTime);
    out.flags |= CKF_CLOCK_ON_TOKEN;
  }
  const v1::LifeCycle state = life_cycle_;
  if (!KnowsToken(state)) out.flags &= ~CK_FLAGS{CKF_TOKEN_INITIALIZED};
  if (!KnowsToken(state) || state == v1::INITIALISED) {
    out.flags &= ~CK_FLAGS{CKF_USER_PIN_INITIALIZED};
  }
}

}  // namespace intaglio::sim
