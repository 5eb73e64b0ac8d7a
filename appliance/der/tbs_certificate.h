// TBSCertificate: what the core is asked to sign, read twice.
//
// The host built these octets with another library. They are read once here, strictly, and once by
// Mbed TLS; what the two disagree on is refused, so that nothing is judged in one reading and used
// in another. Facts are only what the octets say; whether that may be signed is for
// appliance/policy to say. Pure; thread-safe. [RFC 5280 §4.1; DESIGN 5]
#ifndef INTAGLIO_APPLIANCE_DER_TBS_CERTIFICATE_H_
#define INTAGLIO_APPLIANCE_DER_TBS_CERTIFICATE_H_

#include <string>
#include <vector>

#include "appliance/der/certificate_extensions.h"
#include "appliance/domain/ids.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

namespace intaglio::appliance {

inline constexpr size_t kMaxTbsOctets = 16 * 1024;

struct NameAttribute {
  std::string oid;
  uint8_t string_tag = 0;
  std::string value;
};

struct TbsFacts {
  Serial serial;
  Bytes issuer;  // DER Name
  WallTime not_before;
  WallTime not_after;
  Bytes subject;  // DER Name
  std::vector<NameAttribute> subject_attributes;
  Bytes spki;  // DER
  ExtensionFacts extensions;
};

struct CertificateParts {
  Bytes tbs;
  Bytes signature;  // DER ECDSA-Sig-Value
  TbsFacts facts;
};

// The facts of a version 3 TBSCertificate of at most `kMaxTbsOctets`. The Reasons of
// appliance/der/reasons.h.
StatusOr<TbsFacts> ReadTbsCertificate(ByteView tbs);
// A whole certificate, signed with ecdsa-with-SHA256. The signature is not verified. kDerTooLarge,
// kCertificateAlgorithm, ReadTbsCertificate's Reasons.
StatusOr<CertificateParts> ReadCertificate(ByteView certificate);
// The certificate of a TBSCertificate that names ecdsa-with-SHA256 and its DER signature.
Bytes AssembleCertificate(ByteView tbs, ByteView signature_der);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DER_TBS_CERTIFICATE_H_
