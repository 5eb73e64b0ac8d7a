// The journal, its key, its anchor and the rows over real files, a real token and a real TPM:
// what crashes do is no alarm, and what people put back is one.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <thread>

#include "appliance/anchor/reasons.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/daemon/startup_checks.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/export_journal.h"
#include "appliance/journal/frame_reader.h"
#include "appliance/journal/reasons.h"
#include "appliance/journal/verify.h"
#include "appliance/state/reasons.h"
#include "base/file.h"
#include "intaglio/core/v1/journal.pb.h"
#include "tests/integration/journal_lab.h"
#include "tests/support/status_matchers.h"

namespace intaglio::testing_support {
namespace {

namespace core = ::intaglio::appliance;
namespace fs = std::filesystem;
using core::EventType;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class JournalAnchorTest : public ::testing::TestWithParam<AnchorKind> {
 protected:
  void SetUp() override {
    lab_ = JournalLab::Create(GetParam());
    if (!lab_) GTEST_SKIP() << "swtpm is not installed";
    lab_->settings().journal.limits.segment = {2000};
    ASSERT_THAT(Initialise(), IsOk());
  }
  StatusOr<std::string> Initialise() {
    return core::InitialiseCore(lab_->settings(), lab_->WriteInit(), lab_->folder() + "/ak",
                                lab_->folder() + "/journal-key.pem");
  }
  bool tpm() const { return GetParam() == AnchorKind::kTpm; }
  void SignSome(int lines) {
    ASSERT_THAT(lab_->Run([&](JournalRun& run) {
      for (int i = 0; i < lines; ++i) ASSERT_THAT(run.Sign(1, 2), IsOk());
    }),
                IsOk());
  }
  StatusOr<std::string> Verify() { return core::VerifyCoreJournal(lab_->settings(), {}); }
  std::vector<std::string> Segments() const {
    std::vector<std::string> out;
    for (const auto& each : fs::directory_iterator(lab_->journal())) {
      if (each.path().extension() == ".ijl") out.push_back(each.path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  std::unique_ptr<JournalLab> lab_;
};

INSTANTIATE_TEST_SUITE_P(Anchors, JournalAnchorTest,
                         ::testing::Values(AnchorKind::kToken, AnchorKind::kTpm),
                         [](const auto& kind) {
                           return kind.param == AnchorKind::kTpm ? "Tpm" : "TokenObject";
                         });

TEST_P(JournalAnchorTest, StartsStopsAndVerifies) {
  for (int i = 0; i < 3; ++i) SignSome(30);
  const auto verified = Verify();
  ASSERT_THAT(verified, IsOk());
  EXPECT_THAT(*verified, HasSubstr("\"signatures\":180"));
  EXPECT_THAT(*verified, HasSubstr("\"unsigned_entries\":0"));
  EXPECT_THAT(*verified, HasSubstr(tpm() ? "\"tpm-nv\"" : "\"token-object\""));
  EXPECT_THAT(*verified, HasSubstr("\"rows\":\"checked\",\"anchor\":\"checked\""));
  EXPECT_THAT(core::VerifyCoreJournal(lab_->settings(), lab_->folder() + "/journal-key.pem"),
              IsOk());
  EXPECT_THAT(core::VerifyCoreJournal(lab_->settings(), lab_->folder() + "/ak"),
              FailsWith(core::kCheckpointForged));
  EXPECT_GT(Segments().size(), 3u);
}

TEST_P(JournalAnchorTest, ACrashAtAnyPointIsNoAlarm) {
  for (int lines = 0; lines < 6; ++lines) {
    auto run = lab_->Start();
    ASSERT_THAT(run, IsOk());
    for (int i = 0; i < lines; ++i) ASSERT_THAT((*run)->Sign(1, 1), IsOk());
    if (lines % 2 == 1) {
      ASSERT_THAT((*run)->checkpointer().MakeOne(), IsOk());
    }
    if (lines % 3 == 1) {
      ASSERT_THAT((*run)->Sign(2, 1), IsOk());
    }
  }
  SignSome(1);
  EXPECT_THAT(Verify(), IsOk());
}

// Says yes and does nothing, or fails: the core ended before the anchor learnt of the checkpoint.
class DeafAnchor final : public core::AnchorPort {
 public:
  explicit DeafAnchor(core::AnchorPort& real) : real_(real) {}
  std::string_view kind() const override { return real_.kind(); }
  Status Found() override { return real_.Found(); }
  StatusOr<std::optional<core::AnchorMark>> Read() override { return real_.Read(); }
  Status Advance(const core::AnchorMark&) override {
    return Fail(core::kAnchorUnavailable, "deaf");
  }

 private:
  core::AnchorPort& real_;
};

// Shows an earlier mark, or none.
class OldAnchor final : public core::AnchorPort {
 public:
  OldAnchor(core::AnchorPort& real, bool gone) : real_(real), gone_(gone) {}
  std::string_view kind() const override { return real_.kind(); }
  Status Found() override { return real_.Found(); }
  StatusOr<std::optional<core::AnchorMark>> Read() override {
    ASSIGN_OR_RETURN(auto mark, real_.Read());
    if (gone_) return std::optional<core::AnchorMark>();
    if (mark) mark->counter -= 2;
    return mark;
  }
  Status Advance(const core::AnchorMark& mark) override { return real_.Advance(mark); }

 private:
  core::AnchorPort& real_;
  const bool gone_;
};

TEST_P(JournalAnchorTest, ACheckpointTheAnchorNeverHeardOfIsToldAtTheNextStart) {
  SignSome(3);
  uint64_t lines = 0;
  {
    const auto token = core::OpenToken(lab_->settings());
    ASSERT_THAT(token, IsOk());
  }
  for (int round = 0; round < 3; ++round) {
    auto run = lab_->Start();
    ASSERT_THAT(run, IsOk());
    DeafAnchor deaf((*run)->anchor());
    core::Pkcs11Keys keys(*(*run)->vault().token, *tokens::KeyLabel::Create("storage"));
    const auto instance = *(*run)->vault().state->LoadInstance();
    core::Checkpointer checkpointer((*run)->journal(), keys, deaf,
                                    core::SignerOf(*instance, round + 2), {},
                                    [](const Status& found) { ADD_FAILURE() << found; });
    const uint64_t before = (*run)->journal().Standing().last_checkpoint->sequence;
    EXPECT_THAT(checkpointer.MakeOne(), FailsWith(core::kAnchorUnavailable));
    lines = (*run)->journal().Standing().last_checkpoint->sequence;
    ASSERT_THAT((*run)->Sign(1, 1), IsOk());
    // The next is not made before the anchor knows of this one.
    EXPECT_THAT(checkpointer.MakeOne(), FailsWith(core::kAnchorUnavailable));
    EXPECT_EQ((*run)->journal().Standing().last_checkpoint->sequence, lines);
    EXPECT_TRUE(round > 0 || lines > before);
  }
  SignSome(1);
  EXPECT_THAT(Verify(), IsOk());
}

// Rows of an earlier start under a journal that has lines of a later one. The TPM's count of starts
// is a plain number that whoever reaches the TPM can write, so this is found without the anchor.
TEST_P(JournalAnchorTest, RowsOfAnEarlierStartAreFoundByTheJournalItself) {
  SignSome(1);
  const std::string rows = lab_->Copy(lab_->state() + "/rows");
  {
    // No orderly stop, so no sum of rows.
    auto run = lab_->Start();
    ASSERT_THAT(run, IsOk());
    ASSERT_THAT((*run)->Sign(1, 1), IsOk());
    ASSERT_THAT((*run)->checkpointer().MakeOne(), IsOk());
    auto mark = (*run)->anchor().Read();
    ASSERT_THAT(mark, IsOk());
    ASSERT_TRUE(*mark);
    if (tpm()) {
      // The attacker's write: the same mark, but of no start.
      (*mark)->boot_count = 0;
      ASSERT_THAT((*run)->anchor().Advance(**mark), ::testing::Not(IsOk())) << "counters only rise";
    }
  }
  JournalLab::PutBack(rows, lab_->state() + "/rows");
  EXPECT_THAT(lab_->Start(), FailsWith(core::kRowsRolledBack));
}

TEST_P(JournalAnchorTest, TheJournalsCountOfStartsIsEnough) {
  SignSome(1);
  auto run = lab_->Start();
  ASSERT_THAT(run, IsOk());
  ASSERT_THAT((*run)->Sign(1, 1), IsOk());
  EXPECT_THAT(core::CheckStarts((*run)->time().boot_count, (*run)->journal()), IsOk());
  EXPECT_THAT(core::CheckStarts((*run)->time().boot_count - 1, (*run)->journal()),
              FailsWith(core::kRowsRolledBack));
}

// The sum of rows at an orderly stop is looked at by the console too, and holds after its verbs.
TEST_P(JournalAnchorTest, RowsChangedAroundAConsoleVerbAreFound) {
  SignSome(1);
  SignSome(1);
  const std::string rows_dir = lab_->state() + "/rows";
  const auto change_a_row = [&] {
    // As a copy of a moment before the stop has: every MAC is right, another sum.
    auto vault = core::OpenVault(lab_->settings());
    ASSERT_THAT(vault, IsOk());
    core::KeyId id;
    id.octets[0] = 9;
    ASSERT_THAT(vault->state->Update(
                    [&](core::RowTransaction& rows) { return rows.PutKey(id, core::KeyRow{}); }),
                IsOk());
  };
  const std::string good = lab_->Copy(rows_dir);
  change_a_row();
  EXPECT_THAT(core::PruneJournal(lab_->settings(), 1), FailsWith(core::kRowsMissing));
  JournalLab::PutBack(good, rows_dir);
  ASSERT_THAT(core::PruneJournal(lab_->settings(), 1), IsOk()) << "control";
  const std::string after = lab_->Copy(rows_dir);
  change_a_row();
  EXPECT_THAT(lab_->Start(), FailsWith(core::kRowsMissing)) << "behind the verb's line";
  JournalLab::PutBack(after, rows_dir);
  EXPECT_THAT(lab_->Start(), IsOk());
}

TEST_P(JournalAnchorTest, TheConsoleWorksUnderTheApprovedConfigurationAndARightClock) {
  SignSome(1);
  lab_->settings().file_sha256[0] ^= 1;
  EXPECT_THAT(core::PruneJournal(lab_->settings(), 1), FailsWith(core::kConfigurationUnapproved));
  lab_->settings().file_sha256[0] ^= 1;
  {
    auto vault = core::OpenVault(lab_->settings());
    ASSERT_THAT(vault, IsOk());
    auto time = **vault->state->LoadTime();
    time.high_water = SystemClock().Now() + kHour;
    ASSERT_THAT(vault->state->StoreTime(time), IsOk());
  }
  EXPECT_THAT(core::PruneJournal(lab_->settings(), 1), FailsWith(core::kTimeUnconfirmed));
  EXPECT_THAT(lab_->Start(), IsOk()) << "control: the running core waits for officers by itself";
}

TEST_P(JournalAnchorTest, InitKeepsTheJournalOfACoreWhoseStateIsLost) {
  SignSome(3);
  const std::string state = lab_->Copy(lab_->state());
  for (const char* lost : {"rows", "mac-key.sealed"}) {
    fs::remove_all(lab_->state() + "/" + lost);
    const std::vector<std::string> before = Segments();
    EXPECT_THAT(Initialise(), FailsWith(core::kAlreadyInitialised)) << lost;
    EXPECT_EQ(Segments(), before) << lost;
    JournalLab::PutBack(state, lab_->state());
  }
  EXPECT_THAT(lab_->Start(), IsOk()) << "control";
}

TEST_P(JournalAnchorTest, AnAnchorThatGoesBackUnderARunningCoreIsNotFollowed) {
  SignSome(3);
  auto run = lab_->Start();
  ASSERT_THAT(run, IsOk());
  ASSERT_THAT((*run)->Sign(1, 1), IsOk());
  ASSERT_THAT((*run)->checkpointer().MakeOne(), IsOk());
  EXPECT_EQ((*run)->contradictions(), 0);
  core::Pkcs11Keys keys(*(*run)->vault().token, *tokens::KeyLabel::Create("storage"));
  const auto instance = *(*run)->vault().state->LoadInstance();
  // What the next look at the anchor finds: an older mark, or none.
  for (const bool gone : {false, true}) {
    OldAnchor old((*run)->anchor(), gone);
    int told = 0;
    core::Checkpointer checkpointer((*run)->journal(), keys, old,
                                    core::SignerOf(*instance, (*run)->time().boot_count), {},
                                    [&](const Status&) { ++told; });
    ASSERT_THAT((*run)->Sign(1, 1), IsOk());
    const uint64_t before = (*run)->journal().Standing().last_checkpoint->sequence;
    EXPECT_THAT(checkpointer.MakeOne(),
                gone ? FailsWith(core::kAnchorMissing) : FailsWith(core::kAnchorBehind));
    EXPECT_EQ(told, 1);
    EXPECT_EQ((*run)->journal().Standing().last_checkpoint->sequence, before);
  }
}

TEST_P(JournalAnchorTest, ATailCutBelowTheAnchorIsFound) {
  SignSome(3);
  const std::string last = Segments().back();
  const auto before = fs::file_size(last);
  const std::string copy = lab_->Copy(lab_->journal());
  SignSome(3);
  // Whole lines, as they were: an older copy of the journal alone.
  JournalLab::PutBack(copy, lab_->journal());
  EXPECT_EQ(fs::file_size(last), before);
  EXPECT_THAT(lab_->Start(), FailsWith(core::kJournalRolledBack));
  EXPECT_THAT(Verify(), FailsWith(core::kJournalRolledBack));
}

TEST_P(JournalAnchorTest, ARemovedFileIsFound) {
  SignSome(60);
  const auto segments = Segments();
  ASSERT_GT(segments.size(), 3u);
  for (const std::string& each : segments) {
    const std::string away = lab_->folder() + "/away";
    fs::rename(each, away);
    EXPECT_THAT(lab_->Start(),
                AnyOf(FailsWith(core::kSegmentMissing), FailsWith(core::kJournalRolledBack)))
        << each;
    // A first file may have been pruned; only the rows know that it was not.
    if (each != segments.front()) {
      EXPECT_THAT(Verify(),
                  AnyOf(FailsWith(core::kSegmentMissing), FailsWith(core::kJournalRolledBack)));
    }
    fs::rename(away, each);
  }
  EXPECT_THAT(lab_->Start(), IsOk());
}

TEST_P(JournalAnchorTest, AnOlderCopyOfTheCoresFolderIsFound) {
  SignSome(3);
  const std::string copy = lab_->Copy(lab_->state());
  SignSome(3);
  JournalLab::PutBack(copy, lab_->state());
  EXPECT_THAT(lab_->Start(), FailsNaming(core::kJournalRolledBack.id, "restore the newest"));
  EXPECT_THAT(Verify(), FailsWith(core::kJournalRolledBack));
}

TEST_P(JournalAnchorTest, OlderRowsAloneAreFound) {
  SignSome(3);
  const std::string copy = lab_->Copy(lab_->state() + "/rows");
  SignSome(3);
  JournalLab::PutBack(copy, lab_->state() + "/rows");
  EXPECT_THAT(lab_->Start(), FailsWith(core::kRowsRolledBack));
  EXPECT_THAT(Verify(), FailsWith(core::kRowsRolledBack));
}

TEST_P(JournalAnchorTest, CopiesOfCoreAndTokenPutBackTogetherAreFoundByATpm) {
  SignSome(3);
  const std::string state = lab_->Copy(lab_->state());
  const std::string token = lab_->Copy(lab_->token());
  SignSome(3);
  JournalLab::PutBack(state, lab_->state());
  JournalLab::PutBack(token, lab_->token());
  if (tpm()) {
    EXPECT_THAT(lab_->Start(), FailsWith(core::kJournalRolledBack));
    EXPECT_THAT(Verify(), FailsWith(core::kJournalRolledBack));
  } else {
    // The limit of an anchor that lies in the copied folder; a TPM is the answer.
    EXPECT_THAT(lab_->Start(), IsOk());
  }
}

TEST_P(JournalAnchorTest, AnOlderTokenAloneIsFoundWhereTheAnchorIsInIt) {
  SignSome(3);
  const std::string token = lab_->Copy(lab_->token());
  for (int i = 0; i < 2; ++i) SignSome(3);
  JournalLab::PutBack(token, lab_->token());
  if (tpm()) {
    EXPECT_THAT(lab_->Start(), IsOk());
  } else {
    EXPECT_THAT(lab_->Start(), FailsWith(core::kAnchorBehind));
    EXPECT_THAT(Verify(), FailsWith(core::kAnchorBehind));
  }
}

TEST_P(JournalAnchorTest, AnAnchorThatIsGoneIsMissing) {
  SignSome(3);
  if (!tpm()) GTEST_SKIP() << "the object goes with its token, and then the rows do not open";
  const std::string right = lab_->settings().journal.tpm->tcti;
  const auto fresh = SoftwareTpm::Start();
  lab_->settings().journal.tpm->tcti = fresh->tcti();
  EXPECT_THAT(lab_->Start(), FailsWith(core::kAnchorMissing));
  EXPECT_THAT(Verify(), FailsWith(core::kAnchorMissing));
  lab_->settings().journal.tpm->tcti = right;
  EXPECT_THAT(lab_->Start(), IsOk());
  lab_->tpm()->Stop();
  EXPECT_THAT(lab_->Start(), FailsWith(core::kAnchorUnavailable));
}

TEST_P(JournalAnchorTest, AJournalWrittenAnewDoesNotPassUnderACheckpoint) {
  lab_->settings().journal.limits.segment = core::kUsualSegmentLimit;
  SignSome(3);
  const std::string file = Segments().back();
  Bytes octets = *ReadFile(file, FileTrust::kAnyMode, 1 << 20);
  // One line changed, and every chain hash from there on made anew, as who lacks the key can.
  Bytes anew;
  core::JournalHead head = *core::HeadBefore(open(lab_->journal().c_str(), O_RDONLY),
                                             std::stoull(fs::path(file).stem().string().substr(8)));
  ByteView rest = octets;
  for (int i = 0; !rest.empty(); ++i) {
    uint32_t length = 0;
    for (const uint8_t octet : rest.first(4)) length = length << 8 | octet;
    ::intaglio::core::v1::JournalEntry entry;
    ASSERT_TRUE(entry.ParseFromArray(rest.data() + 4, static_cast<int>(length)));
    rest = rest.subspan(4 + length);
    if (entry.type() == ::intaglio::core::v1::EVENT_TYPE_SIGNED) entry.set_count(1);
    entry.set_previous_hash(AsString(head.chain_hash));
    const Bytes line = ToBytes(entry.SerializeAsString());
    head = {entry.sequence(), core::ChainHash(head.chain_hash, line)};
    core::AppendFrame(line, anew);
  }
  ASSERT_THAT(WriteFile(file, anew, 0600), IsOk());
  EXPECT_THAT(core::VerifyJournal(lab_->journal()), FailsWith(core::kCheckpointForged));
  EXPECT_THAT(lab_->Start(),
              AnyOf(FailsWith(core::kCheckpointForged), FailsWith(core::kJournalRolledBack)));
}

TEST_P(JournalAnchorTest, SegmentsAHostConfirmedMayBeRemovedAndOthersMayNot) {
  SignSome(100);
  const size_t all = Segments().size();
  ASSERT_GT(all, 4u);
  EXPECT_THAT(core::PruneJournal(lab_->settings(), 40), FailsWith(core::kPruneRefused));
  uint64_t confirmed = 0;
  ASSERT_THAT(lab_->Run([&](JournalRun& run) {
    core::ExportJournal exports(run.journal(), *run.vault().state, "x");
    confirmed = 40;
    const core::JournalHead line = *run.journal().HeadAt(confirmed);
    EXPECT_THAT(exports.Confirm(confirmed, Digest{}), FailsWith(core::kExportDiffers));
    EXPECT_THAT(exports.Confirm(1'000'000, Digest{}), FailsWith(core::kExportDiffers));
    EXPECT_EQ(*exports.ExportedSequence(), 0u);
    EXPECT_THAT(exports.Confirm(line.sequence, line.chain_hash), IsOk());
    EXPECT_THAT(exports.Confirm(line.sequence, line.chain_hash), IsOk());
    const core::JournalHead older = *run.journal().HeadAt(5);
    EXPECT_THAT(exports.Confirm(older.sequence, older.chain_hash), IsOk());
    EXPECT_EQ(*exports.ExportedSequence(), confirmed) << "it never goes back";
    const core::JournalHead head = run.journal().Head();
    EXPECT_THAT(exports.Confirm(head.sequence, line.chain_hash), FailsWith(core::kExportDiffers));
  }),
              IsOk());
  EXPECT_THAT(core::PruneJournal(lab_->settings(), confirmed + 2), FailsWith(core::kPruneRefused));
  const auto pruned = core::PruneJournal(lab_->settings(), confirmed + 1);
  ASSERT_THAT(pruned, IsOk());
  EXPECT_LT(Segments().size(), all);
  SignSome(3);
  const auto verified = Verify();
  ASSERT_THAT(verified, IsOk());
  EXPECT_THAT(*verified, ::testing::Not(HasSubstr("\"first_sequence\":1,")));
  {
    const auto run = lab_->Start();
    ASSERT_THAT(run, IsOk());
    EXPECT_THAT((*run)->journal().Read(1, 1, 1000), FailsWith(core::kSegmentMissing));
    const uint64_t first = (*run)->journal().Segments()->front();
    EXPECT_EQ((*run)->journal().Read(first, 5, 100'000)->size(), 5u);
  }
  // One more than was confirmed.
  while (Segments().size() > 2) {
    fs::remove(Segments().front());
    if (!lab_->Start().ok()) break;
  }
  EXPECT_THAT(lab_->Start(), FailsWith(core::kSegmentMissing));
}

TEST_P(JournalAnchorTest, CountsThatAreNotTheLinesAreFoundThoughSigned) {
  const auto run = lab_->Start();
  ASSERT_THAT(run, IsOk());
  ASSERT_THAT((*run)->Sign(1, 2), IsOk());
  const auto instance = *(*run)->vault().state->LoadInstance();
  const core::JournalStanding standing = (*run)->journal().Standing();
  core::Checkpoint checkpoint = *standing.last_checkpoint;
  checkpoint.sequence = standing.head.sequence;
  checkpoint.chain_hash = standing.head.chain_hash;
  ++checkpoint.anchor_counter;
  checkpoint.uses = {{Bytes(16, 9), 1}};
  const auto raw = (*run)->vault().token->SignResident(
      *tokens::KeyId::Create(instance->journal_cka_id), tokens::KeyAlgorithm::kP256,
      {instance->journal_spki}, std::vector{MessageDigest::Sha256(CheckpointDigest(checkpoint))});
  ASSERT_THAT(raw, IsOk());
  checkpoint.signature = core::SignatureToDer(raw->front());
  core::Event event;
  event.type = EventType::kCheckpoint;
  event.checkpoint = checkpoint;
  ASSERT_THAT((*run)->journal().Append(event), IsOk());
  EXPECT_THAT(core::VerifyJournal(lab_->journal()),
              FailsNaming(core::kSignaturesUncounted.id, "of 2 signatures, the checkpoint of 0"));
}

TEST_P(JournalAnchorTest, CheckpointsAreMadeByThemselvesUnderLoadAndHoldTogether) {
  lab_->settings().journal.pace = {20, kMinute};
  auto run = lab_->Start();
  ASSERT_THAT(run, IsOk());
  ASSERT_THAT((*run)->checkpointer().Start(), IsOk());
  std::vector<std::thread> threads;
  for (uint8_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) ASSERT_THAT((*run)->Sign(t, 1), IsOk());
    });
  }
  for (std::thread& each : threads) each.join();
  ASSERT_THAT((*run)->Stop(), IsOk());
  run->reset();
  const auto summary = core::VerifyJournal(lab_->journal());
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->signatures, 800u);
  EXPECT_GT(summary->checkpoints, 3u);
  EXPECT_EQ(summary->unsigned_entries, 0u);
  EXPECT_THAT(Verify(), IsOk());
}

}  // namespace
}  // namespace intaglio::testing_support
