// What a hardened process can no longer do; beside each, that an unhardened one can.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "appliance/hardening/path_confinement.h"
#include "appliance/hardening/process_limits.h"
#include "appliance/hardening/reasons.h"
#include "appliance/hardening/system_calls.h"
#include "tests/support/softhsm_fixture.h"

namespace intaglio::appliance {
namespace {

constexpr int kSetUpFailed = 99;

// How a child ended: its exit code (0 or an errno), or 1000 + the signal that ended it.
int InChild(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) _exit(act());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

int Filtered(const std::function<int()>& act) {
  return InChild([&] {
    if (!RefuseNewPrivileges().ok() || !ForbidDumps().ok() || !FilterSystemCalls().ok()) {
      return kSetUpFailed;
    }
    return act();
  });
}

constexpr int kKilled = 1000 + SIGSYS;

class HardeningTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ConfinementBuilt()) GTEST_SKIP() << "sanitizers need more system calls than the core";
  }
  int Confined(const std::function<int()>& act) {
    return InChild([&] {
      const PathGrant grants[] = {{folder_.path() + "/mine", PathAccess::kReadWrite},
                                  {folder_.path() + "/read", PathAccess::kRead},
                                  {folder_.path() + "/missing", PathAccess::kReadWrite}};
      if (!RefuseNewPrivileges().ok()) return kSetUpFailed;
      const auto abi = ConfinePaths(grants, OutgoingTcp::kForbidden);
      return abi.ok() && *abi > 0 ? act() : kSetUpFailed;
    });
  }
  testing_support::TemporaryFolder folder_;
};

int Execute() {
  char name[] = "/bin/true";
  char* arguments[] = {name, nullptr};
  execv(name, arguments);
  return errno;
}
int Trace() { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : errno; }
int ReadMemory() {
  char from = 1, to = 0;
  iovec local{&to, 1}, remote{&from, 1};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1 ? 0 : errno;
}
int ForkOnce() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  return child > 0 ? 0 : errno;
}
int MakeSocket(int family) { return socket(family, SOCK_STREAM, 0) >= 0 ? 0 : errno; }
int Open(const std::string& path, int flags) {
  return open(path.c_str(), flags | O_CLOEXEC, 0600) >= 0 ? 0 : errno;
}

TEST_F(HardeningTest, WhatOnlyAnAttackerAsksForEndsTheProcess) {
  const std::function<int()> deeds[] = {Execute, Trace, ReadMemory, ForkOnce};
  for (const auto& deed : deeds) {
    EXPECT_EQ(InChild(deed), 0);
    EXPECT_EQ(Filtered(deed), kKilled);
  }
}

TEST_F(HardeningTest, AnythingElseOffTheListFails) {
  const auto limit = [] { return symlink("/x", "/nonexistent/y") == 0 ? 0 : errno; };
  EXPECT_EQ(InChild(limit), ENOENT);
  EXPECT_EQ(Filtered(limit), EPERM);
}

TEST_F(HardeningTest, TheFilterLeavesThreadsFilesAndMemory) {
  EXPECT_EQ(Filtered([&] {
              int seen = 0;
              std::thread([&] { seen = 1; }).join();
              std::string large(1 << 22, 'x');
              if (seen != 1 || large.back() != 'x') return 1;
              return Open(folder_.path() + "/file", O_CREAT | O_RDWR);
            }),
            0);
}

TEST_F(HardeningTest, TheFilterHoldsInThreadsStartedBefore) {
  EXPECT_EQ(InChild([] {
              int pipes[2];
              if (pipe(pipes) != 0 || !RefuseNewPrivileges().ok()) return kSetUpFailed;
              std::thread early([&] {
                char go = 0;
                if (read(pipes[0], &go, 1) == 1) Execute();
              });
              if (!FilterSystemCalls().ok() || write(pipes[1], "g", 1) != 1) return kSetUpFailed;
              early.join();
              return 0;
            }),
            kKilled);
}

TEST_F(HardeningTest, OnceTheLinkListensThereAreNoNewNetworkSockets) {
  const auto after = [](int family) {
    return Filtered([family] {
      if (MakeSocket(family) != 0 || !ForbidNewNetworkSockets().ok()) return kSetUpFailed;
      return MakeSocket(family);
    });
  };
  EXPECT_EQ(after(AF_INET), EPERM);
  EXPECT_EQ(after(AF_INET6), EPERM);
  EXPECT_EQ(after(AF_UNIX), 0);
}

TEST_F(HardeningTest, PathsOutsideTheGrantsCannotBeOpened) {
  const std::string mine = folder_.path() + "/mine", readable = folder_.path() + "/read";
  ASSERT_EQ(mkdir(mine.c_str(), 0700), 0);
  ASSERT_EQ(Open(readable, O_CREAT | O_WRONLY), 0);
  if (syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) {
    GTEST_SKIP() << "this kernel has no Landlock";
  }
  EXPECT_EQ(InChild([] { return Open("/etc/passwd", O_RDONLY); }), 0);
  EXPECT_EQ(Confined([] { return Open("/etc/passwd", O_RDONLY); }), EACCES);
  const auto outside = [&] { return Open(folder_.path() + "/other", O_CREAT | O_WRONLY); };
  EXPECT_EQ(Confined(outside), EACCES);
  EXPECT_EQ(InChild(outside), 0);
  EXPECT_EQ(Confined([&] { return Open(mine + "/new", O_CREAT | O_RDWR); }), 0);
  EXPECT_EQ(Confined([&] { return Open(readable, O_RDONLY); }), 0);
  EXPECT_EQ(Confined([&] { return Open(readable, O_WRONLY); }), EACCES);
  EXPECT_EQ(Confined(Execute), EACCES);
}

TEST_F(HardeningTest, NoConnectionGoesOut) {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 4) GTEST_SKIP() << "this kernel's Landlock does not know TCP: ABI " << abi;
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listening, 8), 0);
  ASSERT_EQ(getsockname(listening, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const auto go = [&] {
    const int out = socket(AF_INET, SOCK_STREAM, 0);
    return connect(out, reinterpret_cast<sockaddr*>(&address), length) == 0 ? 0 : errno;
  };
  EXPECT_EQ(InChild(go), 0);
  EXPECT_EQ(Confined(go), EACCES);
  close(listening);
}

TEST_F(HardeningTest, ThereIsNoCoreDump) {
  EXPECT_EQ(InChild([] {
              if (!ForbidDumps().ok()) return kSetUpFailed;
              rlimit limit{};
              getrlimit(RLIMIT_CORE, &limit);
              return limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1;
            }),
            0);
}

TEST_F(HardeningTest, MemoryThatCannotBeLockedIsSaid) {
  EXPECT_EQ(InChild([] {
              const rlimit small{4096, 4096};
              if (setrlimit(RLIMIT_MEMLOCK, &small) != 0) return kSetUpFailed;
              // Root may lock in spite of the limit.
              if (geteuid() == 0 && setuid(65534) != 0) return kSetUpFailed;
              return Is(LockMemory().status(), kHardeningFailed) ? 0 : 1;
            }),
            0);
  EXPECT_EQ(InChild([] { return LockMemory().ok() ? 0 : 1; }), 0);
}

TEST_F(HardeningTest, WithoutTheFirstStepTheOthersAreRefused) {
  if (geteuid() == 0) GTEST_SKIP() << "root needs no first step";
  EXPECT_EQ(InChild([] { return Is(FilterSystemCalls(), kHardeningFailed) ? 0 : 1; }), 0);
}

}  // namespace
}  // namespace intaglio::appliance
