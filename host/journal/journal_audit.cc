#include "host/journal/journal_audit.h"

#include "host/journal/reasons.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr std::string_view kCheckpointDomain = "intaglio/journal-checkpoint/v1";

std::string At(const pb::JournalEntry& entry) {
  return "line " + std::to_string(entry.sequence()) + ": ";
}

// The intent that a line of this type must follow.
std::optional<pb::EventType> IntentOf(pb::EventType type) {
  switch (type) {
    case pb::EVENT_TYPE_SIGNED:
      return pb::EVENT_TYPE_SIGN_INTENT;
    case pb::EVENT_TYPE_SEALED:
      return pb::EVENT_TYPE_SEAL_INTENT;
    case pb::EVENT_TYPE_CERTIFICATE_SIGNED:
      return pb::EVENT_TYPE_CERTIFICATE_INTENT;
    case pb::EVENT_TYPE_CRL_SIGNED:
      return pb::EVENT_TYPE_CRL_INTENT;
    default:
      return std::nullopt;
  }
}

bool IsIntent(pb::EventType type) {
  return type == pb::EVENT_TYPE_SIGN_INTENT || type == pb::EVENT_TYPE_SEAL_INTENT ||
         type == pb::EVENT_TYPE_CERTIFICATE_INTENT || type == pb::EVENT_TYPE_CRL_INTENT;
}

// What an intent and its outcome share.
std::string IntentKey(pb::EventType intent, const pb::JournalEntry& entry) {
  return std::to_string(intent) + '/' + entry.content_digest();
}

// The key that signed, and how often.
struct Use {
  std::string key_id;
  uint64_t signatures = 0;
};
Use UseOf(const pb::JournalEntry& entry) {
  switch (entry.type()) {
    case pb::EVENT_TYPE_SIGNED:
    case pb::EVENT_TYPE_SEALED:
    case pb::EVENT_TYPE_OCSP_SIGNED:
      return {entry.key_id(), entry.count()};
    case pb::EVENT_TYPE_CERTIFICATE_SIGNED:
    case pb::EVENT_TYPE_CRL_SIGNED:
      return {entry.issuer_key_id().empty() ? entry.key_id() : entry.issuer_key_id(), 1};
    default:
      return {};
  }
}

}  // namespace

StatusOr<pb::JournalEntry> JournalAudit::Add(ByteView line) {
  const Digest head_before = chain_.head();
  ASSIGN_OR_RETURN(pb::JournalEntry entry, chain_.Add(line));
  if (findings_.lines++ == 0) findings_.first_sequence = entry.sequence();
  if (entry.boot_count() < boot_count_) {
    return Fail(kJournalBroken, At(entry) + "boot " + std::to_string(entry.boot_count()) +
                                    " after boot " + std::to_string(boot_count_));
  }
  if (entry.boot_count() > boot_count_) ++findings_.boots;
  boot_count_ = entry.boot_count();
  if (entry.type() == pb::EVENT_TYPE_CHECKPOINT) {
    RETURN_IF_ERROR(CheckCheckpoint(entry, head_before));
    return entry;
  }
  // A core took over another's identity, and says so.
  if (entry.type() == pb::EVENT_TYPE_RESTORED) instance_.clear();
  RETURN_IF_ERROR(CountSignatures(entry));
  return entry;
}

Status JournalAudit::CheckCheckpoint(const pb::JournalEntry& entry, const Digest& head_before) {
  const pb::Checkpoint& checkpoint = entry.checkpoint();
  if (checkpoint.sequence() + 1 != entry.sequence() ||
      !Equal(AsBytes(checkpoint.chain_hash()), AsBytes(entry.previous_hash()))) {
    return Fail(kJournalForged,
                At(entry) + "the checkpoint names another line than the one before");
  }
  const bool first_line = findings_.lines == 1;
  if (!first_line && !Equal(AsBytes(checkpoint.chain_hash()), head_before)) {
    return Fail(kJournalForged, At(entry) + "the checkpoint names another chain");
  }
  if (spki_.empty()) spki_ = ToBytes(checkpoint.journal_spki());
  if (!Equal(Sha256(spki_), AsBytes(checkpoint.journal_key_id()))) {
    return Fail(kJournalForged, At(entry) + "the checkpoint is by another journal key");
  }
  pb::Checkpoint unsigned_checkpoint = checkpoint;
  unsigned_checkpoint.clear_signature();
  const Bytes signed_octets =
      Concat({AsBytes(kCheckpointDomain), SerializeCanonical(unsigned_checkpoint)});
  if (!VerifyEs256(spki_, signed_octets, AsBytes(checkpoint.signature()))) {
    return Fail(kJournalForged, At(entry) + "the checkpoint's signature does not verify");
  }
  if (!instance_.empty() && instance_ != checkpoint.core_instance()) {
    return Fail(kJournalForged, At(entry) + "the checkpoint is of another core");
  }
  instance_ = checkpoint.core_instance();
  RETURN_IF_ERROR(CheckUses(entry));
  ++findings_.checkpoints;
  findings_.sealed_sequence = checkpoint.sequence();
  findings_.anchor_kind = checkpoint.anchor_kind();
  findings_.anchor_counter = checkpoint.anchor_counter();
  findings_.journal_key_id = ToBytes(checkpoint.journal_key_id());
  return OkStatus();
}

Status JournalAudit::CheckUses(const pb::JournalEntry& entry) {
  std::map<std::string, uint64_t> told;
  for (const pb::KeyUse& use : entry.checkpoint().uses()) told[use.key_id()] += use.signatures();
  // A part that begins between two checkpoints has not seen all that the first one counts.
  const bool complete = findings_.checkpoints > 0 || findings_.first_sequence == 1;
  const bool same = told == uses_;
  uses_.clear();
  if (same || !complete) return OkStatus();
  return Fail(kJournalCounts, At(entry) + "the signatures it counts for " +
                                  std::to_string(told.size()) + " keys are not those of the lines");
}

Status JournalAudit::CountSignatures(const pb::JournalEntry& entry) {
  if (IsIntent(entry.type())) {
    ++intents_[IntentKey(entry.type(), entry)];
    ++findings_.open_intents;
  }
  if (const auto intent = IntentOf(entry.type())) {
    const auto found = intents_.find(IntentKey(*intent, entry));
    if (found != intents_.end()) {
      if (--found->second == 0) intents_.erase(found);
      --findings_.open_intents;
    } else if (findings_.first_sequence == 1) {
      return Fail(kJournalIntent, At(entry) + "a signature without an intent");
    }
  }
  const Use use = UseOf(entry);
  if (use.signatures == 0) return OkStatus();
  uses_[use.key_id] += use.signatures;
  findings_.signatures += use.signatures;
  return OkStatus();
}

JournalFindings JournalAudit::Findings() const {
  JournalFindings findings = findings_;
  findings.last_sequence = chain_.last_sequence();
  findings.head = chain_.head();
  findings.key_was_given = key_was_given_;
  return findings;
}

}  // namespace intaglio::host
