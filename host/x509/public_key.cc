#include "host/x509/public_key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <string>

#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/reasons.h"

namespace intaglio::host {
namespace {

constexpr int kLeastRsaBits = 3072;
constexpr size_t kMaxSpki = 4096;
// SubjectPublicKeyInfo of a P-256 key up to and including the octet that says "uncompressed".
constexpr uint8_t kP256Prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
constexpr size_t kP256SpkiSize = 91;
constexpr size_t kP256PointAt = 26;

using EcGroupPtr = CPtr<EC_GROUP, EC_GROUP_free>;
using EcPointPtr = CPtr<EC_POINT, EC_POINT_free>;

bool IsP256Spki(ByteView spki) {
  return spki.size() == kP256SpkiSize && Equal(spki.first(sizeof(kP256Prefix)), kP256Prefix);
}

// OpenSSL 3's general key decoder costs as much as two verifications; the usual key gets by with
// the one question that matters for it, whether the point is on the curve.
Status CheckP256Point(ByteView spki) {
  static const EcGroupPtr group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  EcPointPtr point(group ? EC_POINT_new(group.get()) : nullptr);
  const ByteView octets = spki.subspan(kP256PointAt);
  if (!point ||
      EC_POINT_oct2point(group.get(), point.get(), octets.data(), octets.size(), nullptr) != 1) {
    return OpensslFail(kSpkiUnacceptable, "the point is not on the curve");
  }
  return OkStatus();
}

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
  ERR_clear_error();
  if (IsP256Spki(spki)) return CheckP256Point(spki);
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

bool VerifyEs256(ByteView spki, ByteView message, ByteView signature_der) {
  if (!IsP256Spki(spki) || !CheckEcdsaSignature(signature_der).ok()) return false;
  const uint8_t* at = spki.data();
  const PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  const DigestContextPtr context(EVP_MD_CTX_new());
  const bool right =
      key && context &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature_der.data(), signature_der.size(), message.data(),
                       message.size()) == 1;
  ERR_clear_error();
  return right;
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
