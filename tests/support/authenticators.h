// Authenticators a signer may have, made with OpenSSL: an RSA key, and a passkey that behaves, or
// misbehaves, as its test says. Keys are fresh.
#ifndef INTAGLIO_TESTS_SUPPORT_AUTHENTICATORS_H_
#define INTAGLIO_TESTS_SUPPORT_AUTHENTICATORS_H_

#include <memory>
#include <string>

#include "appliance/domain/key_record.h"
#include "appliance/domain/statements.h"
#include "base/bytes.h"

namespace intaglio::testing_support {

// A key pair of either algorithm.
class AuthenticatorKey final {
 public:
  static AuthenticatorKey P256();
  static AuthenticatorKey Rsa(unsigned bits, unsigned exponent = 65537);

  const Bytes& spki() const { return spki_; }
  Digest id() const;  // SHA-256 of the SPKI
  Bytes cose_key() const;
  // ES256 in DER or RS256, over SHA-256 of `message`.
  Bytes Sign(ByteView message) const;
  // RSA alone: the private-key operation on a block as long as the modulus, padding and all.
  Bytes SignRaw(ByteView block) const;
  bool is_rsa() const { return is_rsa_; }

 private:
  AuthenticatorKey(void* key, bool is_rsa);
  std::shared_ptr<void> key_;
  Bytes spki_;
  bool is_rsa_;
};

// An RSA key as an authenticator.
class RsaSigner final {
 public:
  explicit RsaSigner(unsigned bits = 2048) : key_(AuthenticatorKey::Rsa(bits)) {}
  const AuthenticatorKey& key() const { return key_; }
  appliance::Authenticator Binding() const {
    return {appliance::AuthenticatorKind::kRs256File, key_.spki()};
  }
  appliance::Proof Prove(ByteView statement) const {
    return {{key_.id()}, appliance::Rs256Proof{key_.Sign(statement)}};
  }

 private:
  AuthenticatorKey key_;
};

// What a browser and an authenticator make of one request; as it is here they are honest.
struct AssertionPlan {
  std::string type = "webauthn.get";
  std::string challenge;  // base64url; the statement's unless given
  std::string origin = "https://sign.example";
  std::string cross_origin = "false";
  std::string tail = "}";
  std::string rp_id = "sign.example";
  uint8_t flags = 0x05;  // UP, UV
  uint32_t counter = 7;
  Bytes extensions = {};
};

class Passkey final {
 public:
  explicit Passkey(AuthenticatorKey key = AuthenticatorKey::P256()) : key_(std::move(key)) {}
  const AuthenticatorKey& key() const { return key_; }
  // Bound to the relying party and origin of an honest plan.
  appliance::Authenticator Binding(
      appliance::AuthenticatorKind kind = appliance::AuthenticatorKind::kWebAuthnDevice) const;
  appliance::WebAuthnAssertion Assert(ByteView statement, const AssertionPlan& plan = {}) const;
  appliance::Proof Prove(ByteView statement, const AssertionPlan& plan = {}) const {
    return {{key_.id()}, Assert(statement, plan)};
  }

 private:
  AuthenticatorKey key_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_AUTHENTICATORS_H_
