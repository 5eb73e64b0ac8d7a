// Mutants of a TBSCertificate: every way of being wrong that we could think of, each of a class, so
// that a test can show that none is missing. The same input gives the same mutants in the same
// order. For tests only.
#ifndef INTAGLIO_TESTS_INTEGRATION_CERTIFICATE_MUTANTS_H_
#define INTAGLIO_TESTS_INTEGRATION_CERTIFICATE_MUTANTS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/domain/statements.h"
#include "tests/integration/der_tree.h"

namespace intaglio::testing_support {

#define INTAGLIO_MUTANT_CLASSES(X)                           \
  X(kFieldRemoved, "field removed")                          \
  X(kFieldDoubled, "field doubled")                          \
  X(kFieldsSwapped, "field swapped with the next")           \
  X(kFieldEmptied, "field emptied")                          \
  X(kLengthForm, "length form")                              \
  X(kTrailing, "trailing octets")                            \
  X(kTag, "tag changed")                                     \
  X(kOctetFlipped, "octet flipped")                          \
  X(kStringType, "string type")                              \
  X(kBoolean, "boolean value")                               \
  X(kTimeForm, "time form")                                  \
  X(kSetOrder, "set order")                                  \
  X(kInteger, "integer form")                                \
  X(kBitString, "bit string form")                           \
  X(kOidForm, "object identifier form")                      \
  X(kCriticality, "criticality flipped")                     \
  X(kExtensionRemoved, "extension removed")                  \
  X(kExtensionDoubled, "extension doubled")                  \
  X(kExtensionsReordered, "extensions reordered")            \
  X(kExtensionAdded, "extension added")                      \
  X(kExtensionValue, "extension value replaced")             \
  X(kStatement, "qcStatement changed")                       \
  X(kPolicy, "policy identifier changed")                    \
  X(kQualifier, "policy qualifier changed")                  \
  X(kValidity, "validity moved")                             \
  X(kKeyUsageBit, "key usage bit flipped")                   \
  X(kPurpose, "extended key usage changed")                  \
  X(kAddress, "address changed")                             \
  X(kSubjectRemoved, "subject attribute removed")            \
  X(kSubjectDoubled, "subject attribute doubled")            \
  X(kSubjectOversized, "subject attribute oversized")        \
  X(kSubjectChanged, "subject attribute changed")            \
  X(kSubjectAdded, "subject attribute added")                \
  X(kIssuerChanged, "issuer changed")                        \
  X(kSerialChanged, "serial changed")                        \
  X(kPublicKey, "public key exchanged")                      \
  X(kOrdered, "subject value changed, and ordered so")       \
  X(kWholeOctets, "whole octets cut, followed or exchanged") \
  X(kTwoAtOnce, "two mutations at once")

#define INTAGLIO_MUTANT_CONSTANT(constant, name) constant,
enum class MutantClass { INTAGLIO_MUTANT_CLASSES(INTAGLIO_MUTANT_CONSTANT) };
#undef INTAGLIO_MUTANT_CONSTANT

std::string_view MutantClassName(MutantClass mutant_class);
// How many there are.
size_t MutantClasses();

struct Mutation {
  MutantClass mutant_class;
  std::string what;
  std::function<void(DerNode&)> edit;                   // of the tree; may find nothing to do
  std::function<void(Bytes&)> on_octets = {};           // of what was written
  std::function<void(appliance::Subject&)> order = {};  // what officers ordered instead
};

struct Mutant {
  MutantClass mutant_class;
  std::string what;
  Bytes tbs;
  appliance::Subject ordered;
};

// Every single mutation of `tbs`.
std::vector<Mutation> Mutations(ByteView tbs);
// `tbs` after `mutations`, one after the other.
Mutant Mutate(const DerNode& tbs, const appliance::Subject& ordered,
              const std::vector<const Mutation*>& mutations);

// The parts of Mutations(): of the encoding, and of what is said.
void AddFormMutations(const DerNode& tbs, std::vector<Mutation>& out);
void AddContentMutations(const DerNode& tbs, std::vector<Mutation>& out);
void AddStatementMutations(const DerNode& tbs, std::vector<Mutation>& out);
void AddNameMutations(const DerNode& tbs, std::vector<Mutation>& out);

// Where a TBSCertificate of version 3 without unique identifiers has its fields.
inline constexpr size_t kSerialField = 1;
inline constexpr size_t kIssuerField = 3;
inline constexpr size_t kValidityField = 4;
inline constexpr size_t kSubjectField = 5;
inline constexpr size_t kPublicKeyField = 6;
inline constexpr size_t kExtensionsField = 7;

// Of the SEQUENCE of extensions; null if a mutation took it away.
DerNode* ExtensionList(DerNode& root);
// The extension's SEQUENCE, or null.
DerNode* FindExtensionNode(DerNode& root, std::string_view oid);
// The element inside its OCTET STRING, or null.
DerNode* ExtensionValue(DerNode& root, std::string_view oid);

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_INTEGRATION_CERTIFICATE_MUTANTS_H_
