// intaglio-core: the signing core. See --help.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "appliance/daemon/backup.h"
#include "appliance/daemon/config.h"
#include "appliance/daemon/console.h"
#include "appliance/daemon/core_process.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/lost_core.h"
#include "appliance/daemon/pin_source.h"
#include "appliance/daemon/restore.h"
#include "appliance/daemon/upgrade.h"
#include "appliance/daemon/vault.h"
#include "appliance/daemon/version.h"
#include "appliance/daemon/zeroise.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

constexpr char kHelp[] =
    R"(intaglio-core: the signing core

  intaglio-core --config FILE                    serve the host until SIGTERM
  intaglio-core --config FILE --check-config     say whether the configuration can be used
  intaglio-core init --config FILE --init FILE --spki-out FILE [--journal-key-out FILE]
                                                 give the core its identity and roster, once
  intaglio-core set-device-certificate --config FILE --certificate FILE [--chain FILE]
                                                 install the attestation key's certificate
  intaglio-core upgrade --config FILE --command FILE
                                                 take over the state of an older program, under
                                                 the officers' approve-upgrade command
  intaglio-core prepare-restore --config FILE --nonce HEX --evidence-out FILE --spki-out FILE
                                                 on a second core: make the key that a backup is
                                                 sealed to, and evidence about it
  intaglio-core backup --config FILE --command FILE --evidence FILE
                                                 write the copies that the officers'
                                                 authorise-backup command allows, for that key
  intaglio-core restore --config FILE --backup FILE --command FILE
                                                 on the second core: take the place of the first,
                                                 under the officers' activate-restored command
  intaglio-core prepare-restore --without-backup --config FILE
                                                 where state and backups are lost, on a core newly
                                                 initialised over the token that survived: say what
                                                 is in it, and the nonce for the officers' command
  intaglio-core restore --without-backup --config FILE --command FILE
                                                 take the lost core's place, with every key shut,
                                                 under their restore-without-backup command
  intaglio-core rebuild-rows --config FILE --journal DIR...
                                                 make rows of the host's copy of its journal, a
                                                 folder or an exported file; oldest first
  intaglio-core open-rebuilt --config FILE --command FILE
                                                 open the keys, under their open-rebuilt command
  intaglio-core journal verify --config FILE [--journal-key FILE]
                                                 check the whole journal, and what rows and anchor
                                                 know of it where they can be reached
  intaglio-core journal prune --config FILE --before SEQUENCE
                                                 remove old segments that a host has confirmed
  intaglio-core pin split --pin-file FILE --need K --shares N --out-dir DIR
                                                 split a PIN: any K of N shares make it again
  intaglio-core pin enter --config FILE [--share FILE]
                                                 give the core that is starting one share, from a
                                                 file or standard input (pin_shares_need)
  intaglio-core zeroise --config FILE --confirm INSTANCE
                                                 destroy every key of this core, for good
  intaglio-core verify-journal --dir DIR [--journal-key FILE]
                                                 check a journal; reads files only
  intaglio-core --version | --help

Example, on the console of a new core:
  intaglio-core init --config /etc/intaglio/core.textproto --init roster.textproto \
      --spki-out attestation.pem
Example, for a core that three custodians start, any two of them:
  intaglio-core pin split --pin-file pin --need 2 --shares 3 --out-dir /media/custodians
  intaglio-core pin enter --config /etc/intaglio/core.textproto --share /media/a/pin-share-1

Exit codes: 0 done, 1 refused or failed (the Reason is on stderr), 2 wrong usage.
)";

struct Arguments {
  std::string verb;
  std::string noun;  // of `journal verify` and `pin enter`, the first of the two words
  std::string config, init, spki_out, certificate, chain, dir, command;
  std::string journal_key, journal_key_out, before;
  std::string nonce, evidence, evidence_out, backup;
  std::string confirm, pin_file, need, shares, out_dir, share;
  std::vector<std::string> journals;
  bool without_backup = false, check_config = false, version = false, help = false;
};

bool Parse(int argc, char** argv, Arguments& out) {
  static const option kOptions[] = {{"config", required_argument, nullptr, 'c'},
                                    {"init", required_argument, nullptr, 'i'},
                                    {"spki-out", required_argument, nullptr, 's'},
                                    {"certificate", required_argument, nullptr, 'e'},
                                    {"chain", required_argument, nullptr, 'n'},
                                    {"dir", required_argument, nullptr, 'd'},
                                    {"command", required_argument, nullptr, 'm'},
                                    {"journal-key", required_argument, nullptr, 'j'},
                                    {"journal-key-out", required_argument, nullptr, 'o'},
                                    {"before", required_argument, nullptr, 'b'},
                                    {"nonce", required_argument, nullptr, 'N'},
                                    {"evidence", required_argument, nullptr, 'E'},
                                    {"evidence-out", required_argument, nullptr, 'O'},
                                    {"backup", required_argument, nullptr, 'B'},
                                    {"confirm", required_argument, nullptr, 'F'},
                                    {"pin-file", required_argument, nullptr, 'p'},
                                    {"need", required_argument, nullptr, 'K'},
                                    {"shares", required_argument, nullptr, 'S'},
                                    {"out-dir", required_argument, nullptr, 'D'},
                                    {"share", required_argument, nullptr, 'H'},
                                    {"journal", required_argument, nullptr, 'J'},
                                    {"without-backup", no_argument, nullptr, 'W'},
                                    {"check-config", no_argument, nullptr, 'k'},
                                    {"version", no_argument, nullptr, 'v'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {nullptr, 0, nullptr, 0}};
  int each = 0;
  while ((each = getopt_long(argc, argv, "", kOptions, nullptr)) != -1) {
    switch (each) {
      case 'c':
        out.config = optarg;
        break;
      case 'i':
        out.init = optarg;
        break;
      case 's':
        out.spki_out = optarg;
        break;
      case 'e':
        out.certificate = optarg;
        break;
      case 'n':
        out.chain = optarg;
        break;
      case 'd':
        out.dir = optarg;
        break;
      case 'm':
        out.command = optarg;
        break;
      case 'j':
        out.journal_key = optarg;
        break;
      case 'o':
        out.journal_key_out = optarg;
        break;
      case 'b':
        out.before = optarg;
        break;
      case 'N':
        out.nonce = optarg;
        break;
      case 'E':
        out.evidence = optarg;
        break;
      case 'O':
        out.evidence_out = optarg;
        break;
      case 'B':
        out.backup = optarg;
        break;
      case 'F':
        out.confirm = optarg;
        break;
      case 'p':
        out.pin_file = optarg;
        break;
      case 'K':
        out.need = optarg;
        break;
      case 'S':
        out.shares = optarg;
        break;
      case 'D':
        out.out_dir = optarg;
        break;
      case 'H':
        out.share = optarg;
        break;
      case 'J':
        out.journals.push_back(optarg);
        break;
      case 'W':
        out.without_backup = true;
        break;
      case 'k':
        out.check_config = true;
        break;
      case 'v':
        out.version = true;
        break;
      case 'h':
        out.help = true;
        break;
      default:
        return false;
    }
  }
  if (optind < argc) out.verb = argv[optind++];
  if ((out.verb == "journal" || out.verb == "pin") && optind < argc) {
    out.noun = out.verb;
    out.verb = argv[optind++];
  }
  return optind == argc;
}

int Report(const Status& status) {
  if (status.ok()) return 0;
  fprintf(stderr, "intaglio-core: %s\n", std::string(status.message()).c_str());
  return 1;
}

int Report(const StatusOr<std::string>& line) {
  if (line.ok()) printf("%s\n", line->c_str());
  return Report(line.status());
}

std::optional<uint64_t> NumberOf(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int Usage() {
  fputs("intaglio-core: wrong usage; see intaglio-core --help\n", stderr);
  return 2;
}

int RunJournalVerb(const CoreSettings& settings, const Arguments& arguments) {
  if (arguments.verb == "verify") {
    return Report(VerifyCoreJournal(settings, arguments.journal_key));
  }
  const auto before = NumberOf(arguments.before);
  if (arguments.verb != "prune" || !before) return Usage();
  return Report(PruneJournal(settings, *before));
}

bool IsBackupVerb(const std::string& verb) {
  return verb == "prepare-restore" || verb == "backup" || verb == "restore" ||
         verb == "rebuild-rows" || verb == "open-rebuilt";
}

int RunBackupVerb(const CoreSettings& settings, const Arguments& arguments) {
  const Arguments& a = arguments;
  if (a.verb == "rebuild-rows") {
    return a.journals.empty() ? Usage() : Report(RebuildRows(settings, a.journals));
  }
  if (a.verb == "prepare-restore" && a.without_backup) return Report(PrepareReplacement(settings));
  if (a.verb == "prepare-restore") {
    if (a.nonce.empty() || a.evidence_out.empty() || a.spki_out.empty()) return Usage();
    return Report(PrepareRestore(settings, a.nonce, a.evidence_out, a.spki_out));
  }
  if (a.command.empty()) return Usage();
  if (a.verb == "open-rebuilt") return Report(OpenRebuiltRows(settings, a.command));
  if (a.without_backup) {
    const bool restores = a.verb == "restore" && a.backup.empty();
    return restores ? Report(ReplaceLostCore(settings, a.command)) : Usage();
  }
  if (a.verb == "backup") {
    return a.evidence.empty() ? Usage() : Report(MakeBackup(settings, a.command, a.evidence));
  }
  return a.backup.empty() ? Usage() : Report(RestoreBackup(settings, a.backup, a.command));
}

int RunPinSplit(const Arguments& arguments) {
  const auto need = NumberOf(arguments.need), shares = NumberOf(arguments.shares);
  if (arguments.pin_file.empty() || arguments.out_dir.empty() || !need || !shares) return Usage();
  return Report(SplitPinFile({arguments.pin_file, arguments.out_dir, *need, *shares}));
}

// Secrets must not end up in core dumps, and no child may gain rights.
void HardenProcess() {
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int Main(int argc, char** argv) {
  Arguments arguments;
  if (!Parse(argc, argv, arguments)) return Usage();
  if (arguments.help) {
    fputs(kHelp, stdout);
    return 0;
  }
  if (arguments.version) {
    printf("intaglio-core %s\n", kVersion);
    return 0;
  }
  if (arguments.verb == "verify-journal") {
    return arguments.dir.empty()
               ? Usage()
               : Report(VerifyJournalFolder(arguments.dir, arguments.journal_key));
  }
  const bool pin_split = arguments.noun == "pin" && arguments.verb == "split";
  if (arguments.config.empty() && !pin_split) return Usage();
  HardenProcess();
  if (pin_split) return RunPinSplit(arguments);
  const auto settings = LoadSettings(arguments.config);
  if (!settings.ok()) return Report(settings.status());
  if (arguments.check_config) {
    printf("configuration is usable; SHA-256 %s\n", ToHex(settings->file_sha256).c_str());
    return 0;
  }
  if (arguments.noun == "journal") return RunJournalVerb(*settings, arguments);
  if (arguments.noun == "pin") {
    return arguments.verb == "enter" ? Report(EnterPinShare(*settings, arguments.share)) : Usage();
  }
  if (arguments.verb == "zeroise") {
    return arguments.confirm.empty() ? Usage() : Report(ZeroiseCore(*settings, arguments.confirm));
  }
  if (arguments.verb == "init") {
    if (arguments.init.empty() || arguments.spki_out.empty()) return Usage();
    return Report(
        InitialiseCore(*settings, arguments.init, arguments.spki_out, arguments.journal_key_out));
  }
  if (arguments.verb == "set-device-certificate") {
    if (arguments.certificate.empty()) return Usage();
    return Report(InstallDeviceCertificate(*settings, arguments.certificate, arguments.chain));
  }
  if (IsBackupVerb(arguments.verb)) return RunBackupVerb(*settings, arguments);
  if (arguments.verb == "upgrade") {
    if (arguments.command.empty()) return Usage();
    const auto program = ThisProgram();
    if (!program.ok()) return Report(program.status());
    return Report(UpgradeState(*settings, arguments.command, *program, FormatSteps()));
  }
  if (!arguments.verb.empty()) return Usage();
  return Report(RunCore(*settings));
}

}  // namespace
}  // namespace intaglio::appliance

int main(int argc, char** argv) { return intaglio::appliance::Main(argc, argv); }
