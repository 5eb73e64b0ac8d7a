#include "attestation/produce/p256_key.h"

#include <cstdio>
#include <cstdlib>

#include "attestation/produce/reasons.h"
#include "mbedtls/ecp.h"
#include "mbedtls/md.h"
#include "mbedtls/pk.h"
#include "mbedtls/x509_crt.h"

namespace intaglio::attestation::produce_internal {
namespace {

// Contexts of the library are pinned: it keeps pointers into them.
struct Certificate final {
  Certificate() { mbedtls_x509_crt_init(&crt); }
  ~Certificate() { mbedtls_x509_crt_free(&crt); }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  mbedtls_x509_crt crt;
};

struct PublicKey final {
  PublicKey() { mbedtls_pk_init(&pk); }
  ~PublicKey() { mbedtls_pk_free(&pk); }
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;
  mbedtls_pk_context pk;
};

std::string ErrorCode(int code) {
  char text[32];
  std::snprintf(text, sizeof text, "Mbed TLS error -0x%04x", static_cast<unsigned>(-code));
  return text;
}

// mbedtls_x509_crt_parse_der() leaves octets after the certificate unread.
bool ParsesWhole(Certificate& certificate, ByteView der, std::string& why) {
  const int rc = mbedtls_x509_crt_parse_der(&certificate.crt, der.data(), der.size());
  if (rc != 0) {
    why = ErrorCode(rc);
    return false;
  }
  if (certificate.crt.raw.len != der.size()) {
    why = std::to_string(der.size() - certificate.crt.raw.len) + " octets after it";
    return false;
  }
  return true;
}

Status ParseP256(PublicKey& key, ByteView spki, const Reason& reason) {
  const int rc = mbedtls_pk_parse_public_key(&key.pk, spki.data(), spki.size());
  if (rc != 0) return Fail(reason, "the public key does not parse: " + ErrorCode(rc));
  // An uncompressed P-256 key has exactly this prefix and length; anything else is another curve,
  // another form, or octets the library skipped.
  static constexpr std::string_view kPrefix =
      "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
  if (spki.size() != 91 || ToHex(spki.first(27)) != kPrefix) {
    return Fail(reason, "not an uncompressed P-256 key");
  }
  return OkStatus();
}

// An absent extension lists nothing, which the library's own check takes for "everything".
bool ListsUsage(const mbedtls_x509_crt& crt, const Oid& usage) {
  for (const mbedtls_x509_sequence* at = &crt.ext_key_usage; at != nullptr; at = at->next) {
    if (at->buf.p != nullptr && Equal(ByteView(at->buf.p, at->buf.len), usage.content())) {
      return true;
    }
  }
  return false;
}

}  // namespace

Digest Sha256(ByteView message) {
  Digest digest;
  const int rc = mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), message.data(),
                            message.size(), digest.data());
  if (rc != 0) std::abort();
  return digest;
}

StatusOr<Bytes> SpkiOfAkCertificate(ByteView der, const Oid& attestation_eku) {
  Certificate certificate;
  std::string why;
  if (!ParsesWhole(certificate, der, why)) {
    return Fail(kProducerAkCertificate, "does not parse: " + why);
  }
  const mbedtls_x509_crt& crt = certificate.crt;
  const Bytes spki(crt.pk_raw.p, crt.pk_raw.p + crt.pk_raw.len);
  PublicKey key;
  RETURN_IF_ERROR(ParseP256(key, spki, kProducerAkCertificate));
  // Where the extension is absent the library answers yes to both, so the second question also
  // asks whether it is there.
  if (mbedtls_x509_crt_check_key_usage(&crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0 ||
      mbedtls_x509_crt_check_key_usage(&crt, MBEDTLS_X509_KU_KEY_CERT_SIGN) == 0) {
    return Fail(kProducerAkCertificate,
                "key usage has to have digitalSignature and must not have keyCertSign");
  }
  if (!ListsUsage(crt, attestation_eku)) {
    return Fail(kProducerAkCertificate,
                "extended key usage " + attestation_eku.ToDotted() + " is missing");
  }
  return spki;
}

Status CheckIntermediate(ByteView der) {
  Certificate certificate;
  std::string why;
  if (!ParsesWhole(certificate, der, why)) {
    return Fail(kProducerIntermediates, "does not parse: " + why);
  }
  return OkStatus();
}

Status CheckP256Spki(ByteView spki) {
  PublicKey key;
  return ParseP256(key, spki, kRequestKey);
}

Status CheckOwnSignature(ByteView spki, const Digest& digest, ByteView signature) {
  PublicKey key;
  RETURN_IF_ERROR(ParseP256(key, spki, kRequestKey));
  const int rc = mbedtls_pk_verify(&key.pk, MBEDTLS_MD_SHA256, digest.data(), digest.size(),
                                   signature.data(), signature.size());
  if (rc != 0) return Fail(kSignatureNotOurs, ErrorCode(rc));
  return OkStatus();
}

}  // namespace intaglio::attestation::produce_internal
