#include "host/ctl/command_draft.h"

#include "host/ctl/inputs.h"
#include "host/ctl/statements.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"

namespace intaglio::host {

namespace pb = ::intaglio::core::v1;

void BindCompose(Flags& flags, ComposeFlags& o) {
  flags
      .Required("--nonce", o.nonce,
                "from 'intaglio core begin-command' or the core's console, hexadecimal")
      .Required("--core-instance", o.core_instance, "the core that may execute it, hexadecimal")
      .Number("--hours", o.hours, {1, 24}, "until it expires")
      .Required("--out", o.out, "command file to write");
}

StatusOr<pb::Command> StartCommand(const ComposeFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes nonce, HexArgument("--nonce", flags.nonce, kDigestOctets));
  ASSIGN_OR_RETURN(const Bytes instance,
                   HexArgument("--core-instance", flags.core_instance, kIdOctets));
  pb::Command command;
  command.set_context(std::string(kCommandContext));
  command.set_core_instance(AsString(instance));
  command.set_nonce(AsString(nonce));
  command.set_issued_at_ms(session.clock().Now().ms);
  command.set_expires_at_ms((session.clock().Now() + flags.hours * kHour).ms);
  return command;
}

StatusOr<Report> FinishCommand(const pb::Command& command, const std::string& out) {
  const Bytes octets = SerializeCanonical(command);
  RETURN_IF_ERROR(WriteFile(out, octets, 0644));
  Report report = ReportOf(command);
  report.Octets("command_sha256", Sha256(octets)).Text("command", out);
  return report;
}

}  // namespace intaglio::host
