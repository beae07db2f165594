// A system to compare with, in a process of its own: a script of peers/ that starts
// its server and answers commands.
//
// Thread rule: one thread. The process ends with the object.
#ifndef POLICYTRACK_BENCH_PEER_PROCESS_H_
#define POLICYTRACK_BENCH_PEER_PROCESS_H_

#include <stdio.h>
#include <sys/types.h>

#include <string>

#include "bench/case.h"
#include "bench/scratch.h"

namespace policytrack::bench {

class PeerProcess {
 public:
  // Starts `<setting.peers>/<script>` on the data set and waits until it is ready.
  // What it cannot do, such as to find its server, ends the benchmark.
  PeerProcess(const Setting& setting, const std::string& script);
  ~PeerProcess();
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;

  // What it said of itself when it was ready, such as an address.
  const std::string& detail() const { return detail_; }
  // Has it do a thing that gives no figure.
  void Do(const std::string& command);
  // Has it do a thing and gives the figure: seconds, or what its script says.
  double Ask(const std::string& command);

 private:
  std::string Line();

  const Scratch scratch_;
  const std::string script_;
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
  std::string detail_;
};

// Writes the data set as the scripts read it: series, month, value.
void WriteFigures(const Figures& figures, const std::string& path);

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_PEER_PROCESS_H_
