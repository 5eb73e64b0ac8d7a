// PinShares: a token's PIN split among custodians, so that any K of N bring it back and fewer know
// nothing of it.
//
// Shamir's scheme over GF(2^8), octet by octet. What is shared is the PIN with a checksum behind
// it: shares that do not fit together are noticed here and a wrong PIN is never tried on the token.
#ifndef INTAGLIO_APPLIANCE_PIN_PIN_SHARES_H_
#define INTAGLIO_APPLIANCE_PIN_PIN_SHARES_H_

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/secret_bytes.h"
#include "base/status.h"

namespace intaglio::appliance {

inline constexpr size_t kMaxPinOctets = 255;
inline constexpr unsigned kMaxPinShares = 16;
inline constexpr size_t kMaxShareLine = 1024;

using ShareSet = std::array<uint8_t, 8>;  // drawn anew for each split

struct PinShare {
  ShareSet set{};
  uint8_t index = 0;  // from 1 to `count`
  uint8_t need = 0;   // from 2
  uint8_t count = 0;
  SecretBytes octets;
};

struct ShareCounts {
  unsigned need = 0;
  unsigned count = 0;
};

// kPinShareRefused for an empty or too long PIN, or counts out of bounds (2 <= need <= count <=
// 16).
StatusOr<std::vector<PinShare>> SplitPin(const SecretBytes& pin, ShareCounts counts, Rng& rng);
// Exactly `need` shares of one set, each with another index. kPinShareRefused if they do not make a
// PIN with the right checksum.
StatusOr<SecretBytes> JoinPin(const std::vector<PinShare>& shares);

// A share as one line of text, without a newline, with a checksum of its own.
SecretBytes WriteShare(const PinShare& share);
// kPinShareRefused.
StatusOr<PinShare> ReadShare(const SecretBytes& line);

// Shares as they come in.
class ShareCollector final {
 public:
  explicit ShareCollector(unsigned need) : need_(need) {}

  // How many are still missing. kPinShareRefused for a share of another set or another number, or
  // one that was entered before; what was accepted stays.
  StatusOr<unsigned> Add(PinShare share);
  // JoinPin's; shares that do not fit are dropped, all of them.
  StatusOr<SecretBytes> Join();

 private:
  const unsigned need_;
  std::vector<PinShare> shares_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_PIN_PIN_SHARES_H_
