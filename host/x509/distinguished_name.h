// Distinguished names: text attributes into a DER Name, in one fixed order.
//
// UTF8String throughout, PrintableString for countryName and serialNumber [RFC 5280 §4.1.2.4].
// One attribute a RDN: countryName, organizationName, organizationIdentifier, organizationalUnit,
// givenName, surname, pseudonym, serialNumber, commonName. Failures name the attribute, never its
// text.
#ifndef INTAGLIO_HOST_X509_DISTINGUISHED_NAME_H_
#define INTAGLIO_HOST_X509_DISTINGUISHED_NAME_H_

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "host/domain/person.h"

namespace intaglio::host {

struct NameAttribute {
  std::string_view oid;  // one of host/domain/oids.h
  std::string_view text;
};

// A Name with the attributes in the order given. kNameInvalid for none at all, an empty or over
// 256 octet text, control characters, text that is not UTF-8, a country that is not two upper-case
// letters, a serialNumber outside PrintableString or over 64 octets.
StatusOr<Bytes> EncodeName(std::span<const NameAttribute> attributes);

// countryName, given name and surname or pseudonym, serialNumber and commonName must be there; also
// kNameInvalid for a pseudonym beside a name.
StatusOr<Bytes> EncodeSubject(const NaturalPerson& person);
// All four attributes must be there. [EN 319 412-3 LEG-4.2.1]
StatusOr<Bytes> EncodeSubject(const LegalPerson& person);
StatusOr<Bytes> EncodeSubject(const Subject& subject);
// countryName, organizationName and commonName must be there.
StatusOr<Bytes> EncodeIssuerName(const IssuerName& name);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_DISTINGUISHED_NAME_H_
