// Many clients of etcd at once, as many_clients.h has them of PolicyTrack: each a
// thread with a connection of its own that puts one value after the other.
//
// Thread rule: one thread; Put has its own.
#ifndef POLICYTRACK_BENCH_ETCD_CLIENTS_H_
#define POLICYTRACK_BENCH_ETCD_CLIENTS_H_

#include <memory>
#include <string>
#include <vector>

#include "bench/etcd.grpc.pb.h"
#include "bench/figures.h"

namespace policytrack::bench {

class EtcdClients {
 public:
  EtcdClients(const std::string& address, int clients);

  // Every client puts `puts` months of a series of its own. Gives puts a second,
  // all clients together.
  double Put(const Figures& figures, int puts);

 private:
  std::vector<std::unique_ptr<etcdserverpb::KV::Stub>> clients_;
  int next_month_ = 0;
};

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_ETCD_CLIENTS_H_
