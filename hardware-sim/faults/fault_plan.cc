#include "hardware-sim/faults/fault_plan.h"

#include <algorithm>
#include <set>

#include "hardware-sim/faults/ck_names.h"
#include "hardware-sim/faults/reasons.h"
#include "hardware-sim/faults/text_form.h"

namespace intaglio::sim {
namespace {

constexpr size_t kMostFaults = 1000;
constexpr int kMostCallsListed = 100'000;

Status Bad(const std::string& where, const std::string& what) {
  return Fail(kFaultInvalid, where + " " + what);
}

bool IsId(const std::string& id) {
  return id.size() <= 64 && std::ranges::all_of(id, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

// "C_Sign" or "C_Sign*".
StatusOr<std::bitset<kFunctionCount>> FunctionsNamed(const std::string& where,
                                                     const std::string& text) {
  std::bitset<kFunctionCount> out;
  const bool open = text.ends_with('*');
  const std::string_view stem = std::string_view(text).substr(0, text.size() - (open ? 1 : 0));
  for (size_t i = 0; i < kFunctionCount; ++i) {
    const std::string_view name = kFunctions[i].name;
    if (open ? name.starts_with(stem) : name == stem) out.set(i);
  }
  if (out.none()) return Bad(where, "'" + text + "' names no function of PKCS#11 v2.40");
  return out;
}

// FNV-1a, so that a fault draws the same whatever stands around it.
uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

Status CheckTimes(const v1::Fault& fault, const std::string& where) {
  if (fault.percent() > 100) return Bad(where + ".percent", "is more than 100");
  if (fault.until_milliseconds() != 0 && fault.until_milliseconds() <= fault.after_milliseconds()) {
    return Bad(where + ".until_milliseconds", "is not later than after_milliseconds");
  }
  return OkStatus();
}

Status CheckListedCalls(const v1::Fault& fault, const std::string& where) {
  const auto& calls = fault.at_call();
  if (calls.empty()) return OkStatus();
  if (calls.size() > kMostCallsListed) return Bad(where + ".at_call", "has more than 100000 calls");
  if (fault.nth_call() != 0 || fault.every_nth_call() != 0 || fault.at_most() != 0 ||
      fault.percent() != 0) {
    return Bad(where + ".at_call",
               "says all; leave out nth_call, every_nth_call, at_most and percent");
  }
  if (*calls.begin() == 0) return Bad(where + ".at_call", "counts from 1");
  if (std::adjacent_find(calls.begin(), calls.end(), std::greater_equal<>()) != calls.end()) {
    return Bad(where + ".at_call", "does not ascend");
  }
  return OkStatus();
}

bool Reads(const CallFacts& call, CK_ATTRIBUTE_TYPE type) {
  return std::ranges::any_of(call.reading, [&](const auto& a) { return a.type == type; });
}

// Whether entries behind this one may act on the same call.
bool LeavesRoom(const Action& action) {
  return std::holds_alternative<Delay>(action) || AttributeOf(action).has_value();
}

// How often an entry may act; 0 without limit.
uint64_t MostOf(const v1::Fault& fault) {
  if (fault.at_most() != 0) return fault.at_most();
  return fault.nth_call() != 0 && fault.every_nth_call() == 0 ? 1 : 0;
}

}  // namespace

uint64_t Draw(uint64_t seed, uint64_t index) {
  uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

StatusOr<FaultPlan::Entry> FaultPlan::Compile(const v1::Fault& fault, const std::string& where,
                                              const std::string& id) {
  if (!IsId(id)) return Bad(where + ".id", "needs 1 to 64 characters of [A-Za-z0-9._-]");
  RETURN_IF_ERROR(CheckTimes(fault, where));
  RETURN_IF_ERROR(CheckListedCalls(fault, where));
  ASSIGN_OR_RETURN(Action action, ActionOf(fault, where));
  Entry entry{
      .id = id, .octets = fault.SerializeAsString(), .fault = fault, .action = std::move(action)};
  for (int i = 0; i < fault.function_size(); ++i) {
    const std::string field = where + ".function[" + std::to_string(i) + "]";
    ASSIGN_OR_RETURN(const auto named, FunctionsNamed(field, fault.function(i)));
    entry.functions |= named;
  }
  if (fault.function_size() == 0) entry.functions.set();
  for (size_t i = 0; i < kFunctionCount; ++i) {
    if (!AppliesTo(entry.action, static_cast<Function>(i))) entry.functions.reset(i);
  }
  if (entry.functions.none()) {
    return Bad(where + ".function",
               std::string(NameOf(entry.action)) + " can be done to none of the functions named");
  }
  for (int i = 0; i < fault.mechanism_size(); ++i) {
    const auto mechanism = MechanismNamed(fault.mechanism(i));
    if (!mechanism) {
      return Bad(where + ".mechanism[" + std::to_string(i) + "]",
                 "'" + fault.mechanism(i) + "' is no mechanism of PKCS#11 and no 0x number");
    }
    entry.mechanisms.push_back(*mechanism);
  }
  return entry;
}

StatusOr<FaultPlan> FaultPlan::Create(std::span<const v1::Fault> faults, const std::string& where,
                                      uint64_t seed, uint64_t now_ms, const FaultPlan& before) {
  if (faults.size() > kMostFaults) {
    return Bad(where, "has " + std::to_string(faults.size()) + " entries; at most 1000");
  }
  FaultPlan plan;
  plan.next_key_ = before.next_key_;
  std::set<std::string> ids;
  for (size_t i = 0; i < faults.size(); ++i) {
    const v1::Fault& fault = faults[i];
    const std::string field = where + "[" + std::to_string(i) + "]";
    const std::string id = fault.id().empty() ? "fault-" + std::to_string(i + 1) : fault.id();
    ASSIGN_OR_RETURN(Entry entry, Compile(fault, field, id));
    if (!ids.insert(id).second) return Bad(field + ".id", "'" + id + "' is there twice");
    const auto old = std::ranges::find_if(
        before.entries_, [&](const Entry& e) { return e.id == id && e.octets == entry.octets; });
    if (old != before.entries_.end()) {
      plan.entries_.push_back(*old);
    } else {
      entry.key = FaultKey{plan.next_key_++};
      entry.seed = seed ^ HashOf(id);
      entry.since_ms = now_ms;
      entry.text = PrintText(fault, Layout::kOneLine);
      plan.entries_.push_back(std::move(entry));
    }
    if (!fault.key_label().empty()) plan.wants_labels_ = true;
    if (fault.has_duplicate_signature()) plan.wants_signatures_ = true;
  }
  return plan;
}

bool FaultPlan::Matches(const Entry& entry, const CallFacts& call) {
  const v1::Fault& fault = entry.fault;
  if (entry.healed || !entry.functions.test(static_cast<size_t>(call.function))) return false;
  if (!entry.mechanisms.empty() &&
      (!call.mechanism || std::ranges::count(entry.mechanisms, *call.mechanism) == 0)) {
    return false;
  }
  if (!fault.key_label().empty() && call.label != fault.key_label()) return false;
  if (fault.session_ordinal() != 0 && call.session_ordinal != fault.session_ordinal()) return false;
  if (std::holds_alternative<SpoilSignature>(entry.action)) return call.hands_out_signature;
  if (std::holds_alternative<RepeatSignature>(entry.action)) {
    return call.hands_out_signature && call.has_earlier_signature;
  }
  if (const auto attribute = AttributeOf(entry.action)) return Reads(call, *attribute);
  return true;
}

bool FaultPlan::IsTime(const Entry& entry, uint64_t now_ms) {
  const v1::Fault& fault = entry.fault;
  const uint64_t age = now_ms - entry.since_ms;
  if (age < fault.after_milliseconds()) return false;
  return fault.until_milliseconds() == 0 || age <= fault.until_milliseconds();
}

bool FaultPlan::IsDue(const Entry& entry, uint64_t draw) {
  const v1::Fault& fault = entry.fault;
  if (!fault.at_call().empty()) {
    return std::binary_search(fault.at_call().begin(), fault.at_call().end(), entry.seen);
  }
  const uint64_t most = MostOf(fault);
  if (most != 0 && entry.acted >= most) return false;
  const uint64_t first = std::max<uint64_t>(
      fault.nth_call(), fault.nth_call() == 0 ? std::max(1u, fault.every_nth_call()) : 0);
  if (entry.matched < first) return false;
  if (fault.every_nth_call() > 1 && (entry.matched - first) % fault.every_nth_call() != 0) {
    return false;
  }
  return fault.percent() == 0 || draw % 100 < fault.percent();
}

std::vector<DueFault> FaultPlan::Decide(const CallFacts& call) {
  std::vector<DueFault> due;
  bool decided = false;
  for (Entry& entry : entries_) {
    if (!Matches(entry, call)) continue;
    // Draws follow the count that no clock has a part in.
    ++entry.seen;
    if (!IsTime(entry, call.now_ms)) continue;
    ++entry.matched;
    if (decided || !IsDue(entry, Draw(entry.seed, 2 * entry.seen))) continue;
    ++entry.acted;
    due.push_back(DueFault{entry.id, entry.key, entry.action, entry.text, entry.matched, entry.seen,
                           Draw(entry.seed, 2 * entry.seen + 1)});
    decided = !LeavesRoom(entry.action);
  }
  return due;
}

void FaultPlan::ForgetHealed() {
  for (Entry& entry : entries_) {
    if (entry.fault.until_initialize()) entry.healed = true;
  }
}

bool FaultPlan::Holds(FaultKey key) const {
  return std::ranges::any_of(entries_, [&](const Entry& e) { return e.key == key && !e.healed; });
}

std::vector<FaultPlan::Count> FaultPlan::Counts() const {
  std::vector<Count> out;
  for (const Entry& entry : entries_) out.push_back({entry.id, entry.matched, entry.acted});
  return out;
}

}  // namespace intaglio::sim
