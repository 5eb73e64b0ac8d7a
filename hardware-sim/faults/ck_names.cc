#include "hardware-sim/faults/ck_names.h"

#include <stdio.h>

#include <charconv>
#include <span>

#include "hardware-sim/faults/ck_name_tables.h"

namespace intaglio::sim {
namespace {

struct Named {
  std::string_view name;
  unsigned long number;
};

#define INTAGLIO_SIM_NAMED(constant) {#constant, constant},
constexpr Named kReturnValues[] = {INTAGLIO_SIM_RETURN_VALUES(INTAGLIO_SIM_NAMED)};
constexpr Named kAttributes[] = {INTAGLIO_SIM_ATTRIBUTES(INTAGLIO_SIM_NAMED)};
constexpr Named kMechanisms[] = {INTAGLIO_SIM_MECHANISMS(INTAGLIO_SIM_NAMED)};
#undef INTAGLIO_SIM_NAMED

std::optional<unsigned long> Find(std::span<const Named> table, std::string_view text) {
  for (const Named& row : table) {
    if (row.name == text) return row.number;
  }
  if (!text.starts_with("0x")) return std::nullopt;
  text.remove_prefix(2);
  unsigned long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string NameIn(std::span<const Named> table, unsigned long number) {
  for (const Named& row : table) {
    if (row.number == number) return std::string(row.name);
  }
  char text[20];
  snprintf(text, sizeof text, "0x%lx", number);
  return text;
}

}  // namespace

std::optional<CK_RV> ReturnValueNamed(std::string_view text) { return Find(kReturnValues, text); }
std::optional<CK_ATTRIBUTE_TYPE> AttributeNamed(std::string_view text) {
  return Find(kAttributes, text);
}
std::optional<CK_MECHANISM_TYPE> MechanismNamed(std::string_view text) {
  return Find(kMechanisms, text);
}
std::string NameOfReturnValue(CK_RV rv) { return NameIn(kReturnValues, rv); }
std::string NameOfMechanism(CK_MECHANISM_TYPE mechanism) { return NameIn(kMechanisms, mechanism); }

}  // namespace intaglio::sim
