#include "host/ctl/report.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Json = nlohmann::ordered_json;

constexpr size_t kMostOctetsShown = 128;

std::string OctetsForPeople(const Bytes& octets) {
  if (octets.size() <= kMostOctetsShown) return ToHex(octets);
  return "(" + std::to_string(octets.size()) + " octets, SHA-256 " + ToHex(Sha256(octets)) + ")";
}

// The length of the UTF-8 sequence at the front of `text` and its code point; length 0 if it is
// none.
struct CodePoint {
  size_t length = 0;
  uint32_t value = 0;
};
CodePoint Decode(std::string_view text) {
  const auto octet = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = octet(0);
  if (first < 0x80) return {1, first};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first > 0xf4 || text.size() < length) return {};
  uint32_t value = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (octet(i) & 0x3f);
  }
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {length, value};
}

bool IsDeceptive(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

std::string Escaped(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "\\u{%x}", value);
  return text;
}

std::string UpperSnake(const std::string& camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z' && !out.empty()) out += '_';
    out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return out;
}

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end.data(), end.size()) == 0;
}

void AddRepeated(Report& report, const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const int count = reflection.FieldSize(message, &field);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    std::vector<Report> parts;
    for (int i = 0; i < count; ++i) {
      parts.push_back(ReportOf(reflection.GetRepeatedMessage(message, &field, i)));
    }
    report.Parts(field.name(), std::move(parts));
  } else if (field.type() == FieldDescriptor::TYPE_BYTES) {
    std::vector<Bytes> values;
    for (int i = 0; i < count; ++i) {
      values.push_back(ToBytes(reflection.GetRepeatedString(message, &field, i)));
    }
    report.OctetStrings(field.name(), std::move(values));
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      if (i > 0) text += ' ';
      text += EnumText(*field.enum_type(), reflection.GetRepeatedEnumValue(message, &field, i));
    }
    report.Text(field.name(), text);
  } else if (count > 0) {
    report.Text(field.name(), "(values of a kind this tool cannot show)");
  }
}

void AddSingle(Report& report, const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const std::string& key = field.name();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      report.Part(key, ReportOf(reflection.GetMessage(message, &field)));
      return;
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string value = reflection.GetString(message, &field);
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        report.Octets(key, AsBytes(value));
      } else {
        report.Text(key, value);
      }
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      report.Text(key, EnumText(*field.enum_type(), reflection.GetEnumValue(message, &field)));
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      report.Truth(key, reflection.GetBool(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      if (EndsWith(key, "_ms")) {
        report.Time(key, WallTime{reflection.GetInt64(message, &field)});
      } else {
        report.Number(key, reflection.GetInt64(message, &field));
      }
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      report.Number(key, static_cast<int64_t>(reflection.GetUInt64(message, &field)));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      report.Number(key, reflection.GetUInt32(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      report.Number(key, reflection.GetInt32(message, &field));
      return;
    default:
      // A kind of field no schema of ours has must not pass unseen.
      report.Text(key, "(a value of a kind this tool cannot show)");
  }
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint at = Decode(text);
    if (at.length == 0) {
      char octet[8];
      std::snprintf(octet, sizeof octet, "\\x%02x", static_cast<unsigned char>(text[0]));
      out += octet;
      text.remove_prefix(1);
      continue;
    }
    if (IsDeceptive(at.value)) {
      out += Escaped(at.value);
    } else {
      out += text.substr(0, at.length);
    }
    text.remove_prefix(at.length);
  }
  return out;
}

std::string EnumText(const EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  if (number == 0) return "NONE";
  if (value == nullptr) return "unknown (" + std::to_string(number) + ")";
  const std::string prefix = UpperSnake(type.name()) + "_";
  const std::string& name = value->name();
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
}

Report ReportOf(const Message& message) {
  Report report;
  const auto& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) {
      AddRepeated(report, message, field);
    } else if (!field.has_presence() || reflection.HasField(message, &field)) {
      AddSingle(report, message, field);
    }
  }
  return report;
}

Report& Report::Text(std::string_view key, std::string_view value) {
  fields_.push_back({std::string(key), std::string(value)});
  return *this;
}
Report& Report::Octets(std::string_view key, ByteView value) {
  fields_.push_back({std::string(key), ToBytes(value)});
  return *this;
}
Report& Report::Number(std::string_view key, int64_t value) {
  fields_.push_back({std::string(key), value});
  return *this;
}
Report& Report::Time(std::string_view key, WallTime value) {
  fields_.push_back({std::string(key), value});
  return *this;
}
Report& Report::Truth(std::string_view key, bool value) {
  fields_.push_back({std::string(key), value});
  return *this;
}
Report& Report::Part(std::string_view key, Report value) {
  std::vector<Report> one;
  one.push_back(std::move(value));
  fields_.push_back({std::string(key), std::move(one), true});
  return *this;
}
Report& Report::Parts(std::string_view key, std::vector<Report> values) {
  fields_.push_back({std::string(key), std::move(values)});
  return *this;
}
Report& Report::OctetStrings(std::string_view key, std::vector<Bytes> values) {
  fields_.push_back({std::string(key), std::move(values)});
  return *this;
}
Report& Report::Append(Report other) {
  for (Field& each : other.fields_) fields_.push_back(std::move(each));
  return *this;
}

struct ReportPrinter {
  static void Lines(const Report& report, const std::string& indent, std::string& out) {
    for (const Report::Field& field : report.fields_) {
      const std::string start = indent + field.key + ":";
      if (const auto* parts = std::get_if<std::vector<Report>>(&field.value)) {
        if (parts->empty()) out += start + " (none)\n";
        for (size_t i = 0; i < parts->size(); ++i) {
          out += indent + field.key;
          if (!field.single_part) out += "[" + std::to_string(i + 1) + "]";
          out += ":\n";
          Lines((*parts)[i], indent + "  ", out);
        }
      } else if (const auto* strings = std::get_if<std::vector<Bytes>>(&field.value)) {
        if (strings->empty()) out += start + " (none)\n";
        for (size_t i = 0; i < strings->size(); ++i) {
          out += indent + field.key + "[" + std::to_string(i + 1) +
                 "]: " + OctetsForPeople((*strings)[i]) + "\n";
        }
      } else {
        out += start + " " + Scalar(field.value) + "\n";
      }
    }
  }

  static std::string Scalar(const Report::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return Printable(*text);
    if (const auto* octets = std::get_if<Bytes>(&value)) return OctetsForPeople(*octets);
    if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
    if (const auto* time = std::get_if<WallTime>(&value)) {
      return time->ms == 0 ? "(none)" : ToIso8601(*time);
    }
    return std::get<bool>(value) ? "yes" : "no";
  }

  static Json Object(const Report& report) {
    Json out = Json::object();
    for (const Report::Field& field : report.fields_) {
      if (const auto* text = std::get_if<std::string>(&field.value)) {
        out[field.key] = *text;
      } else if (const auto* octets = std::get_if<Bytes>(&field.value)) {
        out[field.key] = ToHex(*octets);
      } else if (const auto* number = std::get_if<int64_t>(&field.value)) {
        out[field.key] = *number;
      } else if (const auto* time = std::get_if<WallTime>(&field.value)) {
        out[field.key] = time->ms;
      } else if (const auto* truth = std::get_if<bool>(&field.value)) {
        out[field.key] = *truth;
      } else if (const auto* strings = std::get_if<std::vector<Bytes>>(&field.value)) {
        Json list = Json::array();
        for (const Bytes& each : *strings) list.push_back(ToHex(each));
        out[field.key] = std::move(list);
      } else {
        const auto& parts = std::get<std::vector<Report>>(field.value);
        if (field.single_part) {
          out[field.key] = Object(parts.front());
          continue;
        }
        Json list = Json::array();
        for (const Report& each : parts) list.push_back(Object(each));
        out[field.key] = std::move(list);
      }
    }
    return out;
  }
};

std::string Report::ForPeople() const {
  std::string out;
  ReportPrinter::Lines(*this, "", out);
  return out;
}

std::string Report::ForMachines() const {
  return ReportPrinter::Object(*this).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace intaglio::host
