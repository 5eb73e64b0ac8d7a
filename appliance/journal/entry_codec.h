// Entry codec: events to the octets of a journal entry, and back to what the chain needs of them.
// Pure functions. An entry's octets are never written anew: their hash is the chain.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_ENTRY_CODEC_H_
#define INTAGLIO_APPLIANCE_JOURNAL_ENTRY_CODEC_H_

#include <optional>
#include <string>

#include "appliance/domain/event.h"
#include "base/clock.h"

namespace intaglio::appliance {

// The most octets one entry may have.
inline constexpr size_t kMaxEntryOctets = 256 * 1024;
// What the place of an entry in chain and time may take of them.
inline constexpr size_t kMaxPlaceOctets = 128;

// Where an entry stands.
struct EntryPlace {
  uint64_t sequence = 0;
  Digest previous_hash{};
  WallTime wall;
  BootTime boot;
  uint64_t boot_count = 0;
};

// The event alone, without its place, so that callers encode side by side and only the place waits
// for its turn. Octets of `reason_id` and `note` that are not printable ASCII are escaped: protobuf
// refuses to read text that is not UTF-8, and an entry that cannot be read would break the chain.
// kEntryTooLarge.
StatusOr<Bytes> EncodeEvent(const Event& event);
// The whole entry: the place, then the event.
Bytes EncodeEntry(const EntryPlace& place, ByteView event);

// What the chain and a summary need of an entry.
struct EntryFacts {
  EntryPlace place;
  EventType type = EventType::kRefused;  // as found; may be of a newer version
  std::optional<KeyUse> use;             // the signatures this line tells of
  std::optional<Checkpoint> checkpoint;
  std::string note;
};
// kJournalBroken if the octets are no entry, or a checkpoint's fields are out of shape.
StatusOr<EntryFacts> ReadEntry(ByteView entry);

// The signatures a line of this event will tell of; nothing if it tells of none. An issuer's
// certificate or CRL counts for the issuer's key, once.
std::optional<KeyUse> UseOf(const Event& event);

// What the JOURNAL key signs: SHA-256 over "intaglio/journal-checkpoint/v1" and the checkpoint's
// canonical octets without a signature.
Digest CheckpointDigest(const Checkpoint& checkpoint);

// The octets that every entry of this sequence starts with.
Bytes EntryStart(uint64_t sequence);

// SHA-256("intaglio/journal/v1" ‖ previous ‖ entry).
Digest ChainHash(const Digest& previous, ByteView entry);

// "SIGN_INTENT", or a number for a type of a newer version.
std::string NameOf(EventType type);
// One line of printable ASCII for a person; digests are shortened to 8 octets. Never fails: octets
// that are no entry are described as such.
std::string DescribeEntry(ByteView entry);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_ENTRY_CODEC_H_
