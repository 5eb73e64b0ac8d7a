#include "host/domain/revocation_reason.h"

#include <cstdlib>
#include <string>

#include "host/domain/reasons.h"

namespace intaglio::host {

std::string_view RevocationReasonName(RevocationReason reason) {
  switch (reason) {
    case RevocationReason::kUnspecified:
      return "unspecified";
    case RevocationReason::kKeyCompromise:
      return "keyCompromise";
    case RevocationReason::kCaCompromise:
      return "cACompromise";
    case RevocationReason::kAffiliationChanged:
      return "affiliationChanged";
    case RevocationReason::kSuperseded:
      return "superseded";
    case RevocationReason::kCessationOfOperation:
      return "cessationOfOperation";
    case RevocationReason::kCertificateHold:
      return "certificateHold";
    case RevocationReason::kPrivilegeWithdrawn:
      return "privilegeWithdrawn";
    case RevocationReason::kAaCompromise:
      return "aACompromise";
  }
  std::abort();  // a value outside the enumeration is a broken invariant
}

StatusOr<RevocationReason> RevocationReasonOf(uint32_t number) {
  if (number <= 6 || number == 9 || number == 10) return static_cast<RevocationReason>(number);
  return Fail(kRevocationReasonUnknown, "found " + std::to_string(number));
}

}  // namespace intaglio::host
