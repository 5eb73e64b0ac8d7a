#include "attestation/model/oid.h"

#include <cstdlib>
#include <vector>

#include "attestation/model/reasons.h"

namespace intaglio::attestation {
namespace {

constexpr uint64_t kMaxArc = 0xffffffff;

void AppendBase128(Bytes& out, uint64_t value) {
  int shift = 0;
  while (value >> shift >= 128) shift += 7;
  for (; shift > 0; shift -= 7) out.push_back(static_cast<uint8_t>(0x80 | (value >> shift & 0x7f)));
  out.push_back(static_cast<uint8_t>(value & 0x7f));
}

StatusOr<std::vector<uint64_t>> SplitArcs(std::string_view dotted) {
  std::vector<uint64_t> arcs;
  size_t at = 0;
  while (true) {
    const size_t dot = dotted.find('.', at);
    const std::string_view text = dotted.substr(at, dot == dotted.npos ? dot : dot - at);
    if (text.empty() || text.size() > 10 || (text.size() > 1 && text[0] == '0')) {
      return Fail(kOidInvalid, "'" + std::string(dotted) + "' at character " + std::to_string(at));
    }
    uint64_t arc = 0;
    for (char c : text) {
      if (c < '0' || c > '9') {
        return Fail(kOidInvalid, "'" + std::string(dotted) + "' has a character other than digits");
      }
      arc = arc * 10 + static_cast<uint64_t>(c - '0');
    }
    if (arc > kMaxArc)
      return Fail(kOidInvalid, "'" + std::string(dotted) + "' has too large an arc");
    arcs.push_back(arc);
    if (dot == dotted.npos) return arcs;
    at = dot + 1;
  }
}

}  // namespace

StatusOr<Oid> Oid::FromDotted(std::string_view dotted) {
  if (dotted.size() > 256) return Fail(kOidInvalid, "longer than 256 characters");
  ASSIGN_OR_RETURN(const std::vector<uint64_t> arcs, SplitArcs(dotted));
  if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) {
    return Fail(kOidInvalid, "'" + std::string(dotted) + "' does not start with two arcs of X.660");
  }
  Bytes content;
  AppendBase128(content, arcs[0] * 40 + arcs[1]);
  for (size_t i = 2; i < arcs.size(); ++i) AppendBase128(content, arcs[i]);
  if (content.size() > kMaxOidOctets) return Fail(kOidInvalid, "longer than 64 octets");
  return Oid(std::move(content));
}

StatusOr<Oid> Oid::FromContent(ByteView content) {
  if (content.empty() || content.size() > kMaxOidOctets) {
    return Fail(kOidInvalid, "1 to 64 octets expected, found " + std::to_string(content.size()));
  }
  bool starts_arc = true;
  uint64_t arc = 0;
  uint64_t limit = kMaxArc + 80;  // the first subidentifier holds two arcs
  for (uint8_t octet : content) {
    if (starts_arc && octet == 0x80) return Fail(kOidInvalid, "an arc is not minimal");
    arc = starts_arc ? octet & 0x7f : arc << 7 | (octet & 0x7f);
    if (arc > limit) return Fail(kOidInvalid, "an arc is larger than 32 bits");
    starts_arc = (octet & 0x80) == 0;
    if (starts_arc) limit = kMaxArc;
  }
  if (!starts_arc) return Fail(kOidInvalid, "the last arc is cut off");
  return Oid(ToBytes(content));
}

Oid Oid::Child(std::initializer_list<uint32_t> arcs) const {
  Bytes content = content_;
  for (uint32_t arc : arcs) AppendBase128(content, arc);
  if (content.size() > kMaxOidOctets) std::abort();
  return Oid(std::move(content));
}

std::string Oid::ToDotted() const {
  std::string out;
  uint64_t arc = 0;
  for (uint8_t octet : content_) {
    arc = arc << 7 | (octet & 0x7f);
    if ((octet & 0x80) != 0) continue;
    if (out.empty()) {
      const uint64_t first = arc < 80 ? arc / 40 : 2;
      out = std::to_string(first) + "." + std::to_string(arc - first * 40);
    } else {
      out += "." + std::to_string(arc);
    }
    arc = 0;
  }
  return out;
}

}  // namespace intaglio::attestation
