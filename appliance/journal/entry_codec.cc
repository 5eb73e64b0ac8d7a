#include "appliance/journal/entry_codec.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "appliance/crypto/hash.h"
#include "appliance/journal/reasons.h"
#include "intaglio/core/v1/journal.pb.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr size_t kShownOctets = 8;

template <class Message>
Bytes Serialise(const Message& message) {
  Bytes out(message.ByteSizeLong());
  message.SerializeToArray(out.data(), static_cast<int>(out.size()));
  return out;
}

void ToMessage(const Checkpoint& checkpoint, pb::Checkpoint& out) {
  out.set_core_instance(AsString(checkpoint.core_instance.view()));
  out.set_instance_epoch(checkpoint.instance_epoch);
  out.set_sequence(checkpoint.sequence);
  out.set_chain_hash(AsString(checkpoint.chain_hash));
  out.set_anchor_counter(checkpoint.anchor_counter);
  out.set_anchor_kind(checkpoint.anchor_kind);
  for (const KeyUse& use : checkpoint.uses) {
    pb::KeyUse& each = *out.add_uses();
    each.set_key_id(AsString(use.key_id));
    each.set_signatures(use.signatures);
  }
  out.set_journal_key_id(AsString(checkpoint.journal_key_id));
  out.set_signature(AsString(checkpoint.signature));
  out.set_journal_spki(AsString(checkpoint.journal_spki));
}

StatusOr<Checkpoint> FromMessage(uint64_t line, const pb::Checkpoint& in) {
  Checkpoint out;
  const auto chain_hash = ToDigest(AsBytes(in.chain_hash()));
  const auto journal_key = ToDigest(AsBytes(in.journal_key_id()));
  if (!Assign(AsBytes(in.core_instance()), out.core_instance) || !chain_hash.ok() ||
      !journal_key.ok()) {
    return Fail(kJournalBroken, "the checkpoint in entry " + std::to_string(line) +
                                    " lacks its core, chain hash or key");
  }
  out.instance_epoch = in.instance_epoch();
  out.sequence = in.sequence();
  out.chain_hash = *chain_hash;
  out.anchor_counter = in.anchor_counter();
  out.anchor_kind = in.anchor_kind();
  for (const pb::KeyUse& use : in.uses()) {
    out.uses.push_back({ToBytes(use.key_id()), use.signatures()});
  }
  out.journal_key_id = *journal_key;
  out.signature = ToBytes(in.signature());
  out.journal_spki = ToBytes(in.journal_spki());
  return out;
}

std::optional<KeyUse> UseOf(EventType type, ByteView key, ByteView issuer, uint64_t count) {
  KeyUse use;
  switch (type) {
    case EventType::kSigned:
    case EventType::kSealed:
    case EventType::kOcspSigned:
      use = {ToBytes(key), count};
      break;
    case EventType::kCertificateSigned:
    case EventType::kCrlSigned:
      use = {ToBytes(issuer.empty() ? key : issuer), 1};
      break;
    default:
      break;
  }
  return use.signatures == 0 ? std::nullopt : std::optional<KeyUse>(std::move(use));
}

std::string Printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet < 0x7f) {
      out.push_back(c);
      continue;
    }
    char escaped[5];
    snprintf(escaped, sizeof escaped, "\\x%02x", octet);
    out.append(escaped);
  }
  return out;
}

class Line final {
 public:
  explicit Line(std::string start) : text_(std::move(start)) {}
  void Octets(const char* name, const std::string& octets) {
    if (octets.empty()) return;
    std::string hex = ToHex(AsBytes(octets).first(std::min(octets.size(), kShownOctets)));
    if (octets.size() > kShownOctets) hex.append("..");
    Add(name, hex);
  }
  void Size(const char* name, const std::string& octets) {
    if (!octets.empty()) Add(name, std::to_string(octets.size()) + "B");
  }
  void Add(const char* name, const std::string& value) {
    text_.append(" ").append(name).append("=").append(value);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

bool Parse(ByteView octets, pb::JournalEntry& entry) {
  return octets.size() <= kMaxEntryOctets &&
         entry.ParseFromArray(octets.data(), static_cast<int>(octets.size()));
}

}  // namespace

StatusOr<Bytes> EncodeEvent(const Event& event) {
  pb::JournalEntry out;
  out.set_type(static_cast<pb::EventType>(event.type));
  if (event.key_id) out.set_key_id(AsString(event.key_id->view()));
  if (event.statement_digest) out.set_statement_digest(AsString(*event.statement_digest));
  out.set_serial(AsString(event.serial));
  if (event.issuer_key_id) out.set_issuer_key_id(AsString(event.issuer_key_id->view()));
  if (event.content_digest) out.set_content_digest(AsString(*event.content_digest));
  if (event.output_digest) out.set_output_digest(AsString(*event.output_digest));
  out.set_count(event.count);
  out.set_sealed_record(AsString(event.sealed_record));
  out.set_certificate(AsString(event.certificate));
  out.set_reason_id(Printable(event.reason_id));
  out.set_note(Printable(event.note));
  for (const OfficerId& officer : event.officers) out.add_officers(AsString(officer.view()));
  if (event.state_hash) out.set_state_hash(AsString(*event.state_hash));
  out.set_host_audit_head(AsString(event.host_audit_head));
  out.set_statement(AsString(event.statement));
  out.set_proofs(AsString(event.proofs));
  if (event.effective_at) out.set_effective_at_ms(event.effective_at->ms);
  if (event.checkpoint) ToMessage(*event.checkpoint, *out.mutable_checkpoint());
  const size_t size = out.ByteSizeLong();
  if (size > kMaxEntryOctets - kMaxPlaceOctets) {
    return Fail(kEntryTooLarge, NameOf(event.type) + " has " + std::to_string(size) + " octets");
  }
  return Serialise(out);
}

Bytes EncodeEntry(const EntryPlace& place, ByteView event) {
  pb::JournalEntry out;
  out.set_sequence(place.sequence);
  out.set_previous_hash(AsString(place.previous_hash));
  out.set_wall_ms(place.wall.ms);
  out.set_boot_ms(place.boot.ms);
  out.set_boot_count(place.boot_count);
  // Messages written one after the other read as one; the place has the lower field numbers, so
  // this is what writing them together would give.
  return Concat({Serialise(out), event});
}

StatusOr<EntryFacts> ReadEntry(ByteView entry) {
  pb::JournalEntry in;
  if (!Parse(entry, in)) {
    return Fail(kJournalBroken, std::to_string(entry.size()) + " octets are no entry");
  }
  EntryFacts facts;
  const auto previous = ToDigest(AsBytes(in.previous_hash()));
  if (!previous.ok()) {
    return Fail(kJournalBroken, "the previous hash of entry " + std::to_string(in.sequence()) +
                                    " has " + std::to_string(in.previous_hash().size()) +
                                    " octets");
  }
  facts.place = {in.sequence(), *previous, WallTime{in.wall_ms()}, BootTime{in.boot_ms()},
                 in.boot_count()};
  facts.type = static_cast<EventType>(in.type());
  facts.use = UseOf(facts.type, AsBytes(in.key_id()), AsBytes(in.issuer_key_id()), in.count());
  facts.note = in.note();
  if (facts.type == EventType::kCheckpoint) {
    ASSIGN_OR_RETURN(facts.checkpoint, FromMessage(in.sequence(), in.checkpoint()));
  }
  return facts;
}

std::optional<KeyUse> UseOf(const Event& event) {
  const auto view = [](const std::optional<KeyId>& id) { return id ? id->view() : ByteView(); };
  return UseOf(event.type, view(event.key_id), view(event.issuer_key_id), event.count);
}

Digest CheckpointDigest(const Checkpoint& checkpoint) {
  Checkpoint bare = checkpoint;
  bare.signature.clear();
  pb::Checkpoint message;
  ToMessage(bare, message);
  return Sha256({AsBytes("intaglio/journal-checkpoint/v1"), Serialise(message)});
}

Bytes EntryStart(uint64_t sequence) {
  pb::JournalEntry entry;
  entry.set_sequence(sequence);
  return Serialise(entry);
}

Digest ChainHash(const Digest& previous, ByteView entry) {
  return Sha256({AsBytes("intaglio/journal/v1"), previous, entry});
}

std::string NameOf(EventType type) {
  constexpr std::string_view kPrefix = "EVENT_TYPE_";
  const int number = static_cast<int>(type);
  if (!pb::EventType_IsValid(number)) return "TYPE_" + std::to_string(number);
  return std::string(pb::EventType_Name(static_cast<pb::EventType>(number))).substr(kPrefix.size());
}

std::string DescribeEntry(ByteView octets) {
  pb::JournalEntry entry;
  if (!Parse(octets, entry)) return "(" + std::to_string(octets.size()) + " octets, no entry)";
  Line line(std::to_string(entry.sequence()) + " " + ToIso8601(WallTime{entry.wall_ms()}) + " " +
            NameOf(static_cast<EventType>(entry.type())));
  line.Octets("key", entry.key_id());
  line.Octets("issuer", entry.issuer_key_id());
  if (!entry.serial().empty()) line.Add("serial", ToHex(AsBytes(entry.serial())));
  if (entry.count() != 0) line.Add("count", std::to_string(entry.count()));
  if (!entry.reason_id().empty()) line.Add("reason", Printable(entry.reason_id()));
  line.Octets("statement", entry.statement_digest());
  line.Octets("content", entry.content_digest());
  line.Octets("output", entry.output_digest());
  for (const std::string& officer : entry.officers()) line.Octets("officer", officer);
  line.Octets("state", entry.state_hash());
  line.Octets("host-audit", entry.host_audit_head());
  line.Size("record", entry.sealed_record());
  line.Size("certificate", entry.certificate());
  line.Size("statement-octets", entry.statement());
  if (entry.has_checkpoint()) {
    const pb::Checkpoint& checkpoint = entry.checkpoint();
    line.Add("covers", std::to_string(checkpoint.sequence()));
    line.Add("anchor", Printable(checkpoint.anchor_kind()) + ":" +
                           std::to_string(checkpoint.anchor_counter()));
    line.Add("keys-used", std::to_string(checkpoint.uses_size()));
  }
  line.Add("boot",
           std::to_string(entry.boot_count()) + "+" + std::to_string(entry.boot_ms()) + "ms");
  line.Octets("previous", entry.previous_hash());
  if (!entry.note().empty()) line.Add("note", "\"" + Printable(entry.note()) + "\"");
  return line.Take();
}

}  // namespace intaglio::appliance
