#include "host/x509/distinguished_name.h"

#include <algorithm>
#include <vector>

#include "host/domain/oids.h"
#include "host/x509/der.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr size_t kMaxText = 256;
constexpr size_t kMaxSerialNumber = 64;

// Well-formed UTF-8 [RFC 3629 §4] without C0 or C1 control characters.
bool IsCleanUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const uint8_t lead = static_cast<uint8_t>(text[i]);
    const int more = lead < 0x80   ? 0
                     : lead < 0xc2 ? -1
                     : lead < 0xe0 ? 1
                     : lead < 0xf0 ? 2
                     : lead < 0xf5 ? 3
                                   : -1;
    if (more < 0 || text.size() - i <= static_cast<size_t>(more)) return false;
    constexpr uint8_t kLeadMask[] = {0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = lead & kLeadMask[more];
    for (int k = 1; k <= more; ++k) {
      const uint8_t octet = static_cast<uint8_t>(text[i + static_cast<size_t>(k)]);
      if ((octet & 0xc0) != 0x80) return false;
      point = point << 6 | (octet & 0x3f);
    }
    constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < kLeast[more] || point > 0x10ffff || control || surrogate) return false;
    i += 1 + static_cast<size_t>(more);
  }
  return true;
}

bool IsPrintableString(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view(" '()+,-./:=?").find(c) != std::string_view::npos;
  });
}

bool IsCountry(std::string_view text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Status Refuse(std::string_view oid, std::string_view why) {
  return Fail(kNameInvalid, "attribute " + std::string(oid) + " " + std::string(why));
}

Status CheckAttribute(const NameAttribute& attribute) {
  if (attribute.text.empty()) return Refuse(attribute.oid, "is empty");
  if (attribute.oid == oid::kCountry) {
    return IsCountry(attribute.text) ? OkStatus()
                                     : Refuse(attribute.oid, "is not two upper-case letters");
  }
  if (attribute.oid == oid::kSerialNumber) {
    return attribute.text.size() <= kMaxSerialNumber && IsPrintableString(attribute.text)
               ? OkStatus()
               : Refuse(attribute.oid, "is not a PrintableString of at most 64 octets");
  }
  if (attribute.text.size() > kMaxText) return Refuse(attribute.oid, "is over 256 octets");
  if (!IsCleanUtf8(attribute.text)) {
    return Refuse(attribute.oid, "is not UTF-8 without control characters");
  }
  return OkStatus();
}

Bytes EncodeAttribute(const NameAttribute& attribute) {
  const bool printable = attribute.oid == oid::kCountry || attribute.oid == oid::kSerialNumber;
  const uint8_t tag = printable ? der::kPrintableString : der::kUtf8String;
  return der::Tlv(der::kSet,
                  der::Sequence({der::Oid(attribute.oid), der::Text(tag, attribute.text)}));
}

}  // namespace

StatusOr<Bytes> EncodeName(std::span<const NameAttribute> attributes) {
  if (attributes.empty()) return Fail(kNameInvalid, "no attribute at all");
  std::vector<Bytes> rdns;
  for (const NameAttribute& attribute : attributes) {
    RETURN_IF_ERROR(CheckAttribute(attribute));
    rdns.push_back(EncodeAttribute(attribute));
  }
  return der::SequenceOf(rdns);
}

StatusOr<Bytes> EncodeSubject(const NaturalPerson& person) {
  const bool named = !person.given_name.empty() || !person.surname.empty();
  if (named != person.pseudonym.empty()) {
    return Fail(kNameInvalid, "either a given name or surname or a pseudonym is needed, not both");
  }
  std::vector<NameAttribute> attributes = {{oid::kCountry, person.country}};
  const NameAttribute optional[] = {{oid::kGivenName, person.given_name},
                                    {oid::kSurname, person.surname},
                                    {oid::kPseudonym, person.pseudonym}};
  for (const NameAttribute& attribute : optional) {
    if (!attribute.text.empty()) attributes.push_back(attribute);
  }
  attributes.push_back({oid::kSerialNumber, person.serial_number});
  attributes.push_back({oid::kCommonName, person.common_name});
  return EncodeName(attributes);
}

StatusOr<Bytes> EncodeSubject(const LegalPerson& person) {
  return EncodeName(
      std::vector<NameAttribute>{{oid::kCountry, person.country},
                                 {oid::kOrganization, person.organization_name},
                                 {oid::kOrganizationIdentifier, person.organization_identifier},
                                 {oid::kCommonName, person.common_name}});
}

StatusOr<Bytes> EncodeSubject(const Subject& subject) {
  return std::visit([](const auto& person) { return EncodeSubject(person); }, subject);
}

StatusOr<Bytes> EncodeIssuerName(const IssuerName& name) {
  std::vector<NameAttribute> attributes = {{oid::kCountry, name.country},
                                           {oid::kOrganization, name.organization}};
  if (!name.organization_identifier.empty()) {
    attributes.push_back({oid::kOrganizationIdentifier, name.organization_identifier});
  }
  attributes.push_back({oid::kCommonName, name.common_name});
  return EncodeName(attributes);
}

}  // namespace intaglio::host
