// Checkpointer: signs the journal's state now and then, and tells the anchor.
//
// A checkpoint covers every line before it and counts the signatures since the last one. It is
// written, then the anchor learns of it; the next is not made before. So the anchor is never ahead
// of the journal, and behind by one checkpoint at most. Thread-safe.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_CHECKPOINTER_H_
#define INTAGLIO_APPLIANCE_JOURNAL_CHECKPOINTER_H_

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "appliance/anchor/anchor.h"
#include "appliance/journal/file_journal.h"

namespace intaglio::appliance {

// Whose checkpoints.
struct JournalSigner {
  CoreInstance instance;
  uint32_t instance_epoch = 1;
  KeyRecord key;  // purpose JOURNAL, RESIDENT, P-256
  uint64_t boot_count = 0;
};

// After so many lines, or so long after the last one if there is any line.
struct CheckpointPace {
  uint64_t lines = 1000;
  Duration time = kMinute;
};

class Checkpointer final {
 public:
  // Told where the anchor no longer fits the journal. No checkpoint is made then.
  using OnContradiction = std::function<void(const Status&)>;
  // All outlive this.
  Checkpointer(FileJournal& journal, TokenPort& token, AnchorPort& anchor, JournalSigner signer,
               CheckpointPace pace, OnContradiction on_contradiction)
      : journal_(journal),
        token_(token),
        anchor_(anchor),
        signer_(std::move(signer)),
        pace_(pace),
        on_contradiction_(std::move(on_contradiction)) {}
  ~Checkpointer() { Halt(); }
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Brings the anchor up to the journal, founds it where none of this kind was in use, makes a
  // checkpoint, and from then on makes them by itself. CheckAnchor's, the anchor's, the token's and
  // the journal's Reasons.
  Status Start();
  // Ends that, and makes a last checkpoint.
  Status Stop();
  // A checkpoint now, if there is a line since the last. Likewise.
  Status MakeOne();

 private:
  void Run();
  void Halt();
  Status BringUpAnchor();
  Status Write();
  StatusOr<Event> Compose(const JournalStanding& standing);
  Status Tell(uint64_t counter, const JournalHead& line);

  FileJournal& journal_;
  TokenPort& token_;
  AnchorPort& anchor_;
  const JournalSigner signer_;
  const CheckpointPace pace_;
  const OnContradiction on_contradiction_;
  std::atomic<bool> halting_{false};
  std::thread thread_;

  std::mutex mutex_;       // one checkpoint at a time; guards what is below
  bool ready_ = false;     // the anchor is one that checkpoints may go to
  uint64_t counter_ = 0;   // the anchor's
  bool key_told_ = false;  // in this boot
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_CHECKPOINTER_H_
