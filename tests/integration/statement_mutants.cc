// Mutants of qcStatements and policies.
#include <algorithm>

#include "tests/integration/certificate_mutants.h"

namespace intaglio::testing_support {
namespace {

constexpr std::string_view kPolicies = "2.5.29.32";
constexpr std::string_view kQcStatements = "1.3.6.1.5.5.7.1.3";
constexpr std::string_view kCps = "1.3.6.1.5.5.7.2.1";

constexpr uint8_t kSequence = 0x30;
constexpr uint8_t kUri = 0x86;

DerNode Sequence(std::vector<DerNode> children) { return Branch(kSequence, std::move(children)); }
DerNode Null() { return Leaf(0x05, {}); }
DerNode Text(uint8_t tag, std::string_view text) { return Leaf(tag, AsBytes(text)); }
DerNode Pds(std::string_view url, std::string_view language) {
  return Sequence({Text(0x16, url), Text(0x13, language)});
}

class StatementMutations final {
 public:
  StatementMutations(const DerNode& tbs, std::vector<Mutation>& out) : tbs_(tbs), out_(out) {}

  void AddAll() {
    AddStatements();
    AddPolicies();
  }

 private:
  void Add(MutantClass mutant_class, std::string what, std::function<void(DerNode&)> edit) {
    out_.push_back({mutant_class, std::move(what), std::move(edit)});
  }
  bool Has(std::string_view oid) {
    DerNode copy = tbs_;
    return FindExtensionNode(copy, oid) != nullptr;
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

  void AddStatements() {
    if (!Has(kQcStatements)) return;
    constexpr std::string_view kIds[] = {
        "0.4.0.1862.1.1", "0.4.0.1862.1.2",     "0.4.0.1862.1.3",    "0.4.0.1862.1.4",
        "0.4.0.1862.1.5", "0.4.0.1862.1.6",     "0.4.0.1862.1.7",    "0.4.0.1862.1.8",
        "0.4.0.1862.1.9", "0.4.0.1862.1",       "0.4.0.194126.1.3",  "0.4.0.19495.2",
        "1.2.3",          "1.3.6.1.5.5.7.11.1", "1.3.6.1.5.5.7.11.2"};
    const auto of_list = [&](const std::string& what,
                             std::function<void(std::vector<DerNode>&)> change) {
      AddOfValue(MutantClass::kStatement, kQcStatements, what,
                 [change = std::move(change)](DerNode& value) { change(value.children); });
    };
    DerNode copy = tbs_;
    const size_t count = ExtensionValue(copy, kQcStatements)->children.size();
    for (size_t i = 0; i < count; ++i) {
      const std::string name = "statement " + std::to_string(i);
      const auto at = [i](std::vector<DerNode>& list) {
        return list.begin() + static_cast<std::ptrdiff_t>(i);
      };
      of_list(name + " removed", [at, i](auto& list) {
        if (i < list.size()) list.erase(at(list));
      });
      of_list(name + " doubled", [i](auto& list) {
        if (i >= list.size()) return;
        const DerNode twin = list[i];
        list.push_back(twin);
      });
      of_list(name + " first", [at, i](auto& list) {
        if (i < list.size()) std::rotate(list.begin(), at(list), at(list) + 1);
      });
      of_list(name + " without content", [i](auto& list) {
        if (i < list.size() && list[i].children.size() > 1) list[i].children.resize(1);
      });
      of_list(name + " with NULL besides", [i](auto& list) {
        if (i < list.size()) list[i].children.push_back(Null());
      });
      for (const std::string_view id : kIds) {
        of_list(name + " is " + std::string(id), [i, node = OidNode(id)](auto& list) {
          if (i < list.size() && !list[i].children.empty()) list[i].children[0] = node;
        });
      }
    }
    for (const std::string_view id : kIds) {
      of_list(std::string(id) + " added",
              [node = OidNode(id)](auto& list) { list.push_back(Sequence({node})); });
    }
    of_list("QcCClegislation added", [](auto& list) {
      list.push_back(Sequence({OidNode("0.4.0.1862.1.7"), Sequence({Text(0x13, "CH")})}));
    });
    of_list("QcLimitValue added", [](auto& list) {
      list.push_back(
          Sequence({OidNode("0.4.0.1862.1.2"),
                    Sequence({Text(0x13, "EUR"), Leaf(2, Bytes{1}), Leaf(2, Bytes{3})})}));
    });
    of_list("none", [](auto& list) { list.clear(); });
    AddStatementContents();
  }

  // Another content for the statement `id`.
  void AddContent(std::string_view id, std::string what, DerNode content) {
    AddOfValue(MutantClass::kStatement, kQcStatements, std::move(what),
               [wanted = OidNode(id).Encode(), node = std::move(content)](DerNode& value) {
                 for (DerNode& each : value.children) {
                   if (each.children.empty() || each.children[0].Encode() != wanted) continue;
                   each.children.resize(1);
                   each.children.push_back(node);
                 }
               });
  }

  void AddStatementContents() {
    constexpr std::string_view kType = "0.4.0.1862.1.6";
    for (const char* type : {"0.4.0.1862.1.6.1", "0.4.0.1862.1.6.2", "0.4.0.1862.1.6.3",
                             "0.4.0.1862.1.6.4", "0.4.0.1862.1.6", "1.2.3"}) {
      AddContent(kType, std::string("QcType ") + type, Sequence({OidNode(type)}));
      AddContent(kType, std::string("QcType with ") + type,
                 Sequence({OidNode("0.4.0.1862.1.6.1"), OidNode(type)}));
    }
    AddContent(kType, "QcType of none", Sequence({}));
    AddContent(kType, "QcType bare", OidNode("0.4.0.1862.1.6.1"));
    AddContent(kType, "QcType and NULL", Sequence({OidNode("0.4.0.1862.1.6.1"), Null()}));
    constexpr std::string_view kPds = "0.4.0.1862.1.5";
    for (const char* url : {"http://ca.example/pds", "https://", "https:///pds", "https://a b", "",
                            "HTTPS://ca.example/pds", "https://ca.example/other"}) {
      AddContent(kPds, std::string("PDS at ") + url, Sequence({Pds(url, "en")}));
    }
    for (const char* language : {"EN", "e", "eng", "", "et", "1a", "e-"}) {
      AddContent(kPds, std::string("PDS in ") + language,
                 Sequence({Pds("https://ca.example/pds", language)}));
      AddContent(
          kPds, std::string("PDS in English and ") + language,
          Sequence({Pds("https://ca.example/pds", "en"), Pds("https://ca.example/2", language)}));
    }
    AddContent(kPds, "PDS of none", Sequence({}));
    AddContent(
        kPds, "PDS of three",
        Sequence({Sequence({Text(0x16, "https://ca.example/pds"), Text(0x13, "en"), Null()})}));
    constexpr std::string_view kSyntax = "1.3.6.1.5.5.7.11.2";
    const DerNode authority = Sequence({Text(kUri, "https://register.example")});
    for (const char* semantics : {"0.4.0.194121.1.1", "0.4.0.194121.1.2", "0.4.0.194121.1.3",
                                  "0.4.0.194121.1.4", "1.2.3"}) {
      AddContent(kSyntax, std::string("semantics ") + semantics, Sequence({OidNode(semantics)}));
      AddContent(kSyntax, std::string("semantics and a register ") + semantics,
                 Sequence({OidNode(semantics), authority}));
      AddContent(kSyntax, std::string("semantics twice ") + semantics,
                 Sequence({OidNode("0.4.0.194121.1.1"), OidNode(semantics)}));
    }
    AddContent(kSyntax, "a register alone", Sequence({authority}));
    AddContent(kSyntax, "no semantics", Sequence({}));
  }

  void AddPolicies() {
    constexpr std::string_view kOids[] = {
        "0.4.0.194112.1.0", "0.4.0.194112.1.1", "0.4.0.194112.1.2", "0.4.0.194112.1.3",
        "0.4.0.194112.1.4", "0.4.0.194112.1.5", "0.4.0.194112.1.6", "0.4.0.194112.1.7",
        "0.4.0.2042.1.1",   "0.4.0.2042.1.2",   "0.4.0.2042.1.3",   "0.4.0.2042.1.4",
        "0.4.0.2042.1.6",   "0.4.0.2042.1.7",   "0.4.0.2042.1.8",   "0.4.0.1456.1.1",
        "0.4.0.1456.1.2",   "0.4.0.19495.3.1",  "2.23.140.1.1",     "2.23.140.1.2.2",
        "2.5.29.32.0",      "1.3.6.1.4.1.9",    "0.4.0.194112.1"};
    for (const std::string_view policy : kOids) {
      AddOfValue(MutantClass::kPolicy, kPolicies, "policy " + std::string(policy),
                 [node = OidNode(policy)](DerNode& value) {
                   if (!value.children.empty() && !value.children[0].children.empty()) {
                     value.children[0].children[0] = node;
                   }
                 });
      for (const bool first : {false, true}) {
        AddOfValue(MutantClass::kPolicy, kPolicies,
                   "policy besides " + std::string(policy) + (first ? ", first" : ""),
                   [first, node = Sequence({OidNode(policy)})](DerNode& value) {
                     auto& list = value.children;
                     list.insert(first ? list.begin() : list.end(), node);
                   });
      }
    }
    AddOfValue(MutantClass::kPolicy, kPolicies, "no policy",
               [](DerNode& value) { value.children.clear(); });
    if (Has(kPolicies)) AddQualifiers();
  }

  void AddQualifiers() {
    const auto add = [&](const std::string& what, const DerNode& qualifiers) {
      AddOfValue(MutantClass::kQualifier, kPolicies, what, [qualifiers](DerNode& value) {
        if (value.children.empty() || value.children[0].children.empty()) return;
        value.children[0].children.resize(1);
        value.children[0].children.push_back(qualifiers);
      });
    };
    const auto pointer = [](uint8_t tag, const char* url) {
      return Sequence({OidNode(kCps), Text(tag, url)});
    };
    for (const char* url :
         {"http://ca.example/cps", "https://ca.example/cps", "ftp://ca.example/",
          "ldap://ca.example/", "http://", "http:///", "https://a b", "", "cps"}) {
      add(std::string("CPS at ") + url, Sequence({pointer(0x16, url)}));
    }
    add("CPS in UTF8String", Sequence({pointer(0x0c, "https://ca.example/cps")}));
    add("a user notice", Sequence({Sequence({OidNode("1.3.6.1.5.5.7.2.2"), Sequence({})})}));
    add("a user notice with text",
        Sequence({Sequence({OidNode("1.3.6.1.5.5.7.2.2"), Sequence({Text(0x0c, "Trust me")})})}));
    add("an unknown qualifier", Sequence({Sequence({OidNode("1.2.3"), Null()})}));
    add("CPS and an unknown one",
        Sequence({pointer(0x16, "https://ca.example/cps"), Sequence({OidNode("1.2.3"), Null()})}));
    add("no qualifiers in a list", Sequence({}));
    add("NULL for qualifiers", Null());
  }

  const DerNode& tbs_;
  std::vector<Mutation>& out_;
};

}  // namespace

void AddStatementMutations(const DerNode& tbs, std::vector<Mutation>& out) {
  StatementMutations(tbs, out).AddAll();
}

}  // namespace intaglio::testing_support
