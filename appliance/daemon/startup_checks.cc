#include "appliance/daemon/startup_checks.h"

#include <algorithm>

#include "appliance/anchor/reasons.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/entry_codec.h"
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

// The last line that tells of the core, not of the journal itself.
StatusOr<core::v1::JournalEntry> LastOwnLine(FileJournal& journal) {
  constexpr uint64_t kFew = 8;
  const uint64_t head = journal.Head().sequence;
  const uint64_t from = head > kFew ? head - kFew + 1 : 1;
  // Older ones may have been moved away.
  ASSIGN_OR_RETURN(const auto segments, journal.Segments());
  const uint64_t first = segments.empty() ? 1 : segments.front();
  ASSIGN_OR_RETURN(auto lines, journal.Read(std::max(from, first), kFew, kFew * kMaxEntryOctets));
  core::v1::JournalEntry entry;
  for (; !lines.empty(); lines.pop_back()) {
    const Bytes& octets = lines.back();
    if (!entry.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) break;
    if (entry.type() != core::v1::EVENT_TYPE_CHECKPOINT &&
        entry.type() != core::v1::EVENT_TYPE_SEGMENT_ROTATED &&
        entry.type() != core::v1::EVENT_TYPE_TAIL_REPAIRED) {
      return entry;
    }
  }
  return core::v1::JournalEntry();
}

}  // namespace

Status CheckStarts(uint64_t rows_boot_count, FileJournal& journal) {
  ASSIGN_OR_RETURN(const core::v1::JournalEntry entry, LastOwnLine(journal));
  if (entry.boot_count() <= rows_boot_count) return OkStatus();
  return Fail(kRowsRolledBack, "the rows know of " + std::to_string(rows_boot_count) +
                                   " starts, the journal's last line is of start " +
                                   std::to_string(entry.boot_count()) +
                                   "; put back the newest copy of the rows");
}

StatusOr<bool> CheckRows(LmdbState& state, FileJournal& journal) {
  RETURN_IF_ERROR(state.CheckAllRows());
  ASSIGN_OR_RETURN(const core::v1::JournalEntry entry, LastOwnLine(journal));
  if (entry.type() != core::v1::EVENT_TYPE_STOPPED || entry.state_hash().empty()) return false;
  ASSIGN_OR_RETURN(const Digest found, state.StateHash());
  if (Equal(found, AsBytes(entry.state_hash()))) return true;
  return Fail(kRowsMissing, "the rows are not those the core stopped with; restore the right copy");
}

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
