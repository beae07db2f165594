// Which system calls the worker can make, in two stages. A call that only harm
// explains (another process, the network, writing a file) ends the process; any
// other that is not needed fails with EPERM.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_PLUGINS_WORKER_SYSTEM_CALLS_H_
#define POLICYTRACK_PLUGINS_WORKER_SYSTEM_CALLS_H_

namespace policytrack::worker {

// Both filters, made while memory and calls for it are free.
class SystemCalls {
 public:
  SystemCalls();
  ~SystemCalls();
  SystemCalls(const SystemCalls&) = delete;
  SystemCalls& operator=(const SystemCalls&) = delete;

  // Before the library is loaded, whose constructors run then: what the dynamic
  // linker needs stays, which is to read files and to map code. False when the
  // kernel cannot filter.
  bool EnterLoading();
  // After it is loaded: no file is opened and no code is mapped any more.
  bool EnterRunning();

 private:
  void* loading_;
  void* running_;
};

}  // namespace policytrack::worker

#endif  // POLICYTRACK_PLUGINS_WORKER_SYSTEM_CALLS_H_
