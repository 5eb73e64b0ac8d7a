// NaturalPerson, LegalPerson and IssuerName: who a certificate names, as plain text values.
//
// Nothing here is checked; encoding them into a Name and judging the result are other people's work
// (host/x509, host/policy). Personal data: never logged, never in a Status detail.
#ifndef INTAGLIO_HOST_DOMAIN_PERSON_H_
#define INTAGLIO_HOST_DOMAIN_PERSON_H_

#include <string>
#include <variant>

namespace intaglio::host {

// The subject of a certificate for a natural person [EN 319 412-2 NAT-4.2.4-1]. UTF-8 throughout.
struct NaturalPerson {
  std::string country;        // ISO 3166-1 alpha-2, upper case
  std::string given_name;     // as in the identity evidence; empty with a pseudonym
  std::string surname;        // as in the identity evidence; empty with a pseudonym
  std::string common_name;    // a name of the subject
  std::string serial_number;  // EN 319 412-1 semantics, "PNOEE-38001085718"
  std::string pseudonym;      // instead of given name and surname; else empty

  friend bool operator==(const NaturalPerson&, const NaturalPerson&) = default;
};

// The subject of a certificate for a legal person [EN 319 412-3 LEG-4.2.1]. UTF-8 throughout.
struct LegalPerson {
  std::string country;                  // ISO 3166-1 alpha-2, upper case
  std::string organization_name;        // full registered name
  std::string organization_identifier;  // EN 319 412-1 semantics, "VATEE-100000001"
  std::string common_name;              // by which it is commonly known

  friend bool operator==(const LegalPerson&, const LegalPerson&) = default;
};

using Subject = std::variant<NaturalPerson, LegalPerson>;

// A legal person that issues certificates [EN 319 412-2 §4.2.3.1].
struct IssuerName {
  std::string country;
  std::string organization;
  std::string organization_identifier;  // "VATEE-…", "NTREE-…"; empty where no number exists
  std::string common_name;

  friend bool operator==(const IssuerName&, const IssuerName&) = default;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_PERSON_H_
