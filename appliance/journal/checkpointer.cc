#include "appliance/journal/checkpointer.h"

#include "appliance/crypto/hash.h"
#include "appliance/journal/reasons.h"
#include "appliance/policy/journal_policy.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

// Tries while others write on. Then they wait for one signature.
constexpr int kTriesBeside = 3;

}  // namespace

Status Checkpointer::Start() {
  RETURN_IF_ERROR(MakeOne());
  thread_ = std::thread([this] { Run(); });
  return OkStatus();
}

Status Checkpointer::Stop() {
  Halt();
  return MakeOne();
}

void Checkpointer::Halt() {
  if (!thread_.joinable()) return;
  halting_ = true;
  journal_.Wake();
  thread_.join();
}

void Checkpointer::Run() {
  bool failing = false;
  while (!halting_) {
    // After a failure not at once again, however many lines wait.
    journal_.WaitForLines(failing ? UINT64_MAX : pace_.lines, failing ? kSecond : pace_.time);
    if (halting_) return;
    const Status made = MakeOne();
    if (!made.ok()) LogFailure("journal.checkpoint", made);
    failing = !made.ok();
  }
}

Status Checkpointer::MakeOne() {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(BringUpAnchor());
  return Write();
}

// The anchor knows the journal's last checkpoint, or is made to.
Status Checkpointer::BringUpAnchor() {
  const auto last = journal_.Standing().last_checkpoint;
  const bool ours = last && last->anchor_kind == anchor_.kind();
  if (!ready_) {
    ASSIGN_OR_RETURN(auto mark, anchor_.Read());
    // As at start: one that went back, or is gone, while the core ran is no anchor to go on from.
    const Status fits = CheckAnchor({anchor_.kind(), mark, last, signer_.boot_count});
    if (!fits.ok()) {
      on_contradiction_(fits);
      return fits;
    }
    if (!mark || (last && !ours)) {
      RETURN_IF_ERROR(anchor_.Found());
      ASSIGN_OR_RETURN(mark, anchor_.Read());
    }
    counter_ = mark ? mark->counter : 0;
    ready_ = true;
  }
  if (!ours || last->anchor_counter != counter_ + 1) return OkStatus();
  ASSIGN_OR_RETURN(const JournalHead line, journal_.HeadAt(last->sequence + 1));
  return Tell(last->anchor_counter, line);
}

Status Checkpointer::Write() {
  std::optional<FileJournal::Pause> pause;
  for (int i = 0;; ++i) {
    if (i == kTriesBeside) pause.emplace(journal_);
    const JournalStanding standing = journal_.Standing();
    if (standing.lines_since == 0) return OkStatus();
    ASSIGN_OR_RETURN(const Event event, Compose(standing));
    const auto line = journal_.AppendAfter(standing.head, event);
    // A pause leaves only the line that a new segment begins with to come between.
    if (Is(line.status(), kJournalMoved) && i <= kTriesBeside) continue;
    RETURN_IF_ERROR(line.status());
    pause.reset();
    key_told_ = true;
    return Tell(event.checkpoint->anchor_counter, *line);
  }
}

StatusOr<Event> Checkpointer::Compose(const JournalStanding& standing) {
  Checkpoint checkpoint;
  checkpoint.core_instance = signer_.instance;
  checkpoint.instance_epoch = signer_.instance_epoch;
  checkpoint.sequence = standing.head.sequence;
  checkpoint.chain_hash = standing.head.chain_hash;
  checkpoint.anchor_counter = counter_ + 1;
  checkpoint.anchor_kind = anchor_.kind();
  for (const auto& [key, count] : standing.uses) checkpoint.uses.push_back({key, count});
  checkpoint.journal_key_id = Sha256(signer_.key.spki);
  // A journal whose older segments were moved away names its key, too.
  if (!key_told_ || standing.segment_unsigned) checkpoint.journal_spki = signer_.key.spki;
  ASSIGN_OR_RETURN(auto signatures, token_.Sign(JournalPolicy::PermitCheckpoint(
                                                    signer_.key, CheckpointDigest(checkpoint)),
                                                signer_.key));
  checkpoint.signature = std::move(signatures.front());
  Event event;
  event.type = EventType::kCheckpoint;
  event.key_id = signer_.key.key_id;
  event.checkpoint = std::move(checkpoint);
  return event;
}

Status Checkpointer::Tell(uint64_t counter, const JournalHead& line) {
  const Status told =
      anchor_.Advance({counter, signer_.boot_count, line.sequence, line.chain_hash});
  // Where it stands after a failure only it can say.
  ready_ = told.ok();
  if (told.ok()) counter_ = counter;
  return told;
}

}  // namespace intaglio::appliance
