#include "appliance/usecases/approval_check.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {

StatusOr<Approved> ApprovalCheck::Check(const CoreServices& services, ByteView statement,
                                        const std::vector<Approval>& approvals, Role role,
                                        size_t need) {
  const Digest digest = Sha256(statement);
  std::vector<OfficerId> officers;
  for (const Approval& approval : approvals) {
    const auto& roster = services.identity.roster;
    const auto officer = std::find_if(roster.begin(), roster.end(), [&](const Officer& each) {
      return each.id == approval.officer_id && each.role == role;
    });
    if (officer == roster.end()) {
      return Fail(kOfficerUnknown, "officer " + approval.officer_id.hex());
    }
    RETURN_IF_ERROR(services.token.VerifyEs256(officer->spki, digest, approval.signature));
    if (std::find(officers.begin(), officers.end(), officer->id) == officers.end()) {
      officers.push_back(officer->id);
    }
  }
  if (officers.size() < need) {
    return Fail(kApprovalsMissing, std::to_string(officers.size()) +
                                       " different officers signed, " + std::to_string(need) +
                                       " are needed");
  }
  return Approved(digest, role, std::move(officers));
}

}  // namespace intaglio::appliance
