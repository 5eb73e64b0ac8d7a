#include "tokens/pkcs11/token_selector.h"

#include <algorithm>
#include <cctype>

#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr std::string_view kScheme = "pkcs11:";
constexpr size_t kMaxText = 512;

// pk11-pchar without pct-encoded [RFC 7512 §2.3].
bool IsPathCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("-._~:[]@!$'()*+,=&").find(c) != std::string_view::npos;
}

StatusOr<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!IsPathCharacter(text[i])) {
        return Fail(kTokenUriInvalid, "character '" + std::string(1, text[i]) +
                                          "' must be percent-encoded in a pkcs11 URI");
      }
      out.push_back(text[i]);
      continue;
    }
    const auto octet = FromHex(text.substr(i + 1, 2));
    if (!octet.ok() || octet->size() != 1) {
      return Fail(kTokenUriInvalid, "'%' is not followed by two hexadecimal digits");
    }
    out.push_back(static_cast<char>(octet->front()));
    i += 2;
  }
  return out;
}

bool StartsWithScheme(std::string_view text) {
  return text.size() >= kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), text.begin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

std::string Quote(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    out.push_back(octet < 0x20 || octet == 0x7f ? '?' : c);
  }
  return out + "'";
}

std::string ListOf(std::span<const TokenDescription> shown) {
  if (shown.empty()) return "the module shows no initialised token at all";
  std::string out = "the module shows";
  const char* separator = " ";
  for (const TokenDescription& token : shown) {
    out += separator + Quote(token.label) + " (serial " + token.serial + ")";
    separator = ", ";
  }
  return out;
}

}  // namespace

Status TokenSelector::Take(std::string_view name, std::string value) {
  struct Attribute {
    std::string_view name;
    std::optional<std::string>& field;
    size_t max_size;  // of the field in CK_TOKEN_INFO
  };
  const Attribute known[] = {{"token", label_, 32},
                             {"serial", serial_, 16},
                             {"manufacturer", manufacturer_, 32},
                             {"model", model_, 16}};
  const auto* attribute = std::ranges::find(known, name, &Attribute::name);
  const std::string quoted(name);
  if (attribute == std::end(known)) {
    return Fail(kTokenUriInvalid, "attribute '" + quoted +
                                      "' does not choose a token; use token, serial, manufacturer "
                                      "and model");
  }
  if (attribute->field) return Fail(kTokenUriInvalid, "attribute '" + quoted + "' is repeated");
  if (value.empty() || value.size() > attribute->max_size) {
    return Fail(kTokenUriInvalid, "'" + quoted + "' has 1 to " +
                                      std::to_string(attribute->max_size) + " octets, not " +
                                      std::to_string(value.size()));
  }
  if (std::ranges::any_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return Fail(kTokenUriInvalid, "'" + quoted + "' holds a control character");
  }
  if (value.back() == ' ') {
    return Fail(kTokenUriInvalid, "'" + quoted + "' ends in a blank, which tokens use as padding");
  }
  attribute->field = std::move(value);
  return OkStatus();
}

StatusOr<TokenSelector> TokenSelector::Parse(std::string_view text) {
  TokenSelector out;
  if (text.size() > kMaxText) {
    return Fail(kTokenUriInvalid, "a token name of " + std::to_string(text.size()) + " octets");
  }
  if (!StartsWithScheme(text)) {
    RETURN_IF_ERROR(out.Take("token", std::string(text)));
    return out;
  }
  std::string_view rest = text.substr(kScheme.size());
  if (rest.find('?') != std::string_view::npos) {
    return Fail(kTokenUriInvalid,
                "a query ('?…') is refused: module path and PIN file have their "
                "own settings");
  }
  for (bool more = true; more;) {
    const size_t end = rest.find(';');
    const std::string_view attribute = rest.substr(0, end);
    more = end != std::string_view::npos;
    if (more) rest = rest.substr(end + 1);
    const size_t equals = attribute.find('=');
    if (equals == std::string_view::npos) {
      return Fail(kTokenUriInvalid, "'" + std::string(attribute) + "' is not name=value");
    }
    ASSIGN_OR_RETURN(std::string value, PercentDecode(attribute.substr(equals + 1)));
    RETURN_IF_ERROR(out.Take(attribute.substr(0, equals), std::move(value)));
  }
  if (!out.label_ && !out.serial_) {
    return Fail(kTokenUriInvalid, "the URI names neither token nor serial");
  }
  return out;
}

bool TokenSelector::Matches(const TokenDescription& token) const {
  return (!label_ || *label_ == token.label) && (!serial_ || *serial_ == token.serial) &&
         (!manufacturer_ || *manufacturer_ == token.manufacturer) &&
         (!model_ || *model_ == token.model);
}

StatusOr<size_t> TokenSelector::Choose(std::span<const TokenDescription> shown) const {
  std::optional<size_t> found;
  for (size_t i = 0; i < shown.size(); ++i) {
    if (!Matches(shown[i])) continue;
    if (found) {
      return Fail(kTokenAmbiguous, "more than one token has " + ToText() + ": " + ListOf(shown) +
                                       "; add serial=… to the URI");
    }
    found = i;
  }
  if (!found) return Fail(kTokenNotFound, "no token has " + ToText() + "; " + ListOf(shown));
  return *found;
}

std::string TokenSelector::ToText() const {
  std::string out;
  const auto add = [&out](const char* name, const std::optional<std::string>& value) {
    if (!value) return;
    if (!out.empty()) out += ", ";
    out += name + Quote(*value);
  };
  add("label ", label_);
  add("serial ", serial_);
  add("manufacturer ", manufacturer_);
  add("model ", model_);
  return out;
}

}  // namespace intaglio::tokens
