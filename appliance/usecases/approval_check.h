// ApprovalCheck: did enough different officers of a role sign these octets?
#ifndef INTAGLIO_APPLIANCE_USECASES_APPROVAL_CHECK_H_
#define INTAGLIO_APPLIANCE_USECASES_APPROVAL_CHECK_H_

#include <functional>
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

  // The same for who has no services yet: the console. `verify` is kSignatureWrong if a signature
  // over the digest does not verify.
  using Verify = std::function<Status(ByteView spki, const Digest& digest, ByteView signature)>;
  static StatusOr<Approved> CheckAgainst(const CoreIdentity& identity, WallTime now,
                                         const Verify& verify, ByteView statement,
                                         const std::vector<Approval>& approvals, Role role,
                                         size_t need);
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_APPROVAL_CHECK_H_
