#include "host/x509/public_key.h"

#include <openssl/sha.h>

#include <string>

#include "host/x509/der.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr int kLeastRsaBits = 3072;
constexpr size_t kMaxSpki = 4096;

}  // namespace

KeyAlgorithm AlgorithmOf(EVP_PKEY* key) {
  if (key == nullptr) return KeyAlgorithm::kOther;
  const int kind = EVP_PKEY_get_base_id(key);
  if (kind == EVP_PKEY_RSA) return KeyAlgorithm::kRsa;
  if (kind != EVP_PKEY_EC) return KeyAlgorithm::kOther;
  char group[64] = {};
  if (EVP_PKEY_get_group_name(key, group, sizeof(group), nullptr) != 1) return KeyAlgorithm::kOther;
  const std::string_view name(group);
  if (name == SN_X9_62_prime256v1 || name == "P-256") return KeyAlgorithm::kEcP256;
  if (name == SN_secp384r1 || name == "P-384") return KeyAlgorithm::kEcP384;
  return KeyAlgorithm::kOther;
}

Status CheckCertifiable(ByteView spki) {
  if (spki.size() > kMaxSpki || !der::Single(spki, der::kSequence)) {
    return Fail(kSpkiUnacceptable, "not one DER SubjectPublicKeyInfo");
  }
  const uint8_t* at = spki.data();
  PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  if (!key || at != spki.data() + spki.size()) {
    return OpensslFail(kSpkiUnacceptable, "not one DER SubjectPublicKeyInfo");
  }
  const KeyAlgorithm algorithm = AlgorithmOf(key.get());
  const bool rsa = algorithm == KeyAlgorithm::kRsa;
  if (algorithm == KeyAlgorithm::kOther || (rsa && EVP_PKEY_get_bits(key.get()) < kLeastRsaBits)) {
    return Fail(kSpkiUnacceptable,
                "a key of " + std::to_string(EVP_PKEY_get_bits(key.get())) + " bits");
  }
  PkeyContextPtr context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (!context || EVP_PKEY_public_check_quick(context.get()) != 1) {
    return OpensslFail(kSpkiUnacceptable, "the key's values are not those of a valid key");
  }
  // One encoding of each key only, so that "the same key" stays a comparison of octets.
  ASSIGN_OR_RETURN(const Bytes again, SpkiOf(key.get()));
  if (!Equal(again, spki)) return Fail(kSpkiUnacceptable, "not the canonical encoding of the key");
  return OkStatus();
}

StatusOr<Bytes> PublicKeyBits(ByteView spki) {
  const auto outer = der::Single(spki, der::kSequence);
  if (!outer) return Fail(kSpkiUnacceptable, "not one DER SubjectPublicKeyInfo");
  der::Reader reader(outer->content);
  const auto algorithm = reader.Take(der::kSequence);
  const auto bits = reader.Take(der::kBitString);
  if (!algorithm || !bits || !reader.AtEnd() || bits->content.size() < 2 || bits->content[0] != 0) {
    return Fail(kSpkiUnacceptable, "not one DER SubjectPublicKeyInfo");
  }
  return ToBytes(bits->content.subspan(1));
}

StatusOr<Bytes> KeyIdentifier(ByteView spki) {
  ASSIGN_OR_RETURN(const Bytes bits, PublicKeyBits(spki));
  return Sha1(bits);
}

StatusOr<Bytes> SpkiOf(EVP_PKEY* key) {
  unsigned char* octets = nullptr;
  const int size = key == nullptr ? -1 : i2d_PUBKEY(key, &octets);
  OpensslOctetsPtr owner(octets);
  if (size <= 0) return OpensslFail(kOpensslFailed, "encoding a public key");
  return Bytes(octets, octets + size);
}

Bytes Sha1(ByteView octets) {
  Bytes digest(SHA_DIGEST_LENGTH);
  SHA1(octets.data(), octets.size(), digest.data());
  return digest;
}

Digest Sha256(ByteView octets) {
  Digest digest;
  SHA256(octets.data(), octets.size(), digest.data());
  return digest;
}

}  // namespace intaglio::host
