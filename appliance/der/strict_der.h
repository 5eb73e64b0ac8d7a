// Strict DER: reads octets of the distinguished encoding and nothing looser.
//
// Library parsers let through what two readers can understand in two ways: lengths in more octets
// than needed, padded integers, BOOLEAN 01, octets after the end. What the core judges must have
// one reading, so everything it signs passes here first. Views point into the caller's octets,
// which must outlive them. Pure; thread-safe. [X.690 §8, §10, §11]
#ifndef INTAGLIO_APPLIANCE_DER_STRICT_DER_H_
#define INTAGLIO_APPLIANCE_DER_STRICT_DER_H_

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

namespace intaglio::appliance {

// Identifier octets, form bit included.
inline constexpr uint8_t kDerBoolean = 0x01;
inline constexpr uint8_t kDerInteger = 0x02;
inline constexpr uint8_t kDerBitString = 0x03;
inline constexpr uint8_t kDerOctetString = 0x04;
inline constexpr uint8_t kDerNull = 0x05;
inline constexpr uint8_t kDerOid = 0x06;
inline constexpr uint8_t kDerEnumerated = 0x0a;
inline constexpr uint8_t kDerUtf8String = 0x0c;
inline constexpr uint8_t kDerPrintableString = 0x13;
inline constexpr uint8_t kDerIa5String = 0x16;
inline constexpr uint8_t kDerUtcTime = 0x17;
inline constexpr uint8_t kDerGeneralizedTime = 0x18;
inline constexpr uint8_t kDerSequence = 0x30;
inline constexpr uint8_t kDerSet = 0x31;
// [number] with IMPLICIT over a primitive type, and with EXPLICIT or over a constructed one.
constexpr uint8_t DerContext(uint8_t number) { return 0x80 | number; }
constexpr uint8_t DerContextConstructed(uint8_t number) { return 0xa0 | number; }

// Levels one inside another.
inline constexpr int kDerMaxDepth = 16;

struct DerValue {
  uint8_t tag = 0;
  ByteView content;
  ByteView whole;  // tag and length included
};

struct DerHeader {
  uint8_t tag = 0;
  size_t header_octets = 0;
  size_t content_octets = 0;
};
// The tag and length at the start of `octets`; nothing if `octets` ends inside them, so that a
// stream can wait for more. Lengths up to 2^32 - 1. kDerTag, kDerLength.
StatusOr<std::optional<DerHeader>> ReadDerHeader(ByteView octets);

// Reads one element after another of one level.
class DerReader final {
 public:
  // `octets`: elements side by side at the outermost level.
  explicit DerReader(ByteView octets) : rest_(octets) {}

  bool AtEnd() const { return rest_.empty(); }
  // True if another element stands here and it has this tag.
  bool NextIs(uint8_t tag) const { return !rest_.empty() && rest_[0] == tag; }
  // kDerUnexpected at the end; kDerTruncated, kDerTag, kDerLength.
  StatusOr<DerValue> Next();
  // Next, and kDerUnexpected unless it has `tag`.
  StatusOr<DerValue> Expect(uint8_t tag);
  // A reader of the content of `value`, one level deeper. kDerDepth.
  StatusOr<DerReader> Inside(const DerValue& value) const;
  // Expect, then Inside.
  StatusOr<DerReader> Enter(uint8_t tag);
  // kDerTrailing unless AtEnd.
  Status Finish() const;

 private:
  DerReader(ByteView octets, int depth) : rest_(octets), depth_(depth) {}

  ByteView rest_;
  int depth_ = 0;
};

// The one element that `octets` are, with nothing after it. kDerTooLarge over `max_octets`,
// kDerTrailing, and Next's Reasons.
StatusOr<DerValue> ReadDerElement(ByteView octets, size_t max_octets);
// Walks everything constructed inside `element`: each value of a universal type has that type's DER
// form. Context tags of primitive form are opaque here. kDerDepth, kDerInteger, kDerBoolean, ...
Status CheckDerDeep(const DerValue& element);

// The content of each checked against its type's DER form. kDerBooleanForm.
StatusOr<bool> DecodeBoolean(const DerValue& value);
// Minimal two's complement. kDerIntegerForm.
Status CheckInteger(const DerValue& value);
// A non-negative INTEGER below 2^31. kDerIntegerForm.
StatusOr<uint32_t> DecodeSmallInteger(const DerValue& value);
// "1.2.840.10045.4.3.2"; at most 64 octets. kDerOidForm.
StatusOr<std::string> DecodeOid(const DerValue& value);
// A BIT STRING of whole octets. kDerBitStringForm.
StatusOr<ByteView> DecodeOctetBits(const DerValue& value);
// A named-bit list of up to 16 bits: bit n of the standard is bit n of the result. The last bit
// present must be set. [X.690 §11.2.2] kDerBitStringForm.
StatusOr<uint16_t> DecodeNamedBits(const DerValue& value);
// YYYYMMDDHHMMSSZ, a date of the calendar. kDerTimeForm. [RFC 5280 §4.1.2.5.2]
StatusOr<WallTime> DecodeGeneralizedTime(const DerValue& value);
// UTCTime YYMMDDHHMMSSZ through 2049, GeneralizedTime from 2050. kDerTimeForm. [RFC 5280 §4.1.2.5]
StatusOr<WallTime> DecodeX509Time(const DerValue& value);

// One element: tag, minimal length, content.
Bytes EncodeDer(uint8_t tag, ByteView content);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DER_STRICT_DER_H_
