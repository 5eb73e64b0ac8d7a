#include "appliance/daemon/restore.h"

#include <algorithm>
#include <filesystem>

#include "appliance/backup/backup_commands.h"
#include "appliance/backup/backup_package.h"
#include "appliance/backup/reasons.h"
#include "appliance/backup/swap_folders.h"
#include "appliance/crypto/hash.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/pem.h"
#include "appliance/daemon/program.h"
#include "appliance/daemon/startup_checks.h"
#include "appliance/daemon/vault.h"
#include "appliance/daemon/version.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/attestation_policy.h"
#include "attestation/produce/evidence_producer.h"
#include "base/file.h"
#include "base/log.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {

// Composes the evidence about the key that a backup is sealed to. [DESIGN 6]
class RestoreEvidence final {
 public:
  static StatusOr<Bytes> Make(TokenPort& token, const StoredInstance& instance,
                              const attestation::EvidenceContent& content) {
    ASSIGN_OR_RETURN(const auto producer,
                     attestation::EvidenceProducer::Create(attestation::EvidenceProfile::Draft(),
                                                           instance.attestation_certificate,
                                                           instance.attestation_chain));
    KeyRecord key;
    Assign(ByteView(instance.attestation_cka_id), key.key_id);
    key.purpose = KeyPurpose::kAttestation;
    key.residency = KeyResidency::kResident;
    key.spki = instance.attestation_spki;
    return producer.Produce(content, [&](const Digest& tbs) -> StatusOr<Bytes> {
      ASSIGN_OR_RETURN(auto signatures,
                       token.Sign(AttestationPolicy::PermitEvidence(key, tbs), key));
      return std::move(signatures.front());
    });
  }
};

namespace {

constexpr char kRestoreKey[] = "intaglio-restore";  // label and CKA_ID
constexpr size_t kMaxCommandFile = 64 * 1024;

StatusOr<tokens::KeyId> RestoreKeyId() { return tokens::KeyId::Create(AsBytes(kRestoreKey)); }

// The instance of the state that is here now.
StatusOr<StoredInstance> LoadTarget(const CoreSettings& settings) {
  ASSIGN_OR_RETURN(const Program program, ThisProgram());
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  ASSIGN_OR_RETURN(auto instance, vault.state->LoadInstance());
  if (!instance) return Fail(kNotInitialised, "run intaglio-core init first");
  RETURN_IF_ERROR(CheckProgram(*instance, program, settings.boundary));
  return *std::move(instance);
}

StatusOr<tokens::GeneratedKey> MakeRestoreKey(const CoreSettings& settings) {
  ASSIGN_OR_RETURN(const auto token, OpenTokenAlone(settings));
  ASSIGN_OR_RETURN(const auto id, RestoreKeyId());
  ASSIGN_OR_RETURN(const auto label, tokens::KeyLabel::Create(kRestoreKey));
  const Status gone = token->DestroyResident(id);
  if (!gone.ok() && !Is(gone, tokens::kKeyNotFound)) return gone;
  return token->GenerateOaepKey(label, id);
}

attestation::EvidenceContent Describe(const CoreSettings& settings, const Vault& vault,
                                      const StoredInstance& instance, const Program& program,
                                      const tokens::GeneratedKey& key) {
  attestation::EvidenceContent out;
  const tokens::TokenDescription& token = vault.token->Describe();
  out.platform.vendor = token.manufacturer;
  out.platform.hwmodel = ToBytes(token.model);
  out.platform.hwversion = token.hardware_version;
  out.platform.hwserial = token.serial;
  out.platform.swname = "intaglio-core";
  out.platform.swversion = program.version;
  out.platform.core_instance = ToBytes(instance.identity.instance.view());
  out.platform.self_reported_measurement = ToBytes(program.sha256);
  out.platform.simulated = settings.boundary == BoundaryKind::kLab;
  attestation::KeyClaims& claims = out.keys.emplace_back();
  claims.identifiers = {kRestoreKey};
  claims.spki = key.spki_der;
  claims.extractable = key.origin.extractable;
  claims.sensitive = key.origin.sensitive;
  claims.never_extractable = key.origin.never_extractable;
  claims.local = key.origin.local;
  claims.purposes = {{attestation::KeyPurpose::kDecrypt}};
  claims.residency = attestation::Residency::kResident;
  return out;
}

// The package's key, opened by the token.
StatusOr<SecretBytes> OpenKey(const CoreSettings& settings, const BackupFile& file) {
  ASSIGN_OR_RETURN(const auto token, OpenTokenAlone(settings));
  ASSIGN_OR_RETURN(const auto id, RestoreKeyId());
  auto key = token->OpenOaep(id, file.sealed_key);
  if (key.ok()) return key;
  if (Is(key.status(), tokens::kKeyNotFound) || Is(key.status(), tokens::kSealBroken)) {
    return Fail(kBackupForAnother, DetailOf(key.status()));
  }
  return key.status();
}

// What the officers ordered for exactly this file.
StatusOr<ActivateRestored> CheckAct(const Signed<BackupCommand>& command, ByteView file) {
  const auto* act = std::get_if<ActivateRestored>(&command.statement.act);
  if (act == nullptr) return Fail(kBackupCommand, "it activates no restored core");
  if (act->backup_sha256 != Sha256(file)) {
    return Fail(kBackupCommand, "the file's SHA-256 is " + ToHex(Sha256(file)) +
                                    ", the officers signed " + ToHex(act->backup_sha256));
  }
  return *act;
}

// Who the target is afterwards: the core of the backup, with keys of its own.
StoredInstance Merge(const StoredInstance& target, const StoredInstance& backup, uint32_t epoch) {
  StoredInstance out = target;
  out.identity = backup.identity;
  out.identity.instance_epoch = epoch;
  out.identity.configuration_sha256 = target.identity.configuration_sha256;
  out.identity.upgrade.reset();
  return out;
}

// The new rows, in a folder beside the present ones.
Status BuildRows(LmdbState& fresh, Vault& vault, const StoredInstance& merged, BackupState& state,
                 Rng& rng) {
  RETURN_IF_ERROR(fresh.PutCarried(state.rows));
  RETURN_IF_ERROR(RecordKeys::Put(*vault.token, fresh, rng, state.epochs));
  RETURN_IF_ERROR(fresh.StoreInstance(merged));
  ASSIGN_OR_RETURN(const auto time, vault.state->LoadTime());
  StoredTime kept = time.value_or(StoredTime{});
  kept.high_water = std::max(kept.high_water, state.high_water);
  RETURN_IF_ERROR(fresh.StoreTime(kept));
  return fresh.CheckAllRows();
}

Event RestoredEvent(const Approved& approved, const Signed<BackupCommand>& command,
                    const BackupHead& head, const Digest& file, uint32_t epoch) {
  return {.type = EventType::kRestored,
          .statement_digest = approved.statement_digest(),
          .content_digest = file,
          .output_digest = head.journal.chain_hash,  // where it goes on from
          .note = "instance " + head.core_instance.hex() + ", epoch " +
                  std::to_string(head.instance_epoch) + " to " + std::to_string(epoch) +
                  ", journal of the old core up to line " + std::to_string(head.journal.sequence) +
                  " " + ToHex(head.journal.chain_hash),
          .officers = approved.officers(),
          .statement = command.octets,
          .proofs = command.proofs};
}

// Everything that does not need the token's key: cheap, and first.
Status CheckHead(const BackupFile& file, const StoredInstance& target) {
  if (file.head.format != target.format) {
    return Fail(kBackupUnreadable, "its rows are of format " + std::to_string(file.head.format) +
                                       ", this program's of " + std::to_string(target.format));
  }
  if (file.head.core_instance == target.identity.instance) {
    return Fail(kAlreadyRestored, "instance " + target.identity.instance.hex() + " in epoch " +
                                      std::to_string(target.identity.instance_epoch));
  }
  return OkStatus();
}

}  // namespace

StatusOr<std::string> PrepareRestore(const CoreSettings& settings, const std::string& nonce_hex,
                                     const std::string& evidence_out, const std::string& spki_out) {
  const auto nonce = FromHex(nonce_hex);
  if (!nonce.ok() || nonce->size() < attestation::kMinNonceOctets ||
      nonce->size() > attestation::kMaxNonceOctets) {
    return Fail(kConfigInvalid, "--nonce: from 16 to 64 octets, in hexadecimal");
  }
  ASSIGN_OR_RETURN(const StoredInstance instance, LoadTarget(settings));
  if (instance.attestation_certificate.empty()) {
    return Fail(kDeviceUncertified, "run intaglio-core set-device-certificate first");
  }
  ASSIGN_OR_RETURN(const tokens::GeneratedKey key, MakeRestoreKey(settings));
  ASSIGN_OR_RETURN(const Program program, ThisProgram());
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  SystemClock clock;
  attestation::EvidenceContent content = Describe(settings, vault, instance, program, key);
  content.transaction.nonce = *nonce;
  content.transaction.timestamp = WallTime{clock.Now().ms / 1000 * 1000};
  ASSIGN_OR_RETURN(auto storage_key, tokens::KeyLabel::Create(settings.token.storage_key));
  Pkcs11Keys keys(*vault.token, std::move(storage_key));
  ASSIGN_OR_RETURN(const Bytes evidence, RestoreEvidence::Make(keys, instance, content));
  ASSIGN_OR_RETURN(const CoreJournal core_journal,
                   OpenCoreJournal(settings, vault, clock, Opening::kConsole));
  Event event{.type = EventType::kAttested, .output_digest = Sha256(evidence), .count = 1};
  Assign(ByteView(instance.attestation_cka_id), event.key_id.emplace());
  event.note = kRestoreKey;
  RETURN_IF_ERROR(core_journal.journal->Append(event).status());
  RETURN_IF_ERROR(CloseCoreJournal(core_journal, *vault.state));
  RETURN_IF_ERROR(WriteFile(spki_out, AsBytes(ToPem(key.spki_der, "PUBLIC KEY")), 0644));
  RETURN_IF_ERROR(WriteFile(evidence_out, evidence, 0644));
  return "{\"target_spki_sha256\":\"" + ToHex(Sha256(key.spki_der)) + "\",\"evidence_sha256\":\"" +
         ToHex(Sha256(evidence)) + "\"}";
}

StatusOr<std::string> RestoreBackup(const CoreSettings& settings, const std::string& backup_file,
                                    const std::string& command_file) {
  ASSIGN_OR_RETURN(const Bytes octets, ReadFile(backup_file, FileTrust::kAnyMode, kMostBackup));
  ASSIGN_OR_RETURN(const BackupFile file, ReadBackup(octets));
  ASSIGN_OR_RETURN(const Bytes command_octets,
                   ReadFile(command_file, FileTrust::kAnyMode, kMaxCommandFile));
  ASSIGN_OR_RETURN(const auto command, TakeBackupCommand(command_octets));
  ASSIGN_OR_RETURN(const StoredInstance target, LoadTarget(settings));
  RETURN_IF_ERROR(CheckHead(file, target));
  ASSIGN_OR_RETURN(const ActivateRestored act, CheckAct(command, octets));
  ASSIGN_OR_RETURN(const SecretBytes key, OpenKey(settings, file));
  ASSIGN_OR_RETURN(BackupState state, OpenBackup(file, key));
  if (act.instance_epoch <= state.instance.identity.instance_epoch) {
    return Fail(kEpochNotHigher,
                "the backup is of epoch " + std::to_string(state.instance.identity.instance_epoch));
  }
  SystemClock clock;
  SystemRng rng;
  const CoreInstance& addressed = state.instance.identity.instance;
  ASSIGN_OR_RETURN(const Approved approved,
                   CheckApprovals(command, state.instance.identity, addressed, clock.Now()));
  RETURN_IF_ERROR(CheckApprovals(command, target.identity, addressed, clock.Now()).status());

  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  const std::string fresh_dir = settings.state_dir + "/rows.restored";
  std::error_code error;
  std::filesystem::remove_all(fresh_dir, error);
  ASSIGN_OR_RETURN(auto fresh, OpenRowsIn(settings, *vault.token, fresh_dir));
  const StoredInstance merged = Merge(target, state.instance, act.instance_epoch);
  RETURN_IF_ERROR(BuildRows(*fresh, vault, merged, state, rng));
  {
    ASSIGN_OR_RETURN(const CoreJournal core_journal,
                     OpenCoreJournal(settings, vault, clock, Opening::kConsole));
    FileJournal& journal = *core_journal.journal;
    RETURN_IF_ERROR(
        journal
            .Append(RestoredEvent(approved, command, file.head, Sha256(octets), act.instance_epoch))
            .status());
    RETURN_IF_ERROR(CloseCoreJournal(core_journal, *fresh));
    RETURN_IF_ERROR(vault.state->StoreJournalAnchor(journal.Head()));
  }
  fresh.reset();
  vault.state.reset();
  RETURN_IF_ERROR(SwapFolders(fresh_dir, RowsDir(settings), settings.state_dir));
  std::filesystem::remove_all(fresh_dir, error);  // the old rows
  ASSIGN_OR_RETURN(const auto id, RestoreKeyId());
  if (const Status gone = vault.token->DestroyResident(id); !gone.ok()) {
    LogFailure("restore.key", gone);  // the rows are in force; it opens nothing that counts now
  }
  return "{\"core_instance\":\"" + addressed.hex() +
         "\",\"instance_epoch\":" + std::to_string(act.instance_epoch) +
         ",\"rows\":" + std::to_string(state.rows.size()) + "}";
}

}  // namespace intaglio::appliance
