// Mutants of names: issuer and subject, with the order as it was and with an order to match.
#include <algorithm>

#include "tests/integration/certificate_mutants.h"

namespace intaglio::testing_support {
namespace {

using appliance::LegalPerson;
using appliance::NaturalPerson;

constexpr uint8_t kUtf8String = 0x0c;
constexpr uint8_t kPrintableString = 0x13;

constexpr std::string_view kTypes[] = {"2.5.4.3",
                                       "2.5.4.4",
                                       "2.5.4.5",
                                       "2.5.4.6",
                                       "2.5.4.7",
                                       "2.5.4.10",
                                       "2.5.4.11",
                                       "2.5.4.12",
                                       "2.5.4.42",
                                       "2.5.4.65",
                                       "2.5.4.97",
                                       "1.2.3",
                                       "1.2.840.113549.1.9.1"};

DerNode Rdn(std::string_view type, uint8_t tag, std::string_view value) {
  return Branch(0x31, {Branch(0x30, {OidNode(type), Leaf(tag, AsBytes(value))})});
}

// The value of RDN `i` of `field`, or null.
DerNode* ValueAt(DerNode& root, size_t field, size_t i) { return At(root, {field, i, 0, 1}); }

class NameMutations final {
 public:
  NameMutations(const DerNode& tbs, std::vector<Mutation>& out) : tbs_(tbs), out_(out) {}

  void AddAll() {
    for (const size_t field : {kSubjectField, kIssuerField}) {
      field_ = field;
      for (size_t i = 0; i < tbs_.children.at(field).children.size(); ++i) {
        AddOfAttribute(i);
        AddSizes(i);
        AddValues(i);
        AddTypes(i);
      }
      AddNew();
    }
    AddOrdered();
    DerNode deep = Branch(0x30, {});
    for (int i = 0; i < 20; ++i) deep = Branch(0x30, {deep});
    Add(MutantClass::kSubjectChanged, "20 levels deep", [deep](DerNode& root) {
      if (DerNode* value = ValueAt(root, kSubjectField, 0)) *value = deep;
    });
    Add(MutantClass::kSubjectChanged, "issuer and subject exchanged", [](DerNode& root) {
      DerNode* issuer = At(root, {kIssuerField});
      DerNode* subject = At(root, {kSubjectField});
      if (issuer != nullptr && subject != nullptr) std::swap(*issuer, *subject);
    });
  }

 private:
  // What is done to the issuer is one class.
  void Add(MutantClass of_subject, std::string what, std::function<void(DerNode&)> edit) {
    const bool subject = field_ != kIssuerField;
    out_.push_back({subject ? of_subject : MutantClass::kIssuerChanged,
                    (subject ? "subject " : "issuer ") + what, std::move(edit)});
  }
  void AddOfList(MutantClass of_subject, const std::string& what,
                 std::function<void(std::vector<DerNode>&)> change) {
    Add(of_subject, what, [field = field_, change = std::move(change)](DerNode& root) {
      if (DerNode* name = At(root, {field})) change(name->children);
    });
  }
  void AddOfValue(MutantClass of_subject, size_t i, const std::string& what,
                  std::function<void(DerNode&)> change) {
    Add(of_subject, std::to_string(i) + " " + what,
        [field = field_, i, change = std::move(change)](DerNode& root) {
          if (DerNode* value = ValueAt(root, field, i)) change(*value);
        });
  }

  void AddOfAttribute(size_t i) {
    const std::string name = std::to_string(i);
    AddOfList(MutantClass::kSubjectRemoved, name, [i](auto& list) {
      if (i < list.size()) list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    });
    AddOfList(MutantClass::kSubjectDoubled, name + " side by side", [i](auto& list) {
      if (i >= list.size()) return;
      const DerNode copy = list[i];
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(i), copy);
    });
    AddOfList(MutantClass::kSubjectDoubled, name + " at the end", [i](auto& list) {
      if (i >= list.size()) return;
      const DerNode copy = list[i];
      list.push_back(copy);
    });
    AddOfList(MutantClass::kSubjectDoubled, name + " with another value", [i](auto& list) {
      if (i >= list.size()) return;
      DerNode copy = list[i];
      if (DerNode* value = At(copy, {0, 1})) value->content.push_back('X');
      list.push_back(copy);
    });
    AddOfList(MutantClass::kSubjectChanged, name + " last", [i](auto& list) {
      if (i < list.size()) {
        std::rotate(list.begin() + static_cast<std::ptrdiff_t>(i),
                    list.begin() + static_cast<std::ptrdiff_t>(i) + 1, list.end());
      }
    });
  }

  void AddSizes(size_t i) {
    for (const size_t octets : {64, 65, 128, 256, 257, 1000, 5000, 17000}) {
      AddOfValue(MutantClass::kSubjectOversized, i, "of " + std::to_string(octets),
                 [octets](DerNode& value) { value.content.resize(octets, 'A'); });
    }
  }

  void AddValues(size_t i) {
    const std::pair<const char*, std::string> values[] = {
        {"empty", ""},
        {"a blank", " "},
        {"small", "ee"},
        {"another", "FI"},
        {"a line end", "A\nB"},
        {"a zero octet", std::string("A\0B", 3)},
        {"not UTF-8", "\xc3"},
        {"overlong", "\xc0\xaf"},
        {"a surrogate", "\xed\xa0\x80"},
        {"two scripts", "M\xd0\xb0ri"},
        {"Cyrillic", "\xd0\x9c\xd0\xb0\xd1\x80\xd0\xb8"},
        {"a number", "PNOEE-38001085719"},
        {"a register", "VATEE-100000002"}};
    for (const auto& [what, text] : values) {
      AddOfValue(MutantClass::kSubjectChanged, i, what,
                 [octets = ToBytes(text)](DerNode& value) { value.content = octets; });
    }
    AddOfValue(MutantClass::kSubjectChanged, i, "a blank behind",
               [](DerNode& value) { value.content.push_back(' '); });
    AddOfValue(MutantClass::kSubjectChanged, i, "in capitals", [](DerNode& value) {
      for (uint8_t& c : value.content) {
        if (c >= 'a' && c <= 'z') c = static_cast<uint8_t>(c - 0x20);
      }
    });
  }

  void AddTypes(size_t i) {
    for (const std::string_view type : kTypes) {
      AddOfList(MutantClass::kSubjectChanged, std::to_string(i) + " is a " + std::string(type),
                [i, node = OidNode(type)](auto& list) {
                  if (i >= list.size()) return;
                  if (DerNode* id = At(list[i], {0, 0})) *id = node;
                });
    }
  }

  void AddNew() {
    for (const std::string_view type : kTypes) {
      for (const bool first : {false, true}) {
        AddOfList(MutantClass::kSubjectAdded, std::string(type) + (first ? " first" : " last"),
                  [first, node = Rdn(type, kPrintableString, "Added")](auto& list) {
                    list.insert(first ? list.begin() : list.end(), node);
                  });
      }
    }
    AddOfList(MutantClass::kSubjectAdded, "forty units", [](auto& list) {
      for (int k = 0; k < 40; ++k) list.push_back(Rdn("2.5.4.11", kUtf8String, "Unit"));
    });
    AddOfList(MutantClass::kSubjectRemoved, "all", [](auto& list) { list.clear(); });
  }

  // `text` in every attribute of `type`, and in the order.
  template <class Person>
  void Order(std::string_view type, std::string Person::*field, const std::string& text) {
    Mutation mutation{MutantClass::kOrdered, "ordered " + std::string(type) + ": " + text,
                      [id = OidNode(type).Encode(), octets = ToBytes(text)](DerNode& root) {
                        DerNode* name = At(root, {kSubjectField});
                        if (name == nullptr) return;
                        for (DerNode& rdn : name->children) {
                          DerNode* found = At(rdn, {0, 0});
                          DerNode* value = At(rdn, {0, 1});
                          if (value != nullptr && found->Encode() == id) value->content = octets;
                        }
                      }};
    mutation.order = [field, text](appliance::Subject& subject) {
      if (auto* person = std::get_if<Person>(&subject)) person->*field = text;
    };
    out_.push_back(std::move(mutation));
  }

  template <class Person>
  void OrderEach(std::string_view type, std::string Person::*field,
                 const std::vector<std::string>& texts) {
    for (const std::string& text : texts) Order(type, field, text);
  }

  void AddOrdered() {
    const std::vector<std::string> countries = {"FI", "XX", "ee", "Ee", "E", "EST", "", "E1"};
    const std::vector<std::string> names = {"Mari",
                                            "",
                                            "M\xd0\xb0ri",
                                            "\xd0\x9c\xd0\xb0\xd1\x80\xd1\x96",
                                            "J\xce\xbfhn",
                                            "A\nB",
                                            "A\x7f",
                                            "A\xc2\x85",
                                            "\xc3\x98rn \xe1\xba\x9e",
                                            "\xce\x93\xce\xb9 P",
                                            std::string(200, 'x'),
                                            std::string(3000, 'y'),
                                            "12/7",
                                            "\xe6\x9d\x8e"};
    const std::vector<std::string> numbers = {
        "PNOEE-1", "PASDE-L01X", "IDCES-1", "TINFR-9", "TAXIT-9", "EIDEE-1",
        "PNOEE-",  "PNOee-1",    "PNOE1-1", "XXXEE-1", "VATEE-1", "EE:EE-1",
        "1",       "",           "pnoEE-1", "PNOEE 1", "PNOXG-1", "PNOEE-" + std::string(300, '1')};
    const std::vector<std::string> registers = {"VATEE-1",
                                                "NTRDE+HE-HRB1",
                                                "NTREE-1",
                                                "LEIXG-5299",
                                                "PSDES-BE-1",
                                                "EORDE-1",
                                                "EXCEE-1",
                                                "VATEL-1",
                                                "VATXI-1",
                                                "VATEE-",
                                                "VATEE",
                                                "XXXEE-1",
                                                "VATee-1",
                                                "PNOEE-1",
                                                "NTRDE+-1",
                                                "NTRDE+HESS-1",
                                                "NTRDE+he-1",
                                                "NTRDE+HE",
                                                "VATDE+HE-1",
                                                "LEIEE-1",
                                                "EE:EE-1",
                                                "",
                                                "VATEE-1\n",
                                                "VATEE-\xd0\x90",
                                                "VATEE-" + std::string(250, '1'),
                                                "VATEE-" + std::string(251, '1')};
    OrderEach("2.5.4.6", &NaturalPerson::country, countries);
    OrderEach("2.5.4.42", &NaturalPerson::given_name, names);
    OrderEach("2.5.4.4", &NaturalPerson::surname, names);
    OrderEach("2.5.4.3", &NaturalPerson::common_name, names);
    OrderEach("2.5.4.5", &NaturalPerson::serial_number, numbers);
    OrderEach("2.5.4.6", &LegalPerson::country, countries);
    OrderEach("2.5.4.10", &LegalPerson::organization_name, names);
    OrderEach("2.5.4.97", &LegalPerson::organization_identifier, registers);
    OrderEach("2.5.4.3", &LegalPerson::common_name, names);
  }

  const DerNode& tbs_;
  std::vector<Mutation>& out_;
  size_t field_ = kSubjectField;
};

}  // namespace

void AddNameMutations(const DerNode& tbs, std::vector<Mutation>& out) {
  NameMutations(tbs, out).AddAll();
}

}  // namespace intaglio::testing_support
