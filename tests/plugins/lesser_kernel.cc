// Runs the worker as a kernel or a container would that lacks one system call, number
// DENIED_CALL: the program that a test names instead of policytrack-worker.
#include <errno.h>
#include <seccomp.h>
#include <unistd.h>

int main(int, char** argv) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr ||
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(DENIED_ERROR), DENIED_CALL, 0) != 0 ||
      seccomp_load(filter) != 0) {
    return 4;
  }
  execv(TEST_WORKER, argv);
  return 5;
}
