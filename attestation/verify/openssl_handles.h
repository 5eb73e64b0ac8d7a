// Owners of OpenSSL objects and the few calls that several files here need.
//
// Internal to attestation. Nothing of OpenSSL leaves this folder.
#ifndef INTAGLIO_ATTESTATION_VERIFY_OPENSSL_HANDLES_H_
#define INTAGLIO_ATTESTATION_VERIFY_OPENSSL_HANDLES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/bytes.h"

namespace intaglio::attestation::verify_internal {

template <auto Free>
struct CFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using CPtr = std::unique_ptr<T, CFree<Free>>;

using X509Ptr = CPtr<X509, X509_free>;
using X509StorePtr = CPtr<X509_STORE, X509_STORE_free>;
using X509StoreCtxPtr = CPtr<X509_STORE_CTX, X509_STORE_CTX_free>;
using DigestCtxPtr = CPtr<EVP_MD_CTX, EVP_MD_CTX_free>;
using EkuPtr = CPtr<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
inline void FreeX509Stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using X509StackPtr = CPtr<STACK_OF(X509), FreeX509Stack>;

// What OpenSSL left in its queue, which is empty afterwards.
std::string DrainErrors();

// One certificate in strict DER with nothing after it; fails with `reason`.
StatusOr<X509Ptr> ParseCertificate(ByteView der, const Reason& reason);

// Empty where OpenSSL cannot encode the key.
Bytes SpkiOf(const X509* certificate);
Bytes DerOf(const X509* certificate);
// The subjectKeyIdentifier extension; empty where there is none.
Bytes SubjectKeyIdentifierOf(X509* certificate);
Digest Sha256(ByteView message);

}  // namespace intaglio::attestation::verify_internal

#endif  // INTAGLIO_ATTESTATION_VERIFY_OPENSSL_HANDLES_H_
