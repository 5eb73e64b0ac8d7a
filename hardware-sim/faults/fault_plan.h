// FaultPlan: decides what happens to each call.
//
// An ordered list of faults with their counters. Decisions depend on the faults, the seed and the
// number of matching calls alone, never on threads or time (except where a fault names a time), so
// a run repeats. Not thread-safe: its owner holds a lock. It does nothing itself.
#ifndef INTAGLIO_HARDWARE_SIM_FAULTS_FAULT_PLAN_H_
#define INTAGLIO_HARDWARE_SIM_FAULTS_FAULT_PLAN_H_

#include <bitset>
#include <span>
#include <string>
#include <vector>

#include "hardware-sim/faults/action.h"

namespace intaglio::sim {

// What is known of a call when it is made.
struct CallFacts {
  Function function{};
  std::optional<uint64_t> session_ordinal;
  std::optional<CK_MECHANISM_TYPE> mechanism;
  std::optional<std::string> label;
  // What C_GetAttributeValue asks for.
  std::span<const CK_ATTRIBUTE> reading;
  // The call will hand out a signature, rather than ask for its length.
  bool hands_out_signature = false;
  // There is an earlier signature of the same length.
  bool has_earlier_signature = false;
  uint64_t now_ms = 0;
};

// Names one entry through every later reading of the plan in which it still stands.
struct FaultKey {
  uint64_t number = 0;
  friend auto operator<=>(const FaultKey&, const FaultKey&) = default;
};

// One fault that acts on this call.
struct DueFault {
  std::string id;
  FaultKey key;
  Action action;
  std::string text;      // the whole fault on one line, so that a record needs nothing else
  uint64_t matched = 0;  // the how-manieth matching call this is
  uint64_t seen = 0;     // the same, with calls outside its times
  uint64_t draw = 0;     // random octets that belong to this fault and this call
};

class FaultPlan final {
 public:
  FaultPlan() = default;
  // Checks `faults`; entries that stood in `before`, unchanged, keep their counters. kFaultInvalid
  // names the entry and its field below `where` ("fault[2].return_code.code").
  static StatusOr<FaultPlan> Create(std::span<const v1::Fault> faults, const std::string& where,
                                    uint64_t seed, uint64_t now_ms, const FaultPlan& before);

  // What acts on this call, in order; counts it.
  std::vector<DueFault> Decide(const CallFacts& call);
  // C_Initialize was called: drops what it heals.
  void ForgetHealed();

  bool empty() const { return entries_.empty(); }
  bool Holds(FaultKey key) const;
  // Whether some entry asks for these, so that its owner need not find them out otherwise.
  bool wants_labels() const { return wants_labels_; }
  bool wants_signatures() const { return wants_signatures_; }
  // For reports: id and how often it matched and acted.
  struct Count {
    std::string id;
    uint64_t matched = 0;
    uint64_t acted = 0;
  };
  std::vector<Count> Counts() const;

 private:
  struct Entry {
    FaultKey key;
    std::string id;
    std::string octets;  // as serialized: what makes two readings the same entry
    v1::Fault fault;
    Action action;
    std::bitset<kFunctionCount> functions;
    std::vector<CK_MECHANISM_TYPE> mechanisms;
    std::string text;
    uint64_t seed = 0;
    uint64_t since_ms = 0;
    uint64_t seen = 0;
    uint64_t matched = 0;
    uint64_t acted = 0;
    bool healed = false;
  };
  static StatusOr<Entry> Compile(const v1::Fault& fault, const std::string& where,
                                 const std::string& id);
  static bool Matches(const Entry& entry, const CallFacts& call);
  static bool IsTime(const Entry& entry, uint64_t now_ms);
  static bool IsDue(const Entry& entry, uint64_t draw);

  std::vector<Entry> entries_;
  uint64_t next_key_ = 1;
  bool wants_labels_ = false;
  bool wants_signatures_ = false;
};

// The octets drawn number `index` of the stream `seed`. [splitmix64]
uint64_t Draw(uint64_t seed, uint64_t index);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_FAULTS_FAULT_PLAN_H_
