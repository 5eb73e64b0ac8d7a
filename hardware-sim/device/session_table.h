// SessionTable: what the device knows of each open session.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_SESSION_TABLE_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_SESSION_TABLE_H_

#include <p11-kit/pkcs11.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hardware-sim/faults/functions.h"

namespace intaglio::sim {

struct ActiveOperation {
  CK_MECHANISM_TYPE mechanism = 0;
  std::optional<std::string> key_label;  // where somebody asked for labels
  bool wants_pin = false;                // an always-authenticate key, not yet confirmed
};

struct SessionState {
  uint64_t ordinal = 0;
  CK_SLOT_ID slot = 0;  // as the wrapped module names it
  uint64_t used_ms = 0;
  std::array<std::optional<ActiveOperation>, kOperations> operations;

  std::optional<ActiveOperation>& At(Operation operation) {
    return operations[static_cast<size_t>(operation)];
  }
};

// Not thread-safe: the device holds its lock.
class SessionTable final {
 public:
  void Add(CK_SESSION_HANDLE session, CK_SLOT_ID slot, uint64_t now_ms) {
    sessions_[session] = SessionState{.ordinal = ++opened_, .slot = slot, .used_ms = now_ms};
  }
  void Remove(CK_SESSION_HANDLE session) { sessions_.erase(session); }
  // C_Initialize: numbering starts again.
  void Clear() {
    sessions_.clear();
    opened_ = 0;
  }
  SessionState* Find(CK_SESSION_HANDLE session) {
    const auto it = sessions_.find(session);
    return it == sessions_.end() ? nullptr : &it->second;
  }
  size_t CountIn(CK_SLOT_ID slot) const {
    size_t count = 0;
    for (const auto& [handle, state] : sessions_) count += state.slot == slot;
    return count;
  }
  size_t size() const { return sessions_.size(); }
  std::vector<CK_SESSION_HANDLE> All() const {
    std::vector<CK_SESSION_HANDLE> out;
    for (const auto& [handle, state] : sessions_) out.push_back(handle);
    return out;
  }
  std::vector<CK_SESSION_HANDLE> In(CK_SLOT_ID slot) const {
    std::vector<CK_SESSION_HANDLE> out;
    for (const auto& [handle, state] : sessions_) {
      if (state.slot == slot) out.push_back(handle);
    }
    return out;
  }
  // Those that nobody used for `longest` milliseconds.
  std::vector<CK_SESSION_HANDLE> Idle(uint64_t now_ms, uint64_t longest) const {
    std::vector<CK_SESSION_HANDLE> out;
    for (const auto& [handle, state] : sessions_) {
      if (now_ms - state.used_ms >= longest) out.push_back(handle);
    }
    return out;
  }

 private:
  std::map<CK_SESSION_HANDLE, SessionState> sessions_;
  uint64_t opened_ = 0;
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_SESSION_TABLE_H_
