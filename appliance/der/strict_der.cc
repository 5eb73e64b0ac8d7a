#include "appliance/der/strict_der.h"

#include <algorithm>
#include <chrono>

#include "appliance/der/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxOidOctets = 64;
constexpr uint8_t kConstructed = 0x20;

std::string TagText(uint8_t tag) { return "tag " + ToHex(ByteView(&tag, 1)); }

bool IsPrintable(uint8_t c) {
  // [X.680 §41.4]
  constexpr std::string_view kMarks = " '()+,-./:=?";
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         kMarks.find(static_cast<char>(c)) != std::string_view::npos;
}

// Length of the UTF-8 sequence at the start, 0 if there is none: no surrogates, nothing overlong.
size_t Utf8Sequence(ByteView text) {
  const uint8_t lead = text[0];
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  const uint8_t second = text[1];
  if (lead == 0xe0 && second < 0xa0) return 0;
  if (lead == 0xed && second > 0x9f) return 0;
  if (lead == 0xf0 && second < 0x90) return 0;
  if (lead == 0xf4 && second > 0x8f) return 0;
  return length;
}

bool IsUtf8(ByteView text) {
  while (!text.empty()) {
    const size_t length = Utf8Sequence(text);
    if (length == 0) return false;
    text = text.subspan(length);
  }
  return true;
}

Status CheckText(const DerValue& value) {
  bool fits = true;
  if (value.tag == kDerUtf8String) fits = IsUtf8(value.content);
  if (value.tag == kDerPrintableString) fits = std::ranges::all_of(value.content, IsPrintable);
  if (value.tag == kDerIa5String) {
    fits = std::ranges::all_of(value.content, [](uint8_t c) { return c < 0x80; });
  }
  if (value.tag == kDerNull) fits = value.content.empty();
  return fits ? OkStatus() : Fail(kDerStringForm, TagText(value.tag));
}

// Unused bits counted in the first octet, and zero.
Status CheckBits(const DerValue& value) {
  const ByteView bits = value.content;
  if (bits.empty() || bits[0] > 7 || (bits.size() == 1 && bits[0] != 0)) {
    return Fail(kDerBitStringForm, "the count of unused bits is missing or wrong");
  }
  const auto unused = static_cast<uint8_t>((1U << bits[0]) - 1);
  if ((bits.back() & unused) != 0 && bits.size() > 1) {
    return Fail(kDerBitStringForm, "unused bits are not zero");
  }
  return OkStatus();
}

Status CheckUniversal(const DerValue& value) {
  switch (value.tag) {
    case kDerBoolean:
      return DecodeBoolean(value).status();
    case kDerInteger:
    case kDerEnumerated:
      return CheckInteger(value);
    case kDerBitString:
      return CheckBits(value);
    case kDerOid:
      return DecodeOid(value).status();
    case kDerNull:
    case kDerUtf8String:
    case kDerPrintableString:
    case kDerIa5String:
      return CheckText(value);
    case kDerGeneralizedTime:
      return DecodeGeneralizedTime(value).status();
    case kDerUtcTime:
      return DecodeX509Time(value).status();
    case kDerOctetString:
      return OkStatus();
    default:
      // Universal types that X.509, CRLs and OCSP of ours have no use for.
      return Fail(kDerTag, TagText(value.tag) + " of no type in use here");
  }
}

Status CheckDeep(const DerReader& level, const DerValue& value) {
  if ((value.tag & kConstructed) == 0) {
    return (value.tag & 0xc0) == 0 ? CheckUniversal(value) : OkStatus();
  }
  if ((value.tag & 0xc0) == 0 && value.tag != kDerSequence && value.tag != kDerSet) {
    return Fail(kDerTag, TagText(value.tag) + " must not be constructed");
  }
  ASSIGN_OR_RETURN(DerReader reader, level.Inside(value));
  while (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(const DerValue each, reader.Next());
    RETURN_IF_ERROR(CheckDeep(reader, each));
  }
  return OkStatus();
}

// Two decimal digits at `at`, or a number too large for any field.
int TwoDigits(ByteView text, size_t at) {
  const auto digit = [&](size_t i) {
    return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 99;
  };
  const int tens = digit(at);
  const int ones = digit(at + 1);
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

// `text`: MMDDHHMMSSZ.
StatusOr<WallTime> TimeInYear(int year, ByteView text) {
  using std::chrono::day, std::chrono::month, std::chrono::sys_days, std::chrono::year_month_day;
  const int mon = TwoDigits(text, 0);
  const int mday = TwoDigits(text, 2);
  const int hour = TwoDigits(text, 4);
  const int minute = TwoDigits(text, 6);
  const int second = TwoDigits(text, 8);
  const year_month_day date{std::chrono::year{year}, month{static_cast<unsigned>(mon)},
                            day{static_cast<unsigned>(mday)}};
  if (mon > 12 || mday > 31 || !date.ok() || hour > 23 || minute > 59 || second > 59 ||
      text[10] != 'Z') {
    return Fail(kDerTimeForm, "not a UTC date and time with seconds and Z");
  }
  const int64_t days = sys_days(date).time_since_epoch().count();
  return WallTime{days * kDay + hour * kHour + minute * kMinute + second * kSecond};
}

}  // namespace

StatusOr<std::optional<DerHeader>> ReadDerHeader(ByteView octets) {
  if (octets.empty()) return std::nullopt;
  DerHeader header;
  header.tag = octets[0];
  if ((header.tag & 0x1f) == 0x1f || header.tag == 0) {
    return Fail(kDerTag, TagText(header.tag) + ": high tag numbers and tag 0 are not used");
  }
  if (octets.size() < 2) return std::nullopt;
  const uint8_t first = octets[1];
  header.header_octets = 2;
  header.content_octets = first;
  if (first < 0x80) return header;
  const size_t length_octets = first & 0x7f;
  if (length_octets == 0) return Fail(kDerLength, "indefinite length");
  if (length_octets > 4) return Fail(kDerLength, "a length of over 4 octets");
  if (octets.size() < 2 + length_octets) return std::nullopt;
  header.header_octets += length_octets;
  header.content_octets = 0;
  for (const uint8_t octet : octets.subspan(2, length_octets)) {
    header.content_octets = header.content_octets << 8 | octet;
  }
  if (octets[2] == 0 || header.content_octets < 0x80) {
    return Fail(kDerLength, "the length is not in its fewest octets");
  }
  return header;
}

StatusOr<DerValue> DerReader::Next() {
  if (rest_.empty()) return Fail(kDerUnexpected, "an element is missing at the end");
  ASSIGN_OR_RETURN(const std::optional<DerHeader> header, ReadDerHeader(rest_));
  if (!header) return Fail(kDerTruncated, "tag or length is cut off");
  if (header->content_octets > rest_.size() - header->header_octets) {
    return Fail(kDerTruncated, "length " + std::to_string(header->content_octets) + " with " +
                                   std::to_string(rest_.size() - header->header_octets) +
                                   " octets left");
  }
  const size_t whole = header->header_octets + header->content_octets;
  DerValue value{header->tag, rest_.subspan(header->header_octets, header->content_octets),
                 rest_.first(whole)};
  rest_ = rest_.subspan(whole);
  return value;
}

StatusOr<DerValue> DerReader::Expect(uint8_t tag) {
  if (rest_.empty()) return Fail(kDerUnexpected, TagText(tag) + " is missing");
  ASSIGN_OR_RETURN(DerValue value, Next());
  if (value.tag != tag) {
    return Fail(kDerUnexpected, TagText(tag) + " was due, " + TagText(value.tag) + " found");
  }
  return value;
}

StatusOr<DerReader> DerReader::Inside(const DerValue& value) const {
  if (depth_ + 1 >= kDerMaxDepth) {
    return Fail(kDerDepth, "over " + std::to_string(kDerMaxDepth) + " levels");
  }
  return DerReader(value.content, depth_ + 1);
}

StatusOr<DerReader> DerReader::Enter(uint8_t tag) {
  ASSIGN_OR_RETURN(const DerValue value, Expect(tag));
  return Inside(value);
}

Status DerReader::Finish() const {
  if (rest_.empty()) return OkStatus();
  return Fail(kDerTrailing, std::to_string(rest_.size()) + " octets too many");
}

StatusOr<DerValue> ReadDerElement(ByteView octets, size_t max_octets) {
  if (octets.size() > max_octets) {
    return Fail(kDerTooLarge, std::to_string(octets.size()) + " octets; the most are " +
                                  std::to_string(max_octets));
  }
  DerReader reader(octets);
  ASSIGN_OR_RETURN(DerValue value, reader.Next());
  RETURN_IF_ERROR(reader.Finish());
  return value;
}

Status CheckDerDeep(const DerValue& element) {
  return CheckDeep(DerReader(element.whole), element);
}

StatusOr<bool> DecodeBoolean(const DerValue& value) {
  if (value.content.size() != 1 || (value.content[0] != 0 && value.content[0] != 0xff)) {
    return Fail(kDerBooleanForm,
                "found " + ToHex(value.content.first(std::min<size_t>(value.content.size(), 4))));
  }
  return value.content[0] == 0xff;
}

Status CheckInteger(const DerValue& value) {
  const ByteView octets = value.content;
  if (octets.empty()) return Fail(kDerIntegerForm, "no octets");
  if (octets.size() == 1) return OkStatus();
  const bool negative = (octets[1] & 0x80) != 0;
  if (octets[0] == (negative ? 0xff : 0x00)) return Fail(kDerIntegerForm, "padded");
  return OkStatus();
}

StatusOr<uint32_t> DecodeSmallInteger(const DerValue& value) {
  RETURN_IF_ERROR(CheckInteger(value));
  if ((value.content[0] & 0x80) != 0 || value.content.size() > 4) {
    return Fail(kDerIntegerForm, "negative, or 2^31 and more");
  }
  uint32_t number = 0;
  for (const uint8_t octet : value.content) number = number << 8 | octet;
  return number;
}

StatusOr<std::string> DecodeOid(const DerValue& value) {
  const ByteView octets = value.content;
  if (octets.empty() || octets.size() > kMaxOidOctets || (octets.back() & 0x80) != 0) {
    return Fail(kDerOidForm, std::to_string(octets.size()) + " octets, empty, long or cut off");
  }
  std::string dotted;
  uint64_t arc = 0;
  bool at_start = true;
  for (const uint8_t octet : octets) {
    if (at_start && octet == 0x80) return Fail(kDerOidForm, "an arc is padded");
    if (arc >> 56 != 0) return Fail(kDerOidForm, "an arc of over 63 bits");
    arc = arc << 7 | (octet & 0x7f);
    at_start = (octet & 0x80) == 0;
    if (!at_start) continue;
    if (dotted.empty()) {
      const uint64_t first = std::min<uint64_t>(arc / 40, 2);
      dotted = std::to_string(first);
      arc -= first * 40;
    }
    dotted += "." + std::to_string(arc);
    arc = 0;
  }
  return dotted;
}

StatusOr<ByteView> DecodeOctetBits(const DerValue& value) {
  RETURN_IF_ERROR(CheckBits(value));
  if (value.content[0] != 0) return Fail(kDerBitStringForm, "not of whole octets");
  return value.content.subspan(1);
}

StatusOr<uint16_t> DecodeNamedBits(const DerValue& value) {
  RETURN_IF_ERROR(CheckBits(value));
  const ByteView octets = value.content.subspan(1);
  if (octets.size() > 2) return Fail(kDerBitStringForm, "more than 16 named bits");
  if (octets.empty()) return uint16_t{0};
  if ((octets.back() >> value.content[0] & 1) == 0) {
    return Fail(kDerBitStringForm, "trailing zero bits of a named-bit list");
  }
  uint16_t bits = 0;
  for (size_t i = 0; i < octets.size() * 8; ++i) {
    if ((octets[i / 8] << (i % 8) & 0x80) != 0) bits = static_cast<uint16_t>(bits | 1U << i);
  }
  return bits;
}

StatusOr<WallTime> DecodeGeneralizedTime(const DerValue& value) {
  if (value.tag != kDerGeneralizedTime || value.content.size() != 15) {
    return Fail(kDerTimeForm, "not YYYYMMDDHHMMSSZ");
  }
  const int century = TwoDigits(value.content, 0);
  const int years = TwoDigits(value.content, 2);
  if (century > 99 || years > 99) return Fail(kDerTimeForm, "the year is no number");
  return TimeInYear(century * 100 + years, value.content.subspan(4));
}

StatusOr<WallTime> DecodeX509Time(const DerValue& value) {
  constexpr WallTime k2050{int64_t{29220} * kDay};
  if (value.tag == kDerGeneralizedTime) {
    ASSIGN_OR_RETURN(const WallTime time, DecodeGeneralizedTime(value));
    if (time < k2050) return Fail(kDerTimeForm, "times before 2050 are written as UTCTime");
    return time;
  }
  if (value.tag != kDerUtcTime || value.content.size() != 13) {
    return Fail(kDerTimeForm, "not YYMMDDHHMMSSZ");
  }
  const int years = TwoDigits(value.content, 0);
  if (years > 99) return Fail(kDerTimeForm, "the year is no number");
  return TimeInYear(years < 50 ? 2000 + years : 1900 + years, value.content.subspan(2));
}

Bytes EncodeDer(uint8_t tag, ByteView content) {
  Bytes encoded{tag};
  if (content.size() < 0x80) {
    encoded.push_back(static_cast<uint8_t>(content.size()));
  } else {
    int octets = 1;
    while (content.size() >> (8 * octets) != 0) ++octets;
    encoded.push_back(static_cast<uint8_t>(0x80 | octets));
    while (octets-- > 0) encoded.push_back(static_cast<uint8_t>(content.size() >> (8 * octets)));
  }
  encoded.insert(encoded.end(), content.begin(), content.end());
  return encoded;
}

}  // namespace intaglio::appliance
