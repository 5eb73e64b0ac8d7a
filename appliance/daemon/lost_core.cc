#include "appliance/daemon/lost_core.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "appliance/backup/backup_commands.h"
#include "appliance/backup/backup_package.h"
#include "appliance/backup/lost_journal.h"
#include "appliance/backup/reasons.h"
#include "appliance/backup/row_replay.h"
#include "appliance/backup/swap_folders.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/lost_mark.h"
#include "appliance/daemon/program.h"
#include "appliance/daemon/record_keys.h"
#include "appliance/daemon/startup_checks.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "appliance/usecases/services.h"
#include "base/file.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxCommandFile = 64 * 1024;

// The console's hold on a core that does not run.
struct Opened {
  Vault vault;
  StoredInstance instance;
};

StatusOr<Opened> Open(const CoreSettings& settings, const Clock& clock) {
  ASSIGN_OR_RETURN(const Program program, ThisProgram());
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  ASSIGN_OR_RETURN(auto instance, vault.state->LoadInstance());
  if (!instance) return Fail(kNotInitialised, "run intaglio-core init first");
  RETURN_IF_ERROR(CheckProgram(*instance, program, settings.boundary));
  Opened out{std::move(vault), *std::move(instance)};
  ASSIGN_OR_RETURN(const CoreJournal core,
                   OpenCoreJournal(settings, out.vault, clock, Opening::kConsole));
  ASSIGN_OR_RETURN(instance, out.vault.state->LoadInstance());
  out.instance = *std::move(instance);
  return out;
}

// One line, known to the rows too.
Status AppendLine(const CoreSettings& settings, Opened& core, const Clock& clock,
                  const Event& event) {
  ASSIGN_OR_RETURN(const CoreJournal opened,
                   OpenCoreJournal(settings, core.vault, clock, Opening::kConsole));
  RETURN_IF_ERROR(opened.journal->Append(event).status());
  return core.vault.state->StoreJournalAnchor(opened.journal->Head());
}

StatusOr<Signed<BackupCommand>> ReadCommand(const std::string& file) {
  ASSIGN_OR_RETURN(const Bytes octets, ReadFile(file, FileTrust::kAnyMode, kMaxCommandFile));
  return TakeBackupCommand(octets);
}

Status CheckNonce(const Signed<BackupCommand>& command, const std::optional<StoredRestore>& row) {
  if (row && command.statement.nonce == row->nonce) return OkStatus();
  return Fail(kRestoreNonce, "let the console give out one, and have officers sign it");
}

// Nothing of its own: no row but its identity.
Status CheckFresh(const Opened& core) {
  if (core.instance.identity.rows_lost) {
    return Fail(kAlreadyRestored, "instance " + core.instance.identity.instance.hex() +
                                      " in epoch " +
                                      std::to_string(core.instance.identity.instance_epoch) +
                                      "; its rows wait for intaglio-core rebuild-rows");
  }
  ASSIGN_OR_RETURN(const auto rows, core.vault.state->CarryRows(kMostBackupRows));
  if (rows.empty()) return OkStatus();
  return Fail(kRowsPresent, std::to_string(rows.size()) + " rows are here");
}

StatusOr<RecordKeys::Surviving> FindRecordKeys(Opened& core) {
  ASSIGN_OR_RETURN(auto found, RecordKeys::FindSurviving(*core.vault.token, *core.vault.state));
  if (!found.epochs.empty()) return found;
  return Fail(kRecordKeysLost,
              found.unopened.empty()
                  ? "the token has none; was another token in use, or is this a new one?"
                  : std::to_string(found.unopened.size()) + " are there whose copy does not open");
}

std::string ListOf(const std::vector<uint32_t>& numbers) {
  std::string out;
  for (const uint32_t each : numbers) out += (out.empty() ? "" : ",") + std::to_string(each);
  return "[" + out + "]";
}

std::vector<uint32_t> NumbersOf(const std::vector<StoredEpoch>& epochs) {
  std::vector<uint32_t> out;
  for (const StoredEpoch& each : epochs) out.push_back(each.epoch);
  return out;
}

Status CheckEnd(const LostJournalEnd& end, const CoreIdentity& identity, const std::string& path) {
  const Checkpoint& last = end.last_checkpoint;
  if (last.core_instance != identity.instance) {
    return Fail(kLostJournalOther, path + " is of instance " + last.core_instance.hex() +
                                       ", this is " + identity.instance.hex());
  }
  if (last.instance_epoch < identity.instance_epoch) return OkStatus();
  return Fail(kEpochNotHigher, path + " is of epoch " + std::to_string(last.instance_epoch) +
                                   ", this core is in " + std::to_string(identity.instance_epoch) +
                                   "; initialise it again and let officers name a higher one");
}

// The line of each journal at which the next one goes on; none of the last.
StatusOr<std::vector<std::optional<Digest>>> LinksOf(const std::vector<std::string>& paths) {
  std::vector<std::optional<Digest>> out;
  for (size_t i = 1; i < paths.size(); ++i) {
    ASSIGN_OR_RETURN(const auto link, FindLink(paths[i]));
    if (!link) return Fail(kLostJournalLink, paths[i] + " goes on from no other journal");
    out.push_back(link);
  }
  out.emplace_back();
  return out;
}

// What the last journal says where the anchor marked a line, against the mark.
struct MarkedLine {
  std::optional<AnchorMark> mark;
  bool found = false;  // the journal reaches it

  Status Pass(uint64_t sequence, const Digest& chain) {
    if (!mark || mark->sequence != sequence) return OkStatus();
    found = true;
    if (mark->chain_hash == chain) return OkStatus();
    return Fail(kLostJournalAnchor, "line " + std::to_string(sequence) + " is " + ToHex(chain) +
                                        ", marked was " + ToHex(mark->chain_hash));
  }
  // How many lines are missing at least, for the officers to weigh.
  std::string Describe(uint64_t reached) const {
    if (!mark) return "\"anchor\":\"no mark\"";
    return "\"anchor\":\"" + std::string(found ? "in the journal" : "behind its end") +
           "\",\"anchor_sequence\":" + std::to_string(mark->sequence) +
           ",\"lines_missing\":" + std::to_string(found ? 0 : mark->sequence - reached);
  }
};

StatusOr<LostJournalEnd> Replay(const std::vector<std::string>& paths,
                                const std::vector<VouchedJournal>& vouched,
                                const CoreIdentity& identity, RowReplay& replay,
                                MarkedLine& marked) {
  if (paths.size() != vouched.size()) {
    return Fail(kLostJournalLink, "the officers named " + std::to_string(vouched.size()) +
                                      " journals, " + std::to_string(paths.size()) + " are given");
  }
  ASSIGN_OR_RETURN(const auto links, LinksOf(paths));
  LostJournalEnd end;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (i > 0) replay.BeginNext();
    bool passed = false;  // what came after the link the next core never knew
    const auto visit = [&](const core::v1::JournalEntry& line, const Digest& chain) -> Status {
      if (i + 1 == paths.size()) RETURN_IF_ERROR(marked.Pass(line.sequence(), chain));
      if (passed) return OkStatus();
      RETURN_IF_ERROR(replay.Apply(line));
      passed = links[i] == chain;
      return OkStatus();
    };
    ASSIGN_OR_RETURN(end, ReadLostJournal(paths[i], vouched[i], visit));
    RETURN_IF_ERROR(CheckEnd(end, identity, paths[i]));
    if (links[i] && !passed) {
      return Fail(kLostJournalLink,
                  paths[i + 1] + " goes on from a line that is not in " + paths[i]);
    }
  }
  return end;
}

// The rows of the new folder; the marks are this machine's own.
Status Fill(LmdbState& fresh, Opened& core, const RowReplay& replay, const StoredRestore& restore,
            WallTime last_wall) {
  LmdbState& present = *core.vault.state;
  ASSIGN_OR_RETURN(const auto epochs, present.LoadEpochs());
  for (const StoredEpoch& each : epochs) RETURN_IF_ERROR(fresh.StoreEpoch(each));
  RETURN_IF_ERROR(
      fresh.Update([&](RowTransaction& rows) { return replay.PutRows(rows, NumbersOf(epochs)); }));
  RETURN_IF_ERROR(fresh.StoreRestored(core.instance, restore, {}));
  ASSIGN_OR_RETURN(const auto time, present.LoadTime());
  StoredTime kept = time.value_or(StoredTime{});
  kept.high_water = std::max(kept.high_water, last_wall);
  RETURN_IF_ERROR(fresh.StoreTime(kept));
  ASSIGN_OR_RETURN(const auto exported, present.LoadExported());
  if (exported) RETURN_IF_ERROR(fresh.StoreExported(*exported));
  return fresh.CheckAllRows();
}

std::string Describe(const RowReplay::Counts& counts) {
  return "\"keys\":" + std::to_string(counts.keys) +
         ",\"certificates\":" + std::to_string(counts.certificates) +
         ",\"revoked\":" + std::to_string(counts.revoked) +
         ",\"suspended\":" + std::to_string(counts.suspended) +
         ",\"orders\":" + std::to_string(counts.orders);
}

std::vector<Officer> Commanders(const RowReplay& replay) {
  std::vector<Officer> out;
  for (const Officer& each : replay.roster()) {
    if (each.role == Role::kSecurityOfficer) out.push_back(each);
  }
  return out;
}

// By name, as ApprovalCheck counts people.
Status CheckOldOfficers(const Approved& approved, const StoredRestore& restore, WallTime now) {
  std::set<std::string> people;
  for (const OfficerId& id : approved.officers()) {
    for (const Officer& each : restore.officers) {
      if (each.id == id && Stands(each.until, now)) people.insert(each.name);
    }
  }
  if (people.size() >= std::max<size_t>(1, restore.commands_need)) return OkStatus();
  return Fail(kOldOfficersMissing, std::to_string(people.size()) + " of its officers signed, " +
                                       std::to_string(restore.commands_need) + " are needed");
}

}  // namespace

StatusOr<std::string> PrepareReplacement(const CoreSettings& settings) {
  SystemClock clock;
  SystemRng rng;
  ASSIGN_OR_RETURN(Opened core, Open(settings, clock));
  RETURN_IF_ERROR(CheckFresh(core));
  ASSIGN_OR_RETURN(const auto found, FindRecordKeys(core));
  ASSIGN_OR_RETURN(auto storage_key, tokens::KeyLabel::Create(settings.token.storage_key));
  Pkcs11Keys keys(*core.vault.token, std::move(storage_key));
  ASSIGN_OR_RETURN(const TrustedStorageKey storage, keys.DescribeStorageKey());
  ASSIGN_OR_RETURN(const auto mark, FindLostMark(*core.vault.token));
  StoredRestore restore;
  ASSIGN_OR_RETURN(restore.nonce, DrawId<Nonce>(rng));
  RETURN_IF_ERROR(core.vault.state->StoreRestore(restore));
  return "{\"nonce\":\"" + restore.nonce.hex() + "\",\"storage_key\":\"" + storage.label +
         "\",\"record_key_epochs\":" + ListOf(NumbersOf(found.epochs)) +
         ",\"record_key_epochs_unopened\":" + ListOf(found.unopened) +
         ",\"anchor_sequence\":" + std::to_string(mark ? mark->sequence : 0) + "}";
}

StatusOr<std::string> ReplaceLostCore(const CoreSettings& settings,
                                      const std::string& command_file) {
  ASSIGN_OR_RETURN(const auto command, ReadCommand(command_file));
  const auto* act = std::get_if<RestoreWithoutBackup>(&command.statement.act);
  if (act == nullptr) return Fail(kBackupCommand, command_file + " restores none without a backup");
  SystemClock clock;
  SystemRng rng;
  ASSIGN_OR_RETURN(Opened core, Open(settings, clock));
  RETURN_IF_ERROR(CheckFresh(core));
  CoreIdentity& identity = core.instance.identity;
  const CoreInstance& lost = command.statement.core_instance;
  if (lost == identity.instance) {
    return Fail(kBackupCommand, "it names this new core; name the instance that is lost");
  }
  if (act->instance_epoch <= identity.instance_epoch) {
    return Fail(kEpochNotHigher, "a core begins with epoch 1");
  }
  ASSIGN_OR_RETURN(const auto row, core.vault.state->LoadRestore());
  RETURN_IF_ERROR(CheckNonce(command, row));
  ASSIGN_OR_RETURN(const Approved approved, CheckApprovals(command, identity, lost, clock.Now()));
  ASSIGN_OR_RETURN(const auto found, FindRecordKeys(core));
  RETURN_IF_ERROR(AppendLine(
      settings, core, clock,
      {.type = EventType::kRestored,
       .statement_digest = approved.statement_digest(),
       .output_digest = act->journals.back().chain_hash,
       .note = "instance " + lost.hex() + ", epoch " + std::to_string(act->instance_epoch) +
               ", without a backup: rows and quotas are lost and keys are shut",
       .officers = approved.officers(),
       .statement = command.octets,
       .proofs = command.proofs}));
  identity.instance = lost;
  identity.instance_epoch = act->instance_epoch;
  identity.rows_lost = true;
  StoredRestore restore;
  // Nobody has seen it: the next command waits for rebuild-rows.
  ASSIGN_OR_RETURN(restore.nonce, DrawId<Nonce>(rng));
  restore.journals = act->journals;
  RETURN_IF_ERROR(core.vault.state->StoreRestored(core.instance, restore, found.epochs));
  return "{\"core_instance\":\"" + lost.hex() +
         "\",\"instance_epoch\":" + std::to_string(act->instance_epoch) +
         ",\"rows_lost\":true,\"record_key_epochs\":" + ListOf(NumbersOf(found.epochs)) +
         ",\"journals\":" + std::to_string(act->journals.size()) + "}";
}

StatusOr<std::string> RebuildRows(const CoreSettings& settings,
                                  const std::vector<std::string>& journals) {
  SystemClock clock;
  SystemRng rng;
  ASSIGN_OR_RETURN(Opened core, Open(settings, clock));
  ASSIGN_OR_RETURN(auto restore, core.vault.state->LoadRestore());
  if (!core.instance.identity.rows_lost || !restore) {
    return Fail(kRowsNotLost, "instance " + core.instance.identity.instance.hex());
  }
  ASSIGN_OR_RETURN(const auto record_keys,
                   RecordKeys::Open(*core.vault.token, *core.vault.state, rng));
  RowReplay replay(record_keys->sealer(), clock.Now());
  MarkedLine marked;
  ASSIGN_OR_RETURN(marked.mark, FindLostMark(*core.vault.token));
  ASSIGN_OR_RETURN(const LostJournalEnd end,
                   Replay(journals, restore->journals, core.instance.identity, replay, marked));
  restore->rebuilt = true;
  ASSIGN_OR_RETURN(restore->nonce, DrawId<Nonce>(rng));
  restore->officers = Commanders(replay);
  restore->commands_need = replay.commands_need();

  const std::string fresh_dir = settings.state_dir + "/rows.rebuilt";
  std::error_code error;
  std::filesystem::remove_all(fresh_dir, error);
  ASSIGN_OR_RETURN(auto fresh, OpenRowsIn(settings, *core.vault.token, fresh_dir));
  RETURN_IF_ERROR(Fill(*fresh, core, replay, *restore, end.last_wall));
  const VouchedJournal& reached = restore->journals.back();
  const std::string counts = Describe(replay.Count());
  RETURN_IF_ERROR(AppendLine(
      settings, core, clock,
      {.type = EventType::kRowsRebuilt,
       .content_digest = reached.chain_hash,
       .count = static_cast<uint32_t>(restore->journals.size()),
       .note = "up to line " + std::to_string(reached.sequence) + " of the lost core: " + counts}));
  ASSIGN_OR_RETURN(const auto head, core.vault.state->LoadJournalAnchor());
  if (head) RETURN_IF_ERROR(fresh->StoreJournalAnchor(*head));
  fresh.reset();
  core.vault.state.reset();
  RETURN_IF_ERROR(SwapFolders(fresh_dir, RowsDir(settings), settings.state_dir));
  std::filesystem::remove_all(fresh_dir, error);
  return "{\"sequence\":" + std::to_string(reached.sequence) + ",\"chain_hash\":\"" +
         ToHex(reached.chain_hash) + "\",\"unsigned_lines\":" + std::to_string(end.unsigned_lines) +
         "," + marked.Describe(reached.sequence) + "," + counts + ",\"nonce\":\"" +
         restore->nonce.hex() + "\"}";
}

StatusOr<std::string> OpenRebuiltRows(const CoreSettings& settings,
                                      const std::string& command_file) {
  ASSIGN_OR_RETURN(const auto command, ReadCommand(command_file));
  const auto* act = std::get_if<OpenRebuilt>(&command.statement.act);
  if (act == nullptr) return Fail(kBackupCommand, command_file + " opens no rebuilt rows");
  SystemClock clock;
  ASSIGN_OR_RETURN(Opened core, Open(settings, clock));
  CoreIdentity& identity = core.instance.identity;
  ASSIGN_OR_RETURN(const auto restore, core.vault.state->LoadRestore());
  if (!identity.rows_lost || !restore) {
    return Fail(kRowsNotLost, "instance " + identity.instance.hex());
  }
  if (!restore->rebuilt) return Fail(kRowsNotRebuilt, "run intaglio-core rebuild-rows first");
  if (act->instance_epoch != identity.instance_epoch) {
    return Fail(kBackupCommand, "it is for epoch " + std::to_string(act->instance_epoch) +
                                    ", this core is in " + std::to_string(identity.instance_epoch));
  }
  const VouchedJournal& reached = restore->journals.back();
  if (act->head.sequence != reached.sequence || act->head.chain_hash != reached.chain_hash) {
    return Fail(kLostJournalHead, "the rows are those up to line " +
                                      std::to_string(reached.sequence) + " " +
                                      ToHex(reached.chain_hash));
  }
  RETURN_IF_ERROR(CheckNonce(command, restore));
  const WallTime now = clock.Now();
  ASSIGN_OR_RETURN(const Approved approved,
                   CheckApprovals(command, identity, identity.instance, now));
  RETURN_IF_ERROR(CheckOldOfficers(approved, *restore, now));
  RETURN_IF_ERROR(AppendLine(settings, core, clock,
                             {.type = EventType::kRebuiltOpened,
                              .statement_digest = approved.statement_digest(),
                              .content_digest = reached.chain_hash,
                              .note = "keys are open",
                              .officers = approved.officers(),
                              .statement = command.octets,
                              .proofs = command.proofs}));
  identity.rows_lost = false;
  RETURN_IF_ERROR(core.vault.state->StoreRestored(core.instance, std::nullopt, {}));
  if (const Status forgotten = ForgetLostMark(*core.vault.token); !forgotten.ok()) {
    LogFailure("lost_mark.forget", forgotten);  // the core's start does it, too
  }
  return "{\"core_instance\":\"" + identity.instance.hex() +
         "\",\"instance_epoch\":" + std::to_string(identity.instance_epoch) +
         ",\"rows_lost\":false}";
}

}  // namespace intaglio::appliance
