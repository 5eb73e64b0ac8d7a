#include "appliance/backup/backup_commands.h"

#include "appliance/backup/reasons.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/domain/reasons.h"
#include "appliance/records/canonical.h"
#include "appliance/usecases/approval_check.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr size_t kMaxCommand = 64 * 1024;
constexpr size_t kMaxSpki = 2048;
constexpr uint32_t kMostCopies = 16;
constexpr int kMostApprovals = 16;
constexpr int kMostJournals = 16;

Status Invalid(const std::string& field) { return Fail(kStatementInvalid, "field " + field); }

StatusOr<AuthoriseBackup> TakeAct(const pb::AuthoriseBackup& act) {
  AuthoriseBackup out;
  if (act.target_spki().empty() || act.target_spki().size() > kMaxSpki) {
    return Invalid("authorise_backup.target_spki");
  }
  out.target_spki = ToBytes(act.target_spki());
  const auto evidence = ToDigest(AsBytes(act.evidence_sha256()));
  if (!evidence.ok()) return Invalid("authorise_backup.evidence_sha256");
  out.evidence_sha256 = *evidence;
  if (act.copies() == 0 || act.copies() > kMostCopies) return Invalid("authorise_backup.copies");
  out.copies = act.copies();
  return out;
}

StatusOr<ActivateRestored> TakeAct(const pb::ActivateRestored& act) {
  ActivateRestored out;
  if (act.instance_epoch() == 0) return Invalid("activate_restored.instance_epoch");
  out.instance_epoch = act.instance_epoch();
  const auto backup = ToDigest(AsBytes(act.backup_sha256()));
  if (!backup.ok()) return Invalid("activate_restored.backup_sha256: 32 octets");
  out.backup_sha256 = *backup;
  return out;
}

StatusOr<RestoreWithoutBackup> TakeAct(const pb::RestoreWithoutBackup& act) {
  RestoreWithoutBackup out;
  if (act.loss() != pb::LOSS_STATE_FOLDER) return Invalid("restore_without_backup.loss");
  if (act.instance_epoch() == 0) return Invalid("restore_without_backup.instance_epoch");
  out.instance_epoch = act.instance_epoch();
  if (act.journals_size() == 0 || act.journals_size() > kMostJournals) {
    return Invalid("restore_without_backup.journals: from 1 to 16");
  }
  for (const pb::LostJournal& each : act.journals()) {
    VouchedJournal& journal = out.journals.emplace_back();
    journal.journal_spki = ToBytes(each.journal_spki());
    if (!PointOfSpki(journal.journal_spki)) return Invalid("journals.journal_spki");
    journal.sequence = each.sequence();
    const auto chain = ToDigest(AsBytes(each.chain_hash()));
    if (!chain.ok() || journal.sequence == 0) return Invalid("journals.chain_hash or sequence");
    journal.chain_hash = *chain;
  }
  return out;
}

StatusOr<OpenRebuilt> TakeAct(const pb::OpenRebuilt& act) {
  const auto chain = ToDigest(AsBytes(act.chain_hash()));
  if (act.instance_epoch() == 0 || act.sequence() == 0 || !chain.ok()) {
    return Invalid("open_rebuilt");
  }
  return OpenRebuilt{act.instance_epoch(), {act.sequence(), *chain}};
}

StatusOr<BackupCommand> Decode(ByteView octets) {
  pb::Command message;
  if (!ParseCanonical(octets, kMaxCommand, message)) {
    return Fail(kStatementInvalid, "not the canonical octets of a command");
  }
  if (message.context() != "intaglio/command/v1") return Invalid("context");
  BackupCommand out;
  if (!Assign(AsBytes(message.core_instance()), out.core_instance)) return Invalid("core_instance");
  if (!Assign(AsBytes(message.nonce()), out.nonce)) return Invalid("nonce");
  out.issued_at = {message.issued_at_ms()};
  out.expires_at = {message.expires_at_ms()};
  if (out.issued_at.ms <= 0 || out.expires_at.ms <= out.issued_at.ms ||
      out.expires_at.ms - out.issued_at.ms > kDay) {
    return Invalid("expires_at_ms");
  }
  if (message.has_authorise_backup()) {
    ASSIGN_OR_RETURN(out.act, TakeAct(message.authorise_backup()));
  } else if (message.has_activate_restored()) {
    ASSIGN_OR_RETURN(out.act, TakeAct(message.activate_restored()));
  } else if (message.has_restore_without_backup()) {
    ASSIGN_OR_RETURN(out.act, TakeAct(message.restore_without_backup()));
  } else if (message.has_open_rebuilt()) {
    ASSIGN_OR_RETURN(out.act, TakeAct(message.open_rebuilt()));
  } else {
    return Fail(kBackupCommand, "it is none that the console carries out");
  }
  return out;
}

// The token is not needed for a handful of signatures, once.
Status VerifyInSoftware(ByteView spki, const Digest& digest, ByteView signature) {
  const auto point = PointOfSpki(spki);
  const auto parts = SignatureFromDer(signature);
  if (point && parts && VerifyEs256InSoftware(*point, digest, *parts)) return OkStatus();
  return Fail(kSignatureWrong, "an approval of the command");
}

}  // namespace

StatusOr<Signed<BackupCommand>> TakeBackupCommand(ByteView signed_statement) {
  pb::SignedStatement message;
  if (!ParseCanonical(signed_statement, kMaxCommand, message)) {
    return Fail(kStatementInvalid, "this is no signed command");
  }
  if (message.approvals_size() > kMostApprovals) return Invalid("approvals");
  Signed<BackupCommand> out;
  out.octets = ToBytes(message.statement());
  ASSIGN_OR_RETURN(out.statement, Decode(out.octets));
  for (const pb::Approval& each : message.approvals()) {
    Approval& approval = out.approvals.emplace_back();
    if (!Assign(AsBytes(each.officer_id()), approval.officer_id)) {
      return Invalid("approvals.officer_id");
    }
    approval.signature = ToBytes(each.signature());
  }
  pb::SignedStatement proofs;
  *proofs.mutable_approvals() = message.approvals();
  out.proofs = SerializeCanonical(proofs);
  return out;
}

StatusOr<Approved> CheckApprovals(const Signed<BackupCommand>& command, const CoreIdentity& roster,
                                  const CoreInstance& addressed, WallTime now) {
  if (command.statement.core_instance != addressed) {
    return Fail(kWrongCore, "the command is for " + command.statement.core_instance.hex() +
                                ", this is " + addressed.hex());
  }
  RETURN_IF_ERROR(CheckWindow(command.statement.issued_at, command.statement.expires_at, now));
  return ApprovalCheck::CheckAgainst(roster, now, VerifyInSoftware, command.octets,
                                     command.approvals, Role::kSecurityOfficer,
                                     roster.commands_need);
}

}  // namespace intaglio::appliance
