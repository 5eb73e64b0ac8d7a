// GF(2^8) with the polynomial x^8+x^4+x^3+x+1: the field the shares of a PIN are made in.
//
// No branch and no table index depends on an operand, so time tells nothing of a secret.
#ifndef INTAGLIO_APPLIANCE_PIN_GF256_H_
#define INTAGLIO_APPLIANCE_PIN_GF256_H_

#include <cstdint>

namespace intaglio::appliance {

constexpr uint8_t GfMultiply(uint8_t a, uint8_t b) {
  unsigned product = 0, shifted = a;
  for (unsigned bit = 0; bit < 8; ++bit) {
    product ^= (0u - ((unsigned{b} >> bit) & 1u)) & shifted;
    shifted = (shifted << 1) ^ ((0u - ((shifted >> 7) & 1u)) & 0x11bu);
  }
  return static_cast<uint8_t>(product);
}

// a^254; 0 for 0.
constexpr uint8_t GfInverse(uint8_t a) {
  uint8_t power = a, result = 1;
  for (int bit = 1; bit < 8; ++bit) {
    power = GfMultiply(power, power);
    result = GfMultiply(result, power);
  }
  return result;
}

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_PIN_GF256_H_
