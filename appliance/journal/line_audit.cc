#include "appliance/journal/line_audit.h"

#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/journal/reasons.h"

namespace intaglio::appliance {
namespace {

Status Forged(const EntryFacts& facts, const std::string& why) {
  return Fail(kCheckpointForged, "sequence " + std::to_string(facts.place.sequence) + ": " + why);
}

}  // namespace

Status LineAudit::Add(const EntryFacts& facts) {
  if (!facts.checkpoint) {
    ++lines_since_;
    restored_ |= facts.type == EventType::kRestored;
    if (facts.use) {
      uses_[facts.use->key_id] += facts.use->signatures;
      signatures_ += facts.use->signatures;
    }
    return OkStatus();
  }
  RETURN_IF_ERROR(CheckSeal(facts));
  RETURN_IF_ERROR(CheckCounts(facts));
  ++checkpoints_;
  lines_since_ = 0;
  uses_.clear();
  restored_ = false;
  last_ = facts.checkpoint;
  return OkStatus();
}

Status LineAudit::CheckSeal(const EntryFacts& facts) {
  const Checkpoint& checkpoint = *facts.checkpoint;
  if (checkpoint.sequence + 1 != facts.place.sequence ||
      checkpoint.chain_hash != facts.place.previous_hash) {
    return Forged(facts, "the checkpoint is for another line than the one before it");
  }
  if (spki_.empty()) spki_ = checkpoint.journal_spki;
  if (spki_.empty()) {
    return Forged(facts, "no checkpoint so far holds the journal key; give it with --journal-key");
  }
  if (Sha256(spki_) != checkpoint.journal_key_id ||
      (!checkpoint.journal_spki.empty() && checkpoint.journal_spki != spki_)) {
    return Forged(facts, "the checkpoint is by another journal key");
  }
  const auto point = PointOfSpki(spki_);
  const auto signature = SignatureFromDer(checkpoint.signature);
  if (!point || !signature ||
      !VerifyEs256InSoftware(*point, CheckpointDigest(checkpoint), *signature)) {
    return Forged(facts, "the checkpoint's signature does not verify");
  }
  if (last_ && !restored_ && last_->core_instance != checkpoint.core_instance) {
    return Forged(facts, "the checkpoint is of another core");
  }
  return OkStatus();
}

Status LineAudit::CheckCounts(const EntryFacts& facts) {
  if (checkpoints_ == 0 && from_ == AuditFrom::kLaterLine) return OkStatus();
  UseCounts told;
  for (const KeyUse& use : facts.checkpoint->uses) told[use.key_id] += use.signatures;
  if (told == uses_) return OkStatus();
  std::string difference;
  for (const auto& [key, count] : uses_) {
    const auto found = told.find(key);
    if (found != told.end() && found->second == count) continue;
    difference = "key " + ToHex(key) + ": the lines tell of " + std::to_string(count) +
                 " signatures, the checkpoint of " +
                 std::to_string(found == told.end() ? 0 : found->second);
  }
  if (difference.empty()) difference = "it counts a key that no line names";
  return Fail(kSignaturesUncounted,
              "sequence " + std::to_string(facts.place.sequence) + ": " + difference);
}

}  // namespace intaglio::appliance
