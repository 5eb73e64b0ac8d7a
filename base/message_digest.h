// MessageDigest: a hash value together with the hash that made it.
//
// A signature scheme needs to know both: a digest whose algorithm is only assumed is signed under
// the wrong DigestInfo sooner or later. Its length is always that of its algorithm.
#ifndef INTAGLIO_BASE_MESSAGE_DIGEST_H_
#define INTAGLIO_BASE_MESSAGE_DIGEST_H_

#include <array>
#include <compare>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace intaglio {

// SHA-2 alone. [FIPS 180-4]
enum class HashAlgorithm : uint8_t { kSha256, kSha384, kSha512 };

// Octets of a value: 32, 48 or 64.
size_t DigestSize(HashAlgorithm algorithm);
// "SHA-256"
std::string_view NameOf(HashAlgorithm algorithm);

// A value: no allocation, copied freely.
class MessageDigest final {
 public:
  // kDigestLength unless `octets` has the algorithm's length.
  static StatusOr<MessageDigest> Create(HashAlgorithm algorithm, ByteView octets);
  static MessageDigest Sha256(const Digest& digest);
  // Each digest in order.
  static std::vector<MessageDigest> AllSha256(std::span<const Digest> digests);

  HashAlgorithm algorithm() const { return algorithm_; }
  ByteView view() const { return {octets_.data(), DigestSize(algorithm_)}; }

  friend auto operator<=>(const MessageDigest&, const MessageDigest&) = default;

 private:
  MessageDigest(HashAlgorithm algorithm, ByteView octets);

  HashAlgorithm algorithm_;
  std::array<uint8_t, 64> octets_{};  // zeros behind the value
};

}  // namespace intaglio

#endif  // INTAGLIO_BASE_MESSAGE_DIGEST_H_
