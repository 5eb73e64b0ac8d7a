// CPtr: owners of OpenSSL objects, and the one translation of OpenSSL errors into a Status.
//
// No owner converts to a raw pointer by itself; call sites say .get(). OpenSSL success is judged by
// the documented return value only, never by the state of the error queue.
#ifndef INTAGLIO_HOST_X509_OPENSSL_PTR_H_
#define INTAGLIO_HOST_X509_OPENSSL_PTR_H_

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

#include "base/status.h"

namespace intaglio::host {

template <auto Free>
struct CFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using CPtr = std::unique_ptr<T, CFree<Free>>;

// OPENSSL_free is a macro.
inline void FreeOpensslOctets(unsigned char* octets) { OPENSSL_free(octets); }

using X509Ptr = CPtr<X509, X509_free>;
using X509CrlPtr = CPtr<X509_CRL, X509_CRL_free>;
using X509StorePtr = CPtr<X509_STORE, X509_STORE_free>;
using PkeyPtr = CPtr<EVP_PKEY, EVP_PKEY_free>;
using PkeyContextPtr = CPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContextPtr = CPtr<EVP_MD_CTX, EVP_MD_CTX_free>;
using BioPtr = CPtr<BIO, BIO_free_all>;
using CmsPtr = CPtr<CMS_ContentInfo, CMS_ContentInfo_free>;
using OcspResponsePtr = CPtr<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using OcspBasicPtr = CPtr<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using OcspRequestPtr = CPtr<OCSP_REQUEST, OCSP_REQUEST_free>;
using OcspCertIdPtr = CPtr<OCSP_CERTID, OCSP_CERTID_free>;
using OpensslOctetsPtr = CPtr<unsigned char, FreeOpensslOctets>;

// Fails for `reason`, with `what` and everything this thread's OpenSSL error queue held; the queue
// is empty afterwards.
[[nodiscard]] Status OpensslFail(const Reason& reason, std::string_view what);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_X509_OPENSSL_PTR_H_
