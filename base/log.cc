#include "base/log.h"

#include <unistd.h>

#include <cstdio>

#include "base/clock.h"

namespace intaglio {
namespace {

void AppendValue(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
  if (!plain) line.push_back('"');
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) {
      char escaped[5];
      snprintf(escaped, sizeof escaped, "\\x%02x", octet);
      line.append(escaped);
      continue;
    }
    if (c == '"' || c == '\\') line.push_back('\\');
    line.push_back(c);
  }
  if (!plain) line.push_back('"');
}

void Write(std::string_view level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = ToIso8601(SystemClock().Now());
  line.append(" ").append(level).append(" ").append(event);
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=");
    AppendValue(line, field.value);
  }
  line.push_back('\n');
  // A log line that cannot be written has nowhere else to go.
  [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void LogInfo(std::string_view event, std::initializer_list<LogField> fields) {
  Write("INFO", event, fields);
}
void LogWarn(std::string_view event, std::initializer_list<LogField> fields) {
  Write("WARN", event, fields);
}
void LogError(std::string_view event, std::initializer_list<LogField> fields) {
  Write("ERROR", event, fields);
}
void LogFailure(std::string_view event, const Status& status) {
  Write("ERROR", event,
        {{"reason", ReasonIdOf(status)}, {"status", std::string(status.message())}});
}

}  // namespace intaglio
