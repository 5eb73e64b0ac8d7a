#include "host/x509/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "host/x509/certificate.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr uint8_t kSequence = 0x30;

BioPtr Reading(ByteView octets) {
  return BioPtr(BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
}

Bytes Written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return Bytes(data, data + size);
}

std::string Armoured(ByteView der, std::string_view label) {
  const std::string body = ToBase64(der);
  std::string out = "-----BEGIN " + std::string(label) + "-----\n";
  for (size_t i = 0; i < body.size(); i += 64) out += body.substr(i, 64) + "\n";
  return out + "-----END " + std::string(label) + "-----\n";
}

// Nobody is asked for a passphrase: an encrypted key is a failure.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

StatusOr<Bytes> CertificateFromPem(ByteView file) {
  if (!file.empty() && file[0] == kSequence) {
    RETURN_IF_ERROR(ParseCertificate(file).status());
    return ToBytes(file);
  }
  ERR_clear_error();
  const BioPtr bio = Reading(file);
  const X509Ptr certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)
                                : nullptr);
  if (!certificate) return OpensslFail(kCertificateMalformed, "not a PEM certificate");
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  const OpensslOctetsPtr owner(der);
  if (size <= 0) return OpensslFail(kCertificateMalformed, "cannot be encoded");
  return Bytes(der, der + size);
}

std::string CertificateToPem(ByteView der) { return Armoured(der, "CERTIFICATE"); }

StatusOr<PkeyPtr> PrivateKeyFromPem(const SecretBytes& pem) {
  ERR_clear_error();
  const BioPtr bio = Reading(pem.Expose());
  PkeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr) : nullptr);
  if (!key) return OpensslFail(kKeyUnreadable, "not an unencrypted PEM private key");
  return key;
}

StatusOr<SecretBytes> PrivateKeyToPem(EVP_PKEY* key) {
  ERR_clear_error();
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return OpensslFail(kKeyUnreadable, "the key cannot be written");
  }
  Bytes pem = Written(bio.get());
  return SecretBytes::WipeAndTake(pem);
}

StatusOr<Bytes> SpkiFromPem(ByteView file) {
  ERR_clear_error();
  PkeyPtr key;
  if (!file.empty() && file[0] == kSequence) {
    const uint8_t* at = file.data();
    key.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(file.size())));
  } else if (const BioPtr bio = Reading(file)) {
    key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  }
  if (!key) return OpensslFail(kKeyUnreadable, "not a public key in PEM or DER");
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  const OpensslOctetsPtr owner(der);
  if (size <= 0) return OpensslFail(kKeyUnreadable, "the key cannot be encoded");
  return Bytes(der, der + size);
}

std::string SpkiToPem(ByteView spki) { return Armoured(spki, "PUBLIC KEY"); }

}  // namespace intaglio::host
