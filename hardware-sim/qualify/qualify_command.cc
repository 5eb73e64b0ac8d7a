#include "hardware-sim/qualify/qualify_command.h"

#include <stdio.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "base/file.h"
#include "hardware-sim/qualify/battery.h"
#include "hardware-sim/qualify/reasons.h"

namespace intaglio::sim {
namespace {

Status Bad(const std::string& what) {
  return Fail(kQualifyArguments, what + "\n" + QualifyUsage());
}

// Options with a value, and those without.
constexpr std::string_view kValued[] = {"--module",      "--token", "--pin-file",
                                        "--so-pin-file", "--init",  "--html"};
constexpr std::string_view kPlain[] = {"--json", "--lock-the-pin"};

using Options = std::map<std::string, std::string>;

StatusOr<Options> Parse(std::span<const std::string> arguments) {
  Options out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (std::ranges::find(kPlain, name) != std::end(kPlain)) {
      out[name] = "yes";
    } else if (std::ranges::find(kValued, name) == std::end(kValued)) {
      return Bad("what is '" + name + "'?");
    } else if (i + 1 == arguments.size()) {
      return Bad(name + " needs a value");
    } else {
      out[name] = arguments[++i];
    }
  }
  for (const char* needed : {"--module", "--pin-file"}) {
    if (!out.contains(needed)) return Bad(std::string(needed) + " is missing");
  }
  return out;
}

StatusOr<SecretBytes> ReadPin(const std::string& path) {
  ASSIGN_OR_RETURN(SecretBytes pin, ReadSecretFile(path));
  if (pin.empty()) return Bad(path + " holds no PIN");
  return pin;
}

}  // namespace

std::string QualifyUsage() {
  return "intaglio-sim qualify --module MODULE.so --pin-file FILE [options]\n"
         "  --token LABEL        which token (default: the only initialised one)\n"
         "  --so-pin-file FILE   tries what the security officer can do, too\n"
         "  --lock-the-pin       locks the user's PIN and sets it anew; needs --so-pin-file\n"
         "  --init TEXT          handed to C_Initialize, as NSS softokn wants it\n"
         "  --json               JSON instead of a table\n"
         "  --html FILE          writes a page, too\n"
         "PIN files have mode 0600. Keys are made in the session; take a token that is for "
         "testing.\n";
}

StatusOr<std::string> QualifyCommand(std::span<const std::string> arguments) {
  if (arguments.size() == 1 && arguments[0] == "--help") return QualifyUsage();
  ASSIGN_OR_RETURN(Options options, Parse(arguments));
  Module module;
  module.path = options["--module"];
  module.token = options["--token"];
  module.reserved = options["--init"];
  ASSIGN_OR_RETURN(module.pin, ReadPin(options["--pin-file"]));
  if (options.contains("--so-pin-file")) {
    ASSIGN_OR_RETURN(module.so_pin, ReadPin(options["--so-pin-file"]));
  }
  if (options.contains("--lock-the-pin") && !module.so_pin) {
    return Bad("--lock-the-pin needs --so-pin-file: only the security officer unlocks it");
  }
  ASSIGN_OR_RETURN(const auto cryptoki, Cryptoki::Open(std::move(module)));
  const Locking locking =
      options.contains("--lock-the-pin") ? Locking::kLockThePin : Locking::kLeaveThePin;
  const QualifyReport report = Qualify(*cryptoki, locking, [](const Check& check) {
    fprintf(stderr, "%.*s\n", static_cast<int>(check.id.size()), check.id.data());
  });
  if (options.contains("--html")) {
    std::ofstream page(options["--html"], std::ios::trunc);
    page << ToHtml(report);
    page.close();
    if (!page) return Bad("--html: " + options["--html"] + " cannot be written");
  }
  return options.contains("--json") ? ToJson(report) : ToText(report);
}

}  // namespace intaglio::sim
