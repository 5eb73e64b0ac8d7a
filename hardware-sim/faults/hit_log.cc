#include "hardware-sim/faults/hit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "hardware-sim/faults/ck_names.h"
#include "hardware-sim/faults/reasons.h"

namespace intaglio::sim {

StatusOr<std::unique_ptr<HitLog>> HitLog::Open(const std::string& path) {
  if (path.empty()) return std::unique_ptr<HitLog>(new HitLog(-1));
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd < 0) return Fail(kConfigurationInvalid, "hit_log: " + path + ": " + strerror(errno));
  return std::unique_ptr<HitLog>(new HitLog(fd));
}

HitLog::~HitLog() {
  if (fd_ >= 0) close(fd_);
}

void HitLog::Write(const DueFault& fault, const CallFacts& call) {
  if (fd_ < 0) return;
  nlohmann::ordered_json line;
  line["time"] = ToIso8601(SystemClock().Now());
  line["pid"] = getpid();
  line["fault"] = fault.id;
  line["action"] = std::string(NameOf(fault.action));
  line["function"] = std::string(NameOf(call.function));
  line["call"] = fault.matched;
  line["seen"] = fault.seen;
  if (call.session_ordinal) line["session_ordinal"] = *call.session_ordinal;
  if (call.mechanism) line["mechanism"] = NameOfMechanism(*call.mechanism);
  if (call.label) line["key_label"] = *call.label;
  line["plan"] = fault.text;
  const std::string text =
      line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  // A full disk must not turn into a fault of another kind: the line is lost, the run goes on.
  const ssize_t ignored = write(fd_, text.data(), text.size());
  (void)ignored;
}

}  // namespace intaglio::sim
