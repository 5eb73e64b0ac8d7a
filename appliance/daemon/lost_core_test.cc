// A core whose state folder is lost, over the token that survived, from console to console.
#include "appliance/daemon/lost_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "appliance/backup/lost_journal.h"
#include "appliance/backup/reasons.h"
#include "appliance/crypto/hash.h"
#include "appliance/daemon/backup.h"
#include "appliance/daemon/console.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/lost_mark.h"
#include "appliance/daemon/record_keys.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/entry_codec.h"
#include "appliance/journal/frame_reader.h"
#include "appliance/journal/journal_scan.h"
#include "appliance/journal/reasons.h"
#include "appliance/records/canonical.h"
#include "base/file.h"
#include "intaglio/core/v1/journal.pb.h"
#include "intaglio/core/v1/statements.pb.h"
#include "tests/support/p256_signer.h"
#include "tests/support/raw_link.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;
using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::P256Signer;
using ::testing::HasSubstr;

// The value of a field of a JSON line; its values have no commas or quotes inside.
std::string ValueOf(const std::string& line, const std::string& field) {
  const std::string start = "\"" + field + "\":";
  size_t at = line.find(start);
  if (at == std::string::npos) return "";
  at += start.size();
  if (line[at] == '"') return line.substr(at + 1, line.find('"', at + 1) - at - 1);
  return line.substr(at, line.find_first_of(",}", at) - at);
}

class LostCoreTest : public ::testing::Test {
 protected:
  LostCoreTest() {
    auto softhsm = testing_support::SoftHsm::Create();
    EXPECT_THAT(softhsm, IsOk());
    softhsm_ = *std::move(softhsm);
    settings_.state_dir = folder_.path() + "/state";
    settings_.boundary = BoundaryKind::kLab;
    settings_.token.module = softhsm_->module_path();
    settings_.token.selector = "core";
    settings_.token.pin_file = softhsm_->pin_path();
    settings_.token.storage_key = testing_support::SoftHsm::storage_key_label();
    settings_.token.softhsm_conf = softhsm_->config_path();
    settings_.link.unix_socket = folder_.path() + "/core.sock";
    settings_.link.certificate_pem = link_.certificate();
    settings_.link.private_key_pem = link_.private_key();
    settings_.link.pinned_peer_pem = link_.certificate();
    Initialise(security_);
    instance_ = Instance().identity.instance;
    journal_spki_ = Instance().journal_spki;
    MakeKey();
    // As its first start does.
    EXPECT_THAT(ForgetLostMark(*OpenVault(settings_)->token), IsOk());
  }

  void Initialise(const P256Signer (&security)[3]) {
    const std::string folder = folder_.path() + "/";
    std::string text = "commands_need: 2 qscd_entry_id: \"lab\" qscd_valid_until: \"2099-01-01\"\n";
    const auto add = [&](const P256Signer& signer, const std::string& role,
                         const std::string& name) {
      EXPECT_THAT(WriteFile(folder + name, signer.spki(), 0600), IsOk());
      text += "officers { name: \"" + name + "\" role: \"" + role + "\" public_key: \"" + name +
              "\" }\n";
    };
    add(security[0], "security-officer", "s1");
    add(security[1], "security-officer", "s2");
    add(others_[0], "registration-officer", "r1");
    add(others_[1], "registration-officer", "r2");
    add(others_[2], "revocation-officer", "v1");
    EXPECT_THAT(WriteFile(folder + "init", AsBytes(text), 0600), IsOk());
    EXPECT_THAT(InitialiseCore(settings_, folder + "init", folder + "ak.pem"), IsOk());
  }
  StoredInstance Instance() {
    auto vault = OpenVault(settings_);
    EXPECT_THAT(vault, IsOk());
    return **vault->state->LoadInstance();
  }
  // Lines of the core that runs now, and a checkpoint over them.
  void Write(const std::function<void(RecordKeys&, FileJournal&)>& work) {
    auto vault = OpenVault(settings_);
    ASSERT_THAT(vault, IsOk());
    SystemClock clock;
    SystemRng rng;
    auto core = OpenCoreJournal(settings_, *vault, clock, Opening::kConsole);
    ASSERT_THAT(core, IsOk());
    const auto keys = RecordKeys::Open(*vault->token, *vault->state, rng);
    ASSERT_THAT(keys, IsOk());
    work(**keys, *core->journal);
    Pkcs11Keys token(*vault->token, *tokens::KeyLabel::Create(settings_.token.storage_key));
    Checkpointer checkpointer(*core->journal, token, *core->anchor,
                              SignerOf(**vault->state->LoadInstance(), 0), {},
                              [](const Status& found) { ADD_FAILURE() << found; });
    ASSERT_THAT(checkpointer.MakeOne(), IsOk());
    ASSERT_THAT(vault->state->StoreJournalAnchor(core->journal->Head()), IsOk());
  }
  void MakeKey() {
    Write(
        [&](RecordKeys& keys, FileJournal& journal) { sealed_ = KeyLine(keys, journal, key_id_); });
  }
  // A STATUS key, as its command's line tells of it; the record.
  Bytes KeyLine(RecordKeys& keys, FileJournal& journal, const KeyId& id) {
    KeyRecord record;
    record.key_id = id;
    record.purpose = KeyPurpose::kStatus;
    record.spki = {1, 2, 3};
    const Bytes sealed = *keys.sealer().Seal(record);
    pb::Command command = Start(instance_, std::string(32, 'k'));
    command.mutable_generate_service_key()->set_purpose(pb::SERVICE_KEY_PURPOSE_STATUS);
    Event line = CommandEvent(EventType::kCommandExecuted, command);
    line.key_id = id;
    line.sealed_record = sealed;
    EXPECT_THAT(journal.Append(line), IsOk());
    return sealed;
  }
  static Event CommandEvent(EventType type, const pb::Command& command) {
    const Bytes octets = SerializeCanonical(command);
    Event event;
    event.type = type;
    event.statement_digest = Sha256(octets);
    event.statement = octets;
    return event;
  }
  // The folder goes; the host's copy of the journal stays. Another core begins over the token.
  std::string Lose(const P256Signer (&security)[3]) {
    const std::string copy = folder_.path() + "/copy-" + std::to_string(++copies_);
    std::filesystem::copy(settings_.state_dir + "/journal", copy);
    std::filesystem::remove_all(settings_.state_dir);
    Initialise(security);
    return copy;
  }
  VouchedJournal Vouch(const std::string& copy, const Bytes& spki) {
    const auto found = VerifyJournalFolder(copy, "");
    EXPECT_THAT(found, IsOk());
    VouchedJournal out;
    out.journal_spki = spki;
    out.sequence = std::stoull(ValueOf(*found, "head_sequence"));
    out.chain_hash = *ToDigest(*FromHex(ValueOf(*found, "head")));
    return out;
  }
  static pb::Command Start(const CoreInstance& instance, const std::string& nonce) {
    pb::Command command;
    command.set_context("intaglio/command/v1");
    command.set_core_instance(AsString(instance.view()));
    command.set_nonce(nonce);
    const int64_t now = SystemClock().Now().ms;
    command.set_issued_at_ms(now - 1000);
    command.set_expires_at_ms(now + kHour);
    return command;
  }
  // With the nonce of a fresh prepare-restore.
  pb::Command Replacing(const std::vector<VouchedJournal>& journals, uint32_t epoch = 2) {
    const auto prepared = PrepareReplacement(settings_);
    EXPECT_THAT(prepared, IsOk());
    pb::Command command = Start(
        instance_,
        std::string(AsStringView(*FromHex(ValueOf(prepared.ok() ? *prepared : "", "nonce")))));
    auto& act = *command.mutable_restore_without_backup();
    act.set_loss(pb::LOSS_STATE_FOLDER);
    act.set_instance_epoch(epoch);
    for (const VouchedJournal& each : journals) {
      pb::LostJournal& journal = *act.add_journals();
      journal.set_journal_spki(AsString(each.journal_spki));
      journal.set_sequence(each.sequence);
      journal.set_chain_hash(AsString(each.chain_hash));
    }
    return command;
  }
  // For what rebuild-rows answered.
  pb::Command Opening(const std::string& rebuilt, uint32_t epoch = 2) {
    pb::Command command =
        Start(instance_, std::string(AsStringView(*FromHex(ValueOf(rebuilt, "nonce")))));
    auto& act = *command.mutable_open_rebuilt();
    act.set_instance_epoch(epoch);
    act.set_sequence(std::stoull(ValueOf(rebuilt, "sequence")));
    act.set_chain_hash(AsString(*FromHex(ValueOf(rebuilt, "chain_hash"))));
    return command;
  }
  std::string Sign(const pb::Command& command, const std::vector<const P256Signer*>& officers) {
    const Bytes octets = SerializeCanonical(command);
    pb::SignedStatement out;
    out.set_statement(AsString(octets));
    for (const P256Signer* each : officers) {
      pb::Approval& approval = *out.add_approvals();
      approval.set_officer_id(AsString(each->id()));
      approval.set_signature(AsString(each->Sign(octets)));
    }
    const std::string path = folder_.path() + "/signed.cmd";
    EXPECT_THAT(WriteFile(path, SerializeCanonical(out), 0600), IsOk());
    return path;
  }
  std::vector<const P256Signer*> both() const { return {&security_[0], &security_[1]}; }
  Status Replace(const pb::Command& command) {
    return ReplaceLostCore(settings_, Sign(command, both())).status();
  }
  Status OpenRows(const pb::Command& command) {
    return OpenRebuiltRows(settings_, Sign(command, both())).status();
  }
  // One copy, lost and replaced.
  std::string LoseAndReplace() {
    const std::string copy = Lose(security_);
    EXPECT_THAT(Replace(Replacing({Vouch(copy, journal_spki_)})), IsOk());
    return copy;
  }
  // A copy of a copy, line by line.
  std::string Rewrite(const std::string& copy, const std::function<bool(size_t, Bytes&)>& keep) {
    const std::string out = folder_.path() + "/rewritten.ijl";
    const Bytes octets = *ReadFile(copy + "/" + SegmentName(1), FileTrust::kAnyMode, 1 << 20);
    MemorySource source(octets);
    FrameReader reader(source, 0);
    Bytes file;
    for (size_t i = 1;; ++i) {
      const auto frame = reader.Next();
      if (!frame.ok() || frame->kind != Frame::Kind::kEntry) break;
      Bytes line = ToBytes(frame->entry);
      if (keep(i, line)) AppendFrame(line, file);
    }
    EXPECT_THAT(WriteFile(out, file, 0600), IsOk());
    return out;
  }

  const testing_support::LinkIdentity link_ = testing_support::MakeLinkIdentity(
      "core", testing_support::LinkKeyKind::kP256, testing_support::LinkValidity::kNow);
  testing_support::TemporaryFolder folder_;
  std::unique_ptr<testing_support::SoftHsm> softhsm_;
  CoreSettings settings_;
  const P256Signer security_[3], others_[3];
  const KeyId key_id_{{1, 2, 3}};
  Bytes sealed_, journal_spki_;
  CoreInstance instance_;
  int copies_ = 0;
};

TEST_F(LostCoreTest, RowsAndRecordsComeBackAndKeysOpenLast) {
  const std::string copy = Lose(security_);
  const auto prepared = PrepareReplacement(settings_);
  ASSERT_THAT(prepared, IsOk());
  EXPECT_THAT(*prepared, HasSubstr("\"record_key_epochs\":[1],\"record_key_epochs_unopened\":[]"));
  ASSERT_THAT(Replace(Replacing({Vouch(copy, journal_spki_)})), IsOk());
  StoredInstance after = Instance();
  EXPECT_EQ(after.identity.instance, instance_);
  EXPECT_EQ(after.identity.instance_epoch, 2u);
  EXPECT_TRUE(after.identity.rows_lost);
  {
    auto vault = OpenVault(settings_);
    EXPECT_FALSE(vault->state->FindKey(key_id_)->has_value());
    SystemRng rng;
    const auto keys = RecordKeys::Open(*vault->token, *vault->state, rng);
    ASSERT_THAT(keys, IsOk());
    EXPECT_EQ((*keys)->sealer().Open(sealed_)->key_id, key_id_);
    EXPECT_EQ((*keys)->sealer().CurrentEpoch(), 2u) << "its own seals, the lost one's opens";
  }
  const auto rebuilt = RebuildRows(settings_, {copy});
  ASSERT_THAT(rebuilt, IsOk());
  EXPECT_EQ(ValueOf(*rebuilt, "keys"), "1");
  EXPECT_EQ(ValueOf(*rebuilt, "anchor"), "in the journal");
  EXPECT_EQ(ValueOf(*rebuilt, "lines_missing"), "0");
  EXPECT_TRUE(Instance().identity.rows_lost) << "still shut";
  // Again, as after a crash, and from the answer to that.
  const auto again = RebuildRows(settings_, {copy});
  ASSERT_THAT(again, IsOk());
  EXPECT_THAT(OpenRows(Opening(*rebuilt)), FailsWith(kRestoreNonce));
  ASSERT_THAT(OpenRows(Opening(*again)), IsOk());
  after = Instance();
  EXPECT_FALSE(after.identity.rows_lost);
  EXPECT_EQ(after.identity.instance_epoch, 2u);
  {
    auto vault = OpenVault(settings_);
    const auto row = *vault->state->FindKey(key_id_);
    ASSERT_TRUE(row.has_value());
    EXPECT_EQ(row->purpose, KeyPurpose::kStatus);
    EXPECT_EQ(row->cka_id, ToBytes(key_id_.view()));
    EXPECT_EQ(*vault->state->LiveRecords(1), 1u);
    EXPECT_FALSE(vault->state->LoadRestore()->has_value());
    EXPECT_THAT(vault->state->CheckAllRows(), IsOk());
  }
  // The journal of the core that took over verifies, and nothing is left to do.
  EXPECT_THAT(VerifyCoreJournal(settings_, ""), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {copy}).status(), FailsWith(kRowsNotLost));
  EXPECT_THAT(OpenRows(Opening(*again)), FailsWith(kRowsNotLost));
}

TEST_F(LostCoreTest, ACoreWithoutRowsMakesNoBackup) {
  LoseAndReplace();
  pb::Command command = Start(instance_, std::string(32, 'n'));
  auto& act = *command.mutable_authorise_backup();
  act.set_target_spki("key");
  act.set_evidence_sha256(std::string(32, 'e'));
  act.set_copies(1);
  EXPECT_THAT(MakeBackup(settings_, Sign(command, both()), folder_.path() + "/init").status(),
              FailsWith(kRowsLost));
}

TEST_F(LostCoreTest, AnExportedFileServesAsWell) {
  const std::string copy = Lose(security_);
  ASSERT_THAT(Replace(Replacing({Vouch(copy, journal_spki_)})), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {Rewrite(copy, [](size_t, Bytes&) { return true; })}), IsOk());
}

TEST_F(LostCoreTest, ACommandIsForThisLossThisNonceAndThisManyOfficers) {
  const std::string copy = Lose(security_);
  const VouchedJournal journal = Vouch(copy, journal_spki_);
  pb::Command command = Replacing({journal});
  const pb::Command stale = command;
  EXPECT_THAT(ReplaceLostCore(settings_, Sign(command, {&security_[0]})).status(),
              FailsWith(kApprovalsMissing));
  EXPECT_THAT(ReplaceLostCore(settings_, Sign(command, {&security_[0], &others_[0]})).status(),
              FailsWith(kOfficerUnknown));
  command.mutable_restore_without_backup()->set_loss(pb::LOSS_UNSPECIFIED);
  EXPECT_THAT(Replace(command), FailsWith(kStatementInvalid));
  command = stale;
  command.mutable_restore_without_backup()->clear_journals();
  EXPECT_THAT(Replace(command), FailsWith(kStatementInvalid));
  command = stale;
  command.mutable_restore_without_backup()->mutable_journals(0)->set_journal_spki("no key");
  EXPECT_THAT(Replace(command), FailsWith(kStatementInvalid));
  command = stale;
  command.mutable_restore_without_backup()->mutable_journals(0)->set_chain_hash("short");
  EXPECT_THAT(Replace(command), FailsWith(kStatementInvalid));
  command = stale;
  command.mutable_restore_without_backup()->set_instance_epoch(1);
  EXPECT_THAT(Replace(command), FailsWith(kEpochNotHigher));
  command = stale;
  command.set_core_instance(AsString(Instance().identity.instance.view()));
  EXPECT_THAT(Replace(command), FailsWith(kBackupCommand));
  command = stale;
  command.set_issued_at_ms(1000);
  command.set_expires_at_ms(2000);
  EXPECT_THAT(Replace(command), FailsWith(kStatementExpired));
  command = Start(instance_, stale.nonce());
  command.mutable_begin_epoch();
  EXPECT_THAT(Replace(command), FailsWith(kBackupCommand));
  command.mutable_open_rebuilt()->set_instance_epoch(2);
  EXPECT_THAT(Replace(command), FailsWith(kStatementInvalid));
  command = Replacing({journal});
  EXPECT_THAT(Replace(stale), FailsWith(kRestoreNonce)) << "a later prepare-restore took its place";
  EXPECT_FALSE(Instance().identity.rows_lost);
  ASSERT_THAT(Replace(command), IsOk());
  EXPECT_THAT(Replace(command), FailsWith(kAlreadyRestored));
  EXPECT_THAT(PrepareReplacement(settings_).status(), FailsWith(kAlreadyRestored));
  EXPECT_THAT(OpenRows(command), FailsWith(kBackupCommand));
}

TEST_F(LostCoreTest, OnlyANewCoreTakesAnothersPlace) {
  Lose(security_);
  {
    auto vault = OpenVault(settings_);
    ASSERT_THAT(vault->state->Update(
                    [&](RowTransaction& rows) { return rows.PutKey(KeyId{{9}}, KeyRow{}); }),
                IsOk());
  }
  EXPECT_THAT(PrepareReplacement(settings_).status(), FailsWith(kRowsPresent));
}

TEST_F(LostCoreTest, WithoutTheTokensRecordKeysThereIsNothingToReplace) {
  // The first core over a token that no other used.
  EXPECT_THAT(PrepareReplacement(settings_).status(), FailsWith(kRecordKeysLost));
}

TEST_F(LostCoreTest, ADestroyedRecordKeyDoesNotComeBack) {
  {
    auto vault = OpenVault(settings_);
    SystemRng rng;
    const auto keys = RecordKeys::Open(*vault->token, *vault->state, rng);
    ASSERT_THAT((*keys)->Begin(SystemClock().Now()), IsOk());
    ASSERT_THAT((*keys)->Destroy(1), IsOk());
  }
  Lose(security_);
  const auto prepared = PrepareReplacement(settings_);
  ASSERT_THAT(prepared, IsOk());
  EXPECT_THAT(*prepared, HasSubstr("\"record_key_epochs\":[2],\"record_key_epochs_unopened\":[]"));
  {
    auto vault = OpenVault(settings_);
    EXPECT_EQ((*vault->state->LoadLatestEpoch())->epoch, 3u) << "no number is used twice";
    // A copy that does not open is said, and not taken for a destroyed one.
    const auto label = *tokens::KeyLabel::Create("intaglio-record-key-2");
    ASSERT_THAT(vault->token->ReplaceData(label, Bytes(60, 7)), IsOk());
  }
  const auto spoiled = PrepareReplacement(settings_);
  EXPECT_THAT(spoiled.status(), FailsWith(kRecordKeysLost));
}

TEST_F(LostCoreTest, TheCopyIsMendedAtTheNextStart) {
  {
    auto vault = OpenVault(settings_);
    const auto label = *tokens::KeyLabel::Create("intaglio-record-key-1");
    ASSERT_THAT(vault->token->ReplaceData(label, Bytes(60, 7)), IsOk());
  }
  Write([](RecordKeys&, FileJournal&) {});
  Lose(security_);
  EXPECT_THAT(PrepareReplacement(settings_), IsOk());
}

TEST_F(LostCoreTest, AJournalThatDoesNotHoldMakesNoRows) {
  const std::string copy = LoseAndReplace();
  const size_t lines = static_cast<size_t>(Vouch(copy, journal_spki_).sequence);
  const auto refused = [&](const std::string& path) {
    return RebuildRows(settings_, {path}).status();
  };
  const auto without = [&](size_t number) {
    return Rewrite(copy, [=](size_t i, Bytes&) { return i != number; });
  };
  EXPECT_THAT(refused(without(1)), FailsWith(kJournalBroken)) << "the first line";
  EXPECT_THAT(refused(without(2)), FailsWith(kJournalBroken)) << "one in between";
  EXPECT_THAT(refused(without(lines)), FailsWith(kLostJournalHead)) << "the tail";
  EXPECT_THAT(refused(Rewrite(copy, [](size_t, Bytes&) { return false; })),
              FailsWith(kLostJournalHead));
  EXPECT_THAT(refused(Rewrite(copy,
                              [](size_t i, Bytes& line) {
                                if (i == 1) line[line.size() / 2] ^= 1;
                                return true;
                              })),
              FailsWith(kJournalBroken));
  EXPECT_THAT(refused(folder_.path() + "/nothing"), FailsWith(kJournalUnreadable));
  EXPECT_THAT(RebuildRows(settings_, {copy, copy}).status(), FailsWith(kLostJournalLink));
  const auto empty = Rewrite(copy, [](size_t, Bytes& line) {
    line.resize(3);
    return true;
  });
  EXPECT_THAT(refused(empty), FailsWith(kJournalBroken));
  EXPECT_TRUE(Instance().identity.rows_lost);
  pb::Command command = Start(instance_, std::string(32, 'n'));
  command.mutable_open_rebuilt()->set_instance_epoch(2);
  command.mutable_open_rebuilt()->set_sequence(1);
  command.mutable_open_rebuilt()->set_chain_hash(std::string(32, 'h'));
  EXPECT_THAT(OpenRows(command), FailsWith(kRowsNotRebuilt));
  EXPECT_THAT(RebuildRows(settings_, {copy}), IsOk()) << "none of it spoiled anything";
}

TEST_F(LostCoreTest, ALineMoreThanTheOfficersNamedIsRefused) {
  const std::string copy = Lose(security_);
  VouchedJournal journal = Vouch(copy, journal_spki_);
  // They name the line before the last, which is true and not the end.
  Digest chain{};
  Rewrite(copy, [&](size_t i, Bytes& line) {
    if (i < journal.sequence) chain = ChainHash(chain, line);
    return true;
  });
  journal.sequence -= 1;
  journal.chain_hash = chain;
  ASSERT_THAT(Replace(Replacing({journal})), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {copy}).status(), FailsWith(kLostJournalHead));
}

TEST_F(LostCoreTest, ACutCopyThatOfficersVouchForIsToldFromTheAnchorsMark) {
  // The copy is two lines behind the core's last checkpoint, and somebody says that is all.
  const std::string copy = Lose(security_);
  VouchedJournal journal = Vouch(copy, journal_spki_);
  journal.sequence -= 2;
  Digest chain{};
  const std::string cut = Rewrite(copy, [&](size_t i, Bytes& line) {
    if (i > journal.sequence) return false;
    chain = ChainHash(chain, line);
    return true;
  });
  journal.chain_hash = chain;
  // Trying again does not wash the mark away.
  std::filesystem::remove_all(settings_.state_dir);
  Initialise(security_);
  ASSERT_THAT(Replace(Replacing({journal})), IsOk());
  const auto rebuilt = RebuildRows(settings_, {cut});
  ASSERT_THAT(rebuilt, IsOk());
  EXPECT_EQ(ValueOf(*rebuilt, "anchor"), "behind its end");
  EXPECT_EQ(ValueOf(*rebuilt, "lines_missing"), "2");
}

TEST_F(LostCoreTest, AJournalWrittenAnewDoesNotPassTheAnchorsMark) {
  // Another core's, over the same token and under its own journal key, and as long.
  const std::string copy = Lose(security_);
  const Bytes other_spki = Instance().journal_spki;
  instance_ = Instance().identity.instance;
  MakeKey();
  const std::string forged = Lose(security_);
  ASSERT_EQ(Vouch(forged, other_spki).sequence, Vouch(copy, journal_spki_).sequence);
  ASSERT_THAT(Replace(Replacing({Vouch(forged, other_spki)})), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {forged}).status(), FailsWith(kLostJournalAnchor));
}

TEST_F(LostCoreTest, AnotherJournalKeyIsRefused) {
  const std::string copy = Lose(security_);
  ASSERT_THAT(Replace(Replacing({Vouch(copy, others_[0].spki())})), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {copy}).status(), FailsWith(kCheckpointForged));
}

TEST_F(LostCoreTest, AnotherCoresJournalIsRefused) {
  const std::string copy = Lose(security_);
  const VouchedJournal journal = Vouch(copy, journal_spki_);
  pb::Command command = Replacing({journal});
  instance_ = CoreInstance{{7, 7, 7}};
  command.set_core_instance(AsString(instance_.view()));
  ASSERT_THAT(Replace(command), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {copy}).status(), FailsWith(kLostJournalOther));
}

TEST_F(LostCoreTest, OpeningNamesTheLineAndTheEpochThatWereReached) {
  const std::string copy = LoseAndReplace();
  const auto rebuilt = RebuildRows(settings_, {copy});
  ASSERT_THAT(rebuilt, IsOk());
  pb::Command command = Opening(*rebuilt);
  command.mutable_open_rebuilt()->set_sequence(1);
  EXPECT_THAT(OpenRows(command), FailsWith(kLostJournalHead));
  command = Opening(*rebuilt);
  command.mutable_open_rebuilt()->set_chain_hash(std::string(32, 'h'));
  EXPECT_THAT(OpenRows(command), FailsWith(kLostJournalHead));
  EXPECT_THAT(OpenRows(Opening(*rebuilt, 3)), FailsWith(kBackupCommand));
  command = Opening(*rebuilt);
  command.set_nonce(std::string(32, 'n'));
  EXPECT_THAT(OpenRows(command), FailsWith(kRestoreNonce));
  command = Opening(*rebuilt);
  command.set_core_instance(std::string(16, 'x'));
  EXPECT_THAT(OpenRows(command), FailsWith(kWrongCore));
  EXPECT_THAT(OpenRebuiltRows(settings_, Sign(Opening(*rebuilt), {&security_[1]})).status(),
              FailsWith(kApprovalsMissing));
  EXPECT_TRUE(Instance().identity.rows_lost);
  EXPECT_THAT(OpenRows(Opening(*rebuilt)), IsOk());
}

TEST_F(LostCoreTest, WhoOnlyInitialisedACoreOverTheTokenDoesNotOpenItsKeys) {
  const P256Signer thieves[3];
  const std::string copy = Lose(thieves);
  const std::vector<const P256Signer*> their_own = {&thieves[0], &thieves[1]};
  const pb::Command replacing = Replacing({Vouch(copy, journal_spki_)});
  ASSERT_THAT(ReplaceLostCore(settings_, Sign(replacing, their_own)), IsOk());
  const auto rebuilt = RebuildRows(settings_, {copy});
  ASSERT_THAT(rebuilt, IsOk());
  EXPECT_THAT(OpenRebuiltRows(settings_, Sign(Opening(*rebuilt), their_own)).status(),
              FailsWith(kOldOfficersMissing));
  EXPECT_THAT(OpenRows(Opening(*rebuilt)), FailsWith(kOfficerUnknown));
  EXPECT_TRUE(Instance().identity.rows_lost);
}

TEST_F(LostCoreTest, ACoreThatIsLostTwiceNeedsBothJournals) {
  const std::string first = LoseAndReplace();
  const VouchedJournal first_journal = Vouch(first, journal_spki_);
  const auto rebuilt = RebuildRows(settings_, {first});
  ASSERT_THAT(rebuilt, IsOk());
  ASSERT_THAT(OpenRows(Opening(*rebuilt)), IsOk());
  const Bytes second_spki = Instance().journal_spki;
  Write([&](RecordKeys&, FileJournal& journal) {
    EXPECT_THAT(journal.Append({.type = EventType::kStarted}), IsOk());
  });
  const std::string second = Lose(security_);
  const VouchedJournal second_journal = Vouch(second, second_spki);
  // Epoch 2 has been: a core that is given the same again rebuilds nothing.
  ASSERT_THAT(Replace(Replacing({first_journal, second_journal}, 3)), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {second, first}).status(), FailsWith(kLostJournalLink));
  const auto both_of_them = RebuildRows(settings_, {first, second});
  ASSERT_THAT(both_of_them, IsOk());
  EXPECT_EQ(ValueOf(*both_of_them, "keys"), "1");
  EXPECT_THAT(OpenRows(Opening(*both_of_them, 3)), IsOk());
  EXPECT_EQ((*(*OpenVault(settings_)).state->FindKey(key_id_))->purpose, KeyPurpose::kStatus);
}

TEST_F(LostCoreTest, ACoreThatWasRestoredFromABackupGoesOnFromThatLine) {
  const KeyId after_backup{{2}}, restored{{3}};
  Digest backup_line{};
  Write([&](RecordKeys& keys, FileJournal& journal) {
    pb::Command command = Start(instance_, std::string(32, 'b'));
    command.mutable_authorise_backup()->set_copies(1);
    const auto line = journal.Append(CommandEvent(EventType::kBackupMade, command));
    ASSERT_THAT(line, IsOk());
    backup_line = line->chain_hash;
    KeyLine(keys, journal, after_backup);
  });
  const std::string first = Lose(security_);
  {
    auto vault = OpenVault(settings_);
    StoredInstance taken = **vault->state->LoadInstance();
    taken.identity.instance = instance_;
    taken.identity.instance_epoch = 2;
    ASSERT_THAT(vault->state->StoreInstance(taken), IsOk());
  }
  // The second core, restored from that backup; a try before it was cut short.
  Write([&](RecordKeys& keys, FileJournal& journal) {
    pb::Command command = Start(instance_, std::string(32, 'a'));
    command.mutable_activate_restored()->set_instance_epoch(2);
    Event event = CommandEvent(EventType::kRestored, command);
    event.output_digest = Digest{1};
    ASSERT_THAT(journal.Append(event), IsOk());
    event.output_digest = backup_line;
    ASSERT_THAT(journal.Append(event), IsOk());
    KeyLine(keys, journal, restored);
  });
  const Bytes second_spki = Instance().journal_spki;
  ASSERT_THAT(ForgetLostMark(*OpenVault(settings_)->token), IsOk());
  const std::string second = Lose(security_);
  ASSERT_THAT(Replace(Replacing({Vouch(first, journal_spki_), Vouch(second, second_spki)}, 3)),
              IsOk());
  const auto rebuilt = RebuildRows(settings_, {first, second});
  ASSERT_THAT(rebuilt, IsOk());
  auto vault = OpenVault(settings_);
  EXPECT_TRUE((*vault->state->FindKey(key_id_)).has_value());
  EXPECT_TRUE((*vault->state->FindKey(restored)).has_value());
  EXPECT_FALSE((*vault->state->FindKey(after_backup)).has_value()) << "the backup had it not";
}

TEST_F(LostCoreTest, TheSecondJournalAloneOrAnEpochOfBeforeIsNotEnough) {
  const std::string first = LoseAndReplace();
  const auto rebuilt = RebuildRows(settings_, {first});
  ASSERT_THAT(OpenRows(Opening(*rebuilt)), IsOk());
  const Bytes second_spki = Instance().journal_spki;
  Write([&](RecordKeys&, FileJournal& journal) {
    EXPECT_THAT(journal.Append({.type = EventType::kStarted}), IsOk());
  });
  const std::string second = Lose(security_);
  ASSERT_THAT(Replace(Replacing({Vouch(second, second_spki)}, 3)), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {second}).status(), FailsWith(kLostJournalLink));
  // Once more, and the officers name an epoch that has been.
  std::filesystem::remove_all(settings_.state_dir);
  Initialise(security_);
  const VouchedJournal first_journal = Vouch(first, journal_spki_);
  ASSERT_THAT(Replace(Replacing({first_journal, Vouch(second, second_spki)}, 2)), IsOk());
  EXPECT_THAT(RebuildRows(settings_, {first, second}).status(), FailsWith(kEpochNotHigher));
}

}  // namespace
}  // namespace intaglio::appliance
