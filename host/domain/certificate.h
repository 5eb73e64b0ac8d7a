// Validity and RepositoryUrls: the parts of a certificate that the operator decides.
#ifndef INTAGLIO_HOST_DOMAIN_CERTIFICATE_H_
#define INTAGLIO_HOST_DOMAIN_CERTIFICATE_H_

#include <string>

#include "base/clock.h"

namespace intaglio::host {

// Both ends belong to the period [RFC 5280 §4.1.2.5]. Encoded in whole seconds, rounded down.
struct Validity {
  WallTime not_before;
  WallTime not_after;

  friend bool operator==(const Validity&, const Validity&) = default;
};

// 9999-12-31T23:59:59Z, the time that stands for "never" in RFC 5280 and EN 319 411-2.
inline constexpr WallTime kNoWellDefinedEnd{253402300799000};

// Where relying parties find what belongs to a certificate.
struct RepositoryUrls {
  std::string ca_issuers;    // http: the issuer's certificate, DER
  std::string ocsp;          // http
  std::string crl;           // http
  std::string pds;           // https: the PKI disclosure statement
  std::string pds_language;  // ISO 639-1, lower case, of that document
  std::string cps;           // http or https: the practice statement; empty leaves it out
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_CERTIFICATE_H_
