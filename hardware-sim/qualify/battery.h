// Battery: does a PKCS#11 module enforce what a QSCD must? One check is one claim; it is tried on
// the module and comes out as pass, fail or not supported, with the calls and answers as evidence.
//
// A pass says that the module refused this very attempt, not that it is certified; a fail says that
// its policy cannot rest on this attribute. Objects are made in the session and named after the
// run; what must be a token object is destroyed again. [Regulation (EU) 910/2014 Annex II; PKCS#11
// v2.40]
#ifndef INTAGLIO_HARDWARE_SIM_QUALIFY_BATTERY_H_
#define INTAGLIO_HARDWARE_SIM_QUALIFY_BATTERY_H_

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hardware-sim/qualify/cryptoki.h"

namespace intaglio::sim {

enum class Verdict { kPass, kFail, kNotSupported };
std::string_view NameOf(Verdict verdict);  // "pass", "fail", "not supported"

struct Finding {
  Verdict verdict = Verdict::kNotSupported;
  std::string evidence;  // what was called and what came of it
};

struct Check {
  std::string_view id;     // "key.stays"
  std::string_view claim;  // what a QSCD does
  std::string_view why;    // what an attacker or an auditor makes of a module that does not
  Finding (*run)(const Cryptoki& cryptoki);
};

// Grouped as they stand in the report.
std::span<const Check> KeyChecks();
std::span<const Check> AccessChecks();
std::span<const Check> BehaviourChecks();
// Locks the user's PIN and sets it anew through the security officer: only on a token that is for
// it.
std::span<const Check> LockingChecks();

struct CheckResult {
  const Check* check;
  Finding finding;
};
struct QualifyReport {
  std::string module;
  std::string library;  // manufacturer, description, version, as the module says
  std::string token;    // label, model, firmware
  std::vector<CheckResult> results;
  size_t CountOf(Verdict verdict) const;
};

enum class Locking { kLeaveThePin, kLockThePin };
// `progress` is told each check before it runs.
QualifyReport Qualify(const Cryptoki& cryptoki, Locking locking,
                      const std::function<void(const Check&)>& progress);

std::string ToText(const QualifyReport& report);
std::string ToJson(const QualifyReport& report);
// One file that needs nothing else.
std::string ToHtml(const QualifyReport& report);

// For checks: evidence from calls and answers.
Finding Pass(std::string evidence);
Finding Fails(std::string evidence);
Finding NotSupported(std::string evidence);
std::string Said(std::string_view call, CK_RV rv);
// The attempt must be refused: pass with any error, fail where it was carried out.
Finding MustRefuse(std::string_view attempt, CK_RV rv);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_QUALIFY_BATTERY_H_
