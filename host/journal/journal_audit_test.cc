// What an auditor's verification finds in a journal. Requirement R-EVD-1.
#include "host/journal/journal_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/journal/journal_test_lines.h"
#include "host/journal/reasons.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

class JournalAuditTest : public ::testing::Test {
 protected:
  JournalAuditTest() {
    journal_.AddType(pb::EVENT_TYPE_INITIALISED);
    journal_.AddType(pb::EVENT_TYPE_STARTED);
    journal_.Sign("key-1", 3);
    journal_.Sign("key-2", 1);
  }
  Status Verify(const Bytes& spki = {}) {
    JournalAudit audit(spki);
    for (const Bytes& line : journal_.lines()) RETURN_IF_ERROR(audit.Add(line).status());
    findings_ = audit.Findings();
    return OkStatus();
  }

  TestJournal journal_;
  JournalFindings findings_;
};

TEST_F(JournalAuditTest, TellsWhatItFound) {
  journal_.Checkpoint();
  journal_.Restart();
  journal_.Sign("key-1", 2);
  ASSERT_TRUE(Verify(journal_.journal_spki()).ok());
  EXPECT_EQ(findings_.lines, journal_.lines().size());
  EXPECT_EQ(findings_.first_sequence, 1u);
  EXPECT_EQ(findings_.last_sequence, journal_.lines().size());
  EXPECT_EQ(findings_.head, journal_.head());
  EXPECT_EQ(findings_.boots, 2u);
  EXPECT_EQ(findings_.checkpoints, 1u);
  EXPECT_EQ(findings_.sealed_sequence, 6u);
  EXPECT_EQ(findings_.signatures, 6u);
  EXPECT_EQ(findings_.open_intents, 0u);
  EXPECT_EQ(findings_.anchor_kind, "token-object");
  EXPECT_TRUE(findings_.key_was_given);
}

TEST_F(JournalAuditTest, RefusesAChangedARemovedAndADoubledLine) {
  journal_.Checkpoint();
  const std::vector<Bytes> good = journal_.lines();
  journal_.lines()[2].back() ^= 1;
  EXPECT_FALSE(Verify().ok());
  journal_.lines() = good;
  journal_.lines().erase(journal_.lines().begin() + 3);
  EXPECT_REASON(Verify(), kJournalBroken);
  journal_.lines() = good;
  journal_.lines().insert(journal_.lines().begin() + 3, good[2]);
  EXPECT_REASON(Verify(), kJournalBroken);
  journal_.lines() = good;
  EXPECT_TRUE(Verify().ok());  // Negative control.
}

TEST_F(JournalAuditTest, RefusesACheckpointByAnotherKey) {
  pb::Checkpoint checkpoint = journal_.MakeCheckpoint();
  const auto stranger = attestation::TestKey::Generate();
  TestJournal::Resign(checkpoint, stranger);
  journal_.AddCheckpoint(checkpoint);
  EXPECT_REASON(Verify(), kJournalForged);
}

TEST_F(JournalAuditTest, AJournalWrittenAnewUnderAnotherKeyNeedsTheRightKeyToBeFound) {
  journal_.Checkpoint();
  TestJournal other;
  EXPECT_TRUE(Verify().ok());
  EXPECT_FALSE(findings_.key_was_given);
  EXPECT_REASON(Verify(other.journal_spki()), kJournalForged);
}

TEST_F(JournalAuditTest, RefusesACheckpointOfAnotherLineOrChain) {
  pb::Checkpoint checkpoint = journal_.MakeCheckpoint();
  checkpoint.set_sequence(checkpoint.sequence() - 1);
  journal_.Resign(checkpoint);
  journal_.AddCheckpoint(checkpoint);
  EXPECT_REASON(Verify(), kJournalForged);
  journal_.lines().pop_back();
}

TEST_F(JournalAuditTest, RefusesCountsThatDoNotReconcile) {
  pb::Checkpoint checkpoint = journal_.MakeCheckpoint();
  checkpoint.mutable_uses(0)->set_signatures(4);
  journal_.Resign(checkpoint);
  journal_.AddCheckpoint(checkpoint);
  EXPECT_REASON(Verify(), kJournalCounts);
}

TEST_F(JournalAuditTest, RefusesASignatureWithoutItsIntent) {
  pb::JournalEntry entry;
  entry.set_type(pb::EVENT_TYPE_SIGNED);
  entry.set_key_id("key-1");
  entry.set_content_digest("other content");
  entry.set_count(1);
  journal_.Add(entry);
  EXPECT_REASON(Verify(), kJournalIntent);
}

TEST_F(JournalAuditTest, CountsIntentsWithoutOutcome) {
  pb::JournalEntry entry;
  entry.set_type(pb::EVENT_TYPE_SIGN_INTENT);
  entry.set_content_digest("never signed");
  journal_.Add(entry);
  ASSERT_TRUE(Verify().ok());
  EXPECT_EQ(findings_.open_intents, 1u);
}

TEST_F(JournalAuditTest, RefusesABootThatCountsBack) {
  journal_.set_boot_count(0);
  journal_.AddType(pb::EVENT_TYPE_STARTED);
  EXPECT_REASON(Verify(), kJournalBroken);
}

TEST_F(JournalAuditTest, APartThatBeginsLaterHoldsTogetherByItsCheckpoints) {
  journal_.Checkpoint();
  journal_.Sign("key-1", 2);
  journal_.Checkpoint();
  journal_.lines().erase(journal_.lines().begin(), journal_.lines().begin() + 4);
  ASSERT_TRUE(Verify(journal_.journal_spki()).ok());
  EXPECT_EQ(findings_.first_sequence, 5u);
  EXPECT_EQ(findings_.checkpoints, 2u);
}

}  // namespace
}  // namespace intaglio::host
