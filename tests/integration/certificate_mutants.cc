// Mutants of the encoding: whatever the certificate says, said otherwise.
#include "tests/integration/certificate_mutants.h"

#include <algorithm>

namespace intaglio::testing_support {
namespace {

constexpr uint8_t kBooleanTag = 0x01;
constexpr uint8_t kIntegerTag = 0x02;
constexpr uint8_t kBitStringTag = 0x03;
constexpr uint8_t kOidTag = 0x06;
constexpr uint8_t kUtcTimeTag = 0x17;
constexpr uint8_t kGeneralizedTimeTag = 0x18;
constexpr uint8_t kStringTags[] = {0x0c, 0x13, 0x14, 0x16, 0x1a, 0x1c, 0x1e};

class FormMutations final {
 public:
  FormMutations(const DerNode& tbs, std::vector<Mutation>& out) : tbs_(tbs), out_(out) {}

  void AddAll() {
    for (const DerPath& path : PathsBelow(tbs_)) {
      path_ = path;
      AddStructural();
      AddEncoding();
      DerNode copy = tbs_;
      AddTyped(*At(copy, path));
    }
    path_.clear();
    AddLengths();
    AddSetOrders();
    AddWholes();
  }

 private:
  // Changes the node at the current path.
  void Change(MutantClass mutant_class, const std::string& what,
              std::function<void(DerNode&)> change) {
    out_.push_back({mutant_class, PathText(path_) + " " + what,
                    [path = path_, change = std::move(change)](DerNode& root) {
                      if (DerNode* node = At(root, path)) change(*node);
                    }});
  }
  // Changes the list the current node stands in.
  void ChangeList(MutantClass mutant_class, const std::string& what,
                  std::function<void(std::vector<DerNode>&, size_t)> change) {
    out_.push_back({mutant_class, PathText(path_) + " " + what,
                    [path = path_, change = std::move(change)](DerNode& root) {
                      DerNode* above = Above(root, path);
                      if (above != nullptr && path.back() < above->children.size()) {
                        change(above->children, path.back());
                      }
                    }});
  }

  void AddStructural() {
    ChangeList(MutantClass::kFieldRemoved, "removed", [](auto& list, size_t i) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    });
    ChangeList(MutantClass::kFieldDoubled, "doubled", [](auto& list, size_t i) {
      const DerNode copy = list[i];
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(i), copy);
    });
    ChangeList(MutantClass::kFieldsSwapped, "swapped", [](auto& list, size_t i) {
      if (list.size() > 1) std::swap(list[i], list[(i + 1) % list.size()]);
    });
    Change(MutantClass::kFieldEmptied, "emptied", [](DerNode& node) {
      node.content.clear();
      node.children.clear();
    });
  }

  void AddLengths() {
    Change(MutantClass::kLengthForm, "length padded",
           [](DerNode& node) { node.length = LengthForm::kPadded; });
    Change(MutantClass::kLengthForm, "length indefinite",
           [](DerNode& node) { node.length = LengthForm::kIndefinite; });
  }

  void AddEncoding() {
    AddLengths();
    const std::pair<const char*, Bytes> tails[] = {{"a zero", {0x00}}, {"NULL", {0x05, 0x00}}};
    for (const auto& [name, tail] : tails) {
      Change(MutantClass::kTrailing, std::string(name) + " behind",
             [octets = tail](DerNode& node) { node.tail = octets; });
    }
    for (const int bit : {0x01, 0x02, 0x20, 0x40, 0x80}) {
      Change(MutantClass::kTag, "tag bit " + std::to_string(bit),
             [bit](DerNode& node) { node.tag = static_cast<uint8_t>(node.tag ^ bit); });
    }
  }

  void AddTyped(const DerNode& node) {
    if (node.children.empty() && !node.content.empty()) AddFlips();
    if (std::count(std::begin(kStringTags), std::end(kStringTags), node.tag) != 0) {
      for (const uint8_t tag : kStringTags) {
        Change(MutantClass::kStringType, "string type " + std::to_string(tag),
               [tag](DerNode& changed) { changed.tag = tag; });
      }
    }
    if (node.tag == kBooleanTag) AddBooleans();
    if (node.tag == kIntegerTag) AddIntegers();
    if (node.tag == kBitStringTag) AddBitStrings();
    if (node.tag == kOidTag) AddOids();
    if (node.tag == kUtcTimeTag || node.tag == kGeneralizedTimeTag) AddTimes(node);
  }

  void AddFlips() {
    const auto flip = [](size_t from_end, uint8_t mask) {
      return [from_end, mask](DerNode& node) {
        if (from_end < node.content.size()) node.content.rbegin()[from_end] ^= mask;
      };
    };
    Change(MutantClass::kOctetFlipped, "last octet, low bit", flip(0, 0x01));
    Change(MutantClass::kOctetFlipped, "last octet, high bit", flip(0, 0x80));
    Change(MutantClass::kOctetFlipped, "last octet, small letter", flip(0, 0x20));
    Change(MutantClass::kOctetFlipped, "an inner octet", flip(3, 0x04));
  }

  void SetContent(MutantClass mutant_class, const std::string& what, Bytes content) {
    Change(mutant_class, what, [octets = std::move(content)](DerNode& node) {
      node.content = octets;
      node.children.clear();
    });
  }

  void AddBooleans() {
    SetContent(MutantClass::kBoolean, "TRUE as 01", {0x01});
    SetContent(MutantClass::kBoolean, "TRUE as FE", {0xfe});
    SetContent(MutantClass::kBoolean, "FALSE written", {0x00});
    SetContent(MutantClass::kBoolean, "of two octets", {0xff, 0xff});
    SetContent(MutantClass::kBoolean, "of none", {});
  }

  void AddIntegers() {
    const auto prefix = [](uint8_t octet) {
      return [octet](DerNode& node) { node.content.insert(node.content.begin(), octet); };
    };
    Change(MutantClass::kInteger, "padded with 00", prefix(0x00));
    Change(MutantClass::kInteger, "padded with FF", prefix(0xff));
    Change(MutantClass::kInteger, "made negative", [](DerNode& node) {
      if (!node.content.empty()) node.content[0] |= 0x80;
    });
    SetContent(MutantClass::kInteger, "zero", {0x00});
    SetContent(MutantClass::kInteger, "one", {0x01});
    SetContent(MutantClass::kInteger, "of no octets", {});
    SetContent(MutantClass::kInteger, "of 21 octets", Bytes(21, 0x41));
  }

  void AddBitStrings() {
    for (const int unused : {0, 1, 3, 7, 8, 255}) {
      Change(MutantClass::kBitString, std::to_string(unused) + " unused bits",
             [unused](DerNode& node) {
               if (!node.content.empty()) node.content[0] = static_cast<uint8_t>(unused);
             });
    }
    Change(MutantClass::kBitString, "an octet of zeros more",
           [](DerNode& node) { node.content.push_back(0); });
    SetContent(MutantClass::kBitString, "no bits", {0x00});
    SetContent(MutantClass::kBitString, "no count", {});
  }

  void AddOids() {
    Change(MutantClass::kOidForm, "first arc padded",
           [](DerNode& node) { node.content.insert(node.content.begin(), 0x80); });
    Change(MutantClass::kOidForm, "last arc padded", [](DerNode& node) {
      if (!node.content.empty()) node.content.insert(node.content.end() - 1, 0x80);
    });
    Change(MutantClass::kOidForm, "cut off", [](DerNode& node) {
      if (!node.content.empty()) node.content.back() |= 0x80;
    });
    Change(MutantClass::kOidForm, "one arc more",
           [](DerNode& node) { node.content.push_back(0x01); });
    SetContent(MutantClass::kOidForm, "of 70 octets", Bytes(70, 0x2a));
  }

  void SetTime(const std::string& what, uint8_t tag, const std::string& text) {
    Change(MutantClass::kTimeForm, what, [tag, text](DerNode& node) {
      node.tag = tag;
      node.content = ToBytes(text);
    });
  }

  // `node`: UTCTime YYMMDDHHMMSSZ, as our builders write before 2050.
  void AddTimes(const DerNode& node) {
    const std::string utc = AsString(node.content);
    const std::string minutes = utc.substr(0, 10);
    SetTime("GeneralizedTime before 2050", kGeneralizedTimeTag, "20" + utc);
    SetTime("GeneralizedTime with a fraction", kGeneralizedTimeTag,
            "20" + utc.substr(0, 12) + ".5Z");
    SetTime("without seconds", kUtcTimeTag, minutes + "Z");
    SetTime("with an offset", kUtcTimeTag, utc.substr(0, 12) + "+0000");
    SetTime("without zone", kUtcTimeTag, utc.substr(0, 12));
    SetTime("with a small z", kUtcTimeTag, utc.substr(0, 12) + "z");
    SetTime("at second 60", kUtcTimeTag, minutes + "60Z");
    SetTime("on 31 February", kUtcTimeTag, utc.substr(0, 2) + "0231" + utc.substr(6));
    SetTime("in month 13", kUtcTimeTag, utc.substr(0, 2) + "1301" + utc.substr(6));
    SetTime("with a blank", kUtcTimeTag, " " + utc.substr(1));
  }

  // Two RDNs of one attribute made one of two, in either order.
  void AddSetOrders() {
    for (const size_t field : {kIssuerField, kSubjectField}) {
      const size_t count = tbs_.children.at(field).children.size();
      for (size_t i = 0; i + 1 < count; ++i) {
        for (const bool turned : {false, true}) {
          out_.push_back({MutantClass::kSetOrder,
                          PathText({field, i}) + (turned ? " joined, turned" : " joined"),
                          [field, i, turned](DerNode& root) { JoinRdns(root, field, i, turned); }});
        }
      }
    }
  }
  static void JoinRdns(DerNode& root, size_t field, size_t i, bool turned) {
    DerNode* name = At(root, {field});
    if (name == nullptr || i + 1 >= name->children.size()) return;
    DerNode& first = name->children[i];
    const std::vector<DerNode> second = name->children[i + 1].children;
    first.children.insert(turned ? first.children.begin() : first.children.end(), second.begin(),
                          second.end());
    name->children.erase(name->children.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }

  void AddWholes() {
    const auto add = [&](const char* what, std::function<void(Bytes&)> change) {
      out_.push_back({MutantClass::kWholeOctets, what, [](DerNode&) {}, std::move(change)});
    };
    add("nothing", [](Bytes& octets) { octets.clear(); });
    add("the first octet alone", [](Bytes& octets) { octets.resize(1); });
    add("the last octet cut off", [](Bytes& octets) { octets.pop_back(); });
    add("half of it", [](Bytes& octets) { octets.resize(octets.size() / 2); });
    add("a zero behind", [](Bytes& octets) { octets.push_back(0); });
    add("NULL behind", [](Bytes& octets) { octets.insert(octets.end(), {5, 0}); });
    add("twice", [](Bytes& octets) {
      const Bytes copy = octets;
      octets.insert(octets.end(), copy.begin(), copy.end());
    });
    add("a SET", [](Bytes& octets) { octets[0] = 0x31; });
    add("zeros", [](Bytes& octets) { std::fill(octets.begin(), octets.end(), uint8_t{0}); });
    add("17 KiB behind", [](Bytes& octets) { octets.resize(octets.size() + 17 * 1024); });
  }

  const DerNode& tbs_;
  std::vector<Mutation>& out_;
  DerPath path_;
};

}  // namespace

std::string_view MutantClassName(MutantClass mutant_class) {
#define INTAGLIO_MUTANT_NAME(constant, name) name,
  static constexpr std::string_view kNames[] = {INTAGLIO_MUTANT_CLASSES(INTAGLIO_MUTANT_NAME)};
#undef INTAGLIO_MUTANT_NAME
  return kNames[static_cast<size_t>(mutant_class)];
}

size_t MutantClasses() { return static_cast<size_t>(MutantClass::kTwoAtOnce) + 1; }

DerNode* ExtensionList(DerNode& root) { return At(root, {kExtensionsField, 0}); }

DerNode* FindExtensionNode(DerNode& root, std::string_view oid) {
  DerNode* list = ExtensionList(root);
  if (list == nullptr) return nullptr;
  const Bytes wanted = OidNode(oid).Encode();
  for (DerNode& each : list->children) {
    if (each.children.size() >= 2 && each.children[0].Encode() == wanted) return &each;
  }
  return nullptr;
}

DerNode* ExtensionValue(DerNode& root, std::string_view oid) {
  DerNode* extension = FindExtensionNode(root, oid);
  return extension == nullptr ? nullptr : At(extension->children.back(), {0});
}

void AddFormMutations(const DerNode& tbs, std::vector<Mutation>& out) {
  FormMutations(tbs, out).AddAll();
}

std::vector<Mutation> Mutations(ByteView tbs) {
  const DerNode root = ParseTbs(tbs);
  std::vector<Mutation> out;
  AddFormMutations(root, out);
  AddContentMutations(root, out);
  AddStatementMutations(root, out);
  AddNameMutations(root, out);
  return out;
}

Mutant Mutate(const DerNode& tbs, const appliance::Subject& ordered,
              const std::vector<const Mutation*>& mutations) {
  Mutant mutant{mutations.size() > 1 ? MutantClass::kTwoAtOnce : mutations.at(0)->mutant_class,
                {},
                {},
                ordered};
  DerNode root = tbs;
  for (const Mutation* each : mutations) {
    if (!mutant.what.empty()) mutant.what += "; ";
    mutant.what += each->what;
    each->edit(root);
    if (each->order) each->order(mutant.ordered);
  }
  mutant.tbs = root.Encode();
  for (const Mutation* each : mutations) {
    if (each->on_octets && !mutant.tbs.empty()) each->on_octets(mutant.tbs);
  }
  return mutant;
}

}  // namespace intaglio::testing_support
