// intaglio-host: the host service. See --help.
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <string>

#include "host/daemon/host_process.h"

namespace intaglio::host {
namespace {

constexpr char kHelp[] =
    R"(intaglio-host: enrolment, issuance, signing, revocation and status

  intaglio-host --config FILE                 serve until SIGTERM
  intaglio-host --config FILE --check-config  say whether the configuration can be used
  intaglio-host --version | --help

Example: intaglio-host --config /etc/intaglio/host.textproto

Exit codes: 0 done, 1 refused or failed (the Reason is on stderr), 2 wrong usage.
)";

int Report(const Status& status) {
  if (status.ok()) return 0;
  fprintf(stderr, "intaglio-host: %s\n", std::string(status.message()).c_str());
  return 1;
}

int Usage() {
  fputs("intaglio-host: wrong usage; see intaglio-host --help\n", stderr);
  return 2;
}

int Main(int argc, char** argv) {
  static const option kOptions[] = {{"config", required_argument, nullptr, 'c'},
                                    {"check-config", no_argument, nullptr, 'k'},
                                    {"version", no_argument, nullptr, 'v'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {nullptr, 0, nullptr, 0}};
  std::string config;
  bool check = false;
  for (int each = 0; (each = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (each) {
      case 'c':
        config = optarg;
        break;
      case 'k':
        check = true;
        break;
      case 'v':
        printf("intaglio-host %s\n", INTAGLIO_VERSION);
        return 0;
      case 'h':
        fputs(kHelp, stdout);
        return 0;
      default:
        return Usage();
    }
  }
  if (config.empty() || optind < argc) return Usage();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const auto settings = LoadHostSettings(config);
  if (!settings.ok()) return Report(settings.status());
  if (check) {
    puts("configuration is usable");
    return 0;
  }
  return Report(RunHost(*settings));
}

}  // namespace
}  // namespace intaglio::host

int main(int argc, char** argv) { return intaglio::host::Main(argc, argv); }
