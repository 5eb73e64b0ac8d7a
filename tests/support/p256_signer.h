// P256Signer: a person's key in a test: an officer's, or a signer's authenticator. OpenSSL.
#ifndef INTAGLIO_TESTS_SUPPORT_P256_SIGNER_H_
#define INTAGLIO_TESTS_SUPPORT_P256_SIGNER_H_

#include <memory>
#include <string>

#include "appliance/domain/statements.h"
#include "base/bytes.h"

namespace intaglio::testing_support {

class P256Signer final {
 public:
  P256Signer();  // a fresh key
  const Bytes& spki() const { return spki_; }
  // SHA-256 of the SPKI.
  Digest id() const;
  // DER ECDSA-Sig-Value over SHA-256 of `message`.
  Bytes Sign(ByteView message) const;
  // PKCS#8, as people keep it in a file.
  std::string PrivateKeyPem() const;

  appliance::Approval Approve(ByteView statement) const;
  appliance::Proof Prove(ByteView statement) const;

 private:
  std::shared_ptr<void> key_;
  Bytes spki_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_P256_SIGNER_H_
