#include "bench/many_clients.h"

#include <chrono>

#include "absl/synchronization/blocking_counter.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/messages.h"
#include "bench/spread.h"

namespace policytrack::bench {
namespace {

constexpr auto kConnectTime = std::chrono::seconds(30);

}  // namespace

class ManyClients::OneClient {
 public:
  explicit OneClient(const std::string& address)
      : channel_(OwnChannel(address)), stub_(v1::ObservationService::NewStub(channel_)) {
    Must(channel_->WaitForConnected(std::chrono::system_clock::now() + kConnectTime),
         "a client cannot connect");
  }

  // Pushes the messages one after the other and then counts `done` down.
  void Start(PushMessages messages, absl::BlockingCounter* done) {
    messages_ = std::move(messages);
    next_ = 0;
    done_ = done;
    Next();
  }

 private:
  class Call;
  void Next();

  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::ObservationService::Stub> stub_;
  PushMessages messages_;
  size_t next_ = 0;
  absl::BlockingCounter* done_ = nullptr;
};

// One push; deletes itself.
class ManyClients::OneClient::Call final
    : public grpc::ClientWriteReactor<v1::PushObservationsRequest> {
 public:
  Call(OneClient* client, const v1::PushObservationsRequest& message) : client_(client) {
    // Headers, message and end of the stream in one packet.
    context_.set_initial_metadata_corked(true);
    client->stub_->async()->PushObservations(&context_, &response_, this);
    StartWriteLast(&message, grpc::WriteOptions());
    StartCall();
  }

  void OnDone(const grpc::Status& status) override {
    Must(status, "PushObservations");
    ExpectCreated(response_, 1);
    OneClient* const client = client_;
    delete this;
    client->Next();
  }

 private:
  OneClient* const client_;
  grpc::ClientContext context_;
  v1::PushObservationsResponse response_;
};

void ManyClients::OneClient::Next() {
  if (next_ == messages_.size()) {
    done_->DecrementCount();
    return;
  }
  new Call(this, messages_[next_++]);
}

ManyClients::ManyClients(const std::string& address, int clients) {
  for (int i = 0; i < clients; ++i) clients_.push_back(std::make_unique<OneClient>(address));
}

ManyClients::~ManyClients() = default;

double ManyClients::Push(const Figures& figures, int pushes) {
  std::vector<PushMessages> messages(clients_.size());
  for (size_t c = 0; c < clients_.size(); ++c) {
    for (int i = 0; i < pushes; ++i) {
      messages[c].push_back(OneRow(figures, static_cast<int>(c), next_month_ + i));
    }
  }
  next_month_ += pushes;
  absl::BlockingCounter done(static_cast<int>(clients_.size()));
  const double seconds = SecondsOf([&] {
    for (size_t c = 0; c < clients_.size(); ++c) {
      clients_[c]->Start(std::move(messages[c]), &done);
    }
    done.Wait();
  });
  return static_cast<double>(clients_.size()) * pushes / seconds;
}

}  // namespace policytrack::bench
