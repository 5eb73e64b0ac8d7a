// Security officers' commands: composed and signed offline, executed by an administrator.
#include "host/ctl/certificate_report.h"
#include "host/ctl/command_draft.h"
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/ctl/roster_file.h"
#include "host/ctl/statements.h"
#include "host/statements/statement_composer.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

struct GenerateKeyFlags {
  ComposeFlags compose;
  std::string purpose;
  std::string algorithm = "p256";
  std::string label;
};

StatusOr<Report> ComposeGenerateKey(const GenerateKeyFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const auto purpose,
                   EnumArgument<pb::ServiceKeyPurpose>("--purpose", flags.purpose));
  ASSIGN_OR_RETURN(const auto algorithm,
                   EnumArgument<pb::KeyAlgorithm>("--algorithm", flags.algorithm));
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& act = *command.mutable_generate_service_key();
  act.set_purpose(purpose);
  act.set_algorithm(algorithm);
  act.set_label(flags.label);
  return FinishCommand(command, flags.compose.out);
}

struct InstallCaFlags {
  ComposeFlags compose;
  std::string ca_key_id;
  std::string certificate;
};

StatusOr<Report> ComposeInstallCa(const InstallCaFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes key_id, HexArgument("--ca-key-id", flags.ca_key_id, kIdOctets));
  ASSIGN_OR_RETURN(const Bytes certificate, ReadCertificate(flags.certificate));
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& act = *command.mutable_install_ca_certificate();
  act.set_ca_key_id(AsString(key_id));
  act.set_certificate(AsString(certificate));
  return FinishCommand(command, flags.compose.out);
}

struct ConfirmTimeFlags {
  ComposeFlags compose;
};

StatusOr<Report> ComposeConfirmTime(const ConfirmTimeFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  command.mutable_confirm_time()->set_observed_at_ms(session.clock().Now().ms);
  return FinishCommand(command, flags.compose.out);
}

// A command as read from the octets that get signed.
struct BeginEpochFlags {
  ComposeFlags compose;
};

StatusOr<Report> ComposeBeginEpoch(const BeginEpochFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  command.mutable_begin_epoch();
  return FinishCommand(command, flags.compose.out);
}

struct DestroyEpochFlags {
  ComposeFlags compose;
  uint32_t epoch = 0;
};

StatusOr<Report> ComposeDestroyEpoch(const DestroyEpochFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  command.mutable_destroy_epoch()->set_epoch(flags.epoch);
  return FinishCommand(command, flags.compose.out);
}

struct ReadCommand {
  Bytes octets;
  pb::Command message;
  Report shown;
};

// `present` names what a new roster is compared with; may be empty.
StatusOr<ReadCommand> LoadCommand(const std::string& file, const std::string& present) {
  ReadCommand out;
  ASSIGN_OR_RETURN(out.octets, ReadInput(file, kMostStatement));
  RETURN_IF_ERROR(ReadStatement(out.octets, kCommandContext, out.message));
  if (out.message.act_case() == pb::Command::ACT_NOT_SET) {
    return Fail(kStatementUnexpected, "act: the command orders nothing");
  }
  out.shown = ReportOf(out.message);
  if (out.message.has_install_ca_certificate()) {
    ASSIGN_OR_RETURN(
        Report certificate,
        ReportOfCertificate(AsBytes(out.message.install_ca_certificate().certificate())));
    out.shown.Part("certificate_says", std::move(certificate));
  }
  if (!present.empty()) {
    if (!out.message.has_change_roster()) {
      return Fail(kArgumentInvalid, "--present: the command changes no roster");
    }
    ASSIGN_OR_RETURN(const pb::ChangeRoster before, LoadRoster(present));
    out.shown.Part("changes", RosterChanges(before, out.message.change_roster()));
  }
  out.shown.Octets("command_sha256", Sha256(out.octets));
  return out;
}

struct CommandFileFlags {
  std::string file;
  std::string present;
};

StatusOr<Report> CommandShow(const CommandFileFlags& flags, Session&) {
  ASSIGN_OR_RETURN(ReadCommand command, LoadCommand(flags.file, flags.present));
  return std::move(command.shown);
}

struct CommandSignFlags {
  std::string file;
  std::string present;
  std::string key;
  std::string out;
};

StatusOr<Report> CommandSign(const CommandSignFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const ReadCommand command, LoadCommand(flags.file, flags.present));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  session.Show("Command to the core", command.shown);
  RETURN_IF_ERROR(session.Confirm("Approve this command?"));
  ASSIGN_OR_RETURN(const pb::Approval approval, MakeApproval(key, command.octets));
  RETURN_IF_ERROR(WriteFile(flags.out, SerializeCanonical(approval), 0644));
  Report report;
  report.Octets("officer_id", key.id()).Octets("command_sha256", Sha256(command.octets));
  report.Text("approval", flags.out);
  return report;
}

struct CommandExecuteFlags {
  std::string file;
  std::vector<std::string> approvals;
  std::string spki_out;
  std::string signed_out;
};

StatusOr<Report> CommandExecute(const CommandExecuteFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const ReadCommand command, LoadCommand(flags.file, ""));
  hpb::ExecuteCommandRequest request;
  request.mutable_command()->set_statement(AsString(command.octets));
  for (const std::string& each : flags.approvals) {
    ASSIGN_OR_RETURN(const Bytes octets, ReadInput(each, 4096));
    if (!ParseCanonical(octets, *request.mutable_command()->add_approvals())) {
      return Fail(kStatementNotCanonical, each + ": not an approval of 'intaglio command sign'");
    }
  }
  // Before the call: the console needs the file even where the answer was lost.
  if (!flags.signed_out.empty()) {
    RETURN_IF_ERROR(WriteFile(flags.signed_out, SerializeCanonical(request.command()), 0644));
  }
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::ExecuteCommandResponse>(
                                            "Administration/ExecuteCommand", request));
  if (!flags.spki_out.empty() && !response.spki().empty()) {
    RETURN_IF_ERROR(WriteFile(flags.spki_out, AsBytes(SpkiToPem(AsBytes(response.spki()))), 0644));
  }
  return ReportOf(response);
}

void AddCompose(CommandTable& table) {
  table.Noun("command compose", "Write a command for officers to sign");
  table.Add<GenerateKeyFlags>(
      {"command compose generate-key", "Orders a key of the service",
       std::string("intaglio command compose generate-key --purpose ca-issuing --label ca-1") +
           kComposeEnd},
      [](Flags& flags, GenerateKeyFlags& o) {
        BindCompose(flags, o.compose);
        flags.Required("--purpose", o.purpose, "ca-issuing or status")
            .Optional("--algorithm", o.algorithm, "p256 (default)")
            .Required("--label", o.label, "1 to 32 of [a-z0-9-]");
      },
      ComposeGenerateKey);
  table.Add<InstallCaFlags>(
      {"command compose install-ca", "Tells the core the certificate of its CA key",
       std::string("intaglio command compose install-ca --ca-key-id HEX --certificate ca.pem") +
           kComposeEnd},
      [](Flags& flags, InstallCaFlags& o) {
        BindCompose(flags, o.compose);
        flags.Required("--ca-key-id", o.ca_key_id, "hexadecimal")
            .Required("--certificate", o.certificate, "CA certificate, PEM or DER");
      },
      ComposeInstallCa);
  table.Add<ConfirmTimeFlags>(
      {"command compose confirm-time", "Ends the stop that a clock jump caused",
       std::string("intaglio command compose confirm-time") + kComposeEnd},
      [](Flags& flags, ConfirmTimeFlags& o) { BindCompose(flags, o.compose); }, ComposeConfirmTime);
  table.Add<BeginEpochFlags>(
      {"command compose begin-epoch", "Begins a new record key before the old one is 90 days old",
       std::string("intaglio command compose begin-epoch") + kComposeEnd},
      [](Flags& flags, BeginEpochFlags& o) { BindCompose(flags, o.compose); }, ComposeBeginEpoch);
  table.Add<DestroyEpochFlags>(
      {"command compose destroy-epoch",
       "Destroys an old record key at once; records not yet carried on are lost for good",
       std::string("intaglio command compose destroy-epoch --epoch 3") + kComposeEnd},
      [](Flags& flags, DestroyEpochFlags& o) {
        BindCompose(flags, o.compose);
        flags.Number("--epoch", o.epoch, {1, 4294967295u}, "number of the record key's epoch");
      },
      ComposeDestroyEpoch);
}

}  // namespace

void AddCommandCommands(CommandTable& table) {
  table.Noun("command", "What M of N security officers order the core to do");
  AddCompose(table);
  AddDecisionCommands(table);
  AddBackupCommands(table);
  AddLostCoreCommands(table);
  table.Add<CommandFileFlags>(
      {"command show", "Shows a command from its octets", "intaglio command show command.bin"},
      [](Flags& flags, CommandFileFlags& o) {
        flags.Required("FILE", o.file, "command file")
            .Optional("--present", o.present, "the present roster, to show what changes");
      },
      CommandShow);
  table.Add<CommandSignFlags>(
      {"command sign", "Shows a command and signs exactly its octets",
       "intaglio command sign command.bin --key officer1.key --out approval1.bin"},
      [](Flags& flags, CommandSignFlags& o) {
        flags.Required("FILE", o.file, "command file")
            .Optional("--present", o.present, "the present roster, to show what changes")
            .Required("--key", o.key, "the officer's private key")
            .Required("--out", o.out, "approval file to write");
      },
      CommandSign);
  table.Add<CommandExecuteFlags>(
      {"command execute", "Hands a command and its approvals to the core",
       "intaglio command execute command.bin --approval a1.bin --approval a2.bin"},
      [](Flags& flags, CommandExecuteFlags& o) {
        flags.Required("FILE", o.file, "command file")
            .Several("--approval", o.approvals, "approval file; one for each officer")
            .Optional("--spki-out", o.spki_out, "public key of a key made, PEM")
            .Optional("--signed-out", o.signed_out,
                      "command and approvals in one file, for intaglio-core upgrade");
      },
      CommandExecute);
}

}  // namespace intaglio::host
