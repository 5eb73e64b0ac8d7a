// Backup and restore from console to console: two cores, each with a token of its own.
#include "appliance/daemon/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "appliance/backup/backup_package.h"
#include "appliance/backup/reasons.h"
#include "appliance/backup/swap_folders.h"
#include "appliance/backup/test_devices.h"
#include "appliance/crypto/hash.h"
#include "appliance/daemon/console.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/pem.h"
#include "appliance/daemon/restore.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/seal_policy.h"
#include "appliance/records/canonical.h"
#include "base/file.h"
#include "intaglio/core/v1/backup.pb.h"
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

// One machine: a token, a folder, a configuration.
struct Machine {
  testing_support::TemporaryFolder folder;
  std::unique_ptr<testing_support::SoftHsm> softhsm;
  CoreSettings settings;
};

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    SetUpMachine(old_, security_);
    SetUpMachine(target_, security_);
    old_instance_ = Instance(old_).identity.instance;
    EXPECT_THAT(PrepareRestore(target_.settings, std::string(64, 'a'), evidence_, spki_), IsOk());
  }
  void SetUpMachine(Machine& machine, const P256Signer (&security)[3]) {
    auto softhsm = testing_support::SoftHsm::Create();
    EXPECT_THAT(softhsm, IsOk());
    machine.softhsm = *std::move(softhsm);
    CoreSettings& settings = machine.settings;
    settings.state_dir = machine.folder.path() + "/state";
    settings.boundary = BoundaryKind::kLab;
    settings.token.module = machine.softhsm->module_path();
    settings.token.selector = "core";
    settings.token.pin_file = machine.softhsm->pin_path();
    settings.token.storage_key = testing_support::SoftHsm::storage_key_label();
    settings.token.softhsm_conf = machine.softhsm->config_path();
    settings.link.unix_socket = machine.folder.path() + "/core.sock";
    settings.link.certificate_pem = link_.certificate();
    settings.link.private_key_pem = link_.private_key();
    settings.link.pinned_peer_pem = link_.certificate();
    settings.file_sha256 = Digest{static_cast<uint8_t>(machine.folder.path().back())};
    const std::string spki = machine.folder.path() + "/ak.pem";
    EXPECT_THAT(InitialiseCore(settings, WriteInit(machine, security), spki, ""), IsOk());
    const TestKeyPair key(Instance(machine).attestation_spki);
    const std::string certificate = machine.folder.path() + "/ak.crt";
    EXPECT_THAT(WriteFile(certificate, maker_.Certify(key), 0600), IsOk());
    EXPECT_THAT(InstallDeviceCertificate(settings, certificate, ""), IsOk());
  }
  std::string WriteInit(const Machine& machine, const P256Signer (&security)[3]) {
    const std::string folder = machine.folder.path() + "/";
    EXPECT_THAT(WriteFile(folder + "root", maker_.root(), 0600), IsOk());
    std::string text =
        "commands_need: 2 qscd_entry_id: \"lab\" qscd_valid_until: \"2099-01-01\" "
        "device_roots: \"root\"\n";
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
    return folder + "init";
  }
  static StoredInstance Instance(const Machine& machine) {
    auto vault = OpenVault(machine.settings);
    EXPECT_THAT(vault, IsOk());
    return **vault->state->LoadInstance();
  }
  static Bytes Content(const std::string& file) {
    return *ReadFile(file, FileTrust::kAnyMode, 64 << 20);
  }
  pb::Command Start() {
    pb::Command command;
    command.set_context("intaglio/command/v1");
    command.set_core_instance(AsString(old_instance_.view()));
    command.set_nonce(AsString(*SystemRng().Draw(32)));
    const int64_t now = SystemClock().Now().ms;
    command.set_issued_at_ms(now - 1000);
    command.set_expires_at_ms(now + kHour);
    return command;
  }
  pb::Command Authorise(uint32_t copies = 1) {
    pb::Command command = Start();
    auto& act = *command.mutable_authorise_backup();
    act.set_target_spki(AsString(*DerOrPem(Content(spki_), "PUBLIC KEY")));
    act.set_evidence_sha256(AsString(Sha256(Content(evidence_))));
    act.set_copies(copies);
    return command;
  }
  pb::Command Activate(const std::string& backup, uint32_t epoch = 2) {
    pb::Command command = Start();
    command.mutable_activate_restored()->set_instance_epoch(epoch);
    command.mutable_activate_restored()->set_backup_sha256(AsString(Sha256(Content(backup))));
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
  std::vector<const P256Signer*> one() const { return {&security_[0]}; }
  StatusOr<std::string> Backup(const pb::Command& command) {
    return MakeBackup(old_.settings, Sign(command, both()), evidence_);
  }
  // The only file of a fresh backup.
  std::string BackupFile() {
    EXPECT_THAT(Backup(Authorise()), IsOk());
    std::string found;
    for (const auto& each :
         std::filesystem::directory_iterator(old_.settings.state_dir + "/backup")) {
      found = each.path();
    }
    return found;
  }
  StatusOr<std::string> Restore(const std::string& backup, uint32_t epoch = 2) {
    return RestoreBackup(target_.settings, backup, Sign(Activate(backup, epoch), both()));
  }
  // Rows of every kind that must travel.
  void FillOld() {
    auto vault = OpenVault(old_.settings);
    ASSERT_THAT(vault, IsOk());
    ASSERT_THAT(vault->state->Update([&](RowTransaction& rows) -> Status {
      KeyRow key;
      key.version = 2;
      key.state = KeyState::kSuspended;
      RETURN_IF_ERROR(rows.PutKey(key_id_, key));
      SerialRow serial;
      serial.state = SerialState::kRevoked;
      serial.reason = CrlReason::kKeyCompromise;
      serial.changed_at = {1'795'000'000'000};
      serial.not_after = {1'895'000'000'000};
      RETURN_IF_ERROR(rows.PutSerial(key_id_, Serial{{0x41, 0x42}}, serial));
      RETURN_IF_ERROR(rows.PutCa(key_id_, {77, {1'795'000'000'000}}));
      SealLedgerRow quota;
      quota.authorisation = Bytes(40, 3);
      quota.reserved = 5000;
      quota.last_sequence = 640;
      return rows.PutSeal(key_id_, SealAuthorisationId{{9}}, quota);
    }),
                IsOk());
  }

  const testing_support::LinkIdentity link_ = testing_support::MakeLinkIdentity(
      "core", testing_support::LinkKeyKind::kP256, testing_support::LinkValidity::kNow);
  const TestMaker maker_;
  testing_support::TemporaryFolder folder_;
  const std::string evidence_ = folder_.path() + "/evidence.der";
  const std::string spki_ = folder_.path() + "/target.pem";
  const P256Signer security_[3], others_[3];
  const KeyId key_id_{{1, 2, 3}};
  Machine old_, target_;
  CoreInstance old_instance_;
};

TEST_F(BackupTest, ATargetTakesOverRowsQuotasAndRecordKeys) {
  FillOld();
  Bytes sealed;
  KeyRecord record;
  record.key_id = key_id_;
  {
    auto vault = OpenVault(old_.settings);
    SystemRng rng;
    const auto keys = RecordKeys::Open(*vault->token, *vault->state, rng);
    ASSERT_THAT(keys, IsOk());
    sealed = *(*keys)->sealer().Seal(record);
  }
  const StoredInstance target_before = Instance(target_);
  const std::string file = BackupFile();
  const auto answer = Restore(file);
  ASSERT_THAT(answer, IsOk());
  EXPECT_THAT(*answer, HasSubstr("\"instance_epoch\":2"));

  const StoredInstance after = Instance(target_);
  EXPECT_EQ(after.identity.instance, old_instance_);
  EXPECT_EQ(after.identity.instance_epoch, 2u);
  EXPECT_EQ(after.attestation_spki, target_before.attestation_spki);
  EXPECT_EQ(after.attestation_certificate, target_before.attestation_certificate);
  EXPECT_EQ(after.journal_spki, target_before.journal_spki);
  EXPECT_EQ(after.identity.configuration_sha256, target_before.identity.configuration_sha256);
  {
    auto vault = OpenVault(target_.settings);
    ASSERT_THAT(vault, IsOk());
    EXPECT_THAT(vault->state->CheckAllRows(), IsOk());
    EXPECT_EQ((**vault->state->FindKey(key_id_)).state, KeyState::kSuspended);
    EXPECT_EQ((**vault->state->FindSerial(key_id_, Serial{{0x41, 0x42}})).state,
              SerialState::kRevoked);
    EXPECT_EQ(vault->state->RevokedAfter(key_id_, Serial{}, 10)->size(), 1u);
    EXPECT_EQ(vault->state->FindCa(key_id_)->last_crl_number, 77u);
    const auto quota = *vault->state->FindSeal(key_id_, SealAuthorisationId{{9}});
    ASSERT_TRUE(quota.has_value());
    EXPECT_EQ(quota->reserved, 5000u) << "what was given out stays given out";
    EXPECT_EQ(quota->last_sequence, 640u);
    SystemRng rng;
    const auto keys = RecordKeys::Open(*vault->token, *vault->state, rng);
    ASSERT_THAT(keys, IsOk());
    EXPECT_EQ((*keys)->sealer().Open(sealed)->key_id, key_id_);
  }
  // The journal goes on, says so, and verifies with its change of identity.
  EXPECT_THAT(VerifyCoreJournal(target_.settings, ""), IsOk());
  EXPECT_THAT(Restore(file, 3).status(), FailsWith(kAlreadyRestored));
}

TEST_F(BackupTest, ASealAuthorisationOfTheOldEpochIsRefused) {
  ASSERT_THAT(Restore(BackupFile()), IsOk());
  const CoreIdentity identity = Instance(target_).identity;
  KeyRecord record;
  record.purpose = KeyPurpose::kSeal;
  record.version = kVersionAccepted;
  record.certified_as = CertifiedAs{{{1}}, {{0x41}}, {}, WallTime{0}, WallTime{10}};
  KeyRow row;
  row.purpose = KeyPurpose::kSeal;
  SealAuthorisation authorisation;
  authorisation.core_instance = old_instance_;
  authorisation.instance_epoch = 1;
  authorisation.not_after = {10};
  const SealBatch batch{};
  const SealItems items{};
  const SealAuthorisationId id{};
  const auto judged = [&](uint32_t epoch) {
    const SealingCore core{identity.instance, epoch};
    return SealPolicy::MaySeal({.record = record,
                                .row = row,
                                .core = core,
                                .authorisation_id = id,
                                .authorisation = authorisation,
                                .batch = batch,
                                .items = items,
                                .now = WallTime{5}});
  };
  EXPECT_THAT(judged(identity.instance_epoch), FailsWith(kSealEpoch));
  EXPECT_THAT(judged(1), FailsWith(kAlgorithmUnsuitable)) << "the old core asks the next rule";
}

TEST_F(BackupTest, CopiesAreAsManyAsSignedAndACommandIsCarriedOutOnce) {
  const pb::Command command = Authorise(3);
  const auto answer = Backup(command);
  ASSERT_THAT(answer, IsOk());
  size_t files = 0;
  for (const auto& each :
       std::filesystem::directory_iterator(old_.settings.state_dir + "/backup")) {
    ++files;
    EXPECT_EQ(each.status().permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  EXPECT_EQ(files, 3u);
  EXPECT_THAT(Backup(command).status(), FailsWith(kBackupRepeated));
  EXPECT_THAT(Backup(Authorise(0)).status(), FailsWith(kStatementInvalid));
  EXPECT_THAT(Backup(Authorise(17)).status(), FailsWith(kStatementInvalid));
}

TEST_F(BackupTest, OneOfTwoOfficersIsNotEnough) {
  EXPECT_THAT(MakeBackup(old_.settings, Sign(Authorise(), one()), evidence_).status(),
              FailsWith(kApprovalsMissing));
  EXPECT_THAT(MakeBackup(old_.settings, Sign(Authorise(), {&security_[0], &others_[0]}), evidence_)
                  .status(),
              FailsWith(kOfficerUnknown));
  const std::string file = BackupFile();
  EXPECT_THAT(RestoreBackup(target_.settings, file, Sign(Activate(file), one())).status(),
              FailsWith(kApprovalsMissing));
}

TEST_F(BackupTest, ACommandIsForThisCoreThisHourAndThisAct) {
  pb::Command wrong = Authorise();
  wrong.set_core_instance(std::string(16, 'x'));
  EXPECT_THAT(Backup(wrong).status(), FailsWith(kWrongCore));
  wrong = Authorise();
  wrong.set_issued_at_ms(1000);
  wrong.set_expires_at_ms(2000);
  EXPECT_THAT(Backup(wrong).status(), FailsWith(kStatementExpired));
  wrong = Start();
  wrong.mutable_begin_epoch();
  EXPECT_THAT(Backup(wrong).status(), FailsWith(kBackupCommand));
  wrong = Start();
  wrong.mutable_activate_restored()->set_instance_epoch(2);
  EXPECT_THAT(Backup(wrong).status(), FailsWith(kStatementInvalid)) << "without a backup";
  const std::string file = BackupFile();
  EXPECT_THAT(Backup(Activate(file)).status(), FailsWith(kBackupCommand));
  EXPECT_THAT(RestoreBackup(target_.settings, file, Sign(Authorise(), both())).status(),
              FailsWith(kBackupCommand));
  wrong = Activate(file);
  wrong.mutable_activate_restored()->set_backup_sha256(std::string(32, 'y'));
  EXPECT_THAT(RestoreBackup(target_.settings, file, Sign(wrong, both())).status(),
              FailsWith(kBackupCommand));
  wrong = Activate(file);
  wrong.set_core_instance(std::string(16, 'x'));
  EXPECT_THAT(RestoreBackup(target_.settings, file, Sign(wrong, both())).status(),
              FailsWith(kWrongCore));
}

TEST_F(BackupTest, EvidenceIsTheOneThatWasSigned) {
  const std::string command = Sign(Authorise(), both());
  EXPECT_THAT(PrepareRestore(target_.settings, std::string(64, 'b'), evidence_, spki_), IsOk());
  EXPECT_THAT(MakeBackup(old_.settings, command, evidence_).status(), FailsWith(kEvidenceMismatch));
  pb::Command other = Authorise();
  other.mutable_authorise_backup()->set_target_spki(AsString(security_[0].spki()));
  EXPECT_THAT(Backup(other).status(), FailsWith(kEvidenceMismatch));
  EXPECT_THAT(PrepareRestore(target_.settings, "00", evidence_, spki_).status(),
              FailsWith(kConfigInvalid));
}

TEST_F(BackupTest, TheEpochMustRise) {
  const std::string file = BackupFile();
  EXPECT_THAT(Restore(file, 1).status(), FailsWith(kEpochNotHigher));
  EXPECT_EQ(Instance(target_).identity.instance_epoch, 1u);
  EXPECT_NE(Instance(target_).identity.instance, old_instance_) << "nothing was changed";
  EXPECT_THAT(Restore(file, 2), IsOk());
}

TEST_F(BackupTest, AnotherTokenDoesNotOpenIt) {
  const std::string file = BackupFile();
  // The target makes another key: what was sealed to the one before is lost.
  EXPECT_THAT(PrepareRestore(target_.settings, std::string(64, 'b'), evidence_, spki_), IsOk());
  EXPECT_THAT(Restore(file).status(), FailsWith(kBackupForAnother));
  // Nor does the core it came from, which never prepared one.
  EXPECT_THAT(RestoreBackup(old_.settings, file, Sign(Activate(file), both())).status(),
              FailsWith(kAlreadyRestored));
}

TEST_F(BackupTest, EveryPartOfTheFileCounts) {
  const std::string file = BackupFile();
  pb::BackupPackage whole;
  const Bytes octets = Content(file);
  ASSERT_TRUE(whole.ParseFromArray(octets.data(), static_cast<int>(octets.size())));
  const auto refused = [&](const std::function<void(pb::BackupPackage&)>& change) {
    pb::BackupPackage changed = whole;
    change(changed);
    const std::string path = folder_.path() + "/changed.ijb";
    EXPECT_THAT(WriteFile(path, SerializeCanonical(changed), 0600), IsOk());
    return Restore(path).status();
  };
  const auto header = [&](const std::function<void(pb::BackupHeader&)>& change) {
    return refused([&](pb::BackupPackage& package) {
      pb::BackupHeader inside;
      inside.ParseFromString(package.header());
      change(inside);
      package.set_header(AsString(SerializeCanonical(inside)));
    });
  };
  EXPECT_THAT(refused([](auto& p) { (*p.mutable_ciphertext())[5] ^= 1; }),
              FailsWith(kBackupForged));
  EXPECT_THAT(refused([](auto& p) { p.mutable_ciphertext()->pop_back(); }),
              FailsWith(kBackupForged));
  EXPECT_THAT(refused([](auto& p) { (*p.mutable_iv())[0] ^= 1; }), FailsWith(kBackupForged));
  EXPECT_THAT(refused([](auto& p) { (*p.mutable_signature())[20] ^= 1; }),
              FailsWith(kBackupForged));
  EXPECT_THAT(refused([](auto& p) { p.clear_signature(); }), FailsWith(kBackupForged));
  EXPECT_THAT(refused([](auto& p) { (*p.mutable_sealed_key())[9] ^= 1; }),
              FailsWith(kBackupForAnother));
  EXPECT_THAT(refused([](auto& p) { p.clear_sealed_key(); }), FailsWith(kBackupForAnother));
  EXPECT_THAT(refused([](auto& p) { p.mutable_sealed_key()->resize(2000); }),
              FailsWith(kBackupUnreadable));
  EXPECT_THAT(refused([](auto& p) { p.mutable_iv()->resize(11); }), FailsWith(kBackupUnreadable));
  EXPECT_THAT(refused([](auto& p) { p.clear_header(); }), FailsWith(kBackupUnreadable));
  EXPECT_THAT(header([](auto& h) { h.set_instance_epoch(9); }), FailsWith(kBackupForged));
  EXPECT_THAT(header([](auto& h) { h.set_core_instance(std::string(16, 'q')); }),
              FailsWith(kBackupForged));
  EXPECT_THAT(header([](auto& h) { h.set_journal_sequence(1); }), FailsWith(kBackupForged));
  EXPECT_THAT(header([](auto& h) { h.set_format(99); }), FailsWith(kBackupUnreadable));
  EXPECT_THAT(header([](auto& h) { h.set_copy(5); }), FailsWith(kBackupUnreadable));
  EXPECT_THAT(header([](auto& h) { h.set_context("x"); }), FailsWith(kBackupUnreadable));
  for (size_t size : {size_t{0}, size_t{1}, octets.size() / 2, octets.size() - 1}) {
    EXPECT_THAT(ReadBackup(ByteView(octets).first(size)).status(), FailsWith(kBackupUnreadable));
  }
  EXPECT_NE(Instance(target_).identity.instance, old_instance_);
  EXPECT_THAT(Restore(file), IsOk()) << "none of it spent the key";
}

TEST_F(BackupTest, TheTargetsOwnOfficersMustAgree) {
  // The target was initialised by others: a backup of somebody's own making does not get in.
  Machine stranger;
  const P256Signer others[3];
  SetUpMachine(stranger, others);
  EXPECT_THAT(PrepareRestore(stranger.settings, std::string(64, 'c'), evidence_, spki_), IsOk());
  const std::string file = BackupFile();
  EXPECT_THAT(RestoreBackup(stranger.settings, file, Sign(Activate(file), both())).status(),
              FailsWith(kOfficerUnknown));
}

TEST_F(BackupTest, WhatAnInterruptedTryLeftIsReplaced) {
  const std::string file = BackupFile();
  std::filesystem::create_directories(target_.settings.state_dir + "/rows.restored/rest");
  EXPECT_THAT(Restore(file), IsOk());
  EXPECT_FALSE(std::filesystem::exists(target_.settings.state_dir + "/rows.restored"));
}

TEST(SwapFoldersTest, SwapsBothOrNothing) {
  const testing_support::TemporaryFolder folder;
  const std::string one = folder.path() + "/one", other = folder.path() + "/other";
  std::filesystem::create_directories(one + "/a");
  EXPECT_THAT(SwapFolders(one, other, folder.path()), FailsWith(kSwapFailed));
  EXPECT_TRUE(std::filesystem::exists(one + "/a"));
  std::filesystem::create_directories(other + "/b");
  EXPECT_THAT(SwapFolders(one, other, folder.path()), IsOk());
  EXPECT_TRUE(std::filesystem::exists(one + "/b"));
  EXPECT_TRUE(std::filesystem::exists(other + "/a"));
}

}  // namespace
}  // namespace intaglio::appliance
