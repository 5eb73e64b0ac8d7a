// Composing the commands that change what officers have decided about the core: roster, QSCD entry,
// configuration, trust anchors, host certificates, upgrade.
#include "host/ctl/command_draft.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/ctl/roster_file.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr size_t kMostProgram = 256u << 20;
constexpr size_t kMostConfiguration = 256 * 1024;

struct RosterFlags {
  ComposeFlags compose;
  std::string roster;
  std::string present;
  uint32_t version = 0;
};

StatusOr<Report> ComposeRoster(const RosterFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  if (flags.version == 0) {
    return Fail(kArgumentInvalid, "--roster-version: one more than 'intaglio core status' shows");
  }
  ASSIGN_OR_RETURN(*command.mutable_change_roster(), LoadRoster(flags.roster));
  command.mutable_change_roster()->set_roster_version(flags.version);
  ASSIGN_OR_RETURN(Report report, FinishCommand(command, flags.compose.out));
  if (!flags.present.empty()) {
    ASSIGN_OR_RETURN(const pb::ChangeRoster before, LoadRoster(flags.present));
    report.Part("changes", RosterChanges(before, command.change_roster()));
  }
  return report;
}

struct QscdFlags {
  ComposeFlags compose;
  std::string entry_id;
  std::string valid_until;
};

StatusOr<Report> ComposeQscd(const QscdFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const int64_t until, DateArgument("--valid-until", flags.valid_until));
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& entry = *command.mutable_set_qscd_entry()->mutable_entry();
  entry.set_entry_id(flags.entry_id);
  entry.set_valid_until_ms(until);
  return FinishCommand(command, flags.compose.out);
}

struct ConfigurationFlags {
  ComposeFlags compose;
  std::string file;
};

StatusOr<Report> ComposeConfiguration(const ConfigurationFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(flags.file, kMostConfiguration));
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  command.mutable_approve_configuration()->set_configuration_sha256(AsString(Sha256(octets)));
  return FinishCommand(command, flags.compose.out);
}

struct AnchorFlags {
  ComposeFlags compose;
  std::vector<std::string> roots;
};

StatusOr<Report> ComposeAnchors(const AnchorFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& act = *command.mutable_set_trust_anchors();
  for (const std::string& file : flags.roots) {
    ASSIGN_OR_RETURN(const Bytes root, ReadCertificate(file));
    act.add_device_roots(AsString(root));
  }
  return FinishCommand(command, flags.compose.out);
}

struct PinFlags {
  ComposeFlags compose;
  std::vector<std::string> hosts;
};

// "host.pem" or "host.pem@2027-01-31".
Status AddPin(const std::string& text, pb::PinHosts& act) {
  const size_t at = text.rfind('@');
  ASSIGN_OR_RETURN(const Bytes certificate, ReadCertificate(text.substr(0, at)));
  pb::PinnedHost& host = *act.add_hosts();
  host.set_certificate_sha256(AsString(Sha256(certificate)));
  if (at == std::string::npos) return OkStatus();
  ASSIGN_OR_RETURN(const int64_t until, DateArgument("--host", text.substr(at + 1)));
  host.set_until_ms(until);
  return OkStatus();
}

StatusOr<Report> ComposePins(const PinFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  if (flags.hosts.empty()) return Fail(kArgumentInvalid, "--host: at least one is needed");
  for (const std::string& each : flags.hosts) {
    RETURN_IF_ERROR(AddPin(each, *command.mutable_pin_hosts()));
  }
  return FinishCommand(command, flags.compose.out);
}

struct UpgradeFlags {
  ComposeFlags compose;
  std::string from;
  std::string to;
  std::string program;
};

StatusOr<Report> ComposeUpgrade(const UpgradeFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes program, ReadInput(flags.program, kMostProgram));
  ASSIGN_OR_RETURN(pb::Command command, StartCommand(flags.compose, session));
  auto& act = *command.mutable_approve_upgrade();
  act.set_from_version(flags.from);
  act.set_to_version(flags.to);
  act.set_program_sha256(AsString(Sha256(program)));
  return FinishCommand(command, flags.compose.out);
}

std::string Example(const std::string& start) {
  return "intaglio command compose " + start + kComposeEnd;
}

void AddRosterAndQscd(CommandTable& table) {
  table.Add<RosterFlags>(
      {"command compose change-roster", "Replaces the core's roster",
       Example("change-roster --roster roster.json --roster-version 2")},
      [](Flags& flags, RosterFlags& o) {
        BindCompose(flags, o.compose);
        flags.Required("--roster", o.roster, "the whole new roster, JSON")
            .Number("--roster-version", o.version, {1, 1'000'000'000},
                    "the version it makes: one more than 'intaglio core status' shows")
            .Optional("--present", o.present,
                      "the present roster, JSON or the command that made it, to show what changes");
      },
      ComposeRoster);
  table.Add<QscdFlags>(
      {"command compose set-qscd-entry", "Sets the certified configuration the core claims to be",
       Example("set-qscd-entry --entry-id vendor-5 --valid-until 2027-11-23")},
      [](Flags& flags, QscdFlags& o) {
        BindCompose(flags, o.compose);
        flags.Required("--entry-id", o.entry_id, "as in the registry of QSCDs")
            .Required("--valid-until", o.valid_until, "date, 00:00 UTC");
      },
      ComposeQscd);
}

void AddConfigurationAndAnchors(CommandTable& table) {
  table.Add<ConfigurationFlags>(
      {"command compose approve-configuration", "Lets the core start with another configuration",
       Example("approve-configuration --file core.textproto")},
      [](Flags& flags, ConfigurationFlags& o) {
        BindCompose(flags, o.compose);
        flags.Required("--file", o.file, "the configuration file, octet for octet");
      },
      ComposeConfiguration);
  table.Add<AnchorFlags>(
      {"command compose set-trust-anchors", "Sets the roots of devices whose evidence is believed",
       Example("set-trust-anchors --root device-root.pem")},
      [](Flags& flags, AnchorFlags& o) {
        BindCompose(flags, o.compose);
        flags.Several("--root", o.roots, "certificate of a device root; none: believe nobody");
      },
      ComposeAnchors);
}

}  // namespace

void AddDecisionCommands(CommandTable& table) {
  AddRosterAndQscd(table);
  AddConfigurationAndAnchors(table);
  table.Add<PinFlags>(
      {"command compose pin-hosts", "Sets the host certificates the link accepts",
       Example("pin-hosts --host new.pem --host old.pem@2027-01-31")},
      [](Flags& flags, PinFlags& o) {
        BindCompose(flags, o.compose);
        flags.Several("--host", o.hosts, "certificate file, with @DATE if its time ends");
      },
      ComposePins);
  table.Add<UpgradeFlags>(
      {"command compose approve-upgrade", "Lets a new program take over the core's state",
       Example("approve-upgrade --from 1.0.0 --to 1.1.0 --program intaglio-core")},
      [](Flags& flags, UpgradeFlags& o) {
        BindCompose(flags, o.compose);
        flags.Required("--from", o.from, "version that runs now")
            .Required("--to", o.to, "version of the new program")
            .Required("--program", o.program, "the new intaglio-core, octet for octet");
      },
      ComposeUpgrade);
}

}  // namespace intaglio::host
