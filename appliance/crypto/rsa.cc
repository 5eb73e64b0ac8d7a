#include "appliance/crypto/rsa.h"

#include <mbedtls/pk.h>

#include <algorithm>
#include <bit>

namespace intaglio::appliance {
namespace {

constexpr size_t kLeastBits = 2048;
constexpr size_t kMostBits = 4096;
constexpr uint64_t kLeastExponent = 65537;
constexpr size_t kMostExponentOctets = 4;

// SEQUENCE { rsaEncryption, NULL }
constexpr uint8_t kAlgorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                  0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

constexpr uint8_t kInteger = 0x02, kBitString = 0x03, kSequence = 0x30;

// The content of the element at the front, which is taken off; lengths of at most two octets. What
// is not DER is found by encoding again.
std::optional<ByteView> Take(ByteView& der, uint8_t tag) {
  if (der.size() < 2 || der[0] != tag) return std::nullopt;
  size_t length = der[1], head = 2;
  if (length >= 0x80) {
    const size_t octets = length - 0x80;
    if (octets == 0 || octets > 2 || der.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (size_t i = 0; i < octets; ++i) length = length << 8 | der[2 + i];
    head += octets;
  }
  if (der.size() - head < length) return std::nullopt;
  const ByteView content = der.subspan(head, length);
  der = der.subspan(head + length);
  return content;
}

Bytes WithoutLeadingZeros(ByteView octets) {
  while (!octets.empty() && octets[0] == 0) octets = octets.subspan(1);
  return ToBytes(octets);
}

void Append(Bytes& out, uint8_t tag, ByteView content) {
  out.push_back(tag);
  if (content.size() >= 0x100) {
    out.insert(out.end(), {0x82, static_cast<uint8_t>(content.size() >> 8)});
  } else if (content.size() >= 0x80) {
    out.push_back(0x81);
  }
  out.push_back(static_cast<uint8_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
}

void AppendInteger(Bytes& out, ByteView value) {
  Bytes content;
  if (value.empty() || (value[0] & 0x80) != 0) content.push_back(0);
  content.insert(content.end(), value.begin(), value.end());
  Append(out, kInteger, content);
}

size_t BitsOf(ByteView value) {
  return value.empty() ? 0 : value.size() * 8 - static_cast<size_t>(std::countl_zero(value[0]));
}

// A parsed key with its free.
class PublicKey final {
 public:
  PublicKey() { mbedtls_pk_init(&context_); }
  ~PublicKey() { mbedtls_pk_free(&context_); }
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;
  mbedtls_pk_context* get() { return &context_; }

 private:
  mbedtls_pk_context context_;
};

}  // namespace

bool IsSoundRsaKey(const RsaPublicKey& key) {
  const size_t bits = BitsOf(key.modulus);
  if (bits < kLeastBits || bits > kMostBits || key.modulus[0] == 0 ||
      (key.modulus.back() & 1) == 0) {
    return false;
  }
  if (key.exponent.empty() || key.exponent.size() > kMostExponentOctets || key.exponent[0] == 0) {
    return false;
  }
  uint64_t exponent = 0;
  for (const uint8_t octet : key.exponent) exponent = exponent << 8 | octet;
  return exponent >= kLeastExponent && (exponent & 1) != 0;
}

std::optional<RsaPublicKey> RsaKeyOfSpki(ByteView spki) {
  ByteView rest = spki;
  const auto outer = Take(rest, kSequence);
  if (!outer || !rest.empty() || outer->size() < sizeof kAlgorithm) return std::nullopt;
  rest = outer->subspan(sizeof kAlgorithm);
  const auto bits = Take(rest, kBitString);
  if (!bits || !rest.empty() || bits->empty()) return std::nullopt;
  rest = bits->subspan(1);
  const auto pair = Take(rest, kSequence);
  if (!pair || !rest.empty()) return std::nullopt;
  rest = *pair;
  const auto modulus = Take(rest, kInteger);
  const auto exponent = modulus ? Take(rest, kInteger) : std::nullopt;
  if (!exponent || !rest.empty()) return std::nullopt;
  RsaPublicKey key{WithoutLeadingZeros(*modulus), WithoutLeadingZeros(*exponent)};
  // Every octet that was not looked at above is compared here.
  if (!IsSoundRsaKey(key) || !Equal(SpkiOfRsaKey(key), spki)) return std::nullopt;
  return key;
}

Bytes SpkiOfRsaKey(const RsaPublicKey& key) {
  Bytes pair;
  AppendInteger(pair, key.modulus);
  AppendInteger(pair, key.exponent);
  Bytes bits = {0};  // no unused bits
  Append(bits, kSequence, pair);
  Bytes body(std::begin(kAlgorithm), std::end(kAlgorithm));
  Append(body, kBitString, bits);
  Bytes out;
  Append(out, kSequence, body);
  return out;
}

bool VerifyRs256InSoftware(ByteView spki, const Digest& digest, ByteView signature) {
  const auto sound = RsaKeyOfSpki(spki);
  if (!sound || signature.size() != sound->modulus.size()) return false;
  PublicKey key;
  return mbedtls_pk_parse_public_key(key.get(), spki.data(), spki.size()) == 0 &&
         mbedtls_pk_get_type(key.get()) == MBEDTLS_PK_RSA &&
         mbedtls_pk_verify(key.get(), MBEDTLS_MD_SHA256, digest.data(), digest.size(),
                           signature.data(), signature.size()) == 0;
}

}  // namespace intaglio::appliance
