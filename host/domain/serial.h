// Serial: a certificate serial number, as the INTEGER content octets that stand in the certificate.
//
// Kept as those octets, not as a number, because database, core, CRL and OCSP must compare exactly
// what was certified. Invariant: 1 to 20 octets, minimal DER, greater than zero
// [RFC 5280 §4.1.2.2]; so ordering by length, then octets is the order of the integers.
#ifndef INTAGLIO_HOST_DOMAIN_SERIAL_H_
#define INTAGLIO_HOST_DOMAIN_SERIAL_H_

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace intaglio::host {

class Serial final {
 public:
  static constexpr size_t kMaxOctets = 20;

  // `content`: the INTEGER's content octets. kSerialInvalid unless they keep the invariant.
  static StatusOr<Serial> Create(ByteView content);
  // Hexadecimal text of the same octets. kSerialInvalid.
  static StatusOr<Serial> FromHexText(std::string_view text);

  ByteView octets() const { return {octets_.data(), size_}; }
  // Lower-case hexadecimal of octets(): the form of file names, logs and the database.
  std::string ToHexText() const { return ToHex(octets()); }
  // Significant bits of the number.
  int bits() const;

  friend std::strong_ordering operator<=>(const Serial& a, const Serial& b);
  friend bool operator==(const Serial& a, const Serial& b) { return (a <=> b) == 0; }

 private:
  Serial() = default;

  std::array<uint8_t, kMaxOctets> octets_{};
  uint8_t size_ = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_SERIAL_H_
