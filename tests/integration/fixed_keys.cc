#include "tests/integration/fixed_keys.h"

#include <openssl/x509.h>

#include <cstdlib>

#include "host/x509/der.h"
#include "host/x509/public_key.h"

namespace intaglio::testing_support {
namespace {

namespace der = host::der;

// ECPrivateKey [RFC 5915 §3] of a small private number.
Bytes EcSpki(std::string_view curve, size_t octets, uint8_t number, host::PkeyPtr* key) {
  Bytes secret(octets, 0);
  secret.back() = number;
  const Bytes parameters = der::Tlv(der::Constructed(0), der::Oid(curve));
  const Bytes encoded = der::Sequence({der::Unsigned(1), der::OctetString(secret), parameters});
  const uint8_t* at = encoded.data();
  host::PkeyPtr parsed(
      d2i_PrivateKey(EVP_PKEY_EC, nullptr, &at, static_cast<long>(encoded.size())));
  if (!parsed) std::abort();
  Bytes spki = host::SpkiOf(parsed.get()).value();
  if (key != nullptr) *key = std::move(parsed);
  return spki;
}

// An odd modulus of this length that nobody has factored, and the exponent 65537.
Bytes RsaSpki(size_t octets) {
  Bytes modulus(octets, 0xa5);
  modulus[0] = 0xc1;
  modulus.back() = 0x01;
  modulus.insert(modulus.begin(), 0);
  const Bytes key = der::Sequence({der::Integer(modulus), der::Unsigned(65537)});
  return der::Sequence(
      {der::Sequence({der::Oid("1.2.840.113549.1.1.1"), der::Null()}), der::BitString(key)});
}

}  // namespace

host::PkeyPtr FixedP256(uint8_t number) {
  host::PkeyPtr key;
  EcSpki("1.2.840.10045.3.1.7", 32, number, &key);
  return key;
}

Bytes SpkiOfFixed(uint8_t number) { return EcSpki("1.2.840.10045.3.1.7", 32, number, nullptr); }

std::vector<std::pair<std::string, Bytes>> OtherPublicKeys() {
  return {{"another P-256 key", SpkiOfFixed(77)},
          {"a P-384 key", EcSpki("1.3.132.0.34", 48, 3, nullptr)},
          {"a P-521 key", EcSpki("1.3.132.0.35", 66, 3, nullptr)},
          {"a secp256k1 key", EcSpki("1.3.132.0.10", 32, 3, nullptr)},
          {"an RSA key of 1024 bits", RsaSpki(128)},
          {"an RSA key of 2048 bits", RsaSpki(256)},
          {"an RSA key of 3072 bits", RsaSpki(384)}};
}

}  // namespace intaglio::testing_support
