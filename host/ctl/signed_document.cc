#include "host/ctl/signed_document.h"

#include <openssl/cms.h>
#include <openssl/err.h>

#include "host/ctl/reasons.h"
#include "host/x509/cms.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"

namespace intaglio::host {

StatusOr<DocumentToSign> PrepareDocument(ByteView document, ByteView certificate, WallTime now) {
  DocumentToSign out;
  ASSIGN_OR_RETURN(out.signed_attributes,
                   BuildSignedAttributes({Sha256(document), certificate, now}));
  out.dtbsr = ToBytes(Sha256(out.signed_attributes));
  return out;
}

StatusOr<Bytes> AssembleVerified(const SignatureParts& parts) {
  ASSIGN_OR_RETURN(Bytes cms_octets, AssembleCms({parts.certificate, parts.chain,
                                                  parts.signed_attributes, parts.signature}));
  const uint8_t* at = cms_octets.data();
  const CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(cms_octets.size())));
  const BioPtr content(
      BIO_new_mem_buf(parts.document.data(), static_cast<int>(parts.document.size())));
  // The chain was verified before; here the key must have signed this document.
  if (!cms || !content ||
      CMS_verify(cms.get(), nullptr, nullptr, content.get(), nullptr,
                 CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1) {
    ERR_clear_error();
    return Fail(kAnswerInvalid,
                "the signature does not verify over the document; keep the payload "
                "and ask the operators");
  }
  return cms_octets;
}

}  // namespace intaglio::host
