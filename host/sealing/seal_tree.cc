#include "host/sealing/seal_tree.h"

#include <openssl/sha.h>

#include <algorithm>

namespace intaglio::host {
namespace {

Digest HashOf(ByteView octets) {
  Digest out;
  SHA256(octets.data(), octets.size(), out.data());
  return out;
}

}  // namespace

SealTree::SealTree(const std::vector<Bytes>& hashes, size_t chunk_hashes) {
  std::vector<Digest> level;
  for (size_t at = 0; at < hashes.size(); at += chunk_hashes) {
    Bytes leaf = {0x00};
    const size_t end = std::min(hashes.size(), at + chunk_hashes);
    for (size_t i = at; i < end; ++i) leaf.insert(leaf.end(), hashes[i].begin(), hashes[i].end());
    level.push_back(HashOf(leaf));
  }
  levels_.push_back(level);
  // Pairs from the left; one without a neighbour moves up as it is, which gives the same tree as
  // the split at the largest power of two. [RFC 9162 §2.1.1]
  while (level.size() > 1) {
    std::vector<Digest> above;
    for (size_t i = 0; i + 1 < level.size(); i += 2) {
      static constexpr uint8_t kNode[] = {0x01};
      above.push_back(HashOf(Concat({kNode, level[i], level[i + 1]})));
    }
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::move(above);
    levels_.push_back(level);
  }
}

std::vector<Digest> SealTree::PathOf(size_t chunk) const {
  std::vector<Digest> path;
  for (size_t i = 0; i + 1 < levels_.size(); ++i, chunk /= 2) {
    const size_t sibling = chunk ^ 1;
    if (sibling < levels_[i].size()) path.push_back(levels_[i][sibling]);
  }
  return path;
}

}  // namespace intaglio::host
