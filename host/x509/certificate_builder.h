// Builders of TBSCertificates whose signing key lives elsewhere: subscriber, OCSP responder and
// issuing CA certificates.
//
// They write what the profile row and the caller say and check that it can stand in a certificate
// at all; whether it *should* is the lint's judgement. The octets returned are what the core (or
// the root ceremony) signs and what the finished certificate is compared with.
#ifndef INTAGLIO_HOST_X509_CERTIFICATE_BUILDER_H_
#define INTAGLIO_HOST_X509_CERTIFICATE_BUILDER_H_

#include "base/bytes.h"
#include "host/domain/certificate.h"
#include "host/domain/person.h"
#include "host/domain/serial.h"
#include "host/policy/profile.h"
#include "host/x509/ca_description.h"

namespace intaglio::host {

struct SubscriberRequest {
  const ProfileSpec& profile;
  const CaDescription& ca;
  Serial serial;  // drawn by the core
  Subject subject;
  ByteView spki;
  Validity validity;
  RepositoryUrls urls;
};
// [EN 319 412-2, -3, -5]. kNameInvalid, kSpkiUnacceptable, kUrlInvalid, kValidityInvalid
// (empty, or outside the CA's; the profile's bound is the lint's).
StatusOr<Bytes> BuildSubscriberTbs(const SubscriberRequest& request);

inline constexpr Duration kLongestResponderValidity = 90 * kDay;

struct OcspResponderRequest {
  const CaDescription& ca;
  Serial serial;
  IssuerName subject;
  ByteView spki;
  Validity validity;  // at most kLongestResponderValidity: nobody can revoke it
};
// A delegated responder with id-pkix-ocsp-nocheck and without an OCSP location
// [RFC 6960 §4.2.2.2; EN 319 411-1 CSS-6.6.3-01A, -01B]. Failures as above.
StatusOr<Bytes> BuildOcspResponderTbs(const OcspResponderRequest& request);

struct CaRequest {
  const CaDescription& root;
  Serial serial;
  IssuerName subject;
  ByteView spki;  // P-256
  Validity validity;
  std::string root_certificate_url;  // http; empty leaves caIssuers out
  std::string root_crl_url;          // http; empty leaves CRLDP out
};
// An issuing CA below the root: CA:TRUE, pathLenConstraint 0, anyPolicy [RFC 5280 §4.2]. Failures
// as above; kSpkiUnacceptable also for a certifiable key that is not P-256.
StatusOr<Bytes> BuildCaTbs(const CaRequest& request);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_CERTIFICATE_BUILDER_H_
