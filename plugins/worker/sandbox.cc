#include "plugins/worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plugins/wire/wire.h"

namespace policytrack::worker {
namespace {

constexpr uid_t kNobody = 65534;
// A backstop should the server itself hang: it replaces a worker long before.
constexpr rlim_t kProcessorSeconds = 24 * 3600;
constexpr rlim_t kStackBytes = 8 << 20;
constexpr rlim_t kOutputBytes = 64 << 10;
constexpr rlim_t kDescriptors = 16;

// A limit that is lower already stays: only root could raise it.
bool Limit(int resource, rlim_t most) {
  rlimit limit;
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return false;
  if (limit.rlim_max < most) most = limit.rlim_max;
  limit = {most, most};
  return setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0;
}

void OfferToTheMemoryKiller() {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, "1000", 4) != 4) errno = 0;  // then it is as likely as any other
  close(fd);
}

bool BecomeNobody() {
  if (geteuid() != 0) return true;
  return setgroups(0, nullptr) == 0 && setresgid(kNobody, kNobody, kNobody) == 0 &&
         setresuid(kNobody, kNobody, kNobody) == 0;
}

// Landlock, whose header and wrappers older systems lack. The numbers are the same
// on every machine.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kVersionFlag = 1;
constexpr int kRulePathBeneath = 1;
constexpr uint64_t kExecute = 1 << 0;
constexpr uint64_t kReadFile = 1 << 2;

struct RulesetAttr {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};
struct PathBeneathAttr {
  uint64_t allowed_access;
  int32_t parent_fd;
} __attribute__((packed));

// Everything that a version knows of.
RulesetAttr AllOf(long version) {
  RulesetAttr attr = {};
  attr.handled_access_fs = (1 << 13) - 1;
  if (version >= 2) attr.handled_access_fs |= 1 << 13;  // to link from elsewhere
  if (version >= 3) attr.handled_access_fs |= 1 << 14;  // to truncate
  if (version >= 5) attr.handled_access_fs |= 1 << 15;  // to control devices
  if (version >= 4) attr.handled_access_net = 3;        // to bind and to connect
  if (version >= 6) attr.scoped = 3;                    // abstract sockets and signals
  return attr;
}

size_t SizeOf(long version) {
  if (version >= 6) return 24;
  return version >= 4 ? 16 : 8;
}

}  // namespace

bool GiveUpRights(int64_t parent, uint64_t memory_bytes, uint32_t* lacks) {
  OfferToTheMemoryKiller();
  // In a container root may lack the right to be somebody else.
  if (!BecomeNobody()) *lacks |= wire::kUser;
  // After the change of user, which would undo it.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != static_cast<pid_t>(parent)) {
    return false;
  }
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
         Limit(RLIMIT_AS, memory_bytes) && Limit(RLIMIT_CPU, kProcessorSeconds) &&
         Limit(RLIMIT_STACK, kStackBytes) && Limit(RLIMIT_FSIZE, kOutputBytes) &&
         Limit(RLIMIT_NOFILE, kDescriptors) && Limit(RLIMIT_NPROC, 0) && Limit(RLIMIT_CORE, 0) &&
         Limit(RLIMIT_MEMLOCK, 0) && Limit(RLIMIT_MSGQUEUE, 0);
}

bool RestrictFiles() {
  const long version = syscall(kCreateRuleset, nullptr, 0, kVersionFlag);
  if (version < 1) return false;
  const RulesetAttr attr = AllOf(version);
  const int ruleset = static_cast<int>(syscall(kCreateRuleset, &attr, SizeOf(version), 0));
  if (ruleset < 0) return false;
  static const char* const kReadable[] = {"/lib",       "/lib64",         "/usr/lib",
                                          "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"};
  for (const char* path : kReadable) {
    PathBeneathAttr rule = {kReadFile | kExecute, open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0) continue;  // not every system has all
    syscall(kAddRule, ruleset, kRulePathBeneath, &rule, 0);
    close(rule.parent_fd);
  }
  const bool restricted = syscall(kRestrictSelf, ruleset, 0) == 0;
  close(ruleset);
  return restricted;
}

}  // namespace policytrack::worker
