// Names of PKCS#11 constants, both ways, for people who write faults and read what they did.
#ifndef INTAGLIO_HARDWARE_SIM_FAULTS_CK_NAMES_H_
#define INTAGLIO_HARDWARE_SIM_FAULTS_CK_NAMES_H_

#include <p11-kit/pkcs11.h>

#include <optional>
#include <string>
#include <string_view>

namespace intaglio::sim {

// "CKR_DEVICE_ERROR" or "0x30"; nothing for what is neither.
std::optional<CK_RV> ReturnValueNamed(std::string_view text);
std::optional<CK_ATTRIBUTE_TYPE> AttributeNamed(std::string_view text);
std::optional<CK_MECHANISM_TYPE> MechanismNamed(std::string_view text);

// The header's name, or the number in hexadecimal.
std::string NameOfReturnValue(CK_RV rv);
std::string NameOfMechanism(CK_MECHANISM_TYPE mechanism);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_FAULTS_CK_NAMES_H_
