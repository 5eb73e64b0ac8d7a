#include "appliance/policy/name_forms.h"

#include <algorithm>
#include <cstdint>

namespace intaglio::appliance {
namespace {

constexpr size_t kLongestIdentifier = 256;  // [EN 319 412-1 5.1]

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

bool IsControl(uint32_t point) { return point < 0x20 || (point >= 0x7f && point < 0xa0); }

// Takes one character off the front of well-formed UTF-8.
uint32_t TakePoint(std::string_view& text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
  for (size_t i = 1; i < std::min(length, text.size()); ++i) {
    point = point << 6 | (static_cast<uint8_t>(text[i]) & 0x3fU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return point;
}

// Letters that can be taken for one another stand in these three; ranges as Unicode has them.
struct Letters {
  uint32_t first;
  uint32_t last;
  int script;
};
constexpr Letters kLetters[] = {
    {'A', 'Z', 1},     {'a', 'z', 1},       {0xc0, 0xd6, 1},
    {0xd8, 0xf6, 1},   {0xf8, 0x24f, 1},    {0x370, 0x3ff, 2},
    {0x400, 0x52f, 3}, {0x1e00, 0x1eff, 1}, {0x1f00, 0x1fff, 2},
};

int ScriptOf(uint32_t point) {
  for (const Letters& each : kLetters) {
    if (point >= each.first && point <= each.last) return each.script;
  }
  return 0;
}

}  // namespace

bool IsCountryCode(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, IsUpper);
}

bool IsPlainText(std::string_view text) {
  while (!text.empty()) {
    if (IsControl(TakePoint(text))) return false;
  }
  return true;
}

bool IsPersonName(std::string_view text) {
  if (!IsPlainText(text)) return false;
  int script = 0;
  while (!text.empty()) {
    const int found = ScriptOf(TakePoint(text));
    if (found == 0) continue;
    if (script != 0 && found != script) return false;
    script = found;
  }
  return true;
}

// Type, country, hyphen, identifier. Schemes of a state's own ("EE:") need a registration authority
// beside them, which no profile here has.
bool IsNaturalIdentifier(std::string_view text) {
  constexpr std::string_view kTypes[] = {"PAS", "IDC", "PNO", "TAX", "TIN", "EID"};
  return text.size() > 6 && std::ranges::count(kTypes, text.substr(0, 3)) == 1 &&
         IsUpper(text[3]) && IsUpper(text[4]) && text[5] == '-';
}

// Type, country, hyphen, identifier. A trade register's number may name a subdivision, and an LEI
// has XG, global, for its country. Schemes of a state's own are left out as above.
bool IsLegalIdentifier(std::string_view text) {
  constexpr std::string_view kTypes[] = {"VAT", "NTR", "PSD", "LEI", "EOR", "EXC"};
  if (text.size() < 7 || text.size() > kLongestIdentifier) return false;
  if (!IsPlainText(text)) return false;
  const std::string_view type = text.substr(0, 3);
  const std::string_view country = text.substr(3, 2);
  if (std::ranges::count(kTypes, type) != 1 || !std::ranges::all_of(country, IsUpper)) return false;
  if (type == "LEI" && country != "XG") return false;
  std::string_view rest = text.substr(5);
  if (rest[0] == '+' && type == "NTR") {
    const size_t subdivision = rest.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 1);
    if (subdivision < 2 || subdivision > 4) return false;
    rest = rest.substr(std::min(subdivision, rest.size()));
  }
  return rest.size() > 1 && rest[0] == '-';
}

}  // namespace intaglio::appliance
