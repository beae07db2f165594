#include "bench/many_clients.h"

#include <thread>

#include "bench/messages.h"
#include "bench/spread.h"

namespace policytrack::bench {

ManyClients::ManyClients(const std::string& address, int clients, int first_month)
    : next_month_(first_month) {
  for (int i = 0; i < clients; ++i) clients_.push_back(std::make_unique<Client>(address));
}

double ManyClients::Push(const Figures& figures, int pushes) {
  std::vector<PushMessages> messages(clients_.size());
  for (size_t c = 0; c < clients_.size(); ++c) {
    for (int i = 0; i < pushes; ++i) {
      messages[c].push_back(OneRow(figures, static_cast<int>(c), next_month_ + i));
    }
  }
  next_month_ += pushes;
  std::vector<std::thread> threads;
  const double seconds = SecondsOf([&] {
    for (size_t c = 0; c < clients_.size(); ++c) {
      threads.emplace_back([client = clients_[c].get(), &all = messages[c]] {
        for (const auto& message : all) ExpectCreated(client->Push(message), 1);
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  return static_cast<double>(clients_.size()) * pushes / seconds;
}

}  // namespace policytrack::bench
