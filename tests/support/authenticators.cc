#include "tests/support/authenticators.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <cstdlib>

namespace intaglio::testing_support {
namespace {

using appliance::Authenticator;
using appliance::AuthenticatorKind;

void Must(bool ok) {
  if (!ok) abort();
}

EVP_PKEY* Raw(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

Digest HashOf(ByteView octets) {
  Digest out;
  Must(SHA256(octets.data(), octets.size(), out.data()) != nullptr);
  return out;
}

Bytes NumberOf(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  Must(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  Bytes out(static_cast<size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, out.data());
  BN_free(number);
  return out;
}

Bytes CborOctets(ByteView octets) {
  Bytes out;
  if (octets.size() >= 256) {
    out = {0x59, static_cast<uint8_t>(octets.size() >> 8), static_cast<uint8_t>(octets.size())};
  } else if (octets.size() >= 24) {
    out = {0x58, static_cast<uint8_t>(octets.size())};
  } else {
    out = {static_cast<uint8_t>(0x40 | octets.size())};
  }
  return Concat({out, octets});
}

std::string Base64Url(ByteView octets) {
  std::string text = ToBase64(octets);
  while (text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

}  // namespace

AuthenticatorKey::AuthenticatorKey(void* key, bool is_rsa)
    : key_(key, [](void* each) { EVP_PKEY_free(static_cast<EVP_PKEY*>(each)); }), is_rsa_(is_rsa) {
  Must(key != nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(Raw(key_), &der);
  Must(size > 0);
  spki_.assign(der, der + size);
  OPENSSL_free(der);
}

AuthenticatorKey AuthenticatorKey::P256() { return {EVP_EC_gen("P-256"), false}; }

AuthenticatorKey AuthenticatorKey::Rsa(unsigned bits, unsigned exponent) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr);
  BIGNUM* e = BN_new();
  EVP_PKEY* key = nullptr;
  Must(context != nullptr && e != nullptr && BN_set_word(e, exponent) == 1 &&
       EVP_PKEY_keygen_init(context) == 1 &&
       EVP_PKEY_CTX_set_rsa_keygen_bits(context, static_cast<int>(bits)) == 1 &&
       EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) == 1 && EVP_PKEY_keygen(context, &key) == 1);
  BN_free(e);
  EVP_PKEY_CTX_free(context);
  return {key, true};
}

Digest AuthenticatorKey::id() const { return HashOf(spki_); }

Bytes AuthenticatorKey::cose_key() const {
  if (is_rsa_) {
    const Bytes n = CborOctets(NumberOf(Raw(key_), OSSL_PKEY_PARAM_RSA_N));
    const Bytes e = CborOctets(NumberOf(Raw(key_), OSSL_PKEY_PARAM_RSA_E));
    const Bytes head = {0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20};
    return Concat({head, n, Bytes{0x21}, e});
  }
  const ByteView point = ByteView(spki_).last(64);
  const Bytes head = {0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21};
  return Concat({head, CborOctets(point.first(32)), Bytes{0x22}, CborOctets(point.last(32))});
}

Bytes AuthenticatorKey::Sign(ByteView message) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  Must(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, Raw(key_)) == 1);
  Bytes out(1024);
  size_t size = out.size();
  Must(EVP_DigestSign(context, out.data(), &size, message.data(), message.size()) == 1);
  EVP_MD_CTX_free(context);
  out.resize(size);
  return out;
}

Bytes AuthenticatorKey::SignRaw(ByteView block) const {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(Raw(key_), nullptr);
  Bytes out(block.size());
  size_t size = out.size();
  Must(EVP_PKEY_sign_init(context) == 1 &&
       EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1 &&
       EVP_PKEY_sign(context, out.data(), &size, block.data(), block.size()) == 1);
  EVP_PKEY_CTX_free(context);
  return out;
}

Authenticator Passkey::Binding(AuthenticatorKind kind) const {
  const AssertionPlan honest;
  return {kind, key_.spki(),
          appliance::WebAuthnBinding{honest.rp_id, honest.origin, ToBytes("credential"),
                                     key_.cose_key(), Bytes(16, 0xaa)}};
}

appliance::WebAuthnAssertion Passkey::Assert(ByteView statement, const AssertionPlan& plan) const {
  const std::string challenge =
      plan.challenge.empty() ? Base64Url(HashOf(statement)) : plan.challenge;
  appliance::WebAuthnAssertion out;
  out.client_data_json =
      ToBytes("{\"type\":\"" + plan.type + "\",\"challenge\":\"" + challenge + "\",\"origin\":\"" +
              plan.origin + "\",\"crossOrigin\":" + plan.cross_origin + plan.tail);
  const Bytes counter = {
      static_cast<uint8_t>(plan.counter >> 24), static_cast<uint8_t>(plan.counter >> 16),
      static_cast<uint8_t>(plan.counter >> 8), static_cast<uint8_t>(plan.counter)};
  out.authenticator_data =
      Concat({HashOf(AsBytes(plan.rp_id)), Bytes{plan.flags}, counter, plan.extensions});
  out.signature = key_.Sign(Concat({out.authenticator_data, HashOf(out.client_data_json)}));
  return out;
}

}  // namespace intaglio::testing_support
