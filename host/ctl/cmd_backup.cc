// Composing the commands of backup and restore, which the core's console carries out.
#include <openssl/err.h>
#include <openssl/pem.h>

#include "host/ctl/command_draft.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/statements/statement_composer.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr size_t kMostEvidence = 64 * 1024;
constexpr size_t kMostBackup = size_t{512} << 20;

constexpr size_t kMostKey = 16 * 1024;
constexpr int kTargetKeyBits = 3072;

// The RSA key that a backup is sealed to, PEM as prepare-restore writes it, or DER.
StatusOr<Bytes> ReadTargetKey(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes file, ReadInput(path, kMostKey));
  const uint8_t* at = file.data();
  PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(file.size())));
  if (!key) {
    const BioPtr bio(BIO_new_mem_buf(file.data(), static_cast<int>(file.size())));
    if (bio) key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  }
  ERR_clear_error();
  if (!key || AlgorithmOf(key.get()) != KeyAlgorithm::kRsa ||
      EVP_PKEY_get_bits(key.get()) != kTargetKeyBits) {
    return Fail(kKeyFileInvalid, path + ": not an RSA public key of 3072 bit");
  }
  return SpkiOf(key.get());
}

struct AuthoriseFlags {
  ComposeFlags compose;
  std::string target;
  std::string evidence;
  uint32_t copies = 0;
};

StatusOr<Report> ComposeAuthorise(const AuthoriseFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes target, ReadTargetKey(flags.target));
  ASSIGN_OR_RETURN(const Bytes evidence, ReadInput(flags.evidence, kMostEvidence));
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& act = *command.mutable_authorise_backup();
  act.set_target_spki(AsString(target));
  act.set_evidence_sha256(AsString(Sha256(evidence)));
  act.set_copies(flags.copies);
  return FinishCommand(command, flags.compose.out);
}

struct ActivateFlags {
  ComposeFlags compose;
  std::string backup;
  uint32_t epoch = 0;
};

StatusOr<Report> ComposeActivate(const ActivateFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes backup, ReadInput(flags.backup, kMostBackup));
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& act = *command.mutable_activate_restored();
  act.set_instance_epoch(flags.epoch);
  act.set_backup_sha256(AsString(Sha256(backup)));
  return FinishCommand(command, flags.compose.out);
}

struct AssembleFlags {
  std::string file;
  std::vector<std::string> approvals;
  std::string out;
};

// Whether they are enough, and whose, the core's console says.
StatusOr<Report> Assemble(const AssembleFlags& flags, Session&) {
  ASSIGN_OR_RETURN(const Bytes command, ReadInput(flags.file, kMostStatement));
  pb::Command parsed;
  if (!ParseCanonical(command, parsed)) {
    return Fail(kStatementNotCanonical, flags.file + ": not a command");
  }
  pb::SignedStatement out;
  out.set_statement(AsString(command));
  for (const std::string& each : flags.approvals) {
    ASSIGN_OR_RETURN(const Bytes octets, ReadInput(each, 4096));
    if (!ParseCanonical(octets, *out.add_approvals())) {
      return Fail(kStatementNotCanonical, each + ": not an approval of 'intaglio command sign'");
    }
  }
  RETURN_IF_ERROR(WriteFile(flags.out, SerializeCanonical(out), 0644));
  Report report;
  report.Octets("command_sha256", Sha256(command)).Text("signed_command", flags.out);
  return report;
}

std::string Example(const std::string& start) {
  return "intaglio command compose " + start + kComposeEnd;
}

}  // namespace

void AddBackupCommands(CommandTable& table) {
  table.Add<AuthoriseFlags>(
      {"command compose authorise-backup", "Lets the core write a backup for one target device",
       Example("authorise-backup --target target.pem --evidence evidence.der --copies 2")},
      [](Flags& flags, AuthoriseFlags& o) {
        BindCompose(flags, o.compose);
        flags.Required("--target", o.target, "public key that prepare-restore wrote on the target")
            .Required("--evidence", o.evidence, "the evidence it wrote with it")
            .Number("--copies", o.copies, {1, 16}, "how many files the core may write");
      },
      ComposeAuthorise);
  table.Add<ActivateFlags>(
      {"command compose activate-restored", "Lets a second core take the place of the first",
       Example("activate-restored --backup backup-42-1.ijb --instance-epoch 2")},
      [](Flags& flags, ActivateFlags& o) {
        BindCompose(flags, o.compose);
        flags.Required("--backup", o.backup, "the backup file, octet for octet")
            .Number("--instance-epoch", o.epoch, {2, 1'000'000'000},
                    "higher than 'intaglio core status' showed of the old core");
      },
      ComposeActivate);
  table.Add<AssembleFlags>(
      {"command assemble", "Puts a command and its approvals into one file, for the core's console",
       "intaglio command assemble command.bin --approval a1.bin --approval a2.bin --out "
       "signed.bin"},
      [](Flags& flags, AssembleFlags& o) {
        flags.Required("FILE", o.file, "command file")
            .Several("--approval", o.approvals, "approval file; one for each officer")
            .Required("--out", o.out, "file to write");
      },
      Assemble);
}

}  // namespace intaglio::host
