// OCSP responses: the ResponseData a STATUS key of the core signs, and the finished answers.
//
// Written from the inside out so that one signed answer is one allocation-light pass and nothing
// but what was asked is in it [RFC 6960 §4.2].
#ifndef INTAGLIO_HOST_X509_OCSP_RESPONSE_H_
#define INTAGLIO_HOST_X509_OCSP_RESPONSE_H_

#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/domain/revocation_reason.h"

namespace intaglio::host {

struct OcspGood {};
struct OcspRevoked {
  WallTime at;
  RevocationReason reason;  // kCertificateHold while suspended
};
struct OcspUnknown {};
using OcspCertStatus = std::variant<OcspGood, OcspRevoked, OcspUnknown>;

struct OcspAnswer {
  Bytes cert_id;  // DER CertID, as asked
  OcspCertStatus status;
  WallTime this_update;
  WallTime next_update;
  // notBefore of the issuing CA where status outlives validity [EN 319 411-2 CSS-6.3.10-10].
  std::optional<WallTime> archive_cutoff;
};

// Whether the response says that "revoked" may also mean "never issued" [RFC 6960 §4.4.8].
enum class ExtendedRevoke { kAbsent, kPresent };

struct OcspResponseFields {
  Bytes responder_key_hash;  // SHA-1 of the responder's public key, KeyIdentifier()
  WallTime produced_at;
  std::vector<OcspAnswer> answers;  // 1 to 20
  std::optional<Bytes> nonce;       // echoed; 1 to 128 octets
  ExtendedRevoke extended_revoke;
};

// The DER ResponseData. kOcspResponseInvalid for a key hash of another length, no or too many
// answers, a nonce outside its bounds, a thisUpdate after producedAt, a nextUpdate not after
// thisUpdate, a revocation after thisUpdate, times that cannot be encoded.
StatusOr<Bytes> BuildOcspResponseData(const OcspResponseFields& fields);

// The finished OCSPResponse with the responder's certificate in it. kTbsMalformed unless
// `response_data` is one SEQUENCE, kSignatureMalformed, kCertificateMalformed.
StatusOr<Bytes> AssembleOcspResponse(ByteView response_data, ByteView signature_der,
                                     ByteView responder_certificate_der);

// The numbers of OCSPResponseStatus that carry no answer.
enum class OcspErrorStatus : uint8_t {
  kMalformedRequest = 1,
  kInternalError = 2,
  kTryLater = 3,
  kUnauthorized = 6,
};
// An unsigned OCSPResponse that says only this.
Bytes OcspError(OcspErrorStatus status);
// What a client is told for a failure of ParseOcspRequest; kInternalError for any other failure.
OcspErrorStatus OcspErrorFor(const Status& failure);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_OCSP_RESPONSE_H_
