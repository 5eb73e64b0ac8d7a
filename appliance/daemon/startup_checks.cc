#include "appliance/daemon/startup_checks.h"

#include "appliance/domain/reasons.h"
#include "appliance/state/reasons.h"
#include "appliance/usecases/commands/identity_change.h"
#include "intaglio/core/v1/journal.pb.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kLinesAtOnce = 1000;
constexpr size_t kOctetsAtOnce = 4 << 20;

// A refusal of the command also names it.
bool Tells(const core::v1::JournalEntry& line, const Digest& statement) {
  return line.type() != core::v1::EVENT_TYPE_REFUSED &&
         Equal(AsBytes(line.statement_digest()), statement);
}

StatusOr<bool> LineWritten(JournalPort& journal, uint64_t after, const Digest& statement) {
  const uint64_t last = journal.Head().sequence;
  while (after < last) {
    ASSIGN_OR_RETURN(const auto lines, journal.Read(after + 1, kLinesAtOnce, kOctetsAtOnce));
    if (lines.empty()) break;
    for (const Bytes& each : lines) {
      core::v1::JournalEntry line;
      if (!line.ParseFromArray(each.data(), static_cast<int>(each.size()))) {
        return Fail(kRowUnreadable, "a line of the journal");
      }
      if (Tells(line, statement)) return true;
    }
    after += lines.size();
  }
  return false;
}

}  // namespace

Status FinishPendingChange(LmdbState& state, JournalPort& journal) {
  return FinishPending(state, [&](uint64_t after, const Digest& statement) {
    return LineWritten(journal, after, statement);
  });
}

Status CheckConfiguration(const CoreSettings& settings, const CoreIdentity& identity,
                          JournalPort& journal) {
  if (settings.file_sha256 == identity.configuration_sha256) return OkStatus();
  const Status refusal =
      Fail(kConfigurationUnapproved,
           "the file's SHA-256 is " + ToHex(settings.file_sha256) + ", approved is " +
               ToHex(identity.configuration_sha256) +
               "; start with the approved file and have officers sign an approve-configuration "
               "command for this one");
  RETURN_IF_ERROR(journal
                      .Append({.type = EventType::kRefused,
                               .content_digest = settings.file_sha256,
                               .reason_id = std::string(ReasonIdOf(refusal)),
                               .note = "start"})
                      .status());
  return refusal;
}

}  // namespace intaglio::appliance
