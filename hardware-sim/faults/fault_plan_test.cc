#include "hardware-sim/faults/fault_plan.h"

#include <gmock/gmock.h>

#include "hardware-sim/faults/ck_names.h"
#include "hardware-sim/faults/live_faults.h"
#include "hardware-sim/faults/reasons.h"
#include "hardware-sim/faults/text_form.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::sim {
namespace {

using testing_support::FailsNaming;
using testing_support::IsOk;

std::vector<v1::Fault> Faults(const std::string& text) {
  v1::LiveFaults live;
  EXPECT_THAT(ParseText(text, "test", live), IsOk());
  return {live.fault().begin(), live.fault().end()};
}

StatusOr<FaultPlan> Plan(const std::string& text, uint64_t seed = 1, uint64_t now = 0,
                         const FaultPlan& before = {}) {
  return FaultPlan::Create(Faults(text), "fault", seed, now, before);
}

CallFacts Sign() {
  return {.function = Function::kC_Sign, .session_ordinal = 1, .hands_out_signature = true};
}

TEST(FaultPlanTest, WrongFaultsAreRefusedByField) {
  const struct {
    const char* text;
    const char* names;
  } kCases[] = {
      {"fault {}", "fault[0] has no action"},
      {"fault { crash {} id: \"a b\" }", "fault[0].id"},
      {"fault { crash {} id: \"a\" } fault { pass {} id: \"a\" }",
       "fault[1].id 'a' is there twice"},
      {"fault { crash {} function: \"C_Sing\" }", "fault[0].function[0] 'C_Sing'"},
      {"fault { crash {} function: \"C_Sing*\" }", "fault[0].function[0]"},
      {"fault { crash {} mechanism: \"CKM_X\" }", "fault[0].mechanism[0] 'CKM_X'"},
      {"fault { crash {} mechanism: \"0xzz\" }", "fault[0].mechanism[0]"},
      {"fault { crash {} percent: 101 }", "fault[0].percent"},
      {"fault { crash {} after_milliseconds: 5 until_milliseconds: 5 }", "until_milliseconds"},
      {"fault { crash {} at_call: [1, 2] nth_call: 1 }", "fault[0].at_call says all"},
      {"fault { crash {} at_call: [0, 2] }", "fault[0].at_call counts from 1"},
      {"fault { crash {} at_call: [2, 2] }", "fault[0].at_call does not ascend"},
      {"fault { delay {} }", "fault[0].delay.milliseconds is required"},
      {"fault { delay { milliseconds: 600001 } }", "fault[0].delay.milliseconds"},
      {"fault { delay { jitter_milliseconds: 600001 } }", "delay.jitter_milliseconds"},
      {"fault { hang { at_most_milliseconds: 600001 } }", "hang.at_most_milliseconds"},
      {"fault { hang { code: \"CKR_OK\" } }", "fault[0].hang.code"},
      {"fault { return_code {} }", "fault[0].return_code.code is required"},
      {"fault { return_code { code: \"CKR_X\" } }", "'CKR_X'"},
      {"fault { set_attribute { attribute: \"CKA_LOCAL\" } }", "flag, number and octets"},
      {"fault { set_attribute { flag: true } }", "set_attribute.attribute is required"},
      {"fault { corrupt_attribute { attribute: \"CKA_X\" } }", "corrupt_attribute.attribute"},
      {"fault { hide_attribute {} }", "hide_attribute.attribute"},
      {"fault { device_error { code: \"nope\" } }", "device_error.code"},
      {"fault { stuck_random { octet: 256 } }", "stuck_random.octet"},
      {"fault { wrong_signature {} function: \"C_Verify\" }", "none of the functions"},
      {"fault { disk_full {} function: \"C_Sign*\" }", "none of the functions"},
      {"fault { lose_session {} function: \"C_GetSlotList\" }", "none of the functions"},
  };
  for (const auto& wrong : kCases) {
    EXPECT_THAT(Plan(wrong.text), FailsNaming(kFaultInvalid.id, wrong.names)) << wrong.text;
  }
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "fault { pass {} }";
  EXPECT_THAT(Plan(many), FailsNaming(kFaultInvalid.id, "at most 1000"));
}

TEST(FaultPlanTest, NthWithAtMostActsFromThereOn) {
  auto plan = Plan("fault { nth_call: 2 at_most: 2 crash {} }").value();
  std::vector<size_t> acted;
  for (int i = 0; i < 5; ++i) acted.push_back(plan.Decide(Sign()).size());
  EXPECT_THAT(acted, testing::ElementsAre(0, 1, 1, 0, 0));
}

TEST(FaultPlanTest, NthAndEvery) {
  auto plan = Plan("fault { nth_call: 2 every_nth_call: 3 crash {} }").value();
  std::string acted;
  for (int i = 0; i < 9; ++i) acted += plan.Decide(Sign()).empty() ? '.' : 'x';
  EXPECT_EQ(acted, ".x..x..x.");
}

TEST(FaultPlanTest, ListedCallsAndNoOther) {
  auto plan = Plan("fault { at_call: [2, 5] crash {} }").value();
  std::string acted;
  for (int i = 0; i < 9; ++i) acted += plan.Decide(Sign()).empty() ? '.' : 'x';
  EXPECT_EQ(acted, ".x..x....");
}

// A window of time chooses calls; which octets they draw, and how a record names them, must not
// depend on when the window opened.
TEST(FaultPlanTest, CallsOutsideTheTimesAreCountedForTheRecord) {
  auto plan = Plan("fault { after_milliseconds: 10 nth_call: 2 wrong_signature {} }").value();
  CallFacts call = Sign();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(plan.Decide(call).empty());
  call.now_ms = 10;
  EXPECT_TRUE(plan.Decide(call).empty());
  const auto due = plan.Decide(call);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].matched, 2u);
  EXPECT_EQ(due[0].seen, 5u);
  auto again = Plan("fault { at_call: 5 wrong_signature {} }").value();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(again.Decide(Sign()).empty());
  EXPECT_EQ(again.Decide(Sign()).at(0).draw, due[0].draw);
}

TEST(FaultPlanTest, RereadingKeepsCountersOfWhatStands) {
  const std::string stays = "fault { id: \"stays\" nth_call: 3 crash {} }";
  auto first = Plan(stays).value();
  first.Decide(Sign());
  first.Decide(Sign());
  auto second = Plan("fault { id: \"new\" pass {} nth_call: 9 } " + stays, 1, 50, first).value();
  const auto due = second.Decide(Sign());
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].id, "stays");
  EXPECT_EQ(due[0].matched, 3u);
  auto changed = Plan("fault { id: \"stays\" nth_call: 4 crash {} }", 1, 50, second).value();
  EXPECT_EQ(changed.Counts()[0].matched, 0u);
}

TEST(FaultPlanTest, DrawsDependOnSeedIdAndCountAlone) {
  const auto pattern = [](const std::string& text, uint64_t seed, const std::string& id) {
    auto plan = Plan(text, seed).value();
    std::string out;
    for (int i = 0; i < 40; ++i) {
      bool acted = false;
      for (const auto& fault : plan.Decide(Sign())) acted |= fault.id == id;
      out += acted ? 'x' : '.';
    }
    return out;
  };
  const std::string one = "fault { id: \"one\" percent: 30 delay { milliseconds: 1 } }";
  const std::string two = "fault { id: \"two\" percent: 30 delay { milliseconds: 1 } }";
  EXPECT_EQ(pattern(one, 1, "one"), pattern(two + one, 1, "one"));
  EXPECT_NE(pattern(one, 1, "one"), pattern(one, 2, "one"));
  EXPECT_NE(pattern(one, 1, "one"), pattern(two, 1, "two"));
}

TEST(FaultPlanTest, HealedByInitialize) {
  auto plan = Plan("fault { until_initialize: true crash {} }").value();
  const auto due = plan.Decide(Sign());
  ASSERT_EQ(due.size(), 1u);
  EXPECT_TRUE(plan.Holds(due[0].key));
  plan.ForgetHealed();
  EXPECT_FALSE(plan.Holds(due[0].key));
  EXPECT_TRUE(plan.Decide(Sign()).empty());
}

TEST(CkNamesTest, BothWays) {
  EXPECT_EQ(ReturnValueNamed("CKR_DEVICE_ERROR"), CK_RV{0x30});
  EXPECT_EQ(ReturnValueNamed("0x80000001"), CK_RV{0x80000001});
  EXPECT_EQ(ReturnValueNamed("48"), std::nullopt);
  EXPECT_EQ(ReturnValueNamed("0x"), std::nullopt);
  EXPECT_EQ(ReturnValueNamed(""), std::nullopt);
  EXPECT_EQ(NameOfReturnValue(0x30), "CKR_DEVICE_ERROR");
  EXPECT_EQ(NameOfReturnValue(0x80000001), "0x80000001");
  EXPECT_EQ(MechanismNamed("CKM_ECDSA"), CK_MECHANISM_TYPE{CKM_ECDSA});
  EXPECT_EQ(AttributeNamed("CKA_LOCAL"), CK_ATTRIBUTE_TYPE{CKA_LOCAL});
}

TEST(TextFormTest, PrintsWhatItReads) {
  v1::Fault fault;
  ASSERT_THAT(ParseText("id: \"a\" # why\n return_code { code: \"0x30\" }", "x", fault), IsOk());
  EXPECT_EQ(PrintText(fault, Layout::kOneLine), "id: \"a\" return_code { code: \"0x30\" }");
  EXPECT_THAT(ParseText("id: \"a\" id: \"b\"", "x", fault),
              FailsNaming(kConfigurationInvalid.id, "x: line 1"));
  EXPECT_EQ(fault.id(), "");
  EXPECT_THAT(ParseText("id: \"\\377\"", "x", fault), FailsNaming(kConfigurationInvalid.id, "x"));
}

}  // namespace
}  // namespace intaglio::sim
