// ApprovalCheck: did enough different officers of a role sign these octets?
#ifndef INTAGLIO_APPLIANCE_USECASES_APPROVAL_CHECK_H_
#define INTAGLIO_APPLIANCE_USECASES_APPROVAL_CHECK_H_

#include <vector>

#include "appliance/policy/approved.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class ApprovalCheck final {
 public:
  // Every approval must hold, not only enough of them: a wrong one means somebody is trying
  // something. People are counted, by name: the two keys that one officer has during an overlap are
  // one approval. kOfficerUnknown, kOfficerExpired, kSignatureWrong, kApprovalsMissing.
  // Thread-safe.
  static StatusOr<Approved> Check(const CoreServices& services, ByteView statement,
                                  const std::vector<Approval>& approvals, Role role, size_t need);
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_APPROVAL_CHECK_H_
