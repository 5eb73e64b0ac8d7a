// What the values of name attributes must look like, whoever ordered them. Pure; thread-safe.
#ifndef INTAGLIO_APPLIANCE_POLICY_NAME_FORMS_H_
#define INTAGLIO_APPLIANCE_POLICY_NAME_FORMS_H_

#include <string_view>

namespace intaglio::appliance {

// Two upper-case letters. [X.520 6.3.1; ISO 3166-1]
bool IsCountryCode(std::string_view text);
// UTF-8 without control characters. `text` is well-formed.
bool IsPlainText(std::string_view text);
// The same, and its letters are not of two of the scripts Latin, Greek and Cyrillic: a person's
// name. Registered names of firms do mix them. [EN 319 412-2 NAT-4.2.4-19]
bool IsPersonName(std::string_view text);
// "PNOEE-48001085718". [EN 319 412-1 5.1.3]
bool IsNaturalIdentifier(std::string_view text);
// "VATEE-100000001", "NTRDE+HE-HRB1", "LEIXG-…". [EN 319 412-1 5.1.4]
bool IsLegalIdentifier(std::string_view text);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_NAME_FORMS_H_
