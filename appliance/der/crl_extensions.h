// The extensions of a CRL and of its entries: the few that the core can judge, and no others.
// What it does not recognise it does not sign: a delta indicator, a freshest CRL or an entry's
// certificate issuer would change what the list means. Pure; thread-safe. [RFC 5280 §5.2, §5.3]
#ifndef INTAGLIO_APPLIANCE_DER_CRL_EXTENSIONS_H_
#define INTAGLIO_APPLIANCE_DER_CRL_EXTENSIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "appliance/der/strict_der.h"
#include "appliance/domain/statements.h"

namespace intaglio::appliance {

// [RFC 5280 §5.2.5] Every member but the first narrows or widens what the list speaks for.
struct IssuingDistributionPoint {
  std::vector<std::string> urls;  // the distributionPoint's full names; empty: none stands there
  bool only_user_certificates = false;
  bool only_ca_certificates = false;
  bool only_some_reasons = false;
  bool indirect = false;
  bool only_attribute_certificates = false;
};

struct CrlExtensions {
  uint64_t number = 0;
  Bytes authority_key_id;
  std::optional<IssuingDistributionPoint> distribution_point;
  std::optional<WallTime> expired_certs_from;
};

// The [0] element that ends a TBSCertList. kCrlExtension for one that is unknown, missing, of the
// wrong criticality or malformed; kTbsExtensionRepeated, kTbsDefaultEncoded and the DER Reasons.
StatusOr<CrlExtensions> ReadCrlExtensions(ByteView element);
// The Extensions of one entry: a reasonCode, not critical, and nothing else. kCrlExtension.
StatusOr<CrlReason> ReadEntryExtensions(DerReader extensions);
// The reason of this number, if one that a certificate of a natural person can be revoked for:
// unspecified is left out, never written. [RFC 5280 §5.3.1]
std::optional<CrlReason> CrlReasonOf(uint8_t number);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DER_CRL_EXTENSIONS_H_
