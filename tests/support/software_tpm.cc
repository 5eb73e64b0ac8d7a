#include "tests/support/software_tpm.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace intaglio::testing_support {
namespace {

constexpr char kProgram[] = "/usr/bin/swtpm";
constexpr int kPatience = 500;  // times 20 ms

}  // namespace

std::unique_ptr<SoftwareTpm> SoftwareTpm::Start() {
  if (access(kProgram, X_OK) != 0) return nullptr;
  std::unique_ptr<SoftwareTpm> out(new SoftwareTpm);
  out->Begin();
  return out;
}

SoftwareTpm::~SoftwareTpm() { Stop(); }

void SoftwareTpm::Begin() {
  unlink(socket().c_str());
  unlink((socket() + ".ctrl").c_str());
  const std::string state = "dir=" + folder_.path();
  const std::string server = "type=unixio,path=" + socket();
  const std::string control = "type=unixio,path=" + socket() + ".ctrl";
  process_ = fork();
  if (process_ == 0) {
    const int log =
        open((folder_.path() + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execl(kProgram, kProgram, "socket", "--tpm2", "--tpmstate", state.c_str(), "--server",
          server.c_str(), "--ctrl", control.c_str(), "--flags", "not-need-init,startup-clear",
          nullptr);
    _exit(127);
  }
  for (int i = 0; i < kPatience; ++i) {
    struct stat found {};
    if (stat(socket().c_str(), &found) == 0 && stat((socket() + ".ctrl").c_str(), &found) == 0) {
      return;
    }
    usleep(20'000);
  }
  fprintf(stderr, "swtpm does not start; its log is in %s\n", folder_.path().c_str());
  abort();
}

void SoftwareTpm::Stop() {
  if (process_ <= 0) return;
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace intaglio::testing_support
