#include "base/message_digest.h"

#include <algorithm>
#include <string>

#include "base/reasons.h"

namespace intaglio {

size_t DigestSize(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kSha256:
      return 32;
    case HashAlgorithm::kSha384:
      return 48;
    case HashAlgorithm::kSha512:
      break;
  }
  return 64;
}

std::string_view NameOf(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kSha256:
      return "SHA-256";
    case HashAlgorithm::kSha384:
      return "SHA-384";
    case HashAlgorithm::kSha512:
      break;
  }
  return "SHA-512";
}

MessageDigest::MessageDigest(HashAlgorithm algorithm, ByteView octets) : algorithm_(algorithm) {
  std::copy(octets.begin(), octets.end(), octets_.begin());
}

StatusOr<MessageDigest> MessageDigest::Create(HashAlgorithm algorithm, ByteView octets) {
  if (octets.size() != DigestSize(algorithm)) {
    return Fail(kDigestLength, std::string(NameOf(algorithm)) + " gives " +
                                   std::to_string(DigestSize(algorithm)) + " octets, not " +
                                   std::to_string(octets.size()));
  }
  return MessageDigest(algorithm, octets);
}

MessageDigest MessageDigest::Sha256(const Digest& digest) {
  return MessageDigest(HashAlgorithm::kSha256, digest);
}

std::vector<MessageDigest> MessageDigest::AllSha256(std::span<const Digest> digests) {
  std::vector<MessageDigest> out;
  out.reserve(digests.size());
  for (const Digest& each : digests) out.push_back(Sha256(each));
  return out;
}

}  // namespace intaglio
