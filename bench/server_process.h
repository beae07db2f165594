// A server in a process of its own, on a free port of the loopback.
//
// Thread rule: one thread. The process ends with the object, and with the
// benchmark however that ends.
#ifndef POLICYTRACK_BENCH_SERVER_PROCESS_H_
#define POLICYTRACK_BENCH_SERVER_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

namespace policytrack::bench {

class ServerProcess {
 public:
  // Starts `program` and waits for the line that says its port.
  ServerProcess(const std::string& program, const std::vector<std::string>& arguments);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }
  // The bytes of memory that it has now, and the most it ever had.
  double ResidentBytes() const { return BytesIn("VmRSS:"); }
  double PeakBytes() const { return BytesIn("VmHWM:"); }
  // Asks it to stop and waits until it has. Again is harmless.
  void Stop();

 private:
  // Of a line of /proc/PID/status.
  double BytesIn(const std::string& field) const;

  pid_t pid_ = -1;
  std::string address_;
  std::thread reader_;
};

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_SERVER_PROCESS_H_
