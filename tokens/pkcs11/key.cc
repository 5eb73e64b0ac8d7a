#include "tokens/pkcs11/key.h"

#include <algorithm>

#include "tokens/pkcs11/key_shape.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {

std::string_view NameOf(KeyAlgorithm algorithm) { return ShapeOf(algorithm).name; }

Status CheckHash(KeyAlgorithm algorithm, HashAlgorithm hash) {
  const KeyShape& shape = ShapeOf(algorithm);
  if (!shape.only_hash || *shape.only_hash == hash) return OkStatus();
  return Fail(kTokenInputInvalid, "a " + std::string(shape.name) + " key signs " +
                                      std::string(NameOf(*shape.only_hash)) + " digests, not " +
                                      std::string(NameOf(hash)));
}

StatusOr<KeyLabel> KeyLabel::Create(std::string_view text) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (text.empty() || text.size() > 64 || !printable) {
    return Fail(kTokenInputInvalid, "a key label has 1 to 64 printable ASCII characters, not " +
                                        std::to_string(text.size()) + " octets of other text");
  }
  return KeyLabel(std::string(text));
}

StatusOr<KeyId> KeyId::Create(ByteView octets) {
  if (octets.empty() || octets.size() > 64) {
    return Fail(kTokenInputInvalid,
                "a key id has 1 to 64 octets, not " + std::to_string(octets.size()));
  }
  return KeyId(ToBytes(octets));
}

}  // namespace intaglio::tokens
