// intaglio-provision: makes a SoftHSM token ready for one user.
#include <getopt.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "tokens/provision/provision.h"

namespace intaglio::tokens {
namespace {

constexpr char kHelp[] =
    R"(Usage: intaglio-provision softhsm --dir DIR --label LABEL [--storage-key LABEL]
                                  [--module PATH] [--json]

Makes DIR with a SoftHSM token for the user who runs this: softhsm2.conf, tokens/ and pin. The user's
PIN is drawn at random and written to DIR/pin (0600); the security officer's is drawn, used and
forgotten. Running it again on a finished DIR changes nothing.

  --dir DIR            absolute path; made with mode 0700
  --label LABEL        the token's label, at most 32 characters
  --storage-key LABEL  also make the trusted AES-256 key under which wrapped signing keys are stored
                       (the core needs it, the host does not; it cannot be added later)
  --module PATH        the SoftHSM module (/usr/lib/softhsm/libsofthsm2.so)
  --json               print one line of JSON
  --help               print this

Example, for the signing core:
  intaglio-provision softhsm --dir /var/lib/intaglio-core/token --label core --storage-key storage
then run the core with SOFTHSM2_CONF=/var/lib/intaglio-core/token/softhsm2.conf.

Exit codes: 0 the token is ready, 1 it could not be made, 2 the command line is wrong.
)";

enum class Output { kText, kJson };

struct CommandLine {
  std::string folder;
  std::string label;
  std::string storage_key;
  std::string module_path = kSoftHsmModule;
  Output output = Output::kText;
};

int Usage(const char* problem) {
  fprintf(stderr, "intaglio-provision: %s\nTry 'intaglio-provision --help'.\n", problem);
  return 2;
}

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", octet);
      out += escape;
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

int Report(const Status& status, Output output) {
  if (output == Output::kJson) {
    printf("{\"error\":%s,\"name\":%s,\"detail\":%s}\n", JsonText(ReasonIdOf(status)).c_str(),
           JsonText(ReasonNameOf(status)).c_str(), JsonText(DetailOf(status)).c_str());
  } else {
    fprintf(stderr, "intaglio-provision: %s\n", std::string(status.message()).c_str());
  }
  return 1;
}

void Print(const ProvisionedToken& made, Output output) {
  const bool fresh = made.outcome == ProvisionOutcome::kMade;
  if (output == Output::kJson) {
    printf("{\"outcome\":%s,\"label\":%s,\"serial\":%s,\"config\":%s,\"pin_file\":%s}\n",
           fresh ? "\"made\"" : "\"already_there\"", JsonText(made.token.label).c_str(),
           JsonText(made.token.serial).c_str(), JsonText(made.config_path).c_str(),
           JsonText(made.pin_path).c_str());
    return;
  }
  printf("%s token '%s', serial %s\n  SOFTHSM2_CONF=%s\n  PIN file %s\n",
         fresh ? "Made" : "Nothing to do: found", made.token.label.c_str(),
         made.token.serial.c_str(), made.config_path.c_str(), made.pin_path.c_str());
}

StatusOr<ProvisionedToken> Provision(const CommandLine& line) {
  ASSIGN_OR_RETURN(TokenLabel label, TokenLabel::Create(line.label));
  SoftHsmRequest request{line.folder, std::move(label), std::nullopt, line.module_path};
  if (!line.storage_key.empty()) {
    ASSIGN_OR_RETURN(request.storage_key, KeyLabel::Create(line.storage_key));
  }
  SystemRng rng;
  return ProvisionSoftHsm(request, rng);
}

int Main(int argc, char** argv) {
  enum Option { kDir = 256, kLabel, kStorageKey, kModule, kJson, kShowHelp };
  const option options[] = {{"dir", required_argument, nullptr, kDir},
                            {"label", required_argument, nullptr, kLabel},
                            {"storage-key", required_argument, nullptr, kStorageKey},
                            {"module", required_argument, nullptr, kModule},
                            {"json", no_argument, nullptr, kJson},
                            {"help", no_argument, nullptr, kShowHelp},
                            {nullptr, 0, nullptr, 0}};
  CommandLine line;
  for (int c; (c = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    switch (c) {
      case kDir:
        line.folder = optarg;
        break;
      case kLabel:
        line.label = optarg;
        break;
      case kStorageKey:
        line.storage_key = optarg;
        break;
      case kModule:
        line.module_path = optarg;
        break;
      case kJson:
        line.output = Output::kJson;
        break;
      case kShowHelp:
        fputs(kHelp, stdout);
        return 0;
      default:
        return Usage("this option is not known or lacks its value");
    }
  }
  if (optind + 1 != argc || std::string_view(argv[optind]) != "softhsm") {
    return Usage("name exactly one kind of token: softhsm");
  }
  if (line.folder.empty() || line.label.empty()) return Usage("--dir and --label are needed");
  const auto made = Provision(line);
  if (!made.ok()) return Report(made.status(), line.output);
  Print(*made, line.output);
  return 0;
}

}  // namespace
}  // namespace intaglio::tokens

// Both PINs pass through here: not into a core dump, and not past another process's eyes.
int main(int argc, char** argv) {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  return intaglio::tokens::Main(argc, argv);
}
