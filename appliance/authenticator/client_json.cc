#include "appliance/authenticator/client_json.h"

#include <string>

#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

// RFC 4648 §5 without padding, from the form with it.
std::string ToBase64Url(ByteView octets) {
  std::string text = ToBase64(octets);
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

}  // namespace

Status CheckClientData(ByteView json, const Digest& challenge, std::string_view origin) {
  if (json.size() > kMostClientData) {
    return Fail(kAssertionClientData, std::to_string(json.size()) + " octets; at most " +
                                          std::to_string(kMostClientData) + " are allowed");
  }
  const struct {
    const char* name;
    std::string octets;
  } due[] = {
      {"type", R"({"type":"webauthn.get")"},
      {"challenge", R"(,"challenge":")" + ToBase64Url(challenge) + '"'},
      {"origin", R"(,"origin":")" + std::string(origin) + '"'},
      {"crossOrigin", R"(,"crossOrigin":false)"},
  };
  std::string_view rest = AsStringView(json);
  for (const auto& member : due) {
    if (!rest.starts_with(member.octets)) {
      return Fail(kAssertionClientData, std::string(member.name) + " is not " + member.octets);
    }
    rest.remove_prefix(member.octets.size());
  }
  if (rest == "}" || (rest.starts_with(',') && rest.ends_with('}'))) return OkStatus();
  return Fail(kAssertionClientData, "something stands after crossOrigin that is no further member");
}

}  // namespace intaglio::appliance
