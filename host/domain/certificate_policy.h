// CertificatePolicy: the seven qualified certificate policies and their object identifiers.
#ifndef INTAGLIO_HOST_DOMAIN_CERTIFICATE_POLICY_H_
#define INTAGLIO_HOST_DOMAIN_CERTIFICATE_POLICY_H_

#include <span>
#include <string_view>

#include "base/status.h"

namespace intaglio::host {

// [EN 319 411-2 §5.3]
enum class CertificatePolicy { kQcpN, kQcpL, kQcpNQscd, kQcpLQscd, kQevcpW, kQncpW, kQncpWGen };

struct CertificatePolicyRow {
  CertificatePolicy policy;
  std::string_view name;  // "QCP-n-qscd"
  std::string_view oid;   // dotted
};

// All seven, in the order of their object identifiers.
std::span<const CertificatePolicyRow> CertificatePolicies();
std::string_view PolicyName(CertificatePolicy policy);
std::string_view PolicyOid(CertificatePolicy policy);
// kPolicyOidUnknown for any other identifier.
StatusOr<CertificatePolicy> PolicyOfOid(std::string_view oid);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_CERTIFICATE_POLICY_H_
