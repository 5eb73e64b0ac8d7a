// SealTree: is a chunk of hashes under the root that the seal client signed? A node is
// SHA-256(0x01 ‖ left ‖ right), a leaf SHA-256(0x00 ‖ hashes); the shape follows from the number of
// leaves. Pure; thread-safe. [RFC 9162 §2.1.1, §2.1.3.2]
#ifndef INTAGLIO_APPLIANCE_POLICY_SEAL_TREE_H_
#define INTAGLIO_APPLIANCE_POLICY_SEAL_TREE_H_

#include "appliance/domain/seal_statements.h"
#include "base/status.h"

namespace intaglio::appliance {

// kSealChunk unless `chunk` is the one of its index under `tree`, and has as many hashes as the
// batch's count leaves for that index.
Status CheckChunk(const SealTree& tree, uint64_t count, const SealChunk& chunk);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_SEAL_TREE_H_
