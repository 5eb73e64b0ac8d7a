#include "appliance/daemon/upgrade.h"

#include "appliance/crypto/ecdsa.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/startup_checks.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/file_journal.h"
#include "appliance/records/canonical.h"
#include "appliance/records/command_codec.h"
#include "appliance/usecases/approval_check.h"
#include "base/clock.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxCommandFile = 600 * 1024;

// The token is not needed for a handful of signatures, once.
Status VerifyInSoftware(ByteView spki, const Digest& digest, ByteView signature) {
  const auto point = PointOfSpki(spki);
  const auto parts = SignatureFromDer(signature);
  if (point && parts && VerifyEs256InSoftware(*point, digest, *parts)) return OkStatus();
  return Fail(kSignatureWrong, "an approval of the upgrade");
}

Status Differs(const std::string& what, const std::string& approved, const std::string& found) {
  return Fail(kUpgradeMismatch, what + ": approved is " + approved + ", found is " + found);
}

// The officers approved exactly this take-over.
Status CheckUpgrade(const ApprovedUpgrade& approved, const StoredInstance& state,
                    const Program& program) {
  if (approved.from_version != state.written_by) {
    return Differs("from_version", approved.from_version, state.written_by);
  }
  if (approved.to_version != program.version) {
    return Differs("to_version", approved.to_version, program.version);
  }
  if (approved.program_sha256 != program.sha256) {
    return Differs("program_sha256", ToHex(approved.program_sha256), ToHex(program.sha256));
  }
  return OkStatus();
}

StatusOr<Signed<Command>> ReadCommand(const std::string& file) {
  ASSIGN_OR_RETURN(const Bytes octets, ReadFile(file, FileTrust::kAnyMode, kMaxCommandFile));
  core::v1::SignedStatement message;
  if (!ParseCanonical(octets, kMaxCommandFile, message)) {
    return Fail(kStatementInvalid, file + " is not a signed command");
  }
  return TakeSignedCommand(message);
}

// The command in the file is the one the old core executed: the row holds its act.
StatusOr<Approved> CheckCommand(const Signed<Command>& command, const CoreIdentity& identity,
                                WallTime now) {
  const auto* act = std::get_if<ApproveUpgrade>(&command.statement.act);
  if (act == nullptr) return Fail(kUpgradeMismatch, "the command approves no upgrade");
  if (command.statement.core_instance != identity.instance) {
    return Fail(kWrongCore, "this core is " + identity.instance.hex());
  }
  if (!identity.upgrade || act->upgrade.from_version != identity.upgrade->from_version ||
      act->upgrade.to_version != identity.upgrade->to_version ||
      act->upgrade.program_sha256 != identity.upgrade->program_sha256) {
    return Fail(kUpgradeMismatch, "the core has not executed this command; do it first");
  }
  return ApprovalCheck::CheckAgainst(identity, now, VerifyInSoftware, command.octets,
                                     command.approvals, Role::kSecurityOfficer,
                                     identity.commands_need);
}

Status CarryRows(LmdbState& state, uint32_t from, uint32_t to, std::span<const FormatStep> steps) {
  uint32_t at = from;
  for (const FormatStep& step : steps) {
    if (step.to != at + 1 || at == to) continue;
    RETURN_IF_ERROR(step.carry(state));
    ++at;
  }
  if (at == to) return OkStatus();
  return Fail(kUpgradeMismatch, "this program has no step from format " + std::to_string(at));
}

std::string Answer(const Program& program, const char* done) {
  return "{\"version\":\"" + program.version + "\",\"format\":" + std::to_string(program.format) +
         ",\"upgraded\":" + done + "}";
}

}  // namespace

std::span<const FormatStep> FormatSteps() { return {}; }  // format 1 is the first

StatusOr<std::string> UpgradeState(const CoreSettings& settings, const std::string& command_file,
                                   const Program& program, std::span<const FormatStep> steps) {
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  SystemClock clock;
  ASSIGN_OR_RETURN(auto instance, vault.state->LoadInstance());
  if (!instance) return Fail(kNotInitialised, "run intaglio-core init first");
  RETURN_IF_ERROR(CheckNotNewer(*instance, program));
  ASSIGN_OR_RETURN(const CoreJournal core_journal,
                   OpenCoreJournal(settings, vault, clock, Opening::kConsole));
  const auto& journal = core_journal.journal;
  ASSIGN_OR_RETURN(instance, vault.state->LoadInstance());
  if (CheckProgram(*instance, program, BoundaryKind::kProduction).ok()) {
    return Answer(program, "false");
  }
  ASSIGN_OR_RETURN(const Signed<Command> command, ReadCommand(command_file));
  ASSIGN_OR_RETURN(const Approved approved, CheckCommand(command, instance->identity, clock.Now()));
  RETURN_IF_ERROR(CheckUpgrade(*instance->identity.upgrade, *instance, program));
  RETURN_IF_ERROR(journal
                      ->Append({.type = EventType::kUpgraded,
                                .statement_digest = approved.statement_digest(),
                                .content_digest = program.sha256,
                                .note = "from " + instance->written_by + " to " + program.version +
                                        ", format " + std::to_string(instance->format) + " to " +
                                        std::to_string(program.format),
                                .officers = approved.officers(),
                                .statement = command.octets,
                                .proofs = command.proofs})
                      .status());
  RETURN_IF_ERROR(CarryRows(*vault.state, instance->format, program.format, steps));
  ASSIGN_OR_RETURN(instance, vault.state->LoadInstance());
  instance->format = program.format;
  instance->written_by = program.version;
  instance->program_sha256 = program.sha256;
  instance->identity.upgrade.reset();
  RETURN_IF_ERROR(vault.state->StoreInstance(*instance));
  RETURN_IF_ERROR(CloseCoreJournal(core_journal, *vault.state));
  return Answer(program, "true");
}

}  // namespace intaglio::appliance
