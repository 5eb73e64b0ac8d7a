// Log: one structured line per event on stderr, for operators. It is not the audit trail: what must
// be provable goes to the journal.
//
//   LogInfo("core.start", {{"instance", id}, {"boot", "7"}});
//   2026-11-23T06:30:00.123Z INFO core.start instance=1f3a boot=7
#ifndef INTAGLIO_BASE_LOG_H_
#define INTAGLIO_BASE_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/status.h"

namespace intaglio {

struct LogField {
  std::string_view key;
  std::string value;  // quoted on output when it holds spaces, quotes or control characters
};

// Thread-safe; one write(2) a line. Values must not hold secrets or personal data.
void LogInfo(std::string_view event, std::initializer_list<LogField> fields = {});
void LogWarn(std::string_view event, std::initializer_list<LogField> fields = {});
void LogError(std::string_view event, std::initializer_list<LogField> fields = {});
// The failure's Reason and full detail.
void LogFailure(std::string_view event, const Status& status);

}  // namespace intaglio

#endif  // INTAGLIO_BASE_LOG_H_
