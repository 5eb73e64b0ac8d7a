// Composing the commands by which a core takes the place of one that is lost and has no backup.
#include "base/reasons.h"
#include "host/ctl/command_draft.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/journal/journal_audit.h"
#include "host/journal/journal_files.h"
#include "host/statements/statement_composer.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

struct RestoreFlags {
  ComposeFlags compose;
  std::vector<std::string> journals;
  std::vector<std::string> keys;
  uint32_t epoch = 0;
};

// What a copy says of itself at its end, once every line of it holds.
struct CopyEnd {
  JournalFindings found;
  uint64_t torn_octets = 0;
  std::string core_instance;  // of the last checkpoint
  uint32_t instance_epoch = 0;
};

StatusOr<CopyEnd> ReadCopy(const std::string& path, const Bytes& key) {
  JournalAudit audit(key);
  CopyEnd out;
  ASSIGN_OR_RETURN(const SegmentEnd end, ReadJournalLines(path, [&](ByteView line) -> Status {
                     ASSIGN_OR_RETURN(const pb::JournalEntry entry, audit.Add(line));
                     if (entry.has_checkpoint()) {
                       out.core_instance = entry.checkpoint().core_instance();
                       out.instance_epoch = entry.checkpoint().instance_epoch();
                     }
                     return OkStatus();
                   }));
  out.found = audit.Findings();
  out.torn_octets = end.torn_octets;
  return out;
}

Status CheckCopy(const std::string& path, const CopyEnd& copy, const pb::Command& command) {
  if (copy.found.first_sequence != 1 || copy.found.checkpoints == 0) {
    return Fail(kJournalCopyIncomplete,
                path + " begins at line " + std::to_string(copy.found.first_sequence) +
                    " and has " + std::to_string(copy.found.checkpoints) + " checkpoints");
  }
  if (copy.core_instance != command.core_instance() ||
      copy.instance_epoch >= command.restore_without_backup().instance_epoch()) {
    return Fail(kJournalCopyOther, path + " is of instance " + ToHex(AsBytes(copy.core_instance)) +
                                       " in epoch " + std::to_string(copy.instance_epoch));
  }
  return OkStatus();
}

Report ReportOfCopy(const std::string& path, const CopyEnd& copy) {
  Report out;
  out.Text("journal", path)
      .Number("lines", static_cast<int64_t>(copy.found.lines))
      .Octets("head", copy.found.head)
      .Number("lines_after_checkpoint",
              static_cast<int64_t>(copy.found.last_sequence - copy.found.sealed_sequence))
      .Number("torn_octets", static_cast<int64_t>(copy.torn_octets))
      .Octets("journal_key_id", copy.found.journal_key_id);
  return out;
}

StatusOr<Report> ComposeRestore(const RestoreFlags& flags, Session& session) {
  if (flags.journals.size() != flags.keys.size()) {
    return Fail(kArgumentInvalid, "--journal-key: one for each --journal, in the same order");
  }
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& act = *command.mutable_restore_without_backup();
  act.set_loss(pb::LOSS_STATE_FOLDER);
  act.set_instance_epoch(flags.epoch);
  std::vector<Report> copies;
  for (size_t i = 0; i < flags.journals.size(); ++i) {
    ASSIGN_OR_RETURN(const Bytes key, ReadPublicKey(flags.keys[i]));
    ASSIGN_OR_RETURN(const CopyEnd copy, ReadCopy(flags.journals[i], key));
    RETURN_IF_ERROR(CheckCopy(flags.journals[i], copy, command));
    pb::LostJournal& journal = *act.add_journals();
    journal.set_journal_spki(AsString(key));
    journal.set_sequence(copy.found.last_sequence);
    journal.set_chain_hash(AsString(copy.found.head));
    copies.push_back(ReportOfCopy(flags.journals[i], copy));
  }
  ASSIGN_OR_RETURN(Report report, FinishCommand(command, flags.compose.out));
  report.Parts("copies", std::move(copies));
  return report;
}

struct OpenFlags {
  ComposeFlags compose;
  uint32_t epoch = 0;
  uint32_t sequence = 0;
  std::string chain_hash;
};

StatusOr<Report> ComposeOpen(const OpenFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes chain, HexArgument("--chain-hash", flags.chain_hash, kDigestOctets));
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& act = *command.mutable_open_rebuilt();
  act.set_instance_epoch(flags.epoch);
  act.set_sequence(flags.sequence);
  act.set_chain_hash(AsString(chain));
  return FinishCommand(command, flags.compose.out);
}

}  // namespace

void AddLostCoreCommands(CommandTable& table) {
  table.Add<RestoreFlags>(
      {"command compose restore-without-backup",
       "Lets a new core take the place of one whose state and backups are lost",
       std::string("intaglio command compose restore-without-backup --journal /var/lib/copy "
                   "--journal-key journal.pub.pem --instance-epoch 2") +
           kComposeEnd},
      [](Flags& flags, RestoreFlags& o) {
        BindCompose(flags, o.compose);
        flags
            .Several("--journal", o.journals,
                     "copy of the lost core's journal, a folder or an exported file; where it had "
                     "been restored before, the older core's first")
            .Several("--journal-key", o.keys, "its JOURNAL key as init wrote it; in the same order")
            .Number("--instance-epoch", o.epoch, {2, 1'000'000'000},
                    "higher than 'intaglio core status' showed of the lost core");
      },
      ComposeRestore);
  table.Add<OpenFlags>(
      {"command compose open-rebuilt", "Opens the keys of a core whose rows were rebuilt",
       std::string("intaglio command compose open-rebuilt --instance-epoch 2 --sequence 4711 "
                   "--chain-hash HEX") +
           kComposeEnd},
      [](Flags& flags, OpenFlags& o) {
        BindCompose(flags, o.compose);
        flags.Number("--instance-epoch", o.epoch, {2, 1'000'000'000}, "of the restored core")
            .Number("--sequence", o.sequence, {1, 4294967295u},
                    "the line that 'intaglio-core rebuild-rows' reached")
            .Required("--chain-hash", o.chain_hash, "of that line, hexadecimal");
      },
      ComposeOpen);
}

}  // namespace intaglio::host
