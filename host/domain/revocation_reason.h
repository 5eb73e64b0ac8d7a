// RevocationReason: why a certificate stopped being valid, with the numbers of RFC 5280.
#ifndef INTAGLIO_HOST_DOMAIN_REVOCATION_REASON_H_
#define INTAGLIO_HOST_DOMAIN_REVOCATION_REASON_H_

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace intaglio::host {

// CRLReason [RFC 5280 §5.3.1]. removeFromCRL (8) is missing because it stands in delta CRLs only.
enum class RevocationReason : uint8_t {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kCaCompromise = 2,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
  kCertificateHold = 6,
  kPrivilegeWithdrawn = 9,
  kAaCompromise = 10,
};

// "keyCompromise"
std::string_view RevocationReasonName(RevocationReason reason);
// kRevocationReasonUnknown for 7, 8 and anything above 10.
StatusOr<RevocationReason> RevocationReasonOf(uint32_t number);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_REVOCATION_REASON_H_
