#include "appliance/policy/gate_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "appliance/der/reasons.h"
#include "appliance/policy/gate_reasons.h"
#include "appliance/policy/profile_table.h"
#include "appliance/policy/status_reasons.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using testing::HasSubstr;
using testing_support::FailsWith;

bool HasRule(const Reason& reason) {
  return std::ranges::count(GateRules(), &reason, &GateRule::reason) == 1;
}

TEST(GateRules, EveryReasonOfTheGatesHasItsRule) {
  for (const Reason* each : kIssuanceGateReasons) EXPECT_TRUE(HasRule(*each)) << each->name;
  for (const Reason* each : kStatusGateReasons) EXPECT_TRUE(HasRule(*each)) << each->name;
  for (const Reason* each : kApplianceDerReasons) EXPECT_TRUE(HasRule(*each)) << each->name;
}

TEST(GateRules, EachSaysWhatItIsAboutAndWhereItComesFrom) {
  std::set<const Reason*> seen;
  for (const GateRule& rule : GateRules()) {
    EXPECT_TRUE(seen.insert(rule.reason).second) << rule.reason->name;
    EXPECT_FALSE(rule.about.empty()) << rule.reason->name;
    EXPECT_EQ(rule.about.find_first_not_of("SRALO"), std::string_view::npos) << rule.reason->name;
    EXPECT_FALSE(rule.clause.empty()) << rule.reason->name;
    EXPECT_FALSE(rule.demand.empty()) << rule.reason->name;
  }
}

TEST(GateRules, ARefusalNamesItsClause) {
  const Status refused = Refuse(kGateQcSscd, "found");
  EXPECT_THAT(refused, FailsWith(kGateQcSscd));
  EXPECT_THAT(DetailOf(refused), HasSubstr("found [EN 319 412-5 4.2.2"));
}

TEST(ProfileTable, EachRowNamesItsClause) {
  for (const char* policy :
       {"0.4.0.194112.1.0", "0.4.0.194112.1.1", "0.4.0.194112.1.2", "0.4.0.194112.1.3"}) {
    const SubscriberProfile* profile = FindSubscriberProfile(policy);
    ASSERT_NE(profile, nullptr) << policy;
    for (const auto& rules : {profile->extensions, profile->short_term_extensions}) {
      for (const ExtensionRule& rule : rules) EXPECT_FALSE(rule.clause.empty()) << rule.oid;
    }
    for (const AttributeRule& rule : profile->subject) {
      EXPECT_FALSE(rule.clause.empty()) << rule.oid;
      EXPECT_TRUE(HasRule(*rule.misfit)) << rule.oid;
    }
    for (const StatementRule& rule : profile->qc_statements) {
      EXPECT_FALSE(rule.clause.empty()) << rule.oid;
    }
    for (const std::string_view clause :
         {profile->qc_type.clause, profile->semantics.clause, profile->key_usage.clause,
          profile->longest_validity.clause}) {
      EXPECT_FALSE(clause.empty()) << policy;
    }
  }
  EXPECT_EQ(FindSubscriberProfile("0.4.0.194112.1.4"), nullptr);
}

}  // namespace
}  // namespace intaglio::appliance
