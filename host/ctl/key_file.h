// SigningKey: a P-256 private key in a PEM file, of an officer, an authenticator or a machine.
//
// Files are for labs and for people who keep them on a medium of their own; the file must be
// readable by its owner alone. The identity of a key everywhere in Intaglio is SHA-256 of its DER
// SubjectPublicKeyInfo. Thread-safe.
#ifndef INTAGLIO_HOST_CTL_KEY_FILE_H_
#define INTAGLIO_HOST_CTL_KEY_FILE_H_

#include <string>

#include "base/bytes.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::host {

class SigningKey final {
 public:
  // A fresh key, written as PKCS#8 PEM with mode 0600. kFileExists, kOpensslFailed and WriteFile's.
  static StatusOr<SigningKey> CreateFile(const std::string& path);
  // kKeyFileInvalid for anything but one unencrypted P-256 key; kFileMode if others may read it.
  static StatusOr<SigningKey> Load(const std::string& path);

  ByteView spki() const { return spki_; }
  const Digest& id() const { return id_; }
  EVP_PKEY* get() const { return key_.get(); }
  // DER ECDSA-Sig-Value over SHA-256 of `octets`. kOpensslFailed.
  StatusOr<Bytes> Sign(ByteView octets) const;

 private:
  SigningKey() = default;
  static StatusOr<SigningKey> Of(PkeyPtr key);

  PkeyPtr key_;
  Bytes spki_;
  Digest id_{};
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_KEY_FILE_H_
