#include "host/grpc/role_policy.h"

#include <algorithm>
#include <string>

#include "host/domain/usecase_reasons.h"

namespace intaglio::host {
namespace {

struct Grant {
  std::string_view role;
  std::string_view service;
};

constexpr Grant kGrants[] = {
    {"signing-application", "Enrolment"},
    {"signing-application", "Credentials"},
    {"signing-application", "Signing"},
    {"signing-application", "Policy"},
    {"registration-officer", "Registration"},
    {"registration-officer", "Policy"},
    {"revocation-officer", "Revocation"},
    {"revocation-officer", "Policy"},
    {"signing-application", "Authenticators"},
    {"revocation-officer", "Authenticators"},
    {"administrator", "Administration"},
    {"administrator", "Policy"},
    {"administrator", "Sealing"},
    {"seal-client", "Sealing"},
    {"seal-client", "Policy"},
    {"auditor", "Audit"},
    {"auditor", "Policy"},
};

}  // namespace

Status CheckRole(std::string_view role, std::string_view service) {
  const bool granted = std::any_of(std::begin(kGrants), std::end(kGrants), [&](const Grant& each) {
    return each.role == role && each.service == service;
  });
  if (granted) return OkStatus();
  return Fail(kRoleDenied, "role '" + std::string(role) + "' may not call " + std::string(service));
}

}  // namespace intaglio::host
