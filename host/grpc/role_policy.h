// RolePolicy: which role may call which service. A role maps to whole services; the client
// certificate's organizationalUnit names it.
#ifndef INTAGLIO_HOST_GRPC_ROLE_POLICY_H_
#define INTAGLIO_HOST_GRPC_ROLE_POLICY_H_

#include <string_view>

#include "base/status.h"

namespace intaglio::host {

// `service` is the short name: "Enrolment". kRoleDenied naming both.
Status CheckRole(std::string_view role, std::string_view service);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_GRPC_ROLE_POLICY_H_
