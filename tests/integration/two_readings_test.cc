// Two readings of one standard: thousands of mutated certificates go to the host's lint and to the
// core's gate. What the core lets through the lint must let through too, or one of the two has a
// rule too few; what the core alone refuses is explained below, Reason by Reason. [DESIGN 5]
//
// The same seed gives the same mutants. INTAGLIO_MUTANT_SEED and INTAGLIO_MUTANT_PAIRS choose
// another seed and more pairs for a longer search.
#include "tests/integration/two_readings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "appliance/policy/gate_rules.h"
#include "host/policy/lint_rules.h"
#include "tests/integration/certificate_mutants.h"
#include "tests/support/status_matchers.h"

namespace intaglio::testing_support {
namespace {

constexpr uint64_t kSeed = 20261123;
constexpr size_t kPairsEach = 1500;
constexpr size_t kLeastMutants = 5000;

// Why the core refuses what the lint has nothing against: the difference is either one of parsers,
// which is why the core has one of its own, or of knowledge, which the host does not have.
const std::map<std::string_view, std::string_view>& Explained() {
  static const std::map<std::string_view, std::string_view> why = {
      // OpenSSL reads BER and more; the lint judges what it made of it. The core signs only what
      // every parser reads alike. [X.690]
      {"DER_LENGTH", "OpenSSL takes padded and indefinite lengths"},
      {"DER_BOOLEAN_FORM", "OpenSSL takes any octet but 00 for TRUE"},
      {"DER_OID_FORM", "OpenSSL has no limit; 64 octets are enough for every identifier in use"},
      {"DER_STRING_FORM", "OpenSSL does not look into PrintableString and IA5String"},
      {"DER_TAG",
       "OpenSSL takes TeletexString, UniversalString and BMPString in the issuer's name"},
      {"DER_TIME_FORM", "OpenSSL takes GeneralizedTime before 2050"},
      {"DER_TOO_LARGE", "the core bounds what it reads: 16 KiB, 32 attributes of a name"},
      {"DER_UNEXPECTED", "OpenSSL passes over empty RDNs"},
      {"TBS_DEFAULT_ENCODED", "OpenSSL takes a written critical FALSE and cA FALSE"},
      {"TBS_NAME", "OpenSSL reads RDNs of several attributes, in any order; names here have none"},
      {"TBS_UNIQUE_ID",
       "OpenSSL reads unique identifiers, and the lint's facts have no place for them"},
      {"TBS_EXTENSION_VALUE",
       "the same leniency inside extensions; and members that a profile of ours never has: access "
       "methods, reasons and names other than URLs"},
      // Only the core holds the order, the drawn serial, the key, the CA certificate and the clock
      // that counts.
      {"SERIAL_UNKNOWN", "only the core knows which serial it drew"},
      {"GATE_ISSUER", "only the core compares with the CA certificate it was given by officers"},
      {"GATE_AUTHORITY_KEY_ID", "likewise"},
      {"GATE_PUBLIC_KEY", "only the core knows whose key is meant"},
      {"GATE_SUBJECT_VALUE", "only the core has the officers' order before it"},
      {"GATE_NOT_BEFORE", "the lint has no clock"},
      {"GATE_NOT_AFTER", "likewise"},
      {"GATE_CA_NOT_VALID", "likewise"},
      {"GATE_VALIDITY_TOO_LONG", "the order's days bind the core; the profile's alone the lint"},
      // The clauses allow more than an order of ours can name.
      {"GATE_SUBJECT_SHAPE",
       "EN 319 412-2 NAT-4.2.4-1 is content with one of givenName and surname, and with a "
       "pseudonym; an order names both and no pseudonym"},
      {"GATE_EXTENSION_FORBIDDEN",
       "EN 319 412-2 4.3.5, 4.3.6, 4.3.10 allow alternative names and purposes that are not "
       "critical; no order names any"},
      {"GATE_POLICY_OID",
       "NCP+ is built on NCP, so EN 319 411-2 does not forbid either beside the other's policy; "
       "the core lets only the one stand that the device bears out"},
      {"GATE_CRL_URL",
       "EN 319 412-2 4.3.11 is content with ldap; relying parties of today are not"},
  };
  return why;
}

// The lint sees one certificate; these rules compare it with what only the core knows or judge the
// act rather than the octets, so that no mutant can break them.
const std::set<std::string_view>& BeyondTheOctets() {
  static const std::set<std::string_view> reasons = {
      "POLICY_UNSUPPORTED", "POLICY_SUBJECT",     "GATE_ISSUER_KEY",       "KEY_PURPOSE",
      "GATE_ORDER_KEY",     "GATE_KEY_CERTIFIED", "ORIGIN_UNPROVEN",       "QSCD_ENTRY_LAPSED",
      "GATE_SERIAL_STATE",  "GATE_CA_ALGORITHM",  "CERTIFICATE_ALGORITHM", "TBS_READINGS_DIFFER"};
  return reasons;
}

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// What became of every mutant.
struct Outcome {
  size_t mutants = 0;
  size_t both_accept = 0;
  size_t both_refuse = 0;
  std::map<std::string, size_t> of_class;
  std::map<std::string, std::set<std::string>> accepted;    // class → what both accept
  std::map<std::string, std::set<std::string>> core_alone;  // Reason → examples
  std::vector<std::string> lint_alone;                      // what must not be
  std::set<std::string> core_reasons;
  std::set<std::string> lint_rules;
};

class Comparison final {
 public:
  Comparison()
      : random_(FromEnvironment("INTAGLIO_MUTANT_SEED", kSeed)),
        pairs_(FromEnvironment("INTAGLIO_MUTANT_PAIRS", kPairsEach)) {}

  Outcome Run() {
    for (const Original& original : readings_.originals()) {
      const DerNode tree = ParseTbs(original.tbs);
      const std::vector<Mutation> mutations = Mutations(original.tbs);
      for (const Mutation& each : mutations) {
        Judge(original, Mutate(tree, original.order.subject, {&each}));
      }
      for (size_t i = 0; i < pairs_; ++i) {
        const Mutation& first = mutations[random_() % mutations.size()];
        const Mutation& second = mutations[random_() % mutations.size()];
        Judge(original, Mutate(tree, original.order.subject, {&first, &second}));
      }
    }
    return std::move(outcome_);
  }

 private:
  void Judge(const Original& original, const Mutant& mutant) {
    if (mutant.tbs == original.tbs) return;  // the mutation found nothing to change
    ++outcome_.mutants;
    ++outcome_.of_class[std::string(MutantClassName(mutant.mutant_class))];
    const Status core = readings_.Core(original, mutant.tbs, mutant.ordered);
    const HostReading reading = readings_.Host(original, mutant.tbs);
    const Status& host = reading.status;
    if (!core.ok()) outcome_.core_reasons.insert(ReasonNameOf(core));
    for (const auto& finding : reading.findings) outcome_.lint_rules.emplace(finding.rule);
    const std::string name = original.name + ": " +
                             std::string(MutantClassName(mutant.mutant_class)) + ": " + mutant.what;
    if (core.ok() && host.ok()) {
      ++outcome_.both_accept;
      outcome_.accepted[std::string(MutantClassName(mutant.mutant_class))].insert(name);
    }
    if (!core.ok() && !host.ok()) ++outcome_.both_refuse;
    if (core.ok() && !host.ok()) outcome_.lint_alone.push_back(name + "\n    " + host.ToString());
    if (!core.ok() && host.ok()) {
      outcome_.core_alone[ReasonNameOf(core)].insert(name + " (" + DetailOf(core) + ")");
    }
  }

  const TwoReadings readings_;
  std::mt19937_64 random_;
  const uint64_t pairs_;
  Outcome outcome_;
};

// One run for all tests below.
const Outcome& Compared() {
  static const Outcome outcome = Comparison().Run();
  return outcome;
}

TEST(TwoReadings, BothAcceptEveryProfile) {
  const TwoReadings readings;
  EXPECT_EQ(readings.originals().size(), 11u);
  for (const Original& original : readings.originals()) {
    EXPECT_THAT(readings.Core(original, original.tbs, original.order.subject), IsOk())
        << original.name;
    EXPECT_THAT(readings.Host(original, original.tbs).status, IsOk()) << original.name;
  }
}

TEST(TwoReadings, TheCoreAcceptsNothingThatTheLintRejects) {
  const Outcome& outcome = Compared();
  std::cout << outcome.mutants << " mutants: both accept " << outcome.both_accept
            << ", both refuse " << outcome.both_refuse << '\n';
  for (const auto& [mutant_class, names] : outcome.accepted) {
    std::cout << "  both accept " << names.size() << " of " << mutant_class << ", such as "
              << *names.begin() << '\n';
  }
  EXPECT_GE(outcome.mutants, kLeastMutants);
  EXPECT_GT(outcome.both_accept, 0u);
  for (const std::string& each : outcome.lint_alone) ADD_FAILURE() << "the core accepts " << each;
}

TEST(TwoReadings, WhereTheCoreIsStricterThereIsAReason) {
  for (const auto& [reason, examples] : Compared().core_alone) {
    std::cout << reason << ": " << examples.size() << ", such as " << *examples.begin() << '\n';
    if (Explained().contains(reason)) continue;
    std::string shown;
    size_t left = 8;
    for (const std::string& each : examples) {
      if (left-- == 0) break;
      shown += "\n  " + each;
    }
    ADD_FAILURE() << "the lint accepts what the core refuses for " << reason << ':' << shown;
  }
}

TEST(TwoReadings, NoExplanationIsLeftOver) {
  for (const auto& [reason, why] : Explained()) {
    EXPECT_TRUE(Compared().core_alone.contains(std::string(reason))) << reason;
    EXPECT_FALSE(why.empty()) << reason;
  }
}

TEST(TwoReadings, EveryClassOfMutantIsThere) {
  const Outcome& outcome = Compared();
  for (size_t i = 0; i < MutantClasses(); ++i) {
    const std::string name(MutantClassName(static_cast<MutantClass>(i)));
    const auto found = outcome.of_class.find(name);
    const size_t count = found == outcome.of_class.end() ? 0 : found->second;
    std::cout << name << ": " << count << '\n';
    EXPECT_GT(count, 0u) << name;
  }
}

// A rule that no mutant breaks could be taken out of the core and nothing here would notice.
TEST(TwoReadings, MutantsBreakEveryRuleOfTheCore) {
  for (const appliance::GateRule& rule : appliance::GateRules()) {
    if (rule.about.find_first_of("SRA") == std::string_view::npos) continue;
    EXPECT_NE(Compared().core_reasons.contains(std::string(rule.reason->name)),
              BeyondTheOctets().contains(rule.reason->name))
        << rule.reason->name;
  }
}

TEST(TwoReadings, MutantsBreakEveryRuleOfTheLint) {
  for (const host::LintRule& rule : host::LintRules()) {
    // What names another algorithm is refused before it gets here.
    if (rule.id == "signature-algorithm") continue;
    EXPECT_TRUE(Compared().lint_rules.contains(std::string(rule.id))) << rule.id;
  }
}

TEST(TwoReadings, TheSameSeedGivesTheSameMutants) {
  const TwoReadings once;
  const TwoReadings again;
  for (size_t i = 0; i < once.originals().size(); ++i) {
    ASSERT_EQ(once.originals()[i].tbs, again.originals()[i].tbs) << i;
  }
}

}  // namespace
}  // namespace intaglio::testing_support
