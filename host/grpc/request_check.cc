#include "host/grpc/request_check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "host/domain/usecase_reasons.h"

namespace intaglio::host {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Octets (or characters) a field may have; `least` 0 means it may be absent.
struct LengthRule {
  std::string_view field;  // "Message.field", or "field" for every message
  size_t least;
  size_t most;
};

constexpr LengthRule kLengths[] = {
    {"application_id", 32, 32},
    {"credential_id", 32, 32},
    {"authenticator_spki", 91, 91},
    {"officer_id", 32, 32},
    {"authenticator_id", 32, 32},
    {"es256", 8, 80},
    {"rs256", 256, 512},
    {"authenticator_data", 37, 1024},
    {"client_data_json", 1, 4096},
    {"WebAuthnAssertion.signature", 8, 512},
    {"Authenticator.spki", 91, 550},
    {"rp_id", 1, 253},
    {"origin", 1, 512},
    {"WebAuthnBinding.credential_id", 1, 1023},
    {"cose_key", 1, 1024},
    {"aaguid", 16, 16},
    {"signature", 8, 80},
    {"serial", 1, 20},
    {"ca_key_id", 16, 16},
    {"status_key_id", 16, 16},
    {"key_id", 16, 16},
    {"nonce", 16, 64},
    {"authorisation", 1, 65536},
    {"order", 1, 65536},
    {"payload", 1, 524288},
    {"statement", 1, 524288},
    {"session_id", 1, 64},
    {"ca_certificate", 1, 4096},
    {"chain", 1, 4096},
    {"country", 2, 2},
    {"given_name", 1, 128},
    {"surname", 1, 128},
    {"common_name", 1, 256},
    {"serial_number", 1, 64},
    {"organization_name", 1, 256},
    {"organization_identifier", 1, 64},
    {"authority_type", 0, 64},
    {"authority_reference", 0, 128},
    {"organization_validation", 0, 512},
    {"document_type", 1, 64},
    {"document_reference", 1, 128},
    {"validation", 1, 512},
    {"date_of_birth", 0, 10},
    {"place_of_birth", 0, 128},
    {"equivalence_basis", 0, 256},
    {"reason", 1, 256},
    {"page_token", 0, 64},
    {"dtbsr", 32, 32},
};

// How many of a repeated field.
struct CountRule {
  std::string_view field;
  int least;
  int most;
};
constexpr CountRule kCounts[] = {{"dtbsr", 1, 100}, {"chain", 1, 8},       {"approvals", 1, 16},
                                 {"proofs", 1, 8},  {"controllers", 0, 8}, {"more_proofs", 0, 7}};

// Enumerations that may be left UNSPECIFIED, with what that means.
constexpr std::string_view kOptionalEnums[] = {
    "ListApplicationsRequest.state",           // all states
    "PrepareStateOrderRequest.reason",         // not for suspending
    "CreateApplicationRequest.key_algorithm",  // P-256
};

// Messages that must be present.
struct NamedField {
  std::string_view field;
};
constexpr NamedField kRequiredMessages[] = {
    {"person"}, {"proof"}, {"approval"}, {"command"}, {"authenticator"}};

Status Invalid(std::string_view field, const std::string& problem) {
  return Fail(kFieldInvalid, "field " + std::string(field) + ": " + problem);
}

template <class Rules>
auto FindRule(const Rules& rules, std::string_view name) {
  return std::find_if(std::begin(rules), std::end(rules),
                      [&](const auto& rule) { return rule.field == name; });
}

Status CheckLength(const FieldDescriptor& field, size_t size) {
  const std::string& name = field.name();
  // A rule for this message's field goes before one for every message's.
  auto rule = FindRule(kLengths, field.containing_type()->name() + "." + name);
  if (rule == std::end(kLengths)) rule = FindRule(kLengths, name);
  if (rule == std::end(kLengths) || (size >= rule->least && size <= rule->most)) return OkStatus();
  if (size == 0) return Invalid(name, "is required");
  const std::string bounds = rule->least == rule->most ? std::to_string(rule->most)
                                                       : "from " + std::to_string(rule->least) +
                                                             " to " + std::to_string(rule->most);
  return Invalid(name, std::to_string(size) + " octets; " + bounds + " are allowed");
}

Status CheckEnum(const Message& message, const FieldDescriptor& field, int value) {
  if (field.enum_type()->FindValueByNumber(value) == nullptr) {
    return Invalid(field.name(), "unknown enumerator " + std::to_string(value));
  }
  const std::string full = message.GetDescriptor()->name() + "." + field.name();
  const bool optional = std::find(std::begin(kOptionalEnums), std::end(kOptionalEnums), full) !=
                        std::end(kOptionalEnums);
  if (value == 0 && !optional) return Invalid(field.name(), "is required");
  return OkStatus();
}

Status CheckMessage(const Message& message);

Status CheckRepeated(const Message& message, const Reflection& reflection,
                     const FieldDescriptor& field) {
  const int count = reflection.FieldSize(message, &field);
  const auto rule = FindRule(kCounts, field.name());
  if (rule != std::end(kCounts) && (count < rule->least || count > rule->most)) {
    return Invalid(field.name(), std::to_string(count) + " given; from " +
                                     std::to_string(rule->least) + " to " +
                                     std::to_string(rule->most) + " are allowed");
  }
  for (int i = 0; i < count; ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      RETURN_IF_ERROR(CheckMessage(reflection.GetRepeatedMessage(message, &field, i)));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      RETURN_IF_ERROR(CheckLength(field, reflection.GetRepeatedString(message, &field, i).size()));
    }
  }
  return OkStatus();
}

Status CheckSingle(const Message& message, const Reflection& reflection,
                   const FieldDescriptor& field) {
  const bool in_choice = field.real_containing_oneof() != nullptr;
  if (in_choice && !reflection.HasField(message, &field)) return OkStatus();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return CheckLength(field, reflection.GetString(message, &field).size());
    case FieldDescriptor::CPPTYPE_ENUM:
      return CheckEnum(message, field, reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (reflection.HasField(message, &field)) {
        return CheckMessage(reflection.GetMessage(message, &field));
      }
      return FindRule(kRequiredMessages, field.name()) != std::end(kRequiredMessages)
                 ? Invalid(field.name(), "is required")
                 : OkStatus();
    default:
      return OkStatus();
  }
}

Status CheckMessage(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) {
    const auto& unknown = reflection.GetUnknownFields(message).field(0);
    return Invalid(message.GetDescriptor()->name() + "#" + std::to_string(unknown.number()),
                   "this version does not know it");
  }
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    RETURN_IF_ERROR(field.is_repeated() ? CheckRepeated(message, reflection, field)
                                        : CheckSingle(message, reflection, field));
  }
  for (int i = 0; i < descriptor.real_oneof_decl_count(); ++i) {
    const auto& choice = *descriptor.oneof_decl(i);
    if (!reflection.HasOneof(message, &choice)) return Invalid(choice.name(), "is required");
  }
  return OkStatus();
}

}  // namespace

Status CheckRequest(const Message& request) { return CheckMessage(request); }

}  // namespace intaglio::host
