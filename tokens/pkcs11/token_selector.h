// TokenSelector: which token is meant, as an RFC 7512 URI or a bare label.
//
// Slot numbers change when tokens are made, so a token is named by what it says of itself.
#ifndef INTAGLIO_TOKENS_PKCS11_TOKEN_SELECTOR_H_
#define INTAGLIO_TOKENS_PKCS11_TOKEN_SELECTOR_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tokens/pkcs11/key.h"

namespace intaglio::tokens {

class TokenSelector final {
 public:
  // "pkcs11:token=core;serial=0123456789abcdef" (also manufacturer, model), percent-decoded
  // [RFC 7512 §2.3], or a bare label. Strict: a repeated, empty or unknown attribute, a query (a
  // PIN has no place in a configuration), a label over 32 octets and control characters are
  // kTokenUriInvalid, as is a URI that names neither token nor serial.
  static StatusOr<TokenSelector> Parse(std::string_view text);

  bool Matches(const TokenDescription& token) const;
  // The index of the only match in `shown`. kTokenNotFound and kTokenAmbiguous list what was shown.
  StatusOr<size_t> Choose(std::span<const TokenDescription> shown) const;
  // "label 'core', serial '0123456789abcdef'"
  std::string ToText() const;

 private:
  TokenSelector() = default;
  Status Take(std::string_view name, std::string value);

  std::optional<std::string> label_;
  std::optional<std::string> serial_;
  std::optional<std::string> manufacturer_;
  std::optional<std::string> model_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_TOKEN_SELECTOR_H_
