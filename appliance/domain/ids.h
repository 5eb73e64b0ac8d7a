// Ids: names of things the core knows, each a type of its own so that none is taken for another.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_IDS_H_
#define INTAGLIO_APPLIANCE_DOMAIN_IDS_H_

#include <array>
#include <compare>
#include <string>

#include "base/bytes.h"

namespace intaglio::appliance {

// N octets whose meaning is fixed by Tag.
template <class Tag, size_t N>
struct FixedId {
  std::array<uint8_t, N> octets{};
  friend auto operator<=>(const FixedId&, const FixedId&) = default;
  ByteView view() const { return octets; }
  std::string hex() const { return ToHex(octets); }
};

using KeyId = FixedId<struct KeyIdTag, 16>;
using CoreInstance = FixedId<struct CoreInstanceTag, 16>;
using BootId = FixedId<struct BootIdTag, 16>;
using Nonce = FixedId<struct NonceTag, 32>;
// SHA-256 of an officer's DER SPKI.
using OfficerId = FixedId<struct OfficerIdTag, 32>;
// SHA-256 of an authenticator's DER SPKI.
using AuthenticatorId = FixedId<struct AuthenticatorIdTag, 32>;

// The first N octets make the id; false if `bytes` is not exactly that long.
template <class Id>
bool Assign(ByteView bytes, Id& id) {
  if (bytes.size() != id.octets.size()) return false;
  std::copy(bytes.begin(), bytes.end(), id.octets.begin());
  return true;
}

// A certificate serial number: the content octets of a positive INTEGER, minimal, 1 to 20.
struct Serial {
  Bytes octets;
  friend auto operator<=>(const Serial&, const Serial&) = default;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_IDS_H_
