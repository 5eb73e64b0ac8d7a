// Simulator: one simulated device in front of one wrapped module.
//
// Every call of the application comes through here: unseen while nothing is simulated, else first
// past the faults, then past the limits of the persona, then into the wrapped module. What ends
// sessions or logins under the application is really done to the wrapped module, so that what
// follows is what that module answers. Thread-safe, as PKCS#11 with CKF_OS_LOCKING_OK is.
#ifndef INTAGLIO_HARDWARE_SIM_DEVICE_SIMULATOR_H_
#define INTAGLIO_HARDWARE_SIM_DEVICE_SIMULATOR_H_

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "base/secret_bytes.h"
#include "hardware-sim/device/call.h"
#include "hardware-sim/device/call_gate.h"
#include "hardware-sim/device/device_memory.h"
#include "hardware-sim/device/session_table.h"
#include "hardware-sim/device/settings.h"
#include "hardware-sim/device/slot_map.h"
#include "hardware-sim/device/wrapped_module.h"
#include "hardware-sim/faults/hit_log.h"
#include "hardware-sim/faults/live_faults.h"

namespace intaglio::sim {

class Simulator final {
 public:
  // Loads the wrapped module and opens the files. kWrappedUnusable, kConfigurationInvalid,
  // kFaultInvalid.
  static StatusOr<std::unique_ptr<Simulator>> Create(Settings settings);

  const Settings& settings() const { return settings_; }
  const CK_FUNCTION_LIST& wrapped() const { return wrapped_.functions(); }

  // The short way: true lets the caller call wrapped() himself, then Leave().
  bool TryEnter() { return !(LookIsDue() && Look() != 0) && gate_.TryEnterUnmarked(); }
  void Leave() { gate_.Leave(); }
  // The long way: everything but lifecycle.
  CK_RV Act(const Call& call, const Forward& forward);

  // C_Initialize and C_Finalize of the wrapped module, with what they mean for the device.
  CK_RV Initialize(void* args);
  CK_RV Finalize(void* reserved);
  bool initialized() const { return initialized_.load(); }

  // What the device answers differently. Called as the forward of Act().
  CK_RV GetSlotList(CK_BBOOL token_present, CK_SLOT_ID* slots, CK_ULONG* count);
  CK_RV GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO* out);
  CK_RV GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* out);
  CK_RV GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* out);
  CK_RV GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO* out);
  CK_RV GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                          CK_ULONG count);
  CK_SLOT_ID WrappedSlot(CK_SLOT_ID apparent);
  CK_SLOT_ID ApparentSlot(CK_SLOT_ID wrapped);

  // fork(2), in this order.
  void PrepareFork();
  void AfterForkInParent();
  void AfterForkInChild();
  bool lost_by_fork() const { return lost_by_fork_.load(); }

  // For reports.
  std::vector<FaultPlan::Count> Counts();

 private:
  // Why calls take the long way.
  enum Mark : uint32_t { kFaults = 1, kPersona = 2, kForked = 4, kLifeCycle = 8 };
  enum class Outage { kNone, kTokenGone, kFailing };
  // What keeps the device from answering, since some fault.
  struct OutageState {
    Outage kind = Outage::kNone;
    FaultKey cause;
    CK_RV rv = CKR_OK;
    uint64_t until_ms = 0;    // 0: no limit
    uint32_t calls_left = 0;  // 0: no limit
    bool other_slot = false;
  };

  Simulator(Settings settings, WrappedModule wrapped, std::unique_ptr<HitLog> hits,
            DeviceMemory memory);

  // simulator.cc: the way of a call.
  uint64_t NowMs() const;
  bool LookIsDue();
  uint32_t Look();
  Status ReadPlan(const v1::LiveFaults& live);
  CallFacts FactsOf(const Call& call);
  CK_RV Device(const Call& call, const Forward& forward);
  void Follow(const Call& call, CK_RV rv);
  void CloseIdleSessions();
  void EndOperation(const Call& call);
  std::optional<std::string> LabelOf(const Call& call);
  bool IsPrivateKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
  void CloseInWrapped(const std::vector<CK_SESSION_HANDLE>& sessions);

  // effects.cc: what faults do.
  std::optional<CK_RV> Before(const DueFault& fault, const Call& call);
  CK_RV After(const DueFault& fault, const Call& call, CK_RV rv);
  std::optional<CK_RV> WaitOut(const DueFault& fault, const Hang& hang, const Call& call);
  CK_RV Lose(const CloseSessions& lose, const Call& call);
  CK_RV LogUserOut(const Call& call);
  CK_RV BeginOutage(OutageState outage, const Call& call);
  CK_RV ChangeSignature(const DueFault& fault, const Call& call, CK_RV rv);
  void RememberSignature(const Call& call);

  // outage: mutex_ held.
  std::optional<CK_RV> RefusedByOutage(const Call& call);
  CK_RV AnswerInOutage(const Call& call) const;
  bool InOutage();
  void SpendOutageCall();
  void EndOutage();

  // life_cycle.cc: the device itself.
  void EnterLifeCycle(const v1::LiveFaults& live);
  std::optional<CK_RV> RefusedByLifeCycle(const Call& call) const;
  bool IsSlotEmpty() const { return life_cycle_ == v1::END_OF_LIFE; }
  void Describe(CK_TOKEN_INFO& out) const;

  // limits.cc: what the persona refuses.
  std::optional<CK_RV> RefusedByPersona(const Call& call);
  std::optional<CK_RV> RefusedLogin(const Call& call);
  void FollowLogin(const Call& call, CK_RV rv);
  void AddDelays(const Call& call);
  uint64_t LatencyOf(const Call& call);

  const Settings settings_;
  const WrappedModule wrapped_;
  const std::map<CK_MECHANISM_TYPE, uint32_t> latency_;  // microseconds
  const std::unique_ptr<HitLog> hits_;
  CallGate gate_;
  std::atomic<bool> initialized_{false};
  std::atomic<bool> lost_by_fork_{false};
  std::atomic<uint64_t> advance_ms_{0};
  std::atomic<int64_t> next_look_ns_{0};
  std::atomic<v1::LifeCycle> life_cycle_{v1::OPERATIONAL};
  std::atomic<int64_t> clock_jump_ms_{0};
  int64_t clock_set_ms_ = 0;  // when the drifting clock was right

  std::mutex look_mutex_;
  FileStamp live_stamp_;

  std::mutex mutex_;  // everything below
  FaultPlan plan_;
  SessionTable sessions_;
  size_t opening_ = 0;  // sessions that are being opened
  SlotMap slots_;
  DeviceMemory memory_;
  OutageState outage_;
  Bytes last_signature_;
  SecretBytes user_pin_;  // always-authenticate only: what the confirmation is compared with
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_DEVICE_SIMULATOR_H_
