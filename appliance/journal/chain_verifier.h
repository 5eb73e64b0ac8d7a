// ChainVerifier: checks that entries follow from each other, one after the other.
//
// Works on entries wherever they came from: the core's own disk, or the copy a host exported. It
// shows that nothing was changed, left out or put in between; that nothing is missing at the end
// only the core's anchor or a head known from elsewhere can show. Not thread-safe.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_CHAIN_VERIFIER_H_
#define INTAGLIO_APPLIANCE_JOURNAL_CHAIN_VERIFIER_H_

#include "appliance/journal/entry_codec.h"
#include "appliance/usecases/ports.h"

namespace intaglio::appliance {

class ChainVerifier final {
 public:
  // `after` is the head that the first entry must follow; a head of zeros is the beginning.
  explicit ChainVerifier(const JournalHead& after) : head_(after) {}

  // kJournalBroken, naming the sequence that was expected; the head then stays.
  StatusOr<EntryFacts> Accept(ByteView entry);
  // Of the last accepted entry.
  const JournalHead& head() const { return head_; }

 private:
  JournalHead head_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_CHAIN_VERIFIER_H_
