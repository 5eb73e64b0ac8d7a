// The values a caller of a token speaks in.
#ifndef INTAGLIO_TOKENS_PKCS11_KEY_H_
#define INTAGLIO_TOKENS_PKCS11_KEY_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/message_digest.h"

namespace intaglio::tokens {

// A key shape together with the one signature scheme its keys are for.
//
// ECDSA gives r ‖ s of 64 or 96 octets (CKM_ECDSA); RSA, exponent 65537, 384 or 512 octets: PKCS#1
// v1.5 over DigestInfo (CKM_RSA_PKCS), or PSS with MGF1 of the digest's own hash and a salt as long
// as it (CKM_RSA_PKCS_PSS). [RFC 8017 §8]
enum class KeyAlgorithm { kP256, kRsa3072, kP384, kRsa4096, kRsa3072Pss, kRsa4096Pss };

// "P-256", "RSA-3072", "RSA-3072-PSS"
std::string_view NameOf(KeyAlgorithm algorithm);
// OK if keys of `algorithm` sign digests of `hash`: P-256 SHA-256, P-384 SHA-384 (none is ever cut
// to a curve's size), RSA any. Else kTokenInputInvalid.
Status CheckHash(KeyAlgorithm algorithm, HashAlgorithm hash);

// CKA_LABEL of a key: 1 to 64 printable ASCII characters.
class KeyLabel final {
 public:
  // kTokenInputInvalid.
  static StatusOr<KeyLabel> Create(std::string_view text);
  const std::string& text() const { return text_; }
  friend auto operator<=>(const KeyLabel&, const KeyLabel&) = default;

 private:
  explicit KeyLabel(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// CKA_ID of a RESIDENT key: 1 to 64 octets.
class KeyId final {
 public:
  // kTokenInputInvalid.
  static StatusOr<KeyId> Create(ByteView octets);
  ByteView octets() const { return octets_; }
  friend auto operator<=>(const KeyId&, const KeyId&) = default;

 private:
  explicit KeyId(Bytes octets) : octets_(std::move(octets)) {}
  Bytes octets_;
};

// What the token says of a private key's past, read back right after it was generated.
struct KeyOrigin {
  bool local = false;
  bool sensitive = false;
  bool always_sensitive = false;
  bool extractable = true;
  bool never_extractable = false;
  bool wrap_with_trusted = false;
  uint64_t key_gen_mechanism = ~uint64_t{0};  // CK_MECHANISM_TYPE; all ones: the token does not say
  friend bool operator==(const KeyOrigin&, const KeyOrigin&) = default;
};

struct GeneratedKey {
  Bytes spki_der;  // SubjectPublicKeyInfo [RFC 5280 §4.1]
  KeyOrigin origin;
};

struct GeneratedWrappedKey {
  GeneratedKey key;
  Bytes wrapped;  // CKM_AES_KEY_WRAP_PAD under the storage key
};

// Views that must not be mistaken for each other.
struct Spki {
  ByteView der;
};
struct WrappedKey {
  ByteView octets;
};
struct Aad {
  ByteView octets;
};
struct GcmNonce {
  std::array<uint8_t, 12> octets{};
};
// An uncompressed P-256 point, 04 ‖ X ‖ Y, 65 octets.
struct P256Point {
  ByteView octets;
};
// r ‖ s, 32 octets each.
struct P256Signature {
  ByteView octets;
};

// What a token says of itself, trailing blanks removed.
struct TokenDescription {
  std::string label;
  std::string serial;
  std::string manufacturer;
  std::string model;
  std::string hardware_version;  // "2.6"
  std::string firmware_version;
  friend bool operator==(const TokenDescription&, const TokenDescription&) = default;
};

struct PoolLimits {
  // Sessions open at a time, 1 to 1024; fewer where the token says it has fewer. Tokens do not
  // reliably tell their limit, so the configuration must.
  size_t max_sessions = 0;
  // Private-key copies, and as many public keys, kept alive in each session, 1 to 4096.
  size_t cached_keys_per_session = 0;
  // How long a call waits for a session before it is kTokenBusy, 1 ms to 10 min.
  Duration longest_wait = 10 * kSecond;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_KEY_H_
