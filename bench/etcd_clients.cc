#include "bench/etcd_clients.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/spread.h"

namespace policytrack::bench {

EtcdClients::EtcdClients(const std::string& address, int clients) {
  for (int i = 0; i < clients; ++i) {
    clients_.push_back(etcdserverpb::KV::NewStub(OwnChannel(address)));
  }
}

double EtcdClients::Put(const Figures& figures, int puts) {
  std::vector<std::vector<etcdserverpb::PutRequest>> requests(clients_.size());
  for (size_t c = 0; c < clients_.size(); ++c) {
    const int series = static_cast<int>(c);
    for (int i = 0; i < puts; ++i) {
      etcdserverpb::PutRequest& request = requests[c].emplace_back();
      request.set_key(
          absl::StrCat(figures.region(series), "/", figures.period_text(next_month_ + i)));
      request.set_value(absl::StrCat(figures.value(series, next_month_ + i)));
    }
  }
  next_month_ += puts;
  std::vector<std::thread> threads;
  const double seconds = SecondsOf([&] {
    for (size_t c = 0; c < clients_.size(); ++c) {
      threads.emplace_back([client = clients_[c].get(), &all = requests[c]] {
        for (const etcdserverpb::PutRequest& request : all) {
          etcdserverpb::PutResponse response;
          grpc::ClientContext context;
          Must(client->Put(&context, request, &response), "Put");
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  return static_cast<double>(clients_.size()) * puts / seconds;
}

}  // namespace policytrack::bench
