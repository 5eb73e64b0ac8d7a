// Reasons of attestation/produce. Append only; an id is never reused.
#ifndef INTAGLIO_ATTESTATION_PRODUCE_REASONS_H_
#define INTAGLIO_ATTESTATION_PRODUCE_REASONS_H_

#include "base/status.h"

namespace intaglio::attestation {

#define INTAGLIO_ATTESTATION_PRODUCE_REASONS(X)                                                  \
  X(kProducerAkCertificate, "ATT-0500", "PRODUCER_AK_CERTIFICATE", kFailedPrecondition, kPublic, \
    "the attestation key's certificate cannot be used to sign evidence")                         \
  X(kProducerIntermediates, "ATT-0501", "PRODUCER_INTERMEDIATES", kFailedPrecondition, kPublic,  \
    "an intermediate certificate of the attestation key cannot be used")                         \
  X(kContentNonce, "ATT-0502", "CONTENT_NONCE", kInvalidArgument, kPublic,                       \
    "evidence needs a nonce of 16 to 64 octets")                                                 \
  X(kContentKeys, "ATT-0503", "CONTENT_KEYS", kInvalidArgument, kPublic,                         \
    "the key elements do not describe different keys, each with an identifier")                  \
  X(kContentText, "ATT-0504", "CONTENT_TEXT", kInvalidArgument, kPublic,                         \
    "a text claim is not UTF-8")                                                                 \
  X(kContentAkSpki, "ATT-0505", "CONTENT_AK_SPKI", kInvalidArgument, kPublic,                    \
    "the ak-spki claims leave out the key that signs")                                           \
  X(kContentPurpose, "ATT-0506", "CONTENT_PURPOSE", kInvalidArgument, kPublic,                   \
    "a key purpose has no object identifier or is listed twice")                                 \
  X(kContentTooLarge, "ATT-0507", "CONTENT_TOO_LARGE", kInvalidArgument, kPublic,                \
    "the evidence would be larger than a verifier accepts")                                      \
  X(kSignatureNotOurs, "ATT-0508", "SIGNATURE_NOT_OURS", kInternal, kPublic,                     \
    "what the token signed does not verify under the attested public key")                       \
  X(kRequestSubject, "ATT-0510", "REQUEST_SUBJECT", kInvalidArgument, kPublic,                   \
    "a certification request needs a common name of 1 to 64 characters in UTF-8")                \
  X(kRequestKey, "ATT-0511", "REQUEST_KEY", kInvalidArgument, kPublic,                           \
    "a certification request needs the DER SubjectPublicKeyInfo of a P-256 key")

INTAGLIO_REASON_TABLE(kAttestationProduceReasons, INTAGLIO_ATTESTATION_PRODUCE_REASONS)

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_PRODUCE_REASONS_H_
