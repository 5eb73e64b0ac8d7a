// Seal statements: what a legal person's controllers and its seal client sign, as values. The
// octets they signed stay beside them, because only those octets are proof. [R-SYS-6, R-QSC-4]
#ifndef INTAGLIO_APPLIANCE_DOMAIN_SEAL_STATEMENTS_H_
#define INTAGLIO_APPLIANCE_DOMAIN_SEAL_STATEMENTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "appliance/domain/ids.h"
#include "base/clock.h"
#include "base/message_digest.h"

namespace intaglio::appliance {

// SHA-256 of a SealAuthorisation's octets.
using SealAuthorisationId = FixedId<struct SealAuthorisationIdTag, 32>;

struct SealAuthorisation {
  CoreInstance core_instance;
  uint32_t instance_epoch = 0;
  Nonce nonce;
  KeyId key_id;
  Bytes client_spki;
  WallTime not_before;
  WallTime not_after;
  uint64_t most_signatures = 0;
  uint32_t most_per_minute = 0;
};

// Hashes as they came. One that is not as long as its algorithm makes it is refused alone, the
// others are signed.
struct SealItems {
  std::vector<MessageDigest> digests;  // in order
  std::vector<uint32_t> refused;       // ascending places of the others among all
  size_t size() const { return digests.size() + refused.size(); }
};

// A batch too large for one frame: the root of a Merkle tree over its chunks.
struct SealTree {
  Digest root{};
  uint32_t chunks = 0;
  uint32_t chunk_hashes = 0;  // in each chunk but the last
};

struct SealBatch {
  CoreInstance core_instance;
  SealAuthorisationId authorisation_id;
  uint64_t sequence = 0;
  HashAlgorithm hash = HashAlgorithm::kSha256;
  uint64_t count = 0;
  SealItems items;               // without a tree
  std::optional<SealTree> tree;  // then the items come in chunks
};

// Some hashes of a batch with a tree.
struct SealChunk {
  uint32_t index = 0;
  SealItems items;
  Digest leaf{};             // of the hashes as they came
  std::vector<Digest> path;  // sibling nodes from the leaf up
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_SEAL_STATEMENTS_H_
