// Approved: enough different officers of one role signed exactly these octets, verified by this
// core. Only ApprovalCheck makes one; a use case that needs officers takes one.
#ifndef INTAGLIO_APPLIANCE_POLICY_APPROVED_H_
#define INTAGLIO_APPLIANCE_POLICY_APPROVED_H_

#include <utility>
#include <vector>

#include "appliance/domain/ids.h"
#include "appliance/domain/roster.h"

namespace intaglio::appliance {

class Approved final {
 public:
  Approved(Approved&&) noexcept = default;
  Approved& operator=(Approved&&) noexcept = default;
  Approved(const Approved&) = delete;
  Approved& operator=(const Approved&) = delete;

  // SHA-256 of the octets signed.
  const Digest& statement_digest() const { return statement_digest_; }
  Role role() const { return role_; }
  const std::vector<OfficerId>& officers() const { return officers_; }

 private:
  friend class ApprovalCheck;
  Approved(const Digest& statement_digest, Role role, std::vector<OfficerId> officers)
      : statement_digest_(statement_digest), role_(role), officers_(std::move(officers)) {}

  Digest statement_digest_;
  Role role_;
  std::vector<OfficerId> officers_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_APPROVED_H_
