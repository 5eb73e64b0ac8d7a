// SignedDocument: what becomes of one document on its way to a detached CAdES signature.
//
// The signer's side computes everything the key signs from the document itself, so the host cannot
// have another document signed. Pure.
#ifndef INTAGLIO_HOST_CTL_SIGNED_DOCUMENT_H_
#define INTAGLIO_HOST_CTL_SIGNED_DOCUMENT_H_

#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::host {

struct DocumentToSign {
  Bytes signed_attributes;  // DER SET OF
  Bytes dtbsr;              // SHA-256 of them: what the key signs
};
// Failures of BuildSignedAttributes.
StatusOr<DocumentToSign> PrepareDocument(ByteView document, ByteView certificate, WallTime now);

struct SignatureParts {
  ByteView document;
  ByteView certificate;
  std::vector<Bytes> chain;
  Bytes signed_attributes;
  Bytes signature;
};
// The detached CMS, verified over the document under the certificate's key. kAnswerInvalid;
// failures of AssembleCms.
StatusOr<Bytes> AssembleVerified(const SignatureParts& parts);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_SIGNED_DOCUMENT_H_
