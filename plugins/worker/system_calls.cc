#include "plugins/worker/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <initializer_list>

#include "plugins/wire/wire.h"

namespace policytrack::worker {
namespace {

// What a computation, the C library and the worker's own loop need. Calls that a
// machine does not have are left out by libseccomp.
constexpr int kAlways[] = {
    SCMP_SYS(read),           SCMP_SYS(close),         SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),     SCMP_SYS(lseek),         SCMP_SYS(munmap),
    SCMP_SYS(mremap),         SCMP_SYS(brk),           SCMP_SYS(madvise),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),    SCMP_SYS(futex),         SCMP_SYS(getpid),
    SCMP_SYS(gettid),         SCMP_SYS(getuid),        SCMP_SYS(geteuid),
    SCMP_SYS(getgid),         SCMP_SYS(getegid),       SCMP_SYS(exit),
    SCMP_SYS(exit_group),     SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),   SCMP_SYS(time),          SCMP_SYS(nanosleep),
    SCMP_SYS(sched_yield),    SCMP_SYS(getrandom),     SCMP_SYS(sysinfo),
    SCMP_SYS(uname),          SCMP_SYS(getrlimit),     SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall)};

// What nothing but harm explains.
constexpr int kDeadly[] = {SCMP_SYS(execve),
                           SCMP_SYS(execveat),
                           SCMP_SYS(fork),
                           SCMP_SYS(vfork),
                           SCMP_SYS(socket),
                           SCMP_SYS(socketpair),
                           SCMP_SYS(connect),
                           SCMP_SYS(bind),
                           SCMP_SYS(listen),
                           SCMP_SYS(accept),
                           SCMP_SYS(accept4),
                           SCMP_SYS(ptrace),
                           SCMP_SYS(kill),
                           SCMP_SYS(tkill),
                           SCMP_SYS(pidfd_open),
                           SCMP_SYS(pidfd_getfd),
                           SCMP_SYS(pidfd_send_signal),
                           SCMP_SYS(process_vm_readv),
                           SCMP_SYS(process_vm_writev),
                           SCMP_SYS(creat),
                           SCMP_SYS(unlink),
                           SCMP_SYS(unlinkat),
                           SCMP_SYS(rename),
                           SCMP_SYS(renameat),
                           SCMP_SYS(renameat2),
                           SCMP_SYS(mkdir),
                           SCMP_SYS(mkdirat),
                           SCMP_SYS(truncate),
                           SCMP_SYS(mount),
                           SCMP_SYS(bpf),
                           SCMP_SYS(unshare),
                           SCMP_SYS(setns),
                           SCMP_SYS(io_uring_setup),
                           SCMP_SYS(userfaultfd),
                           SCMP_SYS(perf_event_open),
                           SCMP_SYS(keyctl),
                           SCMP_SYS(setuid),
                           SCMP_SYS(setresuid),
                           SCMP_SYS(setgid)};

class Filter {
 public:
  explicit Filter(bool loading)
      : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM))), good_(context_ != nullptr) {
    if (!good_) return;
    good_ = seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
    for (const int call : kAlways) Add(SCMP_ACT_ALLOW, call, {});
    for (const int call : kDeadly) Add(SCMP_ACT_KILL_PROCESS, call, {});
    AllowOnDescriptors();
    AllowSelf();
    RefuseThreadsAndProcesses();
    RuleFiles(loading);
    RuleMemory(loading);
    if (loading) AllowLoading();
  }

  // Null when a rule could not be made.
  scmp_filter_ctx Take() {
    if (good_) return context_;
    if (context_ != nullptr) seccomp_release(context_);
    return nullptr;
  }

 private:
  struct Condition {
    bool there = false;
    scmp_arg_cmp compare = {};
  };

  static Condition If(scmp_arg_cmp compare) { return {true, compare}; }

  void Add(uint32_t action, int call, Condition condition) {
    const int result = condition.there
                           ? seccomp_rule_add_array(context_, action, call, 1, &condition.compare)
                           : seccomp_rule_add_array(context_, action, call, 0, nullptr);
    // A call that this machine or library does not know cannot be made either.
    if (result != 0 && result != -EDOM && result != -EINVAL) good_ = false;
  }

  void AllowOnDescriptors() {
    for (const scmp_datum_t fd : {STDOUT_FILENO, STDERR_FILENO}) {
      Add(SCMP_ACT_ALLOW, SCMP_SYS(write), If(SCMP_A0(SCMP_CMP_EQ, fd)));
      Add(SCMP_ACT_ALLOW, SCMP_SYS(writev), If(SCMP_A0(SCMP_CMP_EQ, fd)));
    }
    constexpr scmp_datum_t kControl = wire::kControlFd;
    Add(SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), If(SCMP_A0(SCMP_CMP_EQ, kControl)));
    Add(SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), If(SCMP_A0(SCMP_CMP_EQ, kControl)));
  }

  // abort() signals its own process; limits can be read.
  void AllowSelf() {
    const auto self = static_cast<scmp_datum_t>(getpid());
    Add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill), If(SCMP_A0(SCMP_CMP_EQ, self)));
    Add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(tgkill), If(SCMP_A0(SCMP_CMP_NE, self)));
    Add(SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), If(SCMP_A2(SCMP_CMP_EQ, 0)));
  }

  void RefuseThreadsAndProcesses() {
    constexpr scmp_datum_t kThread = CLONE_THREAD;
#if defined(__s390x__)
    const scmp_arg_cmp process = SCMP_A1(SCMP_CMP_MASKED_EQ, kThread, 0);
#else
    const scmp_arg_cmp process = SCMP_A0(SCMP_CMP_MASKED_EQ, kThread, 0);
#endif
    Add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), If(process));
    // Its flags lie in memory; the C library goes on with clone.
    Add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), {});
  }

  void RuleFiles(bool loading) {
    constexpr scmp_datum_t kWrites = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    for (const scmp_datum_t flag : {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC}) {
      Add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(open), If(SCMP_A1(SCMP_CMP_MASKED_EQ, flag, flag)));
      Add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat), If(SCMP_A2(SCMP_CMP_MASKED_EQ, flag, flag)));
    }
    const uint32_t reading = loading ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES);
    Add(reading, SCMP_SYS(open), If(SCMP_A1(SCMP_CMP_MASKED_EQ, kWrites, 0)));
    Add(reading, SCMP_SYS(openat), If(SCMP_A2(SCMP_CMP_MASKED_EQ, kWrites, 0)));
  }

  void RuleMemory(bool loading) {
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
      if (loading) {
        Add(SCMP_ACT_ALLOW, call, {});
      } else {
        Add(SCMP_ACT_ALLOW, call, If(SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
      }
    }
  }

  void AllowLoading() {
    for (const int call :
         {SCMP_SYS(pread64), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(readlink),
          SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(stat), SCMP_SYS(seccomp)}) {
      Add(SCMP_ACT_ALLOW, call, {});
    }
    // What the second stage needs to be entered: neither gives anybody rights.
    Add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), If(SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS)));
    Add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), If(SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)));
    Add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), If(SCMP_A0(SCMP_CMP_EQ, PR_GET_SECCOMP)));
  }

  scmp_filter_ctx context_;
  bool good_;
};

}  // namespace

SystemCalls::SystemCalls() : loading_(Filter(true).Take()), running_(Filter(false).Take()) {}

SystemCalls::~SystemCalls() {
  if (loading_ != nullptr) seccomp_release(loading_);
  if (running_ != nullptr) seccomp_release(running_);
}

bool SystemCalls::EnterLoading() { return loading_ != nullptr && seccomp_load(loading_) == 0; }

bool SystemCalls::EnterRunning() { return running_ != nullptr && seccomp_load(running_) == 0; }

}  // namespace policytrack::worker
