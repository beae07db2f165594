// Many clients at once: each a thread with a connection of its own that pushes
// one observation after the other, as scripts and CI jobs do.
//
// Thread rule: one thread; Push has its own.
#ifndef POLICYTRACK_BENCH_MANY_CLIENTS_H_
#define POLICYTRACK_BENCH_MANY_CLIENTS_H_

#include <memory>
#include <string>
#include <vector>

#include "bench/client.h"
#include "bench/figures.h"

namespace policytrack::bench {

class ManyClients {
 public:
  // They push from this month on.
  ManyClients(const std::string& address, int clients, int first_month = 0);

  // Every client pushes `pushes` months of a series of its own, going on where
  // it stopped. Gives pushes a second, all clients together.
  double Push(const Figures& figures, int pushes);

 private:
  std::vector<std::unique_ptr<Client>> clients_;
  int next_month_;
};

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_MANY_CLIENTS_H_
