#include "bench/many_watchers.h"

#include "bench/client.h"
#include "bench/fail.h"

namespace policytrack::bench {
namespace {

// As many as the server allows.
constexpr int kStreamsOfConnection = 100;
// Longer than a run, so that no heartbeat comes between.
constexpr int kHeartbeatSeconds = 3600;

}  // namespace

ManyWatchers::ManyWatchers(const std::string& address, int count) {
  v1::WatchEventsRequest request;
  request.mutable_heartbeat_interval()->set_seconds(kHeartbeatSeconds);
  for (int i = 0; i < count; ++i) {
    if (i % kStreamsOfConnection == 0) {
      stubs_.push_back(v1::EventService::NewStub(OwnChannel(address)));
    }
    auto stream = std::make_unique<Stream>();
    stream->reader =
        stubs_.back()->AsyncWatchEvents(&stream->context, request, &queue_, stream.get());
    streams_.push_back(std::move(stream));
  }
  AwaitAndRead();  // that it began
  AwaitAndRead();  // the first message
}

ManyWatchers::~ManyWatchers() {
  for (auto& stream : streams_) stream->context.TryCancel();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

void ManyWatchers::AwaitOneEach() { AwaitAndRead(); }

void ManyWatchers::AwaitAndRead() {
  for (int i = 0; i < count(); ++i) {
    void* tag = nullptr;
    bool ok = false;
    Must(queue_.Next(&tag, &ok) && ok, "a watch ended");
    auto* const stream = static_cast<Stream*>(tag);
    stream->reader->Read(&stream->message, stream);
  }
}

}  // namespace policytrack::bench
