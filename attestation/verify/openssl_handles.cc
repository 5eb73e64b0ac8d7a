#include "attestation/verify/openssl_handles.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <cstdlib>

#include "attestation/verify/der_reader.h"

namespace intaglio::attestation::verify_internal {
namespace {

template <class Encode>
Bytes Encoded(Encode encode) {
  unsigned char* out = nullptr;
  const int length = encode(&out);
  if (length <= 0) {
    ERR_clear_error();
    return {};
  }
  const CPtr<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owner(out);
  return Bytes(out, out + length);
}

}  // namespace

std::string DrainErrors() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    if (!out.empty()) out += "; ";
    out += text;
  }
  return out.empty() ? "OpenSSL gave no cause" : out;
}

StatusOr<X509Ptr> ParseCertificate(ByteView der, const Reason& reason) {
  DerReader strict(der);
  const StatusOr<ByteView> value = strict.Any("certificate");
  if (!value.ok()) return Fail(reason, DetailOf(value.status()));
  if (!strict.AtEnd()) return Fail(reason, "octets follow the certificate");
  ERR_clear_error();
  const unsigned char* at = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) return Fail(reason, DrainErrors());
  return certificate;
}

Bytes SpkiOf(const X509* certificate) {
  return Encoded(
      [&](unsigned char** out) { return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), out); });
}

Bytes DerOf(const X509* certificate) {
  return Encoded([&](unsigned char** out) { return i2d_X509(certificate, out); });
}

Bytes SubjectKeyIdentifierOf(X509* certificate) {
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(certificate);
  if (id == nullptr) return {};
  const unsigned char* octets = ASN1_STRING_get0_data(id);
  return Bytes(octets, octets + ASN1_STRING_length(id));
}

Digest Sha256(ByteView message) {
  Digest digest;
  unsigned int length = 0;
  // Fails only where the library was built or configured without SHA-256.
  if (EVP_Digest(message.data(), message.size(), digest.data(), &length, EVP_sha256(), nullptr) !=
          1 ||
      length != digest.size()) {
    std::abort();
  }
  return digest;
}

}  // namespace intaglio::attestation::verify_internal
