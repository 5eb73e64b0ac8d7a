// Certification requests for keys that live in the core's token.
//
// The attestation key needs a certificate of the device CA, and the issuing key one of the root,
// and neither key can leave its token to ask for it. Only for such provisioning: signers' keys are
// never certified through a request. [RFC 2986]
#ifndef INTAGLIO_ATTESTATION_PRODUCE_CERTIFICATE_REQUEST_H_
#define INTAGLIO_ATTESTATION_PRODUCE_CERTIFICATE_REQUEST_H_

#include <string_view>

#include "attestation/produce/evidence_producer.h"
#include "base/bytes.h"

namespace intaglio::attestation {

// A DER PKCS#10 request with the subject CN=`common_name` and no attributes, signed
// ecdsa-with-SHA256 by the key of `spki` (P-256). Thread-safe. kRequestSubject, kRequestKey,
// kSignatureNotOurs, and whatever `sign` fails with.
StatusOr<Bytes> BuildCertificateRequest(std::string_view common_name, ByteView spki,
                                        const SignDigest& sign);

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_PRODUCE_CERTIFICATE_REQUEST_H_
