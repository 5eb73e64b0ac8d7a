// DER: writing the structures we sign octet by octet, and reading outside ones strictly.
//
// What gets signed must be exactly what was meant and cheap enough to stream, so we write it
// ourselves; OpenSSL, which reads leniently and builds large CRLs slowly, then parses and verifies
// the result independently. The reader refuses whatever is not DER at the level it looks at:
// long-form tags, indefinite or non-minimal lengths, elements that run past their parent.
#ifndef INTAGLIO_HOST_X509_DER_H_
#define INTAGLIO_HOST_X509_DER_H_

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::host::der {

inline constexpr uint8_t kBoolean = 0x01;
inline constexpr uint8_t kInteger = 0x02;
inline constexpr uint8_t kBitString = 0x03;
inline constexpr uint8_t kOctetString = 0x04;
inline constexpr uint8_t kNull = 0x05;
inline constexpr uint8_t kOid = 0x06;
inline constexpr uint8_t kEnumerated = 0x0a;
inline constexpr uint8_t kUtf8String = 0x0c;
inline constexpr uint8_t kPrintableString = 0x13;
inline constexpr uint8_t kIa5String = 0x16;
inline constexpr uint8_t kUtcTime = 0x17;
inline constexpr uint8_t kGeneralizedTime = 0x18;
inline constexpr uint8_t kSequence = 0x30;
inline constexpr uint8_t kSet = 0x31;
// Context-specific tags [n], n below 31.
constexpr uint8_t Primitive(int n) { return static_cast<uint8_t>(0x80 | n); }
constexpr uint8_t Constructed(int n) { return static_cast<uint8_t>(0xa0 | n); }

// Identifier and length octets of an element with `length` content octets.
Bytes Header(uint8_t tag, uint64_t length);
size_t HeaderSize(uint64_t length);

Bytes Tlv(uint8_t tag, ByteView content);
Bytes Tlv(uint8_t tag, std::initializer_list<ByteView> parts);
inline Bytes Sequence(std::initializer_list<ByteView> parts) { return Tlv(kSequence, parts); }
Bytes SequenceOf(const std::vector<Bytes>& parts);
// The parts in the order DER demands of a SET OF [X.690 §11.6], with `tag` (kSet or an implicit
// one).
Bytes SetOf(uint8_t tag, std::vector<Bytes> parts);

// A dotted identifier of this code base; aborts on text that is none. ParseOid is for text of
// others and fails with kOidInvalid.
Bytes Oid(std::string_view dotted);
StatusOr<Bytes> ParseOid(std::string_view dotted);
// `content`: the INTEGER's content octets, already minimal.
Bytes Integer(ByteView content);
Bytes Unsigned(uint64_t value);
Bytes Boolean(bool value);
Bytes Null();
Bytes OctetString(ByteView octets);
// A BIT STRING of whole octets.
Bytes BitString(ByteView octets);
// Named bits, bit n of `mask` being named bit n; trailing zero bits dropped [X.690 §11.2.2].
Bytes NamedBits(uint32_t mask);
Bytes Text(uint8_t tag, std::string_view text);

// Whether Time and GeneralizedTime can say it: the years 1950 to 9999, in whole seconds.
bool IsEncodable(WallTime time);
// UTCTime through 2049, GeneralizedTime after [RFC 5280 §4.1.2.5]. Rounds down to the second;
// aborts unless IsEncodable.
Bytes Time(WallTime time);
// "YYYYMMDDHHMMSSZ"; also for 1970 and any year that IsEncodable.
Bytes GeneralizedTime(WallTime time);

// AlgorithmIdentifier of ecdsa-with-SHA256, the one algorithm this system signs X.509 with.
const Bytes& EcdsaWithSha256();

struct Element {
  uint8_t tag;
  ByteView content;
  ByteView whole;  // identifier and length octets included
};

// Walks the elements of one level. Views point into what was given.
class Reader final {
 public:
  explicit Reader(ByteView octets) : rest_(octets) {}

  bool AtEnd() const { return rest_.empty(); }
  // The next element's tag; 0 at the end.
  uint8_t PeekTag() const { return rest_.empty() ? 0 : rest_[0]; }
  // The next element, or nothing if there is none or it is not DER.
  std::optional<Element> Next();
  // The next element if it has `tag`.
  std::optional<Element> Take(uint8_t tag);

 private:
  ByteView rest_;
};

// The only element of `octets`, if it has `tag` and nothing follows it.
std::optional<Element> Single(ByteView octets, uint8_t tag);

}  // namespace intaglio::host::der

#endif  // INTAGLIO_HOST_X509_DER_H_
