#include "attestation/produce/certificate_request.h"

#include "attestation/model/der_writer.h"
#include "attestation/produce/element_writer.h"
#include "attestation/produce/p256_key.h"
#include "attestation/produce/reasons.h"

namespace intaglio::attestation {

StatusOr<Bytes> BuildCertificateRequest(std::string_view common_name, ByteView spki,
                                        const SignDigest& sign) {
  // X.520 ub-common-name; counted in octets, the stricter reading.
  if (common_name.empty() || common_name.size() > 64 || !produce_internal::IsUtf8(common_name)) {
    return Fail(kRequestSubject, "found " + std::to_string(common_name.size()) + " octets");
  }
  RETURN_IF_ERROR(produce_internal::CheckP256Spki(spki));
  ASSIGN_OR_RETURN(const Oid cn, Oid::FromDotted("2.5.4.3"));
  ASSIGN_OR_RETURN(const Oid algorithm, Oid::FromDotted("1.2.840.10045.4.3.2"));
  const Bytes name =
      DerSequence({DerSetOfOne(DerSequence({DerOid(cn), DerUtf8String(common_name)}))});
  const Bytes request =
      DerSequence({DerInteger(0), name, spki, DerImplicitConstructed(0, Bytes{})});
  const Digest digest = produce_internal::Sha256(request);
  ASSIGN_OR_RETURN(const Bytes signature, sign(digest));
  RETURN_IF_ERROR(produce_internal::CheckOwnSignature(spki, digest, signature));
  return DerSequence({request, DerSequence({DerOid(algorithm)}), DerBitString(signature)});
}

}  // namespace intaglio::attestation
