// Terms: what this service issues and how; fixed while it runs. [R-BND-1, R-BND-3]
#ifndef INTAGLIO_HOST_DOMAIN_TERMS_H_
#define INTAGLIO_HOST_DOMAIN_TERMS_H_

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/domain/certificate.h"
#include "host/domain/certificate_policy.h"

namespace intaglio::host {

enum class Boundary { kLab, kProduction };

struct Terms {
  Boundary boundary = Boundary::kProduction;
  std::string tsp_name;
  std::string country;  // of the TSP
  std::vector<CertificatePolicy> policies;
  std::string repository_url;
  RepositoryUrls urls;
  std::string qscd_entry_id;
  uint32_t subscriber_days = 730;
  Duration crl_life = 24 * kHour;
  Duration ocsp_life = 24 * kHour;
  Bytes agreement;  // the subscriber agreement's octets
  Digest agreement_digest{};
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_TERMS_H_
