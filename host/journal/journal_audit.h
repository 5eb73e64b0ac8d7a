// JournalAudit: does this journal hold? Offline, over lines alone. [R-EVD-1]
//
// Beside the chain: every checkpoint is by one journal key and names the line before it; the
// signatures it counts are those the lines tell of; every signature has its intent; boots only
// count up. Lines after the last checkpoint are chained but not yet signed, and the findings say
// how many. What it cannot show is that nothing came after the last line: that is for the core's
// anchor.
#ifndef INTAGLIO_HOST_JOURNAL_JOURNAL_AUDIT_H_
#define INTAGLIO_HOST_JOURNAL_JOURNAL_AUDIT_H_

#include <map>
#include <optional>
#include <string>

#include "host/journal/journal_chain.h"

namespace intaglio::host {

struct JournalFindings {
  uint64_t lines = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  Digest head{};
  uint64_t boots = 0;
  uint64_t checkpoints = 0;
  uint64_t sealed_sequence = 0;  // the last line that a checkpoint covers; 0: none
  uint64_t signatures = 0;
  uint64_t open_intents = 0;  // intents whose outcome no line tells: refused after, or a crash
  std::string anchor_kind;    // of the last checkpoint
  uint64_t anchor_counter = 0;
  Bytes journal_key_id;  // SHA-256 of the journal key's SPKI; empty without a checkpoint
  // The journal key was given from outside; otherwise the journal named its own, and whoever wrote
  // it all anew could have too.
  bool key_was_given = false;
};

class JournalAudit final {
 public:
  // `journal_spki`: DER, as the core's console showed it at init; empty to take the journal's word.
  explicit JournalAudit(Bytes journal_spki)
      : spki_(std::move(journal_spki)), key_was_given_(!spki_.empty()) {}

  // The next line. kJournalBroken, kJournalForged, kJournalCounts, kJournalIntent, each naming the
  // line.
  StatusOr<core::v1::JournalEntry> Add(ByteView line);
  JournalFindings Findings() const;
  // Of the last line added.
  const Digest& head() const { return chain_.head(); }
  uint64_t last_sequence() const { return chain_.last_sequence(); }
  // The last line that a checkpoint covers, and the head behind it; 0: none.
  uint64_t sealed_sequence() const { return findings_.sealed_sequence; }

 private:
  Status CheckCheckpoint(const core::v1::JournalEntry& entry, const Digest& head_before);
  Status CheckUses(const core::v1::JournalEntry& entry);
  Status CountSignatures(const core::v1::JournalEntry& entry);

  JournalChain chain_;
  Bytes spki_;
  const bool key_was_given_;
  JournalFindings findings_;
  uint64_t boot_count_ = 0;
  std::string instance_;
  std::map<std::string, uint64_t> uses_;     // key id -> signatures since the last checkpoint
  std::map<std::string, uint64_t> intents_;  // type and digests -> how many stand open
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_JOURNAL_JOURNAL_AUDIT_H_
