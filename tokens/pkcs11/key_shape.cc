#include "tokens/pkcs11/key_shape.h"

#include <cstdlib>

namespace intaglio::tokens {
namespace {

constexpr uint8_t kPrime256v1[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr uint8_t kSecp384r1[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

// SEQUENCE { SEQUENCE { id-ecPublicKey, curve }, BIT STRING … [RFC 5480 §2]
constexpr uint8_t kP256Prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
constexpr uint8_t kP384Prefix[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                   0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                   0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00};
// SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { SEQUENCE { INTEGER 00 … For PSS too:
// the key record binds the scheme, and rsaEncryption is what relying parties read. [RFC 3279
// §2.3.1; RFC 4055 §1.2]
constexpr uint8_t kRsa3072Prefix[] = {0x30, 0x82, 0x01, 0xa2, 0x30, 0x0d, 0x06, 0x09, 0x2a,
                                      0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
                                      0x00, 0x03, 0x82, 0x01, 0x8f, 0x00, 0x30, 0x82, 0x01,
                                      0x8a, 0x02, 0x82, 0x01, 0x81, 0x00};
constexpr uint8_t kRsa4096Prefix[] = {0x30, 0x82, 0x02, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a,
                                      0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
                                      0x00, 0x03, 0x82, 0x02, 0x0f, 0x00, 0x30, 0x82, 0x02,
                                      0x0a, 0x02, 0x82, 0x02, 0x01, 0x00};
// … INTEGER 65537 } } }
constexpr uint8_t kRsaSuffix[] = {0x02, 0x03, 0x01, 0x00, 0x01};

constexpr KeyShape Ec(KeyAlgorithm algorithm, std::string_view name, size_t field,
                      HashAlgorithm hash, ByteView curve, ByteView prefix) {
  return {algorithm, name,          CKK_EC,    CKM_EC_KEY_PAIR_GEN,
          CKM_ECDSA, 1 + 2 * field, 2 * field, {hash},
          curve,     prefix,        {}};
}

constexpr KeyShape Rsa(KeyAlgorithm algorithm, std::string_view name, CK_MECHANISM_TYPE signing,
                       size_t modulus, ByteView prefix) {
  return {algorithm, name,    CKK_RSA,   CKM_RSA_PKCS_KEY_PAIR_GEN,
          signing,   modulus, modulus,   std::nullopt,
          {},        prefix,  kRsaSuffix};
}

constexpr KeyShape kShapes[] = {
    Ec(KeyAlgorithm::kP256, "P-256", 32, HashAlgorithm::kSha256, kPrime256v1, kP256Prefix),
    Ec(KeyAlgorithm::kP384, "P-384", 48, HashAlgorithm::kSha384, kSecp384r1, kP384Prefix),
    Rsa(KeyAlgorithm::kRsa3072, "RSA-3072", CKM_RSA_PKCS, 384, kRsa3072Prefix),
    Rsa(KeyAlgorithm::kRsa4096, "RSA-4096", CKM_RSA_PKCS, 512, kRsa4096Prefix),
    Rsa(KeyAlgorithm::kRsa3072Pss, "RSA-3072-PSS", CKM_RSA_PKCS_PSS, 384, kRsa3072Prefix),
    Rsa(KeyAlgorithm::kRsa4096Pss, "RSA-4096-PSS", CKM_RSA_PKCS_PSS, 512, kRsa4096Prefix),
};

}  // namespace

const KeyShape& ShapeOf(KeyAlgorithm algorithm) {
  for (const KeyShape& shape : kShapes) {
    if (shape.algorithm == algorithm) return shape;
  }
  std::abort();  // a KeyAlgorithm is made from the enumerators alone
}

}  // namespace intaglio::tokens
