// A DER builder for tests: plain nesting, and as wrong as a test wants it to be. It shares nothing
// with the readers under test except the tag names.
#ifndef INTAGLIO_APPLIANCE_DER_TEST_DER_H_
#define INTAGLIO_APPLIANCE_DER_TEST_DER_H_

#include <sstream>
#include <string>
#include <vector>

#include "appliance/der/certificate_oids.h"
#include "appliance/der/strict_der.h"
#include "base/bytes.h"

namespace intaglio::appliance::test_der {

inline Bytes Join(const std::vector<Bytes>& parts) {
  Bytes joined;
  for (const Bytes& part : parts) joined.insert(joined.end(), part.begin(), part.end());
  return joined;
}

inline Bytes Element(uint8_t tag, const Bytes& content) {
  Bytes element{tag};
  if (content.size() < 128) {
    element.push_back(static_cast<uint8_t>(content.size()));
  } else if (content.size() < 256) {
    element.insert(element.end(), {0x81, static_cast<uint8_t>(content.size())});
  } else if (content.size() < 65536) {
    element.insert(element.end(), {0x82, static_cast<uint8_t>(content.size() >> 8),
                                   static_cast<uint8_t>(content.size())});
  } else {
    element.insert(element.end(), {0x83, static_cast<uint8_t>(content.size() >> 16),
                                   static_cast<uint8_t>(content.size() >> 8),
                                   static_cast<uint8_t>(content.size())});
  }
  return Join({element, content});
}

inline Bytes Sequence(const std::vector<Bytes>& parts) { return Element(0x30, Join(parts)); }
inline Bytes Set(const std::vector<Bytes>& parts) { return Element(0x31, Join(parts)); }
inline Bytes Text(uint8_t tag, std::string_view text) { return Element(tag, ToBytes(text)); }
inline Bytes Null() { return {0x05, 0x00}; }
inline Bytes Boolean(uint8_t octet) { return {0x01, 0x01, octet}; }
inline Bytes Integer(const Bytes& octets) { return Element(0x02, octets); }
inline Bytes BitString(uint8_t unused, const Bytes& octets) {
  return Element(0x03, Join({{unused}, octets}));
}

inline Bytes Oid(std::string_view dotted) {
  std::istringstream arcs{std::string(dotted)};
  std::vector<uint64_t> numbers;
  for (std::string arc; std::getline(arcs, arc, '.');) numbers.push_back(std::stoull(arc));
  numbers[1] += numbers[0] * 40;
  numbers.erase(numbers.begin());
  Bytes content;
  for (const uint64_t number : numbers) {
    int septets = 1;
    while (number >> (7 * septets) != 0) ++septets;
    while (septets-- > 0) {
      content.push_back(
          static_cast<uint8_t>((number >> (7 * septets) & 0x7f) | (septets == 0 ? 0 : 0x80)));
    }
  }
  return Element(0x06, content);
}

inline Bytes Attribute(std::string_view oid, uint8_t tag, std::string_view value) {
  return Sequence({Oid(oid), Text(tag, value)});
}
// An RDN of one attribute.
inline Bytes Rdn(std::string_view oid, uint8_t tag, std::string_view value) {
  return Set({Attribute(oid, tag, value)});
}

inline Bytes Extension(std::string_view oid, const Bytes& value) {
  return Sequence({Oid(oid), Element(0x04, value)});
}
inline Bytes CriticalExtension(std::string_view oid, const Bytes& value) {
  return Sequence({Oid(oid), Boolean(0xff), Element(0x04, value)});
}

inline Bytes Uri(std::string_view url) { return Text(0x86, url); }
inline Bytes Access(std::string_view method, std::string_view url) {
  return Sequence({Oid(method), Uri(url)});
}
inline Bytes DistributionPoint(std::string_view url) {
  return Sequence({Element(0xa0, Element(0xa0, Uri(url)))});
}
inline Bytes Policy(std::string_view oid) { return Sequence({Oid(oid)}); }
inline Bytes Pds(std::string_view url, std::string_view language) {
  return Sequence({Text(0x16, url), Text(0x13, language)});
}
inline Bytes Statement(std::string_view oid) { return Sequence({Oid(oid)}); }
inline Bytes Statement(std::string_view oid, const Bytes& content) {
  return Sequence({Oid(oid), content});
}
// keyUsage of one octet: nonRepudiation is 0x40.
inline Bytes KeyUsage(uint8_t octet) {
  uint8_t unused = 0;
  while (octet != 0 && (octet >> unused & 1) == 0) ++unused;
  return BitString(unused, {octet});
}
inline Bytes KeyIdentifier(uint8_t octet) { return Bytes(20, octet); }

// A P-256 public key that lies on the curve: the generator, doubled when `which` is 1.
inline Bytes P256Spki(int which = 0) {
  const char* point =
      which == 0
          ? "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b"
            "8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
          : "047cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc4766997807775510db8ed040"
            "293d9ac69f7430dbba7dade63ce982299e04b79d227873d1";
  return Sequence({Sequence({Oid("1.2.840.10045.2.1"), Oid("1.2.840.10045.3.1.7")}),
                   BitString(0, *FromHex(point))});
}

// The parts of a TBSCertificate, each replaceable. An empty part is left out.
struct Tbs {
  Bytes version = Element(0xa0, Integer({2}));
  Bytes serial = Integer({0x40, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07});
  Bytes algorithm = Sequence({Oid("1.2.840.10045.4.3.2")});
  Bytes issuer =
      Sequence({Rdn(oid::kCountryName, 0x13, "ES"), Rdn(oid::kOrganizationName, 0x0c, "Trust"),
                Rdn(oid::kCommonName, 0x0c, "CA")});
  Bytes not_before = Text(0x17, "261123063000Z");
  Bytes not_after = Text(0x17, "281122063000Z");
  Bytes subject = Sequence({Rdn(oid::kCommonName, 0x0c, "Somebody")});
  Bytes spki = P256Spki();
  Bytes unique_ids;
  std::vector<Bytes> extensions = {CriticalExtension(oid::kKeyUsage, KeyUsage(0x40))};
  Bytes after;

  Bytes Build() const {
    const Bytes tail = Element(0xa3, Sequence(extensions));
    return Sequence({version, serial, algorithm, issuer, Sequence({not_before, not_after}), subject,
                     spki, unique_ids, tail, after});
  }
};

}  // namespace intaglio::appliance::test_der

#endif  // INTAGLIO_APPLIANCE_DER_TEST_DER_H_
