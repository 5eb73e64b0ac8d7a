// The rules of the lint as a table, and the report that its checks write into. For host/policy.
#ifndef INTAGLIO_HOST_POLICY_LINT_RULES_H_
#define INTAGLIO_HOST_POLICY_LINT_RULES_H_

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/policy/lint.h"

namespace intaglio::host {

struct LintRule {
  std::string_view id;
  const Reason* reason;
  std::string_view clause;  // empty: the row of the profile names it
  std::string_view demand;
};

std::span<const LintRule> LintRules();

class LintReport final {
 public:
  // A finding unless `holds`. `rule` is one of the table that names its clause; aborts for others.
  void Require(bool holds, std::string_view rule, std::string text);
  // The same for a rule whose clause stands elsewhere.
  void RequireBy(std::string_view clause, bool holds, std::string_view rule, std::string text);

  std::vector<LintFinding> Take() { return std::move(findings_); }

 private:
  std::vector<LintFinding> findings_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_POLICY_LINT_RULES_H_
