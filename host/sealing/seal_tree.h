// SealTree: the Merkle tree a seal client signs the root of, so that one signature orders any
// number of hashes and each chunk proves itself. Pure. [RFC 9162 §2.1]
#ifndef INTAGLIO_HOST_SEALING_SEAL_TREE_H_
#define INTAGLIO_HOST_SEALING_SEAL_TREE_H_

#include <string>
#include <vector>

#include "base/bytes.h"

namespace intaglio::host {

class SealTree final {
 public:
  // Over at least one hash, all of one length; `chunk_hashes` at least 1.
  SealTree(const std::vector<Bytes>& hashes, size_t chunk_hashes);

  const Digest& root() const { return levels_.back().front(); }
  size_t chunks() const { return levels_.front().size(); }
  // Sibling nodes of a chunk's leaf, from the leaf up.
  std::vector<Digest> PathOf(size_t chunk) const;

 private:
  std::vector<std::vector<Digest>> levels_;  // the leaves first, the root alone last
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_SEALING_SEAL_TREE_H_
