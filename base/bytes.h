// Bytes: octet strings and their text forms.
#ifndef INTAGLIO_BASE_BYTES_H_
#define INTAGLIO_BASE_BYTES_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace intaglio {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;
// A SHA-256 value.
using Digest = std::array<uint8_t, 32>;

// The octets of `text`, without a terminator.
ByteView AsBytes(std::string_view text);
// The octets as a std::string (for protobuf bytes fields).
std::string AsString(ByteView bytes);
std::string_view AsStringView(ByteView bytes);
Bytes ToBytes(std::string_view text);
Bytes ToBytes(ByteView view);
Bytes Concat(std::initializer_list<ByteView> parts);

// Lower-case hexadecimal, two characters an octet.
std::string ToHex(ByteView bytes);
// Accepts upper and lower case; kHexInvalid on an odd length or another character.
StatusOr<Bytes> FromHex(std::string_view text);

// RFC 4648 §4 with padding.
std::string ToBase64(ByteView bytes);
// kBase64Invalid on anything that ToBase64 would not have written.
StatusOr<Bytes> FromBase64(std::string_view text);

// 32 octets exactly, else kDigestLength.
StatusOr<Digest> ToDigest(ByteView bytes);

bool Equal(ByteView a, ByteView b);
// Compares in time that depends on the lengths alone.
bool ConstantTimeEqual(ByteView a, ByteView b);

}  // namespace intaglio

#endif  // INTAGLIO_BASE_BYTES_H_
