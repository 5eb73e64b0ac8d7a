#include "tests/integration/der_tree.h"

#include <cstdlib>
#include <sstream>

namespace intaglio::testing_support {
namespace {

constexpr uint8_t kOctetString = 0x04;
constexpr uint8_t kOid = 0x06;
constexpr uint8_t kExtensions = 0xa3;

// Takes one element off the front.
DerNode TakeNode(ByteView& octets) {
  if (octets.size() < 2) std::abort();
  DerNode node;
  node.tag = octets[0];
  size_t header = 2;
  size_t length = octets[1];
  if (length >= 0x80) {
    header += length & 0x7f;
    length = 0;
    for (size_t i = 2; i < header; ++i) length = length << 8 | octets[i];
  }
  if (octets.size() < header + length) std::abort();
  ByteView content = octets.subspan(header, length);
  octets = octets.subspan(header + length);
  if (node.is_constructed()) {
    while (!content.empty()) node.children.push_back(TakeNode(content));
  } else {
    node.content = ToBytes(content);
  }
  return node;
}

void CollectPaths(const DerNode& node, DerPath& path, std::vector<DerPath>& out) {
  for (size_t i = 0; i < node.children.size(); ++i) {
    path.push_back(i);
    out.push_back(path);
    CollectPaths(node.children[i], path, out);
    path.pop_back();
  }
}

void AppendLength(size_t length, LengthForm form, Bytes& out) {
  if (form == LengthForm::kIndefinite) {
    out.push_back(0x80);
    return;
  }
  Bytes octets;
  for (size_t rest = length; rest != 0; rest >>= 8) {
    octets.insert(octets.begin(), static_cast<uint8_t>(rest));
  }
  if (form == LengthForm::kMinimal && length < 0x80) {
    out.push_back(static_cast<uint8_t>(length));
    return;
  }
  if (octets.empty() || (form == LengthForm::kPadded && length >= 0x80)) {
    octets.insert(octets.begin(), 0);
  }
  out.push_back(static_cast<uint8_t>(0x80 | octets.size()));
  out.insert(out.end(), octets.begin(), octets.end());
}

}  // namespace

Bytes DerNode::Encode() const {
  Bytes inside = content;
  for (const DerNode& child : children) {
    const Bytes encoded = child.Encode();
    inside.insert(inside.end(), encoded.begin(), encoded.end());
  }
  inside.insert(inside.end(), tail.begin(), tail.end());
  Bytes out{tag};
  AppendLength(inside.size(), length, out);
  out.insert(out.end(), inside.begin(), inside.end());
  if (length == LengthForm::kIndefinite) out.insert(out.end(), {0x00, 0x00});
  return out;
}

DerNode ParseTbs(ByteView tbs) {
  DerNode root = TakeNode(tbs);
  if (!tbs.empty() || root.children.back().tag != kExtensions) std::abort();
  for (DerNode& extension : root.children.back().children.at(0).children) {
    DerNode& value = extension.children.back();
    if (value.tag != kOctetString) std::abort();
    ByteView content = value.content;
    DerNode inside = TakeNode(content);
    if (!content.empty()) std::abort();
    value.content.clear();
    value.children.push_back(std::move(inside));
  }
  return root;
}

DerNode ParseElement(ByteView element) {
  DerNode node = TakeNode(element);
  if (!element.empty()) std::abort();
  return node;
}

DerNode* At(DerNode& root, const DerPath& path) {
  DerNode* node = &root;
  for (const size_t index : path) {
    if (index >= node->children.size()) return nullptr;
    node = &node->children[index];
  }
  return node;
}

DerNode* Above(DerNode& root, const DerPath& path) {
  if (path.empty()) return nullptr;
  return At(root, DerPath(path.begin(), path.end() - 1));
}

std::vector<DerPath> PathsBelow(const DerNode& root) {
  std::vector<DerPath> out;
  DerPath path;
  CollectPaths(root, path, out);
  return out;
}

std::string PathText(const DerPath& path) {
  std::string text = "at";
  for (const size_t index : path) text += "." + std::to_string(index);
  return text;
}

DerNode Leaf(uint8_t tag, ByteView content) {
  DerNode node;
  node.tag = tag;
  node.content = ToBytes(content);
  return node;
}

DerNode Branch(uint8_t tag, std::vector<DerNode> children) {
  DerNode node;
  node.tag = tag;
  node.children = std::move(children);
  return node;
}

DerNode OidNode(std::string_view dotted) {
  std::istringstream arcs{std::string(dotted)};
  std::vector<uint64_t> numbers;
  for (std::string arc; std::getline(arcs, arc, '.');) numbers.push_back(std::stoull(arc));
  numbers[1] += numbers[0] * 40;
  Bytes content;
  for (size_t i = 1; i < numbers.size(); ++i) {
    int septets = 1;
    while (numbers[i] >> (7 * septets) != 0) ++septets;
    while (septets-- > 0) {
      const uint64_t septet = numbers[i] >> (7 * septets) & 0x7f;
      content.push_back(static_cast<uint8_t>(septet | (septets == 0 ? 0 : 0x80)));
    }
  }
  return Leaf(kOid, content);
}

}  // namespace intaglio::testing_support
