// Many clients at once, each with a connection of its own, each pushing one
// observation after the other as calls of their own. Light: it runs on the
// library's callbacks, without a thread for each.
#ifndef POLICYTRACK_BENCH_MANY_CLIENTS_H_
#define POLICYTRACK_BENCH_MANY_CLIENTS_H_

#include <memory>
#include <string>
#include <vector>

#include "bench/figures.h"

namespace policytrack::bench {

class ManyClients {
 public:
  // Opens the connections.
  ManyClients(const std::string& address, int clients);
  ~ManyClients();

  // Every client pushes `pushes` months of a series of its own, going on where
  // it stopped. Gives pushes a second, all clients together.
  double Push(const Figures& figures, int pushes);

 private:
  class OneClient;
  std::vector<std::unique_ptr<OneClient>> clients_;
  int next_month_ = 0;
};

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_MANY_CLIENTS_H_
