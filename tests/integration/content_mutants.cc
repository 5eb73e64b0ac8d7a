// Mutants of what a certificate says: extensions, times, addresses, keys.
#include <algorithm>

#include "tests/integration/certificate_mutants.h"
#include "tests/integration/fixed_keys.h"

namespace intaglio::testing_support {
namespace {

constexpr std::string_view kSubjectKeyId = "2.5.29.14";
constexpr std::string_view kKeyUsage = "2.5.29.15";
constexpr std::string_view kCrlDistributionPoints = "2.5.29.31";
constexpr std::string_view kAuthorityKeyId = "2.5.29.35";
constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
constexpr std::string_view kInfoAccess = "1.3.6.1.5.5.7.1.1";

constexpr uint8_t kSequence = 0x30;
constexpr uint8_t kUri = 0x86;

DerNode Sequence(std::vector<DerNode> children) { return Branch(kSequence, std::move(children)); }
DerNode Null() { return Leaf(0x05, {}); }
DerNode Text(uint8_t tag, std::string_view text) { return Leaf(tag, AsBytes(text)); }
DerNode True() { return Leaf(0x01, Bytes{0xff}); }
DerNode FullName(std::string_view url) { return Branch(0xa0, {Branch(0xa0, {Text(kUri, url)})}); }

DerNode ExtensionNode(std::string_view oid, bool critical, DerNode value) {
  DerNode octets = Leaf(0x04, {});
  octets.children.push_back(std::move(value));
  std::vector<DerNode> parts = {OidNode(oid)};
  if (critical) parts.push_back(True());
  parts.push_back(std::move(octets));
  return Sequence(std::move(parts));
}

class ContentMutations final {
 public:
  ContentMutations(const DerNode& tbs, std::vector<Mutation>& out) : tbs_(tbs), out_(out) {}

  void AddAll() {
    AddExtensions();
    AddNewExtensions();
    AddValidity();
    AddKeyUsage();
    AddPurposes();
    AddAddresses();
    AddSerials();
    AddPublicKeys();
  }

 private:
  void Add(MutantClass mutant_class, std::string what, std::function<void(DerNode&)> edit) {
    out_.push_back({mutant_class, std::move(what), std::move(edit)});
  }
  size_t Extensions() {
    DerNode copy = tbs_;
    return ExtensionList(copy)->children.size();
  }
  bool Has(std::string_view oid) {
    DerNode copy = tbs_;
    return FindExtensionNode(copy, oid) != nullptr;
  }
  // Of the list of extensions.
  void AddOfList(MutantClass mutant_class, std::string what,
                 std::function<void(std::vector<DerNode>&)> change) {
    Add(mutant_class, std::move(what), [change = std::move(change)](DerNode& root) {
      if (DerNode* list = ExtensionList(root)) change(list->children);
    });
  }

  void AddExtensions() {
    for (size_t i = 0; i < Extensions(); ++i) {
      const std::string name = "extension " + std::to_string(i);
      const auto at = [i](std::vector<DerNode>& list) {
        return list.begin() + static_cast<std::ptrdiff_t>(i);
      };
      AddOfList(MutantClass::kExtensionRemoved, name, [at, i](auto& list) {
        if (i < list.size()) list.erase(at(list));
      });
      AddOfList(MutantClass::kExtensionDoubled, name + " side by side", [at, i](auto& list) {
        if (i >= list.size()) return;
        const DerNode copy = list[i];
        list.insert(at(list), copy);
      });
      AddOfList(MutantClass::kExtensionDoubled, name + " at the end", [i](auto& list) {
        if (i >= list.size()) return;
        const DerNode copy = list[i];
        list.push_back(copy);
      });
      AddOfList(MutantClass::kCriticality, name, [i](auto& list) {
        if (i >= list.size() || list[i].children.empty()) return;
        auto& parts = list[i].children;
        if (parts.size() == 3) {
          parts.erase(parts.begin() + 1);
        } else {
          parts.insert(parts.begin() + 1, True());
        }
      });
      AddOfList(MutantClass::kBoolean, name + " with critical FALSE", [i](auto& list) {
        if (i >= list.size() || list[i].children.size() != 2) return;
        auto& parts = list[i].children;
        parts.insert(parts.begin() + 1, Leaf(0x01, Bytes{0x00}));
      });
      for (size_t k = 0; k < i; ++k) {
        AddOfList(MutantClass::kExtensionsReordered, name + " with " + std::to_string(k),
                  [i, k](auto& list) {
                    if (i < list.size()) std::swap(list[i], list[k]);
                  });
      }
      const std::pair<const char*, DerNode> values[] = {{"NULL", Null()},
                                                        {"an empty SEQUENCE", Sequence({})},
                                                        {"TRUE", True()},
                                                        {"an OCTET STRING", Leaf(4, Bytes(4, 1))}};
      for (const auto& [what, value] : values) {
        AddOfList(MutantClass::kExtensionValue, name + " holds " + what,
                  [i, node = value](auto& list) {
                    if (i >= list.size() || list[i].children.empty()) return;
                    list[i].children.back().children = {node};
                  });
      }
    }
    AddOfList(MutantClass::kExtensionsReordered, "backwards",
              [](auto& list) { std::reverse(list.begin(), list.end()); });
  }

  void AddNewExtensions() {
    const std::pair<const char*, DerNode> added[] = {
        {"1.2.3.4", Null()},                                     // unknown
        {"2.5.29.9", Sequence({})},                              // subjectDirectoryAttributes
        {"2.5.29.14", Leaf(4, Bytes(20, 7))},                    // subjectKeyIdentifier
        {"2.5.29.16", Sequence({})},                             // privateKeyUsagePeriod
        {"2.5.29.17", Sequence({Text(0x82, "thief.example")})},  // subjectAltName
        {"2.5.29.18", Sequence({Text(0x82, "thief.example")})},  // issuerAltName
        {"2.5.29.19", Sequence({})},                             // basicConstraints, cA FALSE
        {"2.5.29.19", Sequence({True()})},                       // cA TRUE
        {"2.5.29.19", Sequence({True(), Leaf(2, Bytes{0})})},    // and a path length
        {"2.5.29.30", Sequence({})},                             // nameConstraints
        {"2.5.29.31", Sequence({Sequence({FullName("http://a.example/1.crl")})})},
        {"2.5.29.32", Sequence({Sequence({OidNode("2.5.29.32.0")})})},
        {"2.5.29.32", Sequence({Sequence({OidNode("0.4.0.194112.1.2")})})},
        {"2.5.29.33", Sequence({})},  // policyMappings
        {"2.5.29.35", Sequence({Leaf(0x80, Bytes(20, 7))})},
        {"2.5.29.36", Sequence({})},                              // policyConstraints
        {"2.5.29.37", Sequence({OidNode("1.3.6.1.5.5.7.3.4")})},  // emailProtection
        {"2.5.29.37", Sequence({OidNode("1.3.6.1.5.5.7.3.9")})},  // OCSPSigning
        {"2.5.29.37", Sequence({OidNode("2.5.29.37.0")})},        // anyExtendedKeyUsage
        {"2.5.29.46", Sequence({Sequence({FullName("http://a.example/d.crl")})})},
        {"2.5.29.54", Leaf(2, Bytes{0})},  // inhibitAnyPolicy
        {"2.5.29.56", Null()},             // noRevAvail
        {"2.5.29.56", Sequence({})},
        {"0.4.0.194121.2.1", Null()},  // validity assured
        {"0.4.0.194121.2.1", True()},
        {"1.3.6.1.5.5.7.48.1.5", Null()},  // ocsp-nocheck
        {"1.3.6.1.5.5.7.1.1",
         Sequence({Sequence({OidNode("1.3.6.1.5.5.7.48.1"), Text(kUri, "http://a.example")})})},
        {"1.3.6.1.5.5.7.1.3", Sequence({Sequence({OidNode("0.4.0.1862.1.1")})})},
        {"1.3.6.1.5.5.7.1.11", Sequence({})},  // subjectInfoAccess
        {"2.23.140.3.1", Sequence({})},        // CABF organisation identifier
    };
    for (const auto& [oid, value] : added) {
      for (const bool critical : {false, true}) {
        AddOfList(
            MutantClass::kExtensionAdded, std::string(oid) + (critical ? ", critical" : ""),
            [node = ExtensionNode(oid, critical, value)](auto& list) { list.push_back(node); });
      }
    }
    // What a depth limit is for.
    DerNode deep = Sequence({});
    for (int i = 0; i < 20; ++i) deep = Sequence({deep});
    AddOfList(MutantClass::kExtensionAdded, "20 levels deep",
              [deep](auto& list) { list.push_back(ExtensionNode("1.2.3.4", false, deep)); });
    for (const std::string_view oid : {kKeyUsage, kAuthorityKeyId}) {
      AddOfValue(MutantClass::kExtensionValue, oid, std::string(oid) + " 20 levels deep",
                 [deep](DerNode& value) { value = deep; });
    }
    for (const uint8_t tag : {0x81, 0x82}) {
      Add(MutantClass::kExtensionAdded, "a unique identifier", [tag](DerNode& root) {
        auto& fields = root.children;
        if (fields.size() > kExtensionsField) {
          fields.insert(fields.begin() + kExtensionsField, Leaf(tag, Bytes{0, 1}));
        }
      });
    }
    // A short-term certificate of a revocable one and back, in parts.
    AddOfList(MutantClass::kExtensionAdded, "both marks of a short term", [](auto& list) {
      list.push_back(ExtensionNode("0.4.0.194121.2.1", false, Null()));
      list.push_back(ExtensionNode("2.5.29.56", false, Null()));
    });
  }

  // Changes the value of the extension `oid`, where there is one.
  void AddOfValue(MutantClass mutant_class, std::string_view oid, std::string what,
                  std::function<void(DerNode&)> change) {
    if (!Has(oid)) return;
    Add(mutant_class, std::move(what),
        [oid = std::string(oid), change = std::move(change)](DerNode& root) {
          if (DerNode* value = ExtensionValue(root, oid)) change(*value);
        });
  }

  void AddValidity() {
    const char* times[] = {"000101000000Z", "200101000000Z", "261117000000Z", "261118100640Z",
                           "261118100639Z", "261118110640Z", "261118110641Z", "261118111139Z",
                           "261118111140Z", "261118111141Z", "261119110639Z", "261119110640Z",
                           "261119110641Z", "261120110640Z", "270216110640Z", "270216110641Z",
                           "281117110640Z", "281117110641Z", "291117110640Z", "291117110641Z",
                           "361101000000Z", "361115110641Z", "400101000000Z", "491231235959Z",
                           "500101000000Z", "991231235959Z"};
    for (const size_t end : {size_t{0}, size_t{1}}) {
      const std::string name = end == 0 ? "notBefore " : "notAfter ";
      const auto set = [&](const std::string& what, DerNode time) {
        Add(MutantClass::kValidity, name + what, [end, node = std::move(time)](DerNode& root) {
          if (DerNode* at = At(root, {kValidityField, end})) *at = node;
        });
      };
      for (const char* time : times) set(time, Text(0x17, time));
      for (const char* time : {"20500101000000Z", "99991231235959Z", "20491231235959Z",
                               "00000101000000Z", "19500101000000Z"}) {
        set(time, Text(0x18, time));
      }
    }
    Add(MutantClass::kValidity, "turned", [](DerNode& root) {
      DerNode* validity = At(root, {kValidityField});
      if (validity != nullptr && validity->children.size() == 2) {
        std::swap(validity->children[0], validity->children[1]);
      }
    });
    Add(MutantClass::kValidity, "over already", [](DerNode& root) {
      DerNode* validity = At(root, {kValidityField});
      if (validity != nullptr && validity->children.size() == 2) {
        validity->children[0] = Text(0x17, "261118103000Z");
        validity->children[1] = Text(0x17, "261118110000Z");
      }
    });
    Add(MutantClass::kValidity, "of no length", [](DerNode& root) {
      DerNode* validity = At(root, {kValidityField});
      if (validity != nullptr && validity->children.size() == 2) {
        validity->children[0] = validity->children[1] = Text(0x17, "261118111100Z");
      }
    });
  }

  static Bytes NamedBits(unsigned bits) {
    if (bits == 0) return {0};
    Bytes octets{0, 0, 0};
    for (unsigned i = 0; i < 16; ++i) {
      if ((bits >> i & 1) != 0) octets[1 + i / 8] |= static_cast<uint8_t>(0x80 >> i % 8);
    }
    if (octets[2] == 0) octets.pop_back();
    while ((octets.back() >> octets[0] & 1) == 0) ++octets[0];
    return octets;
  }
  static unsigned BitsOf(const Bytes& content) {
    unsigned bits = 0;
    for (unsigned i = 0; i + 8 < 8 * content.size(); ++i) {
      if ((content[1 + i / 8] << i % 8 & 0x80) != 0) bits |= 1u << i;
    }
    return bits;
  }

  void AddKeyUsage() {
    for (unsigned bit = 0; bit < 10; ++bit) {
      AddOfValue(
          MutantClass::kKeyUsageBit, kKeyUsage, "bit " + std::to_string(bit),
          [bit](DerNode& value) { value.content = NamedBits(BitsOf(value.content) ^ 1u << bit); });
      AddOfValue(MutantClass::kKeyUsageBit, kKeyUsage, "bit alone " + std::to_string(bit),
                 [bit](DerNode& value) { value.content = NamedBits(1u << bit); });
    }
    AddOfValue(MutantClass::kKeyUsageBit, kKeyUsage, "all bits",
               [](DerNode& value) { value.content = NamedBits(0x1ff); });
  }

  void AddPurposes() {
    for (const char* purpose : {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4",
                                "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9", "2.5.29.37.0"}) {
      AddOfValue(MutantClass::kPurpose, kExtendedKeyUsage, std::string("purpose ") + purpose,
                 [node = OidNode(purpose)](DerNode& value) { value.children = {node}; });
      AddOfValue(MutantClass::kPurpose, kExtendedKeyUsage,
                 std::string("purpose besides ") + purpose,
                 [node = OidNode(purpose)](DerNode& value) { value.children.push_back(node); });
      Add(MutantClass::kPurpose, std::string("a purpose added: ") + purpose,
          [node = ExtensionNode(kExtendedKeyUsage, false, Sequence({OidNode(purpose)}))](
              DerNode& root) {
            DerNode* list = ExtensionList(root);
            if (list != nullptr && FindExtensionNode(root, kExtendedKeyUsage) == nullptr) {
              list->children.push_back(node);
            }
          });
    }
  }

  void AddAddresses() {
    constexpr const char* kUrls[] = {"http://other.example/",
                                     "https://other.example/",
                                     "ldap://other.example/cn=1",
                                     "ftp://other.example/",
                                     "http://",
                                     "http:///path",
                                     "http://a b/",
                                     "",
                                     "HTTP://other.example/",
                                     "javascript:alert(1)",
                                     "http://\xc3\xa4.example/"};
    for (const std::string_view oid : {kCrlDistributionPoints, kInfoAccess}) {
      DerNode copy = tbs_;
      DerNode* value = ExtensionValue(copy, oid);
      if (value == nullptr) continue;
      for (const DerPath& path : PathsBelow(*value)) {
        if (At(*value, path)->tag != kUri) continue;
        for (const char* url : kUrls) {
          AddOfValue(MutantClass::kAddress, oid,
                     std::string(oid) + " " + PathText(path) + " says " + url,
                     [path, node = Text(kUri, url)](DerNode& inside) {
                       if (DerNode* at = At(inside, path)) *at = node;
                     });
        }
        AddOfValue(MutantClass::kAddress, oid, std::string(oid) + PathText(path) + " is a DNS name",
                   [path](DerNode& inside) {
                     if (DerNode* at = At(inside, path)) *at = Text(0x82, "ca.example");
                   });
      }
    }
    for (const char* method : {"1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2", "1.3.6.1.5.5.7.48.3"}) {
      AddOfValue(MutantClass::kAddress, kInfoAccess, std::string("access added: ") + method,
                 [node = Sequence({OidNode(method), Text(kUri, "http://other.example/")})](
                     DerNode& value) { value.children.push_back(node); });
    }
    const DerNode reasons = Leaf(0x81, Bytes{1, 6});
    AddOfValue(MutantClass::kAddress, kCrlDistributionPoints, "some reasons only",
               [reasons](DerNode& value) {
                 if (!value.children.empty()) value.children[0].children.push_back(reasons);
               });
    AddKeyIds();
  }

  void AddKeyIds() {
    for (const size_t octets : {size_t{0}, size_t{1}, size_t{20}, size_t{32}}) {
      const Bytes id(octets, 0x77);
      AddOfValue(MutantClass::kAddress, kAuthorityKeyId,
                 "authority key id of " + std::to_string(octets),
                 [id](DerNode& value) { value.children = {Leaf(0x80, id)}; });
      AddOfValue(MutantClass::kAddress, kSubjectKeyId,
                 "subject key id of " + std::to_string(octets),
                 [id](DerNode& value) { value.content = id; });
    }
    AddOfValue(MutantClass::kAddress, kAuthorityKeyId, "authority by name and serial besides",
               [](DerNode& value) {
                 value.children.push_back(Branch(0xa1, {Text(kUri, "http://root.example")}));
                 value.children.push_back(Leaf(0x82, Bytes{5}));
               });
  }

  void AddSerials() {
    for (const size_t octets :
         {size_t{1}, size_t{7}, size_t{8}, size_t{16}, size_t{20}, size_t{21}}) {
      Add(MutantClass::kSerialChanged, "serial of " + std::to_string(octets),
          [octets](DerNode& root) {
            if (DerNode* at = At(root, {kSerialField})) at->content = Bytes(octets, 0x5a);
          });
    }
  }

  void AddPublicKeys() {
    for (const auto& [name, spki] : OtherPublicKeys()) {
      Add(MutantClass::kPublicKey, name, [octets = spki](DerNode& root) {
        DerNode* at = At(root, {kPublicKeyField});
        if (at == nullptr) return;
        // The whole element, as octets that stand for themselves.
        *at = ParseElement(octets);
      });
    }
    Add(MutantClass::kPublicKey, "the subject's name in its place", [](DerNode& root) {
      DerNode* at = At(root, {kPublicKeyField});
      const DerNode* name = At(root, {kSubjectField});
      if (at != nullptr && name != nullptr) *at = DerNode(*name);
    });
  }

  const DerNode& tbs_;
  std::vector<Mutation>& out_;
};

}  // namespace

void AddContentMutations(const DerNode& tbs, std::vector<Mutation>& out) {
  ContentMutations(tbs, out).AddAll();
}

}  // namespace intaglio::testing_support
