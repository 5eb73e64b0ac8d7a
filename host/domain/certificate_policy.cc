#include "host/domain/certificate_policy.h"

#include <cstdlib>
#include <string>

#include "host/domain/reasons.h"

namespace intaglio::host {
namespace {

constexpr CertificatePolicyRow kRows[] = {
    {CertificatePolicy::kQcpN, "QCP-n", "0.4.0.194112.1.0"},
    {CertificatePolicy::kQcpL, "QCP-l", "0.4.0.194112.1.1"},
    {CertificatePolicy::kQcpNQscd, "QCP-n-qscd", "0.4.0.194112.1.2"},
    {CertificatePolicy::kQcpLQscd, "QCP-l-qscd", "0.4.0.194112.1.3"},
    {CertificatePolicy::kQevcpW, "QEVCP-w", "0.4.0.194112.1.4"},
    {CertificatePolicy::kQncpW, "QNCP-w", "0.4.0.194112.1.5"},
    {CertificatePolicy::kQncpWGen, "QNCP-w-gen", "0.4.0.194112.1.6"},
};

const CertificatePolicyRow& RowOf(CertificatePolicy policy) {
  for (const CertificatePolicyRow& row : kRows) {
    if (row.policy == policy) return row;
  }
  std::abort();  // a value outside the enumeration is a broken invariant
}

}  // namespace

std::span<const CertificatePolicyRow> CertificatePolicies() { return kRows; }

std::string_view PolicyName(CertificatePolicy policy) { return RowOf(policy).name; }

std::string_view PolicyOid(CertificatePolicy policy) { return RowOf(policy).oid; }

StatusOr<CertificatePolicy> PolicyOfOid(std::string_view oid) {
  for (const CertificatePolicyRow& row : kRows) {
    if (row.oid == oid) return row.policy;
  }
  return Fail(kPolicyOidUnknown, "found " + std::string(oid.substr(0, 64)));
}

}  // namespace intaglio::host
