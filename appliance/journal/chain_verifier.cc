#include "appliance/journal/chain_verifier.h"

#include "appliance/journal/reasons.h"

namespace intaglio::appliance {

StatusOr<EntryFacts> ChainVerifier::Accept(ByteView entry) {
  const std::string expected = "expected sequence " + std::to_string(head_.sequence + 1) + ": ";
  const auto facts = ReadEntry(entry);
  if (!facts.ok()) return Fail(kJournalBroken, expected + DetailOf(facts.status()));
  if (facts->place.sequence != head_.sequence + 1) {
    return Fail(kJournalBroken,
                expected + "found sequence " + std::to_string(facts->place.sequence));
  }
  if (facts->place.previous_hash != head_.chain_hash) {
    return Fail(kJournalBroken, expected + "its previous hash is " +
                                    ToHex(facts->place.previous_hash) + ", the entry before has " +
                                    ToHex(head_.chain_hash));
  }
  head_ = JournalHead{facts->place.sequence, ChainHash(head_.chain_hash, entry)};
  return *facts;
}

}  // namespace intaglio::appliance
