// CMS SignedData, detached, with the attributes of a CAdES baseline signature.
//
// The signature value comes from a signer's key in the core; this side prepares what is hashed and
// packs the result. One signer, SHA-256, ecdsa-with-SHA256 [RFC 5652; RFC 5035; EN 319 122-1 §6].
#ifndef INTAGLIO_HOST_X509_CMS_H_
#define INTAGLIO_HOST_X509_CMS_H_

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::host {

struct SignedAttributesRequest {
  Digest document;              // SHA-256 of the detached content
  ByteView signer_certificate;  // DER
  // The signer's claim, which CAdES-B-B asks for; nothing leaves the attribute out.
  std::optional<WallTime> signing_time;
};

// The DER SET OF attributes: contentType id-data, messageDigest, signing-certificate-v2 with
// issuerSerial, signingTime if claimed. What the key signs (DTBS/R) is SHA-256 of these octets.
// kCertificateMalformed, kCmsPartsInvalid for a time that cannot be encoded.
StatusOr<Bytes> BuildSignedAttributes(const SignedAttributesRequest& request);

struct CmsParts {
  ByteView signer_certificate;
  std::vector<Bytes> chain;  // further certificates for the verifier, without the signer's
  // As BuildSignedAttributes made them. Nothing: the signature is over the content's own SHA-256,
  // as in a signature made before any document format was chosen.
  std::optional<Bytes> signed_attributes;
  ByteView signature_der;  // DER ECDSA-Sig-Value
};
// The DER ContentInfo. kCertificateMalformed, kSignatureMalformed, kCmsPartsInvalid unless the
// attributes are one non-empty SET. The signature is not verified.
StatusOr<Bytes> AssembleCms(const CmsParts& parts);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_CMS_H_
