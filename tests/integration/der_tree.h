// DerTree: DER taken apart so that a test can change any part of it and write it again, as wrong as
// it likes. It shares nothing with the readers under test. For tests only.
#ifndef INTAGLIO_TESTS_INTEGRATION_DER_TREE_H_
#define INTAGLIO_TESTS_INTEGRATION_DER_TREE_H_

#include <string>
#include <vector>

#include "base/bytes.h"

namespace intaglio::testing_support {

enum class LengthForm { kMinimal, kPadded, kIndefinite };

struct DerNode {
  uint8_t tag = 0;
  LengthForm length = LengthForm::kMinimal;
  Bytes content;                  // of a primitive one that holds no others
  std::vector<DerNode> children;  // of a constructed one, or of an OCTET STRING around DER
  Bytes tail;                     // octets behind content and children, inside the element

  bool is_constructed() const { return (tag & 0x20) != 0; }
  Bytes Encode() const;
};

// A child's index at each level below the root.
using DerPath = std::vector<size_t>;

// The TBSCertificate as a tree, the values of its extensions opened. Aborts on octets that are not
// minimal DER: only what our own builders wrote is taken apart.
DerNode ParseTbs(ByteView tbs);

// Any one element, nothing inside primitive ones opened. Aborts likewise.
DerNode ParseElement(ByteView element);

// Null where nothing stands there (any more).
DerNode* At(DerNode& root, const DerPath& path);
// The node above, and null for the root.
DerNode* Above(DerNode& root, const DerPath& path);
// Every path below `root`, parents first.
std::vector<DerPath> PathsBelow(const DerNode& root);
std::string PathText(const DerPath& path);

// New nodes.
DerNode Leaf(uint8_t tag, ByteView content);
DerNode Branch(uint8_t tag, std::vector<DerNode> children);
DerNode OidNode(std::string_view dotted);

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_INTEGRATION_DER_TREE_H_
