#include "attestation/verify/der_reader.h"

#include <chrono>

#include "attestation/verify/reasons.h"

namespace intaglio::attestation {
namespace {

constexpr int kMaxDepth = 16;

std::string HexTag(uint8_t tag) { return "0x" + ToHex(ByteView(&tag, 1)); }

Status FailAt(const Reason& reason, std::string_view what, const std::string& found) {
  return Fail(reason, std::string(what) + ": " + found);
}

bool ContinuesUtf8(ByteView text, size_t at, size_t count) {
  if (text.size() - at <= count) return false;
  for (size_t i = 1; i <= count; ++i) {
    if ((text[at + i] & 0xc0) != 0x80) return false;
  }
  return true;
}

// The well-formed sequences of the Unicode standard, table 3-7.
bool WellFormedUtf8(ByteView text) {
  for (size_t i = 0; i < text.size();) {
    const uint8_t lead = text[i];
    size_t follow = 0;
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    if (lead < 0x80) {
      ++i;
      continue;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
      follow = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      follow = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      follow = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    if (!ContinuesUtf8(text, i, follow) || text[i + 1] < low || text[i + 1] > high) return false;
    i += follow + 1;
  }
  return true;
}

}  // namespace

bool DerReader::NextIs(DerTag tag) const {
  return !rest_.empty() && rest_[0] == static_cast<uint8_t>(tag);
}

Status DerReader::ExpectEnd(std::string_view what) const {
  if (rest_.empty()) return OkStatus();
  return FailAt(kDerTrailing, what, std::to_string(rest_.size()) + " octets too many");
}

StatusOr<DerReader::Tlv> DerReader::Next(std::string_view what) {
  if (rest_.size() < 2) return FailAt(kDerTruncated, what, "no value");
  const uint8_t tag = rest_[0];
  if ((tag & 0x1f) == 0x1f) return FailAt(kDerTag, what, "multi-octet tag " + HexTag(tag));
  size_t length = rest_[1];
  size_t header = 2;
  if (length >= 0x80) {
    const size_t octets = length & 0x7f;
    if (octets == 0) return FailAt(kDerLength, what, "indefinite length");
    if (octets > 4) return FailAt(kDerLength, what, "length of more than four octets");
    if (rest_.size() < 2 + octets) return FailAt(kDerTruncated, what, "cut off inside the length");
    length = 0;
    for (size_t i = 0; i < octets; ++i) length = length << 8 | rest_[2 + i];
    if (length < 0x80 || rest_[2] == 0) return FailAt(kDerLength, what, "length is not minimal");
    header += octets;
  }
  if (rest_.size() - header < length) {
    return FailAt(kDerTruncated, what,
                  std::to_string(length) + " octets announced, " +
                      std::to_string(rest_.size() - header) + " there");
  }
  const Tlv tlv{tag, rest_.subspan(header, length), rest_.first(header + length)};
  rest_ = rest_.subspan(header + length);
  return tlv;
}

StatusOr<DerReader::Tlv> DerReader::Expect(DerTag tag, std::string_view what) {
  if (!rest_.empty() && !NextIs(tag)) {
    return FailAt(kDerTag, what,
                  "found " + HexTag(rest_[0]) + ", expected " + HexTag(static_cast<uint8_t>(tag)));
  }
  return Next(what);
}

StatusOr<ByteView> DerReader::Content(DerTag tag, std::string_view what) {
  ASSIGN_OR_RETURN(const Tlv tlv, Expect(tag, what));
  return tlv.content;
}

StatusOr<ByteView> DerReader::Whole(DerTag tag, std::string_view what) {
  ASSIGN_OR_RETURN(const Tlv tlv, Expect(tag, what));
  return tlv.whole;
}

StatusOr<DerReader> DerReader::Enter(DerTag tag, std::string_view what) {
  ASSIGN_OR_RETURN(const Tlv tlv, Expect(tag, what));
  return DerReader(tlv.content);
}

StatusOr<ByteView> DerReader::Any(std::string_view what) {
  ASSIGN_OR_RETURN(const Tlv tlv, Next(what));
  if ((tlv.tag & 0x20) != 0) RETURN_IF_ERROR(CheckNested(tlv.content, 1, what));
  return tlv.whole;
}

Status DerReader::CheckNested(ByteView content, int depth, std::string_view what) {
  if (depth > kMaxDepth) return FailAt(kDerDepth, what, "too deep");
  DerReader reader(content);
  while (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(const Tlv tlv, reader.Next(what));
    if ((tlv.tag & 0x20) != 0) RETURN_IF_ERROR(CheckNested(tlv.content, depth + 1, what));
  }
  return OkStatus();
}

StatusOr<bool> DerReader::Boolean(std::string_view what) {
  ASSIGN_OR_RETURN(const ByteView content, Content(DerTag::kBoolean, what));
  if (content.size() != 1 || (content[0] != 0x00 && content[0] != 0xff)) {
    return FailAt(kDerValue, what, "a BOOLEAN is 00 or ff");
  }
  return content[0] == 0xff;
}

StatusOr<int64_t> DerReader::Integer(std::string_view what) {
  ASSIGN_OR_RETURN(const ByteView content, Content(DerTag::kInteger, what));
  if (content.empty() || content.size() > 8) {
    return FailAt(kDerValue, what, "an INTEGER of 1 to 8 octets was expected");
  }
  const bool negative = (content[0] & 0x80) != 0;
  if (content.size() > 1 && content[0] == (negative ? 0xff : 0x00) &&
      ((content[1] & 0x80) != 0) == negative) {
    return FailAt(kDerValue, what, "an INTEGER is not minimal");
  }
  uint64_t value = negative ? ~uint64_t{0} : 0;
  for (uint8_t octet : content) value = value << 8 | octet;
  return static_cast<int64_t>(value);
}

StatusOr<Bytes> DerReader::OctetString(std::string_view what) {
  ASSIGN_OR_RETURN(const ByteView content, Content(DerTag::kOctetString, what));
  return ToBytes(content);
}

StatusOr<std::string> DerReader::Utf8String(std::string_view what) {
  ASSIGN_OR_RETURN(const ByteView content, Content(DerTag::kUtf8String, what));
  if (!WellFormedUtf8(content)) return FailAt(kDerValue, what, "not UTF-8");
  return AsString(content);
}

StatusOr<Oid> DerReader::ObjectIdentifier(std::string_view what) {
  ASSIGN_OR_RETURN(const ByteView content, Content(DerTag::kOid, what));
  StatusOr<Oid> oid = Oid::FromContent(content);
  if (!oid.ok()) return FailAt(kDerValue, what, DetailOf(oid.status()));
  return oid;
}

StatusOr<WallTime> DerReader::GeneralizedTime(std::string_view what) {
  ASSIGN_OR_RETURN(const ByteView content, Content(DerTag::kGeneralizedTime, what));
  const auto fail = [&] { return FailAt(kDerValue, what, "not YYYYMMDDHHMMSSZ"); };
  if (content.size() != 15 || content[14] != 'Z') return fail();
  for (uint8_t c : content.first(14)) {
    if (c < '0' || c > '9') return fail();
  }
  const auto two = [&](size_t at) { return (content[at] - '0') * 10 + (content[at + 1] - '0'); };
  const std::chrono::year_month_day day{std::chrono::year{two(0) * 100 + two(2)},
                                        std::chrono::month{static_cast<unsigned>(two(4))},
                                        std::chrono::day{static_cast<unsigned>(two(6))}};
  if (!day.ok() || two(8) > 23 || two(10) > 59 || two(12) > 59) return fail();
  const int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return WallTime{days * kDay + two(8) * kHour + two(10) * kMinute + two(12) * kSecond};
}

}  // namespace intaglio::attestation
