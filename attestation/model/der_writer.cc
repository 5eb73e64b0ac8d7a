#include "attestation/model/der_writer.h"

#include "attestation/model/reasons.h"

namespace intaglio::attestation {
namespace {

Bytes Tlv(uint8_t tag, ByteView content) {
  Bytes out;
  out.reserve(content.size() + 6);
  out.push_back(tag);
  if (content.size() < 0x80) {
    out.push_back(static_cast<uint8_t>(content.size()));
  } else {
    int octets = 1;
    while (content.size() >> (8 * octets) != 0) ++octets;
    out.push_back(static_cast<uint8_t>(0x80 | octets));
    for (int i = octets - 1; i >= 0; --i) {
      out.push_back(static_cast<uint8_t>(content.size() >> (8 * i)));
    }
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

}  // namespace

Bytes DerSequence(std::initializer_list<ByteView> parts) { return Tlv(0x30, Concat(parts)); }

Bytes DerSequenceOf(std::span<const Bytes> parts) {
  Bytes content;
  for (const Bytes& part : parts) content.insert(content.end(), part.begin(), part.end());
  return Tlv(0x30, content);
}

Bytes DerSetOfOne(ByteView member) { return Tlv(0x31, member); }

Bytes DerInteger(int64_t value) {
  Bytes content;
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto octet = static_cast<uint8_t>(static_cast<uint64_t>(value) >> shift);
    const uint8_t sign = value < 0 ? 0xff : 0x00;
    // Leading octets that only repeat the sign are left out.
    if (content.empty() && shift > 0 && octet == sign &&
        ((static_cast<uint64_t>(value) >> (shift - 1)) & 1) == (sign & 1)) {
      continue;
    }
    content.push_back(octet);
  }
  return Tlv(0x02, content);
}

Bytes DerBoolean(bool value) { return Tlv(0x01, Bytes{static_cast<uint8_t>(value ? 0xff : 0)}); }
Bytes DerOctetString(ByteView value) { return Tlv(0x04, value); }
Bytes DerBitString(ByteView value) { return Tlv(0x03, Concat({Bytes{0}, value})); }
Bytes DerUtf8String(std::string_view text) { return Tlv(0x0c, AsBytes(text)); }
Bytes DerOid(const Oid& oid) { return Tlv(0x06, oid.content()); }

StatusOr<Bytes> DerGeneralizedTime(WallTime time) {
  // Years 0000 to 9999, the only ones that four digits can say.
  constexpr int64_t kFirst = -62167219200000;
  constexpr int64_t kLast = 253402300799999;
  if (time.ms < kFirst || time.ms > kLast) {
    return Fail(kTimeOutOfRange, std::to_string(time.ms) + " ms since 1970");
  }
  std::string digits;
  for (char c : ToIso8601(time).substr(0, 19)) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  return Tlv(0x18, AsBytes(digits + "Z"));
}

Bytes DerExplicit(uint8_t number, ByteView tlv) {
  return Tlv(static_cast<uint8_t>(0xa0 | number), tlv);
}

Bytes DerImplicitConstructed(uint8_t number, ByteView members) {
  return Tlv(static_cast<uint8_t>(0xa0 | number), members);
}

}  // namespace intaglio::attestation
