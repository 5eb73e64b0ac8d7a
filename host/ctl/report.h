// Report: what a command answers, as named values in order; printed for people or as JSON.
//
// Values may come from anybody (names of applicants, text of orders), so the printed form escapes
// whatever could move a terminal's cursor or reverse its text: what is shown is what is there.
#ifndef INTAGLIO_HOST_CTL_REPORT_H_
#define INTAGLIO_HOST_CTL_REPORT_H_

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::host {

class Report final {
 public:
  Report& Text(std::string_view key, std::string_view value);
  // Hexadecimal in JSON; people see up to 128 octets, and of more the length and SHA-256.
  Report& Octets(std::string_view key, ByteView value);
  Report& Number(std::string_view key, int64_t value);
  // ISO 8601 for people; in JSON milliseconds since 1970.
  Report& Time(std::string_view key, WallTime value);
  Report& Truth(std::string_view key, bool value);
  Report& Part(std::string_view key, Report value);
  Report& Parts(std::string_view key, std::vector<Report> values);
  Report& OctetStrings(std::string_view key, std::vector<Bytes> values);
  // Adds the fields of `other`.
  Report& Append(Report other);

  // Lines "key: value", indented below their part.
  std::string ForPeople() const;
  // One JSON object on one line.
  std::string ForMachines() const;

 private:
  friend struct ReportPrinter;
  using Value = std::variant<std::string, Bytes, int64_t, WallTime, bool, std::vector<Report>,
                             std::vector<Bytes>>;
  struct Field {
    std::string key;
    Value value;
    bool single_part = false;
  };
  std::vector<Field> fields_;
};

// Every field of `message`, nested ones too: octets as hexadecimal, "..._ms" as times, enums by the
// name without their type. Absent messages and oneofs that are not set are left out.
Report ReportOf(const google::protobuf::Message& message);

// The text with control characters, direction overrides and octets that are not UTF-8 written as
// \xNN or \u{...}.
std::string Printable(std::string_view text);

// "CERTIFICATE_POLICY_QCP_N" of the enum CertificatePolicy becomes "QCP_N"; 0 is "NONE".
std::string EnumText(const google::protobuf::EnumDescriptor& type, int number);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_REPORT_H_
