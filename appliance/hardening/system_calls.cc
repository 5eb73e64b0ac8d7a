#include "appliance/hardening/system_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "appliance/hardening/reasons.h"

namespace intaglio::appliance {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the system calls of this architecture have not been listed"
#endif

constexpr int kAllowed[] = {
    // Files
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_close, SYS_openat, SYS_newfstatat, SYS_fstat, SYS_statx, SYS_lseek, SYS_ftruncate,
    SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_fallocate, SYS_fadvise64, SYS_renameat,
    SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_getdents64, SYS_fcntl, SYS_flock, SYS_fchmod,
    SYS_fchmodat, SYS_umask, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_statfs, SYS_fstatfs,
    SYS_getcwd, SYS_dup, SYS_dup3, SYS_copy_file_range, SYS_sendfile,
#if defined(__x86_64__)
    SYS_open, SYS_stat, SYS_lstat, SYS_rename, SYS_unlink, SYS_mkdir, SYS_rmdir, SYS_chmod,
    SYS_access, SYS_readlink, SYS_poll, SYS_select, SYS_epoll_wait, SYS_time, SYS_dup2,
    SYS_getrlimit, SYS_arch_prctl,
#endif
    // Memory
    SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_mlock, SYS_mlock2, SYS_munlock,
    SYS_msync, SYS_brk, SYS_mincore,
    // Threads and signals
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_set_tid_address,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_exit, SYS_exit_group, SYS_rt_sigaction,
    SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack, SYS_restart_syscall,
    SYS_tgkill, SYS_membarrier,
    // Who and when; setting the clock needs a capability besides
    SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
    SYS_adjtimex, SYS_clock_adjtime, SYS_getrandom, SYS_uname, SYS_sysinfo, SYS_getrusage,
    SYS_prlimit64,
    // Waiting and the link
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2,
    SYS_pipe2, SYS_timerfd_create, SYS_timerfd_settime, SYS_socket, SYS_bind, SYS_listen,
    SYS_accept, SYS_accept4, SYS_connect, SYS_shutdown, SYS_getsockname, SYS_getpeername,
    SYS_setsockopt, SYS_getsockopt, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg,
    // Another filter only takes more away
    SYS_seccomp};

constexpr int kDeadly[] = {
#if defined(__x86_64__)
    SYS_fork,
    SYS_vfork,
    SYS_iopl,
    SYS_ioperm,
#endif
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_pidfd_getfd,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_personality,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_open_by_handle_at,
    SYS_setuid,
    SYS_setgid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_capset};

class Program final {
 public:
  // Any other architecture's calls, x32 among them, end the process.
  Program() {
    Load(offsetof(seccomp_data, arch));
    RetUnless(kArchitecture, SECCOMP_RET_KILL_PROCESS);
    Load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
    Add(BPF_STMT(BPF_JMP | BPF_JGE | BPF_K, 0x40000000), 0, 1);
    Return(SECCOMP_RET_KILL_PROCESS);
#endif
  }
  void Load(uint32_t offset) { Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset), 0, 0); }
  void Return(uint32_t action) { Add(BPF_STMT(BPF_RET | BPF_K, action), 0, 0); }
  void RetIf(uint32_t value, uint32_t action) {
    Add(BPF_STMT(BPF_JMP | BPF_JEQ | BPF_K, value), 0, 1);
    Return(action);
  }
  void RetUnless(uint32_t value, uint32_t action) {
    Add(BPF_STMT(BPF_JMP | BPF_JEQ | BPF_K, value), 1, 0);
    Return(action);
  }
  void RetIfAny(uint32_t bits, uint32_t action) {
    Add(BPF_STMT(BPF_JMP | BPF_JSET | BPF_K, bits), 0, 1);
    Return(action);
  }
  // The next `count` instructions are for `value` alone.
  void SkipUnless(uint32_t value, uint8_t count) {
    Add(BPF_STMT(BPF_JMP | BPF_JEQ | BPF_K, value), 0, count);
  }
  Status Install() {
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    const long failed =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (failed == 0) return OkStatus();
    return Fail(
        kHardeningFailed,
        std::string("seccomp: ") + (failed > 0 ? "a thread has another filter" : strerror(errno)));
  }

 private:
  void Add(sock_filter instruction, uint8_t if_true, uint8_t if_false) {
    instruction.jt = if_true;
    instruction.jf = if_false;
    code_.push_back(instruction);
  }
  std::vector<sock_filter> code_;
};

constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
// The low half of the first argument, on little-endian machines.
constexpr uint32_t kFirstArgument = offsetof(seccomp_data, args);

}  // namespace

Status FilterSystemCalls() {
  Program program;
  // glibc falls back to clone only for ENOSYS; clone3's flags are out of a filter's reach.
  program.RetIf(SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
  program.SkipUnless(SYS_clone, 4);
  program.Load(kFirstArgument);
  program.RetIfAny(CLONE_THREAD, SECCOMP_RET_ALLOW);
  program.Return(SECCOMP_RET_KILL_PROCESS);
  for (const int each : kAllowed) program.RetIf(static_cast<uint32_t>(each), SECCOMP_RET_ALLOW);
  for (const int each : kDeadly) {
    program.RetIf(static_cast<uint32_t>(each), SECCOMP_RET_KILL_PROCESS);
  }
  program.Return(kRefused);
  return program.Install();
}

Status ForbidNewNetworkSockets() {
  Program program;
  program.RetUnless(SYS_socket, SECCOMP_RET_ALLOW);
  program.Load(kFirstArgument);
  program.RetIf(AF_UNIX, SECCOMP_RET_ALLOW);
  program.Return(kRefused);
  return program.Install();
}

}  // namespace intaglio::appliance
