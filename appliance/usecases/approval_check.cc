#include "appliance/usecases/approval_check.h"

#include <algorithm>
#include <set>
#include <string>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {

StatusOr<Approved> ApprovalCheck::Check(const CoreServices& services, ByteView statement,
                                        const std::vector<Approval>& approvals, Role role,
                                        size_t need) {
  return CheckAgainst(
      *services.identity.Get(), services.time.Estimate(),
      [&](ByteView spki, const Digest& digest, ByteView signature) {
        return services.token.VerifyEs256(spki, digest, signature);
      },
      statement, approvals, role, need);
}

StatusOr<Approved> ApprovalCheck::CheckAgainst(const CoreIdentity& identity, WallTime now,
                                               const Verify& verify, ByteView statement,
                                               const std::vector<Approval>& approvals, Role role,
                                               size_t need) {
  const Digest digest = Sha256(statement);
  std::vector<OfficerId> officers;
  std::set<std::string> people;
  for (const Approval& approval : approvals) {
    const auto& roster = identity.roster;
    const auto officer = std::find_if(roster.begin(), roster.end(), [&](const Officer& each) {
      return each.id == approval.officer_id && each.role == role;
    });
    if (officer == roster.end()) {
      return Fail(kOfficerUnknown, "officer " + approval.officer_id.hex());
    }
    if (!Stands(officer->until, now)) {
      return Fail(kOfficerExpired, officer->name + "'s key ended " + ToIso8601(officer->until));
    }
    RETURN_IF_ERROR(verify(officer->spki, digest, approval.signature));
    if (std::find(officers.begin(), officers.end(), officer->id) == officers.end()) {
      officers.push_back(officer->id);
    }
    people.insert(officer->name);
  }
  if (people.size() < need) {
    return Fail(kApprovalsMissing, std::to_string(people.size()) + " different officers signed, " +
                                       std::to_string(need) + " are needed");
  }
  return Approved(digest, role, std::move(officers));
}

}  // namespace intaglio::appliance
