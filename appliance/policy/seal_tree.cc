#include "appliance/policy/seal_tree.h"

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

Digest Node(const Digest& left, const Digest& right) {
  static constexpr uint8_t kPrefix[] = {0x01};
  return Sha256({kPrefix, left, right});
}

Status Foreign(const SealChunk& chunk, const std::string& why) {
  return Fail(kSealChunk, "chunk " + std::to_string(chunk.index) + " " + why);
}

}  // namespace

Status CheckChunk(const SealTree& tree, uint64_t count, const SealChunk& chunk) {
  if (chunk.index >= tree.chunks) {
    return Foreign(chunk, "of " + std::to_string(tree.chunks) + " does not exist");
  }
  const uint64_t before = uint64_t{chunk.index} * tree.chunk_hashes;
  const uint64_t here = std::min<uint64_t>(tree.chunk_hashes, count - before);
  if (chunk.items.size() != here) {
    return Foreign(chunk, "has " + std::to_string(chunk.items.size()) + " hashes, not " +
                              std::to_string(here));
  }
  // [RFC 9162 §2.1.3.2] `index` walks up with the path, `last` is the last node of each level.
  uint32_t index = chunk.index, last = tree.chunks - 1;
  Digest node = chunk.leaf;
  for (const Digest& sibling : chunk.path) {
    if (last == 0) return Foreign(chunk, "has a path that is too long");
    if (index % 2 == 1 || index == last) {
      node = Node(sibling, node);
      // A node without a right neighbour moves up as it is.
      while (index % 2 == 0 && index != 0) {
        index /= 2;
        last /= 2;
      }
    } else {
      node = Node(node, sibling);
    }
    index /= 2;
    last /= 2;
  }
  if (last != 0 || node != tree.root) return Foreign(chunk, "is not under the signed root");
  return OkStatus();
}

}  // namespace intaglio::appliance
