#include "host/recovery/recovery.h"

#include "host/journal/journal_files.h"
#include "host/recovery/line_replay.h"
#include "host/recovery/reasons.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr size_t kLinesAtOnce = 500;

bool ChangesState(const pb::JournalEntry& entry) {
  return entry.type() == pb::EVENT_TYPE_REVOKED || entry.type() == pb::EVENT_TYPE_SUSPENDED ||
         entry.type() == pb::EVENT_TYPE_REINSTATED;
}

// Gathers lines and enters them together.
class Batches final {
 public:
  Batches(StorePort& store, LineReplay& replay) : store_(store), replay_(replay) {}

  Status Add(const pb::JournalEntry& entry) {
    bool carried_out = false;
    if (ChangesState(entry)) {
      // The same order journalled again, for a lost answer, counts once.
      carried_out = !authorities_.insert(entry.statement_digest()).second;
      if (!carried_out) {
        ASSIGN_OR_RETURN(carried_out, store_.IsCarriedOut(AsBytes(entry.statement_digest())));
      }
    }
    lines_.push_back({entry, carried_out});
    return lines_.size() < kLinesAtOnce ? OkStatus() : Flush();
  }
  Status Flush() {
    RETURN_IF_ERROR(store_.Update([&](StoreTransaction& rows) -> Status {
      for (const Line& line : lines_) {
        RETURN_IF_ERROR(replay_.Apply(line.entry, line.carried_out, rows));
      }
      return OkStatus();
    }));
    lines_.clear();
    authorities_.clear();
    return OkStatus();
  }

 private:
  struct Line {
    pb::JournalEntry entry;
    bool carried_out;
  };
  StorePort& store_;
  LineReplay& replay_;
  std::vector<Line> lines_;
  std::set<std::string> authorities_;
};

StatusOr<JournalFindings> VerifyWhole(const RecoveryInput& input) {
  JournalAudit audit(input.journal_spki);
  RETURN_IF_ERROR(ReadJournalLines(input.journal, [&](ByteView line) {
                    return audit.Add(line).status();
                  }).status());
  return audit.Findings();
}

StatusOr<bool> IsEmpty(StorePort& store) {
  ASSIGN_OR_RETURN(const auto applications, store.ListApplications({}, "", 1));
  ASSIGN_OR_RETURN(const auto ca, store.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  return applications.empty() && !ca;
}

}  // namespace

StatusOr<RecoveryFindings> Recover(const RecoveryInput& input, StorePort& store,
                                   StatementPort& statements) {
  ASSIGN_OR_RETURN(const JournalFindings journal, VerifyWhole(input));
  ASSIGN_OR_RETURN(const bool empty, IsEmpty(store));
  if (empty && journal.first_sequence != 1) {
    return Fail(kRecoveryIncomplete,
                "it begins with line " + std::to_string(journal.first_sequence) +
                    "; name the whole journal, or start from an older copy of the database");
  }
  LineReplay replay(statements);
  Batches batches(store, replay);
  uint64_t done = 0;
  RETURN_IF_ERROR(ReadJournalLines(input.journal, [&](ByteView line) -> Status {
                    pb::JournalEntry entry;
                    if (!entry.ParseFromArray(line.data(), static_cast<int>(line.size()))) {
                      return Fail(kRecoveryUnreadable, "a line changed while it was read");
                    }
                    if (++done % 100'000 == 0 && input.progress) input.progress(done);
                    return batches.Add(entry);
                  }).status());
  RETURN_IF_ERROR(batches.Flush());
  RecoveryFindings findings = replay.findings();
  findings.journal = journal;
  findings.unfinished.assign(replay.uncertified().begin(), replay.uncertified().end());
  ASSIGN_OR_RETURN(const auto latest_crl, store.LatestCrlFacts());
  RETURN_IF_ERROR(store.Update([&](StoreTransaction& rows) -> Status {
    if (findings.crl_number > 0 && (!latest_crl || latest_crl->number < findings.crl_number)) {
      PublishedCrl last;
      last.number = findings.crl_number;
      RETURN_IF_ERROR(rows.PutCrl(last));
    }
    return rows.AppendAudit(
        {"recovered", "journal",
         "up to line " + std::to_string(journal.last_sequence) + ", head " + ToHex(journal.head)});
  }));
  return findings;
}

}  // namespace intaglio::host
