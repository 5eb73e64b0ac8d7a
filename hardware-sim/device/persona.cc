#include "hardware-sim/device/persona.h"

#include <stdlib.h>

#include "hardware-sim/faults/ck_names.h"
#include "hardware-sim/faults/reasons.h"
#include "hardware-sim/faults/text_form.h"

namespace intaglio::sim {
namespace {

constexpr Persona kPersonas[] = {
    {"plain", "what the wrapped module is", ""},
    {"sixteen_sessions_30s_idle", "a small USB module: 16 sessions, each closed after 30 s of rest",
     "max_sessions: 16 reports_max_sessions: true idle_session_milliseconds: 30000"},
    {"single_session", "a token that knows one session at a time, and does not say so",
     "max_sessions: 1"},
    {"moving_slots", "slot ids and their order differ after each restart", "slots_move: true"},
    {"no_verify", "signs, but leaves verification to others", "no_verify: true"},
    {"no_session_objects", "keeps token objects only", "no_session_objects: true"},
    {"always_authenticate", "asks for the PIN at each use of a private key",
     "always_authenticate: true"},
    {"slow_rsa", "makes RSA keys in eight seconds", "rsa_generation_milliseconds: 8000"},
    {"three_pin_tries", "locks the PIN after three wrong ones", "pin_tries: 3"},
    {"lost_by_fork", "a child process must initialise the module again",
     "after_fork: FORK_NOT_INITIALIZED"},
    {"smart_card", "one session, three tries, the PIN for each signature, slow RSA keys",
     "max_sessions: 1 reports_max_sessions: true pin_tries: 3 always_authenticate: true "
     "rsa_generation_milliseconds: 8000 no_session_objects: true"},
    {"network_device", "half a millisecond away, 64 sessions, each closed after ten minutes",
     "max_sessions: 64 reports_max_sessions: true idle_session_milliseconds: 600000 "
     "call_microseconds: 500"},
    {"fast_network_hsm", "0.3 ms away; a signature in one to four milliseconds more",
     "max_sessions: 1024 reports_max_sessions: true call_microseconds: 300 "
     "latency { mechanism: \"CKM_ECDSA\" microseconds: 1000 } "
     "latency { mechanism: \"CKM_RSA_PKCS\" microseconds: 4000 } "
     "latency { mechanism: \"CKM_RSA_PKCS_PSS\" microseconds: 4000 } "
     "latency { mechanism: \"CKM_EC_KEY_PAIR_GEN\" microseconds: 10000 } "
     "latency { mechanism: \"CKM_RSA_PKCS_KEY_PAIR_GEN\" microseconds: 900000 }"},
    {"usb_token", "one slow chip: 90 ms for an EC signature, 350 ms for RSA, four seconds a key",
     "max_sessions: 16 reports_max_sessions: true pin_tries: 3 call_microseconds: 2000 "
     "latency { mechanism: \"CKM_ECDSA\" microseconds: 90000 } "
     "latency { mechanism: \"CKM_RSA_PKCS\" microseconds: 350000 } "
     "latency { mechanism: \"CKM_RSA_PKCS_PSS\" microseconds: 350000 } "
     "latency { mechanism: \"CKM_EC_KEY_PAIR_GEN\" microseconds: 400000 } "
     "latency { mechanism: \"CKM_RSA_PKCS_KEY_PAIR_GEN\" microseconds: 4000000 }"},
};

Status Bad(const std::string& field, const std::string& what) {
  return Fail(kConfigurationInvalid, field + " " + what);
}

Status AtMost(const char* field, uint32_t value, uint32_t most) {
  if (value <= most) return OkStatus();
  return Bad(std::string("limits.") + field,
             "is " + std::to_string(value) + "; at most " + std::to_string(most));
}

Status Check(const v1::Limits& limits) {
  constexpr uint32_t kDayMs = 86'400'000;
  RETURN_IF_ERROR(AtMost("max_sessions", limits.max_sessions(), 1'000'000));
  RETURN_IF_ERROR(AtMost("idle_session_milliseconds", limits.idle_session_milliseconds(), kDayMs));
  RETURN_IF_ERROR(
      AtMost("rsa_generation_milliseconds", limits.rsa_generation_milliseconds(), 600'000));
  RETURN_IF_ERROR(AtMost("pin_tries", limits.pin_tries(), 255));
  RETURN_IF_ERROR(AtMost("call_microseconds", limits.call_microseconds(), 10'000'000));
  if (limits.latency_size() > 100) return Bad("limits.latency", "has more than 100 rows");
  for (const auto& row : limits.latency()) {
    if (!MechanismNamed(row.mechanism())) {
      return Bad("limits.latency.mechanism",
                 "'" + row.mechanism() + "' is no mechanism of PKCS#11");
    }
    RETURN_IF_ERROR(AtMost("latency.microseconds", row.microseconds(), 60'000'000));
  }
  if (!v1::ForkBehaviour_IsValid(limits.after_fork())) {
    return Bad("limits.after_fork", "has no meaning known to this simulator");
  }
  return OkStatus();
}

}  // namespace

std::span<const Persona> Personas() { return kPersonas; }

StatusOr<v1::Limits> LimitsOf(const std::string& persona, const v1::Limits& changes) {
  const std::string wanted = persona.empty() ? "plain" : persona;
  std::string known;
  for (const Persona& row : kPersonas) {
    known += (known.empty() ? "" : ", ") + std::string(row.name);
    if (row.name != wanted) continue;
    v1::Limits limits;
    if (!ParseText(row.limits, wanted, limits).ok()) abort();
    if (changes.latency_size() != 0) limits.clear_latency();
    limits.MergeFrom(changes);
    RETURN_IF_ERROR(Check(limits));
    return limits;
  }
  return Bad("persona", "'" + wanted + "' is unknown; there are " + known);
}

}  // namespace intaglio::sim
