#include "host/ctl/command_table.h"

#include <CLI/CLI.hpp>

#include "host/ctl/reasons.h"

namespace intaglio::host {
namespace {

// What a person can do about a failure, by its canonical code.
std::string_view NextStep(const Status& status) {
  if (Is(status, kHostUnreachable)) {
    return "check that intaglio-host runs, that the address is right and that both sides' TLS "
           "certificates chain to each other's CA";
  }
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return "correct the value and run the command again";
    case absl::StatusCode::kNotFound:
      return "check the id; 'list' and 'show' commands tell what exists";
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return "use the profile and the key of somebody who may do this";
    case absl::StatusCode::kFailedPrecondition:
      return "look at the present state first; an earlier step may be missing";
    case absl::StatusCode::kAlreadyExists:
      return "nothing needs to be done if what exists is what you want";
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kResourceExhausted:
      return "run the command again later";
    case absl::StatusCode::kDeadlineExceeded:
      return "look at the present state before you run the command again";
    case absl::StatusCode::kDataLoss:
      return "keep what you have and ask the auditors";
    default:
      return "give id and time to the operators; their log says more";
  }
}

std::string NameFor(const Status& status) {
  const std::string name = ReasonNameOf(status);
  return name.empty() ? "UNNAMED" : name;
}

int Refuse(const Status& status, const GlobalFlags& flags, const Terminal& terminal) {
  const std::string id = ReasonIdOf(status);
  const std::string detail = Printable(DetailOf(status));
  terminal.err << "intaglio: " << NameFor(status) << " (" << (id.empty() ? "no id" : id)
               << "): " << detail << "\n  next: " << NextStep(status) << std::endl;
  if (flags.json) {
    Report cause;
    cause.Text("reason", NameFor(status)).Text("id", id).Text("detail", DetailOf(status));
    cause.Text("next", NextStep(status));
    terminal.out << Report().Part("error", std::move(cause)).ForMachines() << std::endl;
  }
  if (Is(status, kHostUnreachable)) return kExitUnreachable;
  if (Is(status, kArgumentInvalid) || Is(status, kProfileInvalid)) return kExitUsage;
  return kExitRefused;
}

}  // namespace

Flags& Flags::Required(const std::string& name, std::string& value, const std::string& meaning) {
  parser_.add_option(name, value, meaning)->required();
  return *this;
}
Flags& Flags::Optional(const std::string& name, std::string& value, const std::string& meaning) {
  parser_.add_option(name, value, meaning);
  return *this;
}
Flags& Flags::Several(const std::string& name, std::vector<std::string>& values,
                      const std::string& meaning) {
  parser_.add_option(name, values, meaning)->allow_extra_args(false);
  return *this;
}
Flags& Flags::Number(const std::string& name, uint32_t& value, Range range,
                     const std::string& meaning) {
  parser_.add_option(name, value, meaning)
      ->capture_default_str()
      ->check(CLI::Range(range.least, range.most));
  return *this;
}
Flags& Flags::Switch(const std::string& name, bool& value, const std::string& meaning) {
  parser_.add_flag(name, value, meaning);
  return *this;
}

struct CommandTable::Impl {
  CLI::App parser{
      "Intaglio: qualified-certificate operations over a signing core.\n"
      "Exit codes: 0 done, 1 refused (the Reason is on stderr), 2 usage, 3 no answer.",
      "intaglio"};
  GlobalFlags flags;
  Runner selected;

  CLI::App& Parent(const std::string& path) {
    CLI::App* at = &parser;
    size_t start = 0;
    for (size_t space = path.find(' '); space != std::string::npos;
         start = space + 1, space = path.find(' ', start)) {
      at = at->get_subcommand(path.substr(start, space - start));
    }
    return *at;
  }
  static std::string LastWord(const std::string& path) {
    const size_t space = path.rfind(' ');
    return space == std::string::npos ? path : path.substr(space + 1);
  }
};

CommandTable::CommandTable() : impl_(std::make_unique<Impl>()) {
  CLI::App& parser = impl_->parser;
  GlobalFlags& flags = impl_->flags;
  // Global flags may stand anywhere on the line.
  parser.fallthrough();
  parser.require_subcommand(1);
  parser.set_version_flag("--version", std::string("intaglio ") + INTAGLIO_VERSION);
  parser.add_flag("--json", flags.json, "answer with one JSON object on stdout");
  parser.add_flag("--yes", flags.yes, "sign without asking (what is signed is still shown)");
  parser.add_option("--profile", flags.profile_path,
                    "JSON file: address, ca, certificate, key (default: $INTAGLIO_PROFILE)");
  parser.add_option("--address", flags.profile.address, "intaglio-host, \"127.0.0.1:7500\"");
  parser.add_option("--tls-ca", flags.profile.ca, "PEM of the CA of the host's certificate");
  parser.add_option("--tls-certificate", flags.profile.certificate, "PEM of your certificate");
  parser.add_option("--tls-key", flags.profile.key, "PEM of your TLS key, mode 0600");
  parser.add_option("--timeout", flags.timeout_seconds, "seconds to wait for an answer")
      ->capture_default_str()
      ->check(CLI::Range(1u, 600u));
}

CommandTable::~CommandTable() = default;

void CommandTable::Noun(const std::string& path, const std::string& meaning) {
  impl_->Parent(path).add_subcommand(Impl::LastWord(path), meaning)->require_subcommand(1);
}

void CommandTable::Add(const Verb& verb, StatusOr<Report> (*run)(Session&)) {
  AddErased(
      verb, [](Flags&) {}, [run](Session& session) { return run(session); });
}

void CommandTable::AddErased(const Verb& verb, const std::function<void(Flags&)>& bind,
                             Runner run) {
  CLI::App* const parser =
      impl_->Parent(verb.path).add_subcommand(Impl::LastWord(verb.path), verb.summary);
  parser->footer("Example:\n  " + verb.example + "\n");
  // What the parent demands of its children is not demanded of this one.
  parser->require_subcommand(0);
  Flags flags(*parser);
  bind(flags);
  parser->callback([impl = impl_.get(), run = std::move(run)] { impl->selected = run; });
}

int CommandTable::Run(int argc, const char* const* argv, const Terminal& terminal,
                      const Clock& clock, Rng& rng) {
  try {
    impl_->parser.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = impl_->parser.exit(error, terminal.out, terminal.err);
    return code == 0 ? kExitOk : kExitUsage;
  }
  if (!impl_->selected) return kExitUsage;
  Session session(impl_->flags, terminal, clock, rng);
  const StatusOr<Report> report = impl_->selected(session);
  if (!report.ok()) return Refuse(report.status(), impl_->flags, terminal);
  terminal.out << (impl_->flags.json ? report->ForMachines() + "\n" : report->ForPeople())
               << std::flush;
  return kExitOk;
}

int RunIntaglio(int argc, const char* const* argv, const Terminal& terminal) {
  CommandTable table;
  AddKeyCommands(table);
  AddCeremonyCommands(table);
  AddMachineCertificateCommands(table);
  AddCommandCommands(table);
  AddCoreCommands(table);
  AddEvidenceCommands(table);
  AddApplicationCommands(table);
  AddOfficerCommands(table);
  AddAuthenticatorCommands(table);
  AddCredentialCommands(table);
  AddSealCommands(table);
  AddSigningCommands(table);
  AddRevocationCommands(table);
  AddJournalCommands(table);
  AddPolicyCommands(table);
  AddRecoverCommand(table);
  SystemClock clock;
  SystemRng rng;
  return table.Run(argc, argv, terminal, clock, rng);
}

}  // namespace intaglio::host
