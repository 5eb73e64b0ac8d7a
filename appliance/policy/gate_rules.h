// The rule table of the core's gates: every rule that stands between a TBSCertificate, a CRL or an
// OCSP answer and a signature, with the clause it comes from and the Reason for which it refuses.
// Values that differ from profile to profile are in profile_table.h. Who adds a rule adds its row;
// a test fails for a gate's Reason that has none. Pure; thread-safe.
#ifndef INTAGLIO_APPLIANCE_POLICY_GATE_RULES_H_
#define INTAGLIO_APPLIANCE_POLICY_GATE_RULES_H_

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace intaglio::appliance {

// What a rule is about, one letter each.
inline constexpr char kForSubscribers = 'S';  // certificates of persons
inline constexpr char kForResponders = 'R';   // certificates of OCSP responders
inline constexpr char kForAuthorities = 'A';  // the certificate a CA key issues under
inline constexpr char kForLists = 'L';        // CRLs
inline constexpr char kForAnswers = 'O';      // OCSP answers

struct GateRule {
  const Reason* reason;
  std::string_view about;  // letters of the above
  std::string_view clause;
  std::string_view demand;
};

std::span<const GateRule> GateRules();

// A failure for `reason`, whose detail ends with the clause of its rule.
Status Refuse(const Reason& reason, const std::string& detail);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_GATE_RULES_H_
