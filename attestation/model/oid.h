// Oid: an OBJECT IDENTIFIER.
//
// Kept as its DER content octets, which is the form it is compared in. Invariant: the octets are a
// valid, minimal encoding of at most kMaxOidOctets. A value; thread-compatible.
#ifndef INTAGLIO_ATTESTATION_MODEL_OID_H_
#define INTAGLIO_ATTESTATION_MODEL_OID_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace intaglio::attestation {

inline constexpr size_t kMaxOidOctets = 64;

class Oid final {
 public:
  // From "1.2.3.999"; each arc at most 2^32-1. kOidInvalid. [X.660]
  static StatusOr<Oid> FromDotted(std::string_view dotted);
  // From DER content octets (without tag and length): every arc minimal. kOidInvalid.
  // [X.690 §8.19]
  static StatusOr<Oid> FromContent(ByteView content);

  // This OID followed by `arcs`. The caller's arcs are constants of ours: aborts where the result
  // would not fit kMaxOidOctets.
  Oid Child(std::initializer_list<uint32_t> arcs) const;

  ByteView content() const { return content_; }
  std::string ToDotted() const;

  friend auto operator<=>(const Oid&, const Oid&) = default;

 private:
  explicit Oid(Bytes content) : content_(std::move(content)) {}

  Bytes content_;
};

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_MODEL_OID_H_
