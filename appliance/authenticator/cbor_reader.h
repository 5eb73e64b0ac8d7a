// CborReader: takes CBOR apart in the one form that WebAuthn authenticators may write.
//
// Definite lengths, shortest heads, map keys in ascending order and none twice; integers, octets,
// text, arrays, maps, false, true and null. Everything else is refused, so that octets have one
// meaning only. [RFC 8949 §4.2.1; CTAP 2.1 §8] Reads from the octets it is given, allocates
// nothing.
#ifndef INTAGLIO_APPLIANCE_AUTHENTICATOR_CBOR_READER_H_
#define INTAGLIO_APPLIANCE_AUTHENTICATOR_CBOR_READER_H_

#include <optional>

#include "base/bytes.h"

namespace intaglio::appliance {

class CborReader final {
 public:
  // `octets` outlive this.
  explicit CborReader(ByteView octets) : rest_(octets) {}

  // Each takes what it names off the front; nothing if something else stands there, and then the
  // reader is of no further use.
  std::optional<int64_t> Integer();  // of at most 63 bits
  std::optional<ByteView> Octets();
  std::optional<uint64_t> MapSize();  // the pairs follow
  // Any one item, nested at most kMostDepth deep.
  bool Skip() { return SkipItem(0); }

  bool AtEnd() const { return rest_.empty(); }
  ByteView rest() const { return rest_; }

  static constexpr int kMostDepth = 4;

 private:
  struct Head {
    uint8_t type;  // major type, 0 to 7
    uint64_t argument;
  };
  std::optional<Head> TakeHead();
  std::optional<ByteView> Take(uint64_t size);
  bool SkipItem(int depth);
  bool SkipMap(uint64_t pairs, int depth);

  ByteView rest_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_AUTHENTICATOR_CBOR_READER_H_
