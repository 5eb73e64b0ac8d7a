#include "appliance/daemon/backup.h"

#include <sys/stat.h>

#include <filesystem>

#include "appliance/backup/backup_commands.h"
#include "appliance/backup/backup_package.h"
#include "appliance/backup/reasons.h"
#include "appliance/backup/target_evidence.h"
#include "appliance/crypto/hash.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/program.h"
#include "appliance/daemon/startup_checks.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "attestation/model/evidence_content.h"
#include "base/file.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxCommandFile = 64 * 1024;

// Everything that must hold before the core writes that it makes a backup.
Status CheckTarget(const CoreSettings& settings, const StoredInstance& instance,
                   const AuthoriseBackup& act, ByteView evidence) {
  if (Sha256(evidence) != act.evidence_sha256) {
    return Fail(kEvidenceMismatch, "the file's SHA-256 is " + ToHex(Sha256(evidence)) +
                                       ", the officers signed " + ToHex(act.evidence_sha256));
  }
  return VerifyTargetEvidence(evidence, act.target_spki, instance.identity.device_roots,
                              settings.boundary == BoundaryKind::kLab ? SimulatedDevices::kAccepted
                                                                      : SimulatedDevices::kRefused);
}

// The command counts as carried out from here on, in the copy too.
Status SpendCommand(LmdbState& state, const Signed<BackupCommand>& command) {
  const Digest digest = Sha256(command.octets);
  return state.Update([&](RowTransaction& rows) -> Status {
    OrderRow row;
    row.expires_at = command.statement.expires_at;
    return rows.PutOrder(digest, row);
  });
}

StatusOr<BackupState> Gather(Vault& vault, const StoredInstance& instance) {
  BackupState out;
  out.instance = instance;
  ASSIGN_OR_RETURN(out.rows, vault.state->CarryRows(kMostBackupRows));
  ASSIGN_OR_RETURN(out.epochs, RecordKeys::Carry(*vault.token, *vault.state));
  ASSIGN_OR_RETURN(const auto time, vault.state->LoadTime());
  if (time) out.high_water = time->high_water;
  return out;
}

StatusOr<std::string> BackupFolder(const CoreSettings& settings) {
  const std::string folder = settings.state_dir + "/backup";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || chmod(folder.c_str(), 0700) != 0) {
    return Fail(kConfigInvalid, folder + " cannot be made");
  }
  return folder;
}

// One file for each copy, each under a key of its own.
StatusOr<std::string> WriteCopies(BackupSigner& signer, BackupHead head, const BackupState& state,
                                  const AuthoriseBackup& act, const std::string& folder) {
  std::string files, digests;
  for (uint32_t copy = 1; copy <= act.copies; ++copy) {
    head.copy = copy;
    ASSIGN_OR_RETURN(const Bytes octets, signer.Make(head, state, act.target_spki));
    const std::string file = folder + "/backup-" + std::to_string(head.journal.sequence) + "-" +
                             std::to_string(copy) + ".ijb";
    RETURN_IF_ERROR(WriteFile(file, octets, 0600));
    files += (copy == 1 ? "\"" : ",\"") + file + "\"";
    digests += (copy == 1 ? "\"" : ",\"") + ToHex(Sha256(octets)) + "\"";
  }
  return "{\"core_instance\":\"" + head.core_instance.hex() +
         "\",\"instance_epoch\":" + std::to_string(head.instance_epoch) +
         ",\"journal_sequence\":" + std::to_string(head.journal.sequence) + ",\"files\":[" + files +
         "],\"sha256\":[" + digests + "]}";
}

}  // namespace

StatusOr<std::string> MakeBackup(const CoreSettings& settings, const std::string& command_file,
                                 const std::string& evidence_file) {
  ASSIGN_OR_RETURN(const Bytes command_octets,
                   ReadFile(command_file, FileTrust::kAnyMode, kMaxCommandFile));
  ASSIGN_OR_RETURN(const auto command, TakeBackupCommand(command_octets));
  const auto* act = std::get_if<AuthoriseBackup>(&command.statement.act);
  if (act == nullptr) return Fail(kBackupCommand, command_file + " authorises no backup");
  ASSIGN_OR_RETURN(const Bytes evidence,
                   ReadFile(evidence_file, FileTrust::kAnyMode, attestation::kMaxEvidenceOctets));
  ASSIGN_OR_RETURN(const Program program, ThisProgram());
  SystemClock clock;
  SystemRng rng;
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  ASSIGN_OR_RETURN(auto instance, vault.state->LoadInstance());
  if (!instance) return Fail(kNotInitialised, "run intaglio-core init first");
  RETURN_IF_ERROR(CheckProgram(*instance, program, settings.boundary));
  if (instance->identity.rows_lost) {
    return Fail(kRowsLost, "there is nothing to back up before rows are rebuilt and opened");
  }
  ASSIGN_OR_RETURN(const CoreJournal core_journal,
                   OpenCoreJournal(settings, vault, clock, Opening::kConsole));
  FileJournal& journal = *core_journal.journal;
  ASSIGN_OR_RETURN(instance, vault.state->LoadInstance());
  ASSIGN_OR_RETURN(
      const Approved approved,
      CheckApprovals(command, instance->identity, instance->identity.instance, clock.Now()));
  RETURN_IF_ERROR(CheckTarget(settings, *instance, *act, evidence));
  ASSIGN_OR_RETURN(const auto done, vault.state->FindOrder(approved.statement_digest()));
  if (done) return Fail(kBackupRepeated, "command " + ToHex(approved.statement_digest()));
  ASSIGN_OR_RETURN(const std::string folder, BackupFolder(settings));

  RETURN_IF_ERROR(journal
                      .Append({.type = EventType::kBackupMade,
                               .statement_digest = approved.statement_digest(),
                               .content_digest = act->evidence_sha256,
                               .count = act->copies,
                               .note = "for target key " + ToHex(Sha256(act->target_spki)),
                               .officers = approved.officers(),
                               .statement = command.octets,
                               .proofs = command.proofs})
                      .status());
  RETURN_IF_ERROR(SpendCommand(*vault.state, command));
  RETURN_IF_ERROR(CloseCoreJournal(core_journal, *vault.state));
  ASSIGN_OR_RETURN(const BackupState state, Gather(vault, *instance));
  ASSIGN_OR_RETURN(auto storage_key, tokens::KeyLabel::Create(settings.token.storage_key));
  Pkcs11Keys keys(*vault.token, std::move(storage_key));
  BackupSigner signer(keys, rng, SignerOf(*instance, core_journal.time.boot_count).key);
  const BackupHead head{.format = instance->format,
                        .core_instance = instance->identity.instance,
                        .instance_epoch = instance->identity.instance_epoch,
                        .made_at = clock.Now(),
                        .journal = journal.Head(),
                        .target_spki_sha256 = Sha256(act->target_spki),
                        .copy = 0,
                        .copies = act->copies,
                        .command_sha256 = approved.statement_digest()};
  return WriteCopies(signer, head, state, *act, folder);
}

}  // namespace intaglio::appliance
