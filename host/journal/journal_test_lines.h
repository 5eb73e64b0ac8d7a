// A journal as a core would write it, for tests: chained lines and checkpoints by a key of its own.
#ifndef INTAGLIO_HOST_JOURNAL_JOURNAL_TEST_LINES_H_
#define INTAGLIO_HOST_JOURNAL_JOURNAL_TEST_LINES_H_

#include <map>
#include <string>
#include <vector>

#include "attestation/verify/test_device.h"
#include "host/journal/journal_chain.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"

namespace intaglio::host {

class TestJournal final {
 public:
  const std::vector<Bytes>& lines() const { return lines_; }
  std::vector<Bytes>& lines() { return lines_; }
  Bytes journal_spki() const { return key_.Spki(); }
  Digest head() const { return head_; }

  // Chains `entry`; its place is filled in.
  void Add(core::v1::JournalEntry entry) {
    entry.set_sequence(lines_.size() + 1);
    entry.set_previous_hash(AsString(head_));
    entry.set_wall_ms(1'795'000'000'000 + static_cast<int64_t>(lines_.size()));
    entry.set_boot_ms(static_cast<int64_t>(lines_.size()));
    entry.set_boot_count(boot_count_);
    Write(entry);
  }
  void AddType(core::v1::EventType type) {
    core::v1::JournalEntry entry;
    entry.set_type(type);
    Add(entry);
  }
  // An intent and its signatures.
  void Sign(const std::string& key_id, uint32_t count, const std::string& content = "content") {
    core::v1::JournalEntry entry;
    entry.set_type(core::v1::EVENT_TYPE_SIGN_INTENT);
    entry.set_key_id(key_id);
    entry.set_content_digest(content);
    entry.set_count(count);
    Add(entry);
    entry.set_type(core::v1::EVENT_TYPE_SIGNED);
    Add(entry);
    uses_[key_id] += count;
  }
  void Checkpoint() { AddCheckpoint(MakeCheckpoint()); }
  core::v1::Checkpoint MakeCheckpoint() {
    core::v1::Checkpoint checkpoint;
    checkpoint.set_core_instance(std::string(16, 'c'));
    checkpoint.set_instance_epoch(1);
    checkpoint.set_sequence(lines_.size());
    checkpoint.set_chain_hash(AsString(head_));
    checkpoint.set_anchor_kind("token-object");
    checkpoint.set_anchor_counter(++anchor_);
    checkpoint.set_journal_key_id(AsString(Sha256(key_.Spki())));
    checkpoint.set_journal_spki(AsString(key_.Spki()));
    for (const auto& [key_id, signatures] : uses_) {
      core::v1::KeyUse& use = *checkpoint.add_uses();
      use.set_key_id(key_id);
      use.set_signatures(signatures);
    }
    uses_.clear();
    Resign(checkpoint, key_);
    return checkpoint;
  }
  static void Resign(core::v1::Checkpoint& checkpoint, const attestation::TestKey& key) {
    checkpoint.clear_signature();
    const Bytes octets =
        Concat({AsBytes("intaglio/journal-checkpoint/v1"), SerializeCanonical(checkpoint)});
    checkpoint.set_signature(AsString(key.SignMessage(octets)));
  }
  void Resign(core::v1::Checkpoint& checkpoint) { Resign(checkpoint, key_); }
  void AddCheckpoint(const core::v1::Checkpoint& checkpoint) {
    core::v1::JournalEntry entry;
    entry.set_type(core::v1::EVENT_TYPE_CHECKPOINT);
    *entry.mutable_checkpoint() = checkpoint;
    Add(entry);
  }
  void Restart() {
    ++boot_count_;
    AddType(core::v1::EVENT_TYPE_STARTED);
  }
  void set_boot_count(uint64_t count) { boot_count_ = count; }

 private:
  void Write(const core::v1::JournalEntry& entry) {
    const Bytes octets = SerializeCanonical(entry);
    head_ = Sha256(Concat({AsBytes("intaglio/journal/v1"), head_, octets}));
    lines_.push_back(octets);
  }

  attestation::TestKey key_ = attestation::TestKey::Generate();
  std::vector<Bytes> lines_;
  Digest head_{};
  uint64_t boot_count_ = 1;
  uint64_t anchor_ = 0;
  std::map<std::string, uint64_t> uses_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_JOURNAL_JOURNAL_TEST_LINES_H_
