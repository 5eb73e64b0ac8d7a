// CommandDraft: what every command to the core has besides its act, and the file it becomes.
// Stateless.
#ifndef INTAGLIO_HOST_CTL_COMMAND_DRAFT_H_
#define INTAGLIO_HOST_CTL_COMMAND_DRAFT_H_

#include <string>

#include "host/ctl/command_table.h"
#include "host/ctl/session.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::host {

struct ComposeFlags {
  std::string nonce;
  std::string core_instance;
  uint32_t hours = 12;
  std::string out;
};

// The end of every example.
inline constexpr char kComposeEnd[] = " --nonce HEX --core-instance HEX --out command.bin";

void BindCompose(Flags& flags, ComposeFlags& o);
// kArgumentInvalid.
StatusOr<core::v1::Command> StartCommand(const ComposeFlags& flags, Session& session);
// Writes the octets to sign to `out`.
StatusOr<Report> FinishCommand(const core::v1::Command& command, const std::string& out);

// The commands that change what the core's officers have decided about it.
void AddDecisionCommands(CommandTable& table);
// Those of backup and restore.
void AddBackupCommands(CommandTable& table);
// Those that replace a core without a backup.
void AddLostCoreCommands(CommandTable& table);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_COMMAND_DRAFT_H_
