#include "host/x509/der.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "host/domain/oids.h"
#include "host/x509/reasons.h"

namespace intaglio::host::der {
namespace {

constexpr int64_t kFirstMs = -631152000000;   // 1950-01-01T00:00:00Z
constexpr int64_t kLastMs = 253402300799999;  // 9999-12-31T23:59:59.999Z

struct CivilTime {
  int year, month, day, hour, minute, second;
};

CivilTime Civil(WallTime time) {
  if (!IsEncodable(time)) std::abort();
  using std::chrono::days;
  using std::chrono::floor;
  using std::chrono::seconds;
  const seconds since_epoch = floor<seconds>(std::chrono::milliseconds(time.ms));
  const days day_number = floor<days>(since_epoch);
  const std::chrono::year_month_day date{std::chrono::sys_days(day_number)};
  const int64_t in_day = (since_epoch - day_number).count();
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(in_day / 3600),
          static_cast<int>(in_day / 60 % 60),
          static_cast<int>(in_day % 60)};
}

void AppendDigits(std::string& out, int value, int width) {
  for (int divisor = width == 4 ? 1000 : 10; divisor > 0; divisor /= 10) {
    out.push_back(static_cast<char>('0' + value / divisor % 10));
  }
}

std::string TimeText(const CivilTime& t, int year_digits) {
  std::string text;
  AppendDigits(text, year_digits == 4 ? t.year : t.year % 100, year_digits);
  for (int part : {t.month, t.day, t.hour, t.minute, t.second}) AppendDigits(text, part, 2);
  text.push_back('Z');
  return text;
}

void AppendBase128(Bytes& out, uint64_t arc) {
  int shift = 63;
  while (shift > 0 && (arc >> shift) == 0) shift -= 7;
  for (; shift > 0; shift -= 7) out.push_back(static_cast<uint8_t>(0x80 | ((arc >> shift) & 0x7f)));
  out.push_back(static_cast<uint8_t>(arc & 0x7f));
}

std::optional<std::vector<uint64_t>> Arcs(std::string_view dotted) {
  std::vector<uint64_t> arcs;
  const char* at = dotted.data();
  const char* const end = at + dotted.size();
  if (dotted.empty() || dotted.size() > 200) return std::nullopt;
  while (true) {
    uint64_t arc = 0;
    const auto [next, error] = std::from_chars(at, end, arc);
    if (error != std::errc() || (*at == '0' && next != at + 1)) return std::nullopt;
    arcs.push_back(arc);
    if (next == end) break;
    if (*next != '.' || next + 1 == end) return std::nullopt;
    at = next + 1;
  }
  if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) return std::nullopt;
  if (arcs[1] > UINT64_MAX - 80) return std::nullopt;
  return arcs;
}

}  // namespace

size_t HeaderSize(uint64_t length) {
  if (length < 0x80) return 2;
  size_t octets = 0;
  for (uint64_t rest = length; rest != 0; rest >>= 8) ++octets;
  return 2 + octets;
}

Bytes Header(uint8_t tag, uint64_t length) {
  Bytes out = {tag};
  if (length < 0x80) {
    out.push_back(static_cast<uint8_t>(length));
    return out;
  }
  const size_t octets = HeaderSize(length) - 2;
  out.push_back(static_cast<uint8_t>(0x80 | octets));
  for (size_t i = octets; i-- > 0;) out.push_back(static_cast<uint8_t>(length >> (8 * i)));
  return out;
}

Bytes Tlv(uint8_t tag, ByteView content) {
  Bytes out = Header(tag, content.size());
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Bytes Tlv(uint8_t tag, std::initializer_list<ByteView> parts) {
  size_t length = 0;
  for (ByteView part : parts) length += part.size();
  Bytes out = Header(tag, length);
  out.reserve(out.size() + length);
  for (ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes SequenceOf(const std::vector<Bytes>& parts) {
  Bytes content;
  for (const Bytes& part : parts) content.insert(content.end(), part.begin(), part.end());
  return Tlv(kSequence, content);
}

Bytes SetOf(uint8_t tag, std::vector<Bytes> parts) {
  std::sort(parts.begin(), parts.end());
  Bytes content;
  for (const Bytes& part : parts) content.insert(content.end(), part.begin(), part.end());
  return Tlv(tag, content);
}

StatusOr<Bytes> ParseOid(std::string_view dotted) {
  const auto arcs = Arcs(dotted);
  if (!arcs) return Fail(kOidInvalid, "found '" + std::string(dotted.substr(0, 64)) + "'");
  Bytes content;
  AppendBase128(content, (*arcs)[0] * 40 + (*arcs)[1]);
  for (size_t i = 2; i < arcs->size(); ++i) AppendBase128(content, (*arcs)[i]);
  return Tlv(kOid, content);
}

Bytes Oid(std::string_view dotted) {
  StatusOr<Bytes> encoded = ParseOid(dotted);
  if (!encoded.ok()) std::abort();  // only constants of this code base come here
  return *std::move(encoded);
}

Bytes Integer(ByteView content) { return Tlv(kInteger, content); }

Bytes Unsigned(uint64_t value) {
  Bytes content;
  for (int shift = 56; shift >= 0; shift -= 8) {
    const uint8_t octet = static_cast<uint8_t>(value >> shift);
    if (content.empty() && octet == 0 && shift != 0) continue;
    if (content.empty() && (octet & 0x80) != 0) content.push_back(0);
    content.push_back(octet);
  }
  return Integer(content);
}

Bytes Boolean(bool value) { return {kBoolean, 1, static_cast<uint8_t>(value ? 0xff : 0x00)}; }

Bytes Null() { return {kNull, 0}; }

Bytes OctetString(ByteView octets) { return Tlv(kOctetString, octets); }

Bytes BitString(ByteView octets) {
  const uint8_t unused = 0;
  return Tlv(kBitString, {ByteView(&unused, 1), octets});
}

Bytes NamedBits(uint32_t mask) {
  Bytes content = {0};
  int last = -1;
  for (int bit = 0; bit < 32; ++bit) {
    if ((mask >> bit & 1) == 0) continue;
    content.resize(static_cast<size_t>(2 + bit / 8), 0);
    content.back() = static_cast<uint8_t>(content.back() | (0x80 >> (bit % 8)));
    last = bit;
  }
  if (last >= 0) content[0] = static_cast<uint8_t>(7 - last % 8);
  return Tlv(kBitString, content);
}

Bytes Text(uint8_t tag, std::string_view text) { return Tlv(tag, AsBytes(text)); }

bool IsEncodable(WallTime time) { return time.ms >= kFirstMs && time.ms <= kLastMs; }

Bytes Time(WallTime time) {
  const CivilTime civil = Civil(time);
  if (civil.year >= 2050) return Text(der::kGeneralizedTime, TimeText(civil, 4));
  return Text(kUtcTime, TimeText(civil, 2));
}

Bytes GeneralizedTime(WallTime time) {
  return Text(der::kGeneralizedTime, TimeText(Civil(time), 4));
}

const Bytes& EcdsaWithSha256() {
  static const Bytes encoded = Sequence({Oid(oid::kEcdsaWithSha256)});
  return encoded;
}

std::optional<Element> Reader::Next() {
  if (rest_.size() < 2 || (rest_[0] & 0x1f) == 0x1f) return std::nullopt;
  size_t header = 2;
  size_t length = rest_[1];
  if (length >= 0x80) {
    const size_t octets = length & 0x7f;
    if (octets == 0 || octets > 4 || rest_.size() < 2 + octets || rest_[2] == 0) {
      return std::nullopt;
    }
    length = 0;
    for (size_t i = 0; i < octets; ++i) length = length << 8 | rest_[2 + i];
    if (length < 0x80) return std::nullopt;
    header += octets;
  }
  if (length > rest_.size() - header) return std::nullopt;
  const Element element{rest_[0], rest_.subspan(header, length), rest_.first(header + length)};
  rest_ = rest_.subspan(header + length);
  return element;
}

std::optional<Element> Reader::Take(uint8_t tag) {
  if (PeekTag() != tag) return std::nullopt;
  return Next();
}

std::optional<Element> Single(ByteView octets, uint8_t tag) {
  Reader reader(octets);
  std::optional<Element> element = reader.Take(tag);
  if (!reader.AtEnd()) return std::nullopt;
  return element;
}

}  // namespace intaglio::host::der
