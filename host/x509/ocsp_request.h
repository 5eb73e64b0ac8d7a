// OcspRequest: what an OCSP client asks, read strictly from octets anybody may send.
//
// A reader of our own: it runs for each request of the public port, allocates little and has limits
// [RFC 6960 §4.1; RFC 9654 for the nonce]. Signed requests are accepted and their signature
// ignored: an EU responder must answer unauthenticated requests anyway [EN 319 412-2 §4.4.1].
#ifndef INTAGLIO_HOST_X509_OCSP_REQUEST_H_
#define INTAGLIO_HOST_X509_OCSP_REQUEST_H_

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "host/domain/serial.h"
#include "host/x509/ca_description.h"

namespace intaglio::host {

enum class OcspHash { kSha1, kSha256 };

// One question. The views point into the request's octets.
struct CertIdView {
  OcspHash hash;
  ByteView issuer_name_hash;
  ByteView issuer_key_hash;
  Serial serial;
  ByteView der;  // the whole CertID, to be echoed octet by octet
};

// Must not outlive the octets it was parsed from.
struct OcspRequest {
  std::vector<CertIdView> cert_ids;  // at least one
  std::optional<ByteView> nonce;     // 1 to 128 octets
};

struct OcspRequestLimits {
  size_t octets;
  size_t cert_ids;
};
inline constexpr OcspRequestLimits kOcspRequestLimits2026{.octets = 16 * 1024, .cert_ids = 20};

// kOcspRequestTooLarge, kOcspRequestMalformed, kOcspNonceLength, kOcspHashUnsupported,
// kOcspCriticalExtension. Thread-safe.
StatusOr<OcspRequest> ParseOcspRequest(ByteView octets, const OcspRequestLimits& limits);

// An issuing CA as CertIDs name it, by both hashes.
class OcspIssuer final {
 public:
  explicit OcspIssuer(const CaDescription& ca);

  // Whether `cert_id` asks about a certificate of this CA.
  bool Matches(const CertIdView& cert_id) const;
  // The DER CertID of one of its certificates, for answers signed ahead of a question.
  Bytes CertId(OcspHash hash, const Serial& serial) const;

 private:
  struct Hashes {
    Bytes algorithm;  // DER AlgorithmIdentifier
    Bytes name;
    Bytes key;
  };
  const Hashes& Of(OcspHash hash) const { return hash == OcspHash::kSha1 ? sha1_ : sha256_; }

  Hashes sha1_;
  Hashes sha256_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_OCSP_REQUEST_H_
