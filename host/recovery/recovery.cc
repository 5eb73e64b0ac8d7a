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

// Gathers lines, and enters them together once they are known to be the right ones.
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
    return OkStatus();
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

// What the first reading found, and what the second one is held against.
struct Verified {
  JournalFindings findings;
  uint64_t until = 0;         // the last line that is signed or vouched for
  Digest head{};              // behind it
  std::vector<Digest> heads;  // behind each kLinesAtOnce-th line
};

StatusOr<Verified> VerifyWhole(const RecoveryInput& input) {
  JournalAudit audit(input.journal_spki);
  Verified out;
  bool vouched = false;
  uint64_t count = 0;
  RETURN_IF_ERROR(ReadJournalLines(input.journal, [&](ByteView line) -> Status {
                    const Digest before = audit.head();
                    const uint64_t sealed = audit.sealed_sequence();
                    RETURN_IF_ERROR(audit.Add(line).status());
                    if (audit.sealed_sequence() != sealed && audit.sealed_sequence() > out.until) {
                      out.until = audit.sealed_sequence();
                      out.head = before;
                    }
                    if (input.head && audit.last_sequence() == input.head->sequence) {
                      vouched = audit.head() == input.head->chain_hash;
                    }
                    if (++count % kLinesAtOnce == 0) out.heads.push_back(audit.head());
                    return OkStatus();
                  }).status());
  out.findings = audit.Findings();
  if (input.head && !vouched) {
    return Fail(kRecoveryHead, "line " + std::to_string(input.head->sequence) +
                                   "; the journal ends with line " +
                                   std::to_string(out.findings.last_sequence));
  }
  if (input.head && input.head->sequence > out.until) {
    out.until = input.head->sequence;
    out.head = input.head->chain_hash;
  }
  if (out.until == 0) {
    return Fail(kRecoveryUnsigned,
                "fetch the journal again once the core has written a checkpoint, or name its end "
                "as the core tells it");
  }
  return out;
}

StatusOr<bool> IsEmpty(StorePort& store) {
  ASSIGN_OR_RETURN(const auto applications, store.ListApplications({}, "", 1));
  ASSIGN_OR_RETURN(const auto ca, store.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  return applications.empty() && !ca;
}

// The second reading: nothing is entered unless it is what the first one verified.
Status Enter(const RecoveryInput& input, const Verified& verified, Batches& batches) {
  JournalAudit audit(input.journal_spki);
  uint64_t count = 0;
  const auto changed = [] { return Fail(kRecoveryUnreadable, "a line changed while it was read"); };
  RETURN_IF_ERROR(ReadJournalLines(input.journal, [&](ByteView line) -> Status {
                    if (audit.last_sequence() >= verified.until) return OkStatus();
                    ASSIGN_OR_RETURN(const pb::JournalEntry entry, audit.Add(line));
                    RETURN_IF_ERROR(batches.Add(entry));
                    if (++count % kLinesAtOnce != 0) return OkStatus();
                    if (audit.head() != verified.heads.at(count / kLinesAtOnce - 1)) {
                      return changed();
                    }
                    if (count % 100'000 == 0 && input.progress) input.progress(count);
                    return batches.Flush();
                  }).status());
  if (audit.last_sequence() != verified.until || audit.head() != verified.head) return changed();
  return batches.Flush();
}

}  // namespace

StatusOr<RecoveryFindings> Recover(const RecoveryInput& input, StorePort& store,
                                   StatementPort& statements) {
  ASSIGN_OR_RETURN(const Verified verified, VerifyWhole(input));
  const JournalFindings& journal = verified.findings;
  ASSIGN_OR_RETURN(const bool empty, IsEmpty(store));
  if (empty && journal.first_sequence != 1) {
    return Fail(kRecoveryIncomplete,
                "it begins with line " + std::to_string(journal.first_sequence) +
                    "; name the whole journal, or start from an older copy of the database");
  }
  LineReplay replay(statements);
  Batches batches(store, replay);
  RETURN_IF_ERROR(Enter(input, verified, batches));
  RecoveryFindings findings = replay.findings();
  findings.journal = journal;
  findings.entered_until = verified.until;
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
         "up to line " + std::to_string(verified.until) + ", head " + ToHex(verified.head)});
  }));
  return findings;
}

}  // namespace intaglio::host
