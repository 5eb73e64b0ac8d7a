// TokenObjectAnchor: the mark as a private data object in the core's own token. For labs: with a
// software token it is a file, and somebody who puts back the token's folder together with the
// core's puts it back too.
#ifndef INTAGLIO_APPLIANCE_ANCHOR_TOKEN_OBJECT_ANCHOR_H_
#define INTAGLIO_APPLIANCE_ANCHOR_TOKEN_OBJECT_ANCHOR_H_

#include "appliance/anchor/anchor.h"
#include "tokens/pkcs11/token_keys.h"

namespace intaglio::appliance {

class TokenObjectAnchor final : public AnchorPort {
 public:
  static constexpr std::string_view kKind = "token-object";
  // `token` outlives this.
  explicit TokenObjectAnchor(tokens::TokenKeys& token) : token_(token) {}

  std::string_view kind() const override { return kKind; }
  Status Found() override;
  StatusOr<std::optional<AnchorMark>> Read() override;
  Status Advance(const AnchorMark& mark) override;

 private:
  Status Write(const AnchorMark& mark);
  tokens::TokenKeys& token_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_ANCHOR_TOKEN_OBJECT_ANCHOR_H_
