// Runs the worker as a kernel without Landlock would: the program that a test names
// instead of policytrack-worker.
#include <errno.h>
#include <seccomp.h>
#include <unistd.h>

int main(int, char** argv) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  constexpr int kLandlockCreateRuleset = 444;
  if (filter == nullptr ||
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), kLandlockCreateRuleset, 0) != 0 ||
      seccomp_load(filter) != 0) {
    return 4;
  }
  execv(TEST_WORKER, argv);
  return 5;
}
